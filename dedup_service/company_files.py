"""Read the policy and the principals from their YAML files, whole or not at all."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import yaml

from dedup_service.domain.fields import FIELDS
from dedup_service.domain.policy import ImpactThresholds, Policy, SourcePolicy
from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.domain.records import SOURCE_PATTERN
from scoring import Rule

T = TypeVar("T")


class CompanyFileError(ValueError):
    """A policy or principals file cannot be used; says where and what to write."""


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    function: str
    trust: Annotated[int, msgspec.Meta(ge=0, le=100)]
    customer_master: bool = False


class _Threshold(msgspec.Struct, forbid_unknown_fields=True):
    medium: Annotated[int, msgspec.Meta(ge=0)]
    high: Annotated[int, msgspec.Meta(ge=0)]


class _Impact(msgspec.Struct, forbid_unknown_fields=True):
    pipeline: _Threshold
    revenue: _Threshold
    children: _Threshold
    functions: _Threshold


class _Survivorship(msgspec.Struct, forbid_unknown_fields=True):
    default: Rule
    rules: dict[str, Rule] = {}


class _PolicyFile(msgspec.Struct, forbid_unknown_fields=True):
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    functions: Annotated[list[str], msgspec.Meta(min_length=1)]
    master_function: str
    sources: dict[str, _Source]
    other_sources: _Source
    impact: _Impact
    survivorship: _Survivorship
    lead_dormant_days: Annotated[int, msgspec.Meta(ge=1)]


@dataclass(frozen=True, slots=True)
class _PrincipalEntry:
    functions: list[str] = field(default_factory=list)
    display_name: str = ""
    sources: list[str] = field(default_factory=list)


class _PrincipalsFile(msgspec.Struct, forbid_unknown_fields=True):
    users: dict[str, _PrincipalEntry] = {}
    services: dict[str, _PrincipalEntry] = {}


def _read(path: Path | None, shipped: str, kind: type[T]) -> T:
    where = str(path) if path else f"the shipped {shipped}"
    try:
        text = (
            path.read_text("utf-8")
            if path
            else (resources.files("dedup_service.defaults") / shipped).read_text("utf-8")
        )
        return msgspec.convert(yaml.safe_load(text), kind)
    except (OSError, UnicodeDecodeError) as error:
        raise CompanyFileError(f"{where} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise CompanyFileError(f"{where} is not valid YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise CompanyFileError(f"{where}: {error}") from error


def load_policy(path: Path | None) -> Policy:
    """The policy of a file, or the shipped one.

    Raises:
        CompanyFileError: with every name in the file that does not fit together.
    """
    found = _read(path, "policy.yaml", _PolicyFile)
    problems = _policy_problems(found)
    if problems:
        raise CompanyFileError(f"{path or 'the shipped policy.yaml'}: " + "; ".join(problems))
    impact = found.impact
    return Policy(
        version=found.version,
        functions=frozenset(found.functions),
        sources={name: _source(source) for name, source in found.sources.items()},
        other_sources=_source(found.other_sources),
        impact=ImpactThresholds(
            medium_pipeline=Decimal(impact.pipeline.medium),
            high_pipeline=Decimal(impact.pipeline.high),
            medium_revenue=Decimal(impact.revenue.medium),
            high_revenue=Decimal(impact.revenue.high),
            medium_children=impact.children.medium,
            high_children=impact.children.high,
            medium_functions=impact.functions.medium,
            high_functions=impact.functions.high,
        ),
        survivorship=found.survivorship.rules,
        default_survivorship=found.survivorship.default,
        lead_dormant_after=timedelta(days=found.lead_dormant_days),
        master_function=found.master_function,
    )


def _source(source: _Source) -> SourcePolicy:
    return SourcePolicy(source.function, source.trust, source.customer_master)


def _policy_problems(found: _PolicyFile) -> list[str]:
    known = set(found.functions)
    problems = [
        f"sources.{name}.function {source.function} is not one of functions"
        for name, source in found.sources.items()
        if source.function not in known
    ]
    problems += [
        f"sources.{name}: a source is lower-case letters, digits, - and _"
        for name in found.sources
        if not SOURCE_PATTERN.fullmatch(name)
    ]
    if found.other_sources.function not in known:
        problems.append(f"other_sources.function {found.other_sources.function} is not one of functions")
    if found.master_function not in known:
        problems.append(f"master_function {found.master_function} is not one of functions")
    for name in ("pipeline", "revenue", "children", "functions"):
        threshold: _Threshold = getattr(found.impact, name)
        if threshold.high < threshold.medium:
            problems.append(f"impact.{name}.high is below impact.{name}.medium")
    fields = {*FIELDS, *(spec.group for spec in FIELDS.values() if spec.group)}
    problems += [
        f"survivorship.rules.{name} is no field or field group"
        for name in found.survivorship.rules
        if name not in fields and not name.startswith("custom.")
    ]
    return problems


def load_principals(path: Path | None, policy: Policy) -> Directory:
    """The principals of a file, or the sample ones that are shipped.

    Raises:
        CompanyFileError: with every function that the policy does not know.
    """
    found = _read(path, "principals.yaml", _PrincipalsFile)
    problems = []
    principals = {}
    groups = (
        ("users", PrincipalType.HUMAN, found.users),
        ("services", PrincipalType.SERVICE, found.services),
    )
    for group, kind, entries in groups:
        for short, entry in entries.items():
            name = f"{group}/{short}"
            problems += [
                f"{name}: unknown function {function}; known are {', '.join(sorted(policy.functions))}"
                for function in entry.functions
                if function not in policy.functions
            ]
            if entry.sources and kind is PrincipalType.HUMAN:
                problems.append(f"{name}: people write the sources of their functions; leave sources out")
            principals[name] = Principal(
                name, kind, frozenset(entry.functions), entry.display_name, frozenset(entry.sources)
            )
    if problems:
        raise CompanyFileError(f"{path or 'the shipped principals.yaml'}: " + "; ".join(problems))
    return Directory(principals)
