"""Data entry (domain 10): what is wrong with values as they are typed in, and what to write instead."""

from dedup_service.domain.data_entry.checking import find_in
from dedup_service.domain.data_entry.findings import DataEntryRule, Finding, Severity
from dedup_service.domain.data_entry.patterns import pattern_error
from dedup_service.domain.data_entry.policy import (
    Capitals,
    CapitalsPolicy,
    DataEntryPolicy,
    FieldRules,
    Format,
    MisspellingPolicy,
    Position,
    RequiredFields,
    ShortForms,
    Spelling,
)
from dedup_service.domain.data_entry.vocabulary import (
    BETWEEN_WORDS,
    NO_VOCABULARY,
    Vocabulary,
    has_vocabulary,
)

__all__ = [
    "BETWEEN_WORDS",
    "NO_VOCABULARY",
    "Capitals",
    "CapitalsPolicy",
    "DataEntryPolicy",
    "DataEntryRule",
    "FieldRules",
    "Finding",
    "Format",
    "MisspellingPolicy",
    "Position",
    "RequiredFields",
    "Severity",
    "ShortForms",
    "Spelling",
    "Vocabulary",
    "find_in",
    "has_vocabulary",
    "pattern_error",
]
