"""Every value of a policy has a key, so that no change goes unsaid."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from dedup_service.cli.policy_keys import changes
from dedup_service.company_files import load_policy
from dedup_service.domain.policy import Policy, Threshold
from dedup_service.domain.records import ChildKind

SHIPPED = load_policy(None)
# With something of everything: an empty mapping has no value that could be changed.
POLICY = dataclasses.replace(
    SHIPPED,
    impact=dataclasses.replace(SHIPPED.impact, children={ChildKind.ORDER: Threshold(Decimal(1), Decimal(2))}),
    periods=dataclasses.replace(SHIPPED.periods, holidays=frozenset({date(2026, 12, 25)})),
)


def variations(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each copy of a value in which one leaf is another, with the path of that leaf."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            for where, other in variations(getattr(value, field.name), f"{path}.{field.name}"):
                yield where, dataclasses.replace(value, **{field.name: other})
    elif isinstance(value, Mapping):
        yield from of_mapping(value, path)
    elif isinstance(value, tuple | frozenset):
        yield from of_collection(value, path)
    else:
        yield path, another(value)


def of_mapping(value: Mapping[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
    for key in value:
        for where, other in variations(value[key], f"{path}.{key}"):
            yield where, {**value, key: other}
        yield f"{path}.{key} gone", {name: value[name] for name in value if name != key}


def of_collection(value: tuple[Any, ...] | frozenset[Any], path: str) -> Iterator[tuple[str, Any]]:
    for number, item in enumerate(value):
        rest = [each for each in value if each != item]
        yield f"{path}[{number}] gone", type(value)(rest)
        if dataclasses.is_dataclass(item):
            for where, other in variations(item, f"{path}[{number}]"):
                yield where, type(value)([*rest, other])


def another(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, Enum):
        return next(each for each in type(value) if each is not value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, timedelta):
        return value + timedelta(days=1)
    if value is None:
        return None
    return value + ("x" if isinstance(value, str) else 1)


VARIATIONS = [(where, policy) for where, policy in variations(POLICY) if policy != POLICY]


@pytest.mark.parametrize("where", [where for where, _ in VARIATIONS])
def test_a_change_anywhere_is_told(where: str) -> None:
    """Whatever single value of a policy is another, its difference is not empty."""
    policy: Policy = dict(VARIATIONS)[where]
    assert changes(POLICY, policy), where


def test_the_same_policy_has_no_difference() -> None:
    """Nothing is told of what stays."""
    assert changes(POLICY, load_policy(None)) != []
    assert changes(SHIPPED, load_policy(None)) == []


def test_a_key_is_told_beside_its_neighbours() -> None:
    """Keys come in the order of the file, new ones in their section."""
    sources = {**SHIPPED.sources, "legal": SHIPPED.other_sources}
    after = dataclasses.replace(
        SHIPPED, version="other", sources=sources, lead_dormant_after=timedelta(days=1)
    )
    assert [each.key for each in changes(SHIPPED, after)] == [
        *("version", "sources.legal.function", "sources.legal.trust", "sources.legal.customer_master"),
        "leads.dormant_days",
    ]
