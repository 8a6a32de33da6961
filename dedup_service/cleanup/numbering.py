"""Numbers that stand for records in the engine.

They are made from the record id alone, so that every engine, process and run makes the same ones:
what is drawn by number is a fair sample, and the same sample everywhere. Two of a hundred million records
share a number with a chance of 1 in 2,000; the pipeline counts numbers and says so rather than mix two
records up.
"""

from hashlib import blake2b

import scoring

COMPANY_BIT = 1
"""Set in the number of a company's record, so that a pair of numbers tells which entity it is of."""
_BYTES = 8


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
