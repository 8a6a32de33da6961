"""Filters of list calls: a small part of AIP-160, read into conditions that the store carries out.

    filter     = condition { "AND" condition }
    condition  = field ( "=" | "!=" | ":" ) value
    value      = word | quoted string

``:`` means "has": the list field holds the value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.validation import text_problem

MAX_FILTER_CODE_POINTS = 2000


class Operator(StrEnum):
    """How a condition compares."""

    EQUALS = "="
    NOT_EQUALS = "!="
    HAS = ":"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter; `field` is one that the list call declares."""

    field: str
    operator: Operator
    value: str


_CONDITION = re.compile(
    r"""\s*(?P<field>[a-z_.]+)\s*(?P<operator>!=|=|:)\s*(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s"]+))\s*"""
)
_AND = re.compile(r"AND\s")


def parse_filter(text: str, fields: Mapping[str, frozenset[str] | None]) -> tuple[Condition, ...]:
    """The conditions of a filter.

    `fields` maps each field that the list takes to its allowed values, None where any text will do.

    Raises:
        InvalidInput: naming the place where the filter cannot be read, or the unknown field or value.
    """
    if problem := text_problem(text, MAX_FILTER_CODE_POINTS):
        raise InvalidInput.at("filter", problem)
    conditions: list[Condition] = []
    position = 0
    while position < len(text) and text[position:].strip():
        if conditions:
            joined = _AND.match(text, position)
            if joined is None:
                raise InvalidInput.at("filter", f"expected AND at character {position + 1}")
            position = joined.end()
        found = _CONDITION.match(text, position)
        if found is None:
            raise InvalidInput.at(
                "filter", f'expected field = value or field:"value" at character {position + 1}'
            )
        conditions.append(_checked(found, fields))
        position = found.end()
    return tuple(conditions)


def _checked(found: re.Match[str], fields: Mapping[str, frozenset[str] | None]) -> Condition:
    name = found["field"]
    if name not in fields:
        raise InvalidInput.at("filter", f"unknown field {name}; known are {', '.join(sorted(fields))}")
    value = found["quoted"] if found["quoted"] is not None else found["word"]
    allowed = fields[name]
    if allowed is not None and value not in allowed:
        raise InvalidInput.at("filter", f"{name} is one of {', '.join(sorted(allowed))}")
    return Condition(name, Operator(found["operator"]), value)
