"""What a comparator says of two values."""

from typing import NamedTuple


class Finding(NamedTuple):
    """The comparison level reached and the evidence in words.

    `value` is the value whose term frequency matters, empty where none does. Evidence never carries a value,
    so
    that an explanation may be kept after a record has been erased.
    """

    level: str
    evidence: str
    value: str = ""
