"""How much of everything there is, for whoever starts the service."""

from collections.abc import Mapping
from dataclasses import dataclass

from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import RecordKind


@dataclass(frozen=True, slots=True)
class Overview:
    """Active records by source and kind, and merge proposals by state and impact; absent means none."""

    records: Mapping[tuple[str, RecordKind], int]
    proposals: Mapping[tuple[ProposalState, Impact], int]

    @property
    def record_count(self) -> int:
        return sum(self.records.values())

    def proposals_of(self, state: ProposalState) -> Mapping[Impact, int]:
        """Proposals in a state, by impact; every impact is there."""
        return {impact: self.proposals.get((state, impact), 0) for impact in Impact}
