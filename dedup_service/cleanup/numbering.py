"""Numbers that stand for records and blocking keys in the engine.

They are made from the record id and the key alone, so that every engine, process and run makes the same ones:
what is drawn by number is a fair sample, and the same sample everywhere. Two of a hundred million records
share a number with a chance of 1 in 2,000; the pipeline counts numbers and says so rather than mix two
records up.
"""

from hashlib import blake2b

import scoring

COMPANY_BIT = 1
"""Set in the number of a company's record, so that a pair of numbers tells which entity it is of."""
RULE_MASK = 31
"""The bits of a key's number that tell its blocking rule."""
_BYTES = 8
_PREFIXES = tuple(rule.prefix for rule in scoring.blocking_rules())
_NUMBER_OF_PREFIX = {prefix: number for number, prefix in enumerate(_PREFIXES)}


def record_number(record_id: str, entity: scoring.Entity) -> int:
    """The signed 64-bit number of a record."""
    number = _number(record_id.encode("utf-8", "surrogatepass"))
    return (number & ~COMPANY_BIT) | (COMPANY_BIT if entity is scoring.Entity.COMPANY else 0)


def golden_number(golden_id: str) -> int:
    """The signed 64-bit number of a golden record."""
    return _number(golden_id.encode("utf-8", "surrogatepass"))


def content_number(packed: bytes) -> int:
    """The signed 64-bit number of what a record holds: that of its packed comparable."""
    return _number(packed)


def _number(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=_BYTES).digest(), "little", signed=True)


def key_numbers(comparable: scoring.Comparable) -> list[int]:
    """The signed 64-bit numbers of a record's blocking keys."""
    return [
        (_number(key.encode("utf-8", "surrogatepass")) & ~RULE_MASK)
        | _NUMBER_OF_PREFIX[key.partition(":")[0]]
        for key in scoring.blocking_keys(comparable)
    ]


def prefix_of(key_number: int) -> str:
    """The prefix of the blocking rule that a key's number is of, also where only its last bits are given."""
    return _PREFIXES[key_number & RULE_MASK]
