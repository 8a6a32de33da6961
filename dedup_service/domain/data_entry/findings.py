"""A finding: one thing to correct in values as they are typed in.

A finding quotes nobody's data: its suggestion is made of the value itself, of the policy, or of words that
many records hold.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs; an ERROR may stop a write, where the policy says so."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    SUGGESTION = "SUGGESTION"

    @property
    def rank(self) -> int:
        """0 for ERROR to 2 for SUGGESTION."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class DataEntryRule(StrEnum):
    """The rules of domain 10; a finding names the one that it breaks."""

    REQUIRED = "REQUIRED"
    FORMAT = "FORMAT"
    PATTERN = "PATTERN"
    LENGTH = "LENGTH"
    ALLOWED_VALUES = "ALLOWED_VALUES"
    PLACEHOLDER = "PLACEHOLDER"
    TEST_VALUE = "TEST_VALUE"
    MISSPELLING = "MISSPELLING"
    SHORT_FORM = "SHORT_FORM"
    CAPITALS = "CAPITALS"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do.

    `field` is a path below a record, such as ``values.email`` or ``values.custom.tier``. `suggested_value` is
    what the whole field should hold instead; empty where nothing can be suggested.
    """

    severity: Severity
    field: str
    rule: DataEntryRule
    message: str
    suggested_value: str = ""
