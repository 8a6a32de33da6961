"""One value as the rules look at it, and what a rule says of it."""

from dataclasses import dataclass

from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.policy import DataEntryPolicy, FieldRules
from dedup_service.domain.data_entry.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Entry:
    """A field that says something.

    `text` is the value without space around it, `plain` the same normalised; `country` is that of the record,
    two capital letters, or empty.
    """

    name: str
    text: str
    plain: str
    country: str
    rules: FieldRules
    policy: DataEntryPolicy
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class Problem:
    """What one rule says of one entry; see `Finding`."""

    rule: DataEntryRule
    message: str
    suggested_value: str = ""
