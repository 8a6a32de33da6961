"""The scope of a job as the store can tell it: its filter read with the grammar of ListRecords."""

from collections.abc import Mapping

from dedup_service.domain.attention import AttentionTimes
from dedup_service.domain.cleanup.jobs import CleanupScope
from dedup_service.domain.records import RecordKind, RecordState
from dedup_service.workflows.cleaning.port import RecordScope
from dedup_service.workflows.filters import Condition, parse_filter

# What ListRecords takes.
RECORD_FILTER_FIELDS: Mapping[str, frozenset[str] | None] = {
    "kind": frozenset(RecordKind),
    "source": None,
    "state": frozenset(RecordState),
    "golden_record": None,
}


def scope_filter(text: str) -> tuple[Condition, ...]:
    """The conditions of a scope's filter.

    Raises:
        InvalidInput: at ``filter``, naming the place where it cannot be read.
    """
    return parse_filter(text, RECORD_FILTER_FIELDS)


def record_scope(scope: CleanupScope, times: AttentionTimes) -> RecordScope:
    """The scope with its filter read; lead classes are told as of these times."""
    return RecordScope(scope.kinds, scope.lead_classes, scope.sources, scope_filter(scope.filter), times)
