"""The proposal page: the members side by side, the evidence, who decides, what it touches, what happened."""

from dedup_service.console.views.proposal.columns import Column, columns_of
from dedup_service.console.views.proposal.compare import Comparison, comparison_of
from dedup_service.console.views.proposal.evidence import Evidence, evidence_of
from dedup_service.console.views.proposal.head import Head, head_of
from dedup_service.console.views.proposal.history import Event, history_of
from dedup_service.console.views.proposal.impact import Touched, touched_by

__all__ = [
    "Column",
    "Comparison",
    "Event",
    "Evidence",
    "Head",
    "Touched",
    "columns_of",
    "comparison_of",
    "evidence_of",
    "head_of",
    "history_of",
    "touched_by",
]
