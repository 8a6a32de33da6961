"""Values as somebody types them, and what the shipped rules find in them."""

from dataclasses import replace
from typing import Any

from dedup_service.company_files import load_policy
from dedup_service.domain.data_entry import (
    NO_VOCABULARY,
    DataEntryPolicy,
    DataEntryRule,
    FieldRules,
    Finding,
    Vocabulary,
    find_in,
)
from dedup_service.domain.records import RecordKind

SHIPPED: DataEntryPolicy = load_policy(None).data_entry
# Without what a record must have: a test of one field is about that field.
OPTIONAL = replace(SHIPPED, required=())


def findings(
    values: dict[str, str],
    kind: RecordKind | None = None,
    policy: DataEntryPolicy = OPTIONAL,
    vocabulary: Vocabulary = NO_VOCABULARY,
) -> tuple[Finding, ...]:
    return find_in(values, kind, policy, vocabulary)


def rules_broken(values: dict[str, str], **how: Any) -> list[tuple[str, DataEntryRule]]:
    """The fields with findings and the rules that they break, in order."""
    return [(finding.field.removeprefix("values."), finding.rule) for finding in findings(values, **how)]


def suggested(rule: DataEntryRule, name: str, text: str, **others: str) -> str | None:
    """What a rule suggests for a field; None where it finds nothing, empty where it has no suggestion."""
    for finding in findings({name: text} | others):
        if finding.rule is rule and finding.field == f"values.{name}":
            return finding.suggested_value
    return None


def with_rules(name: str, rules: FieldRules) -> DataEntryPolicy:
    """The shipped policy with other rules for one field."""
    return replace(OPTIONAL, fields={**OPTIONAL.fields, name: rules})
