"""How many proposals a list holds, in all and by the values of some fields, and where in it one stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from dedup_service.workflows.pages import Page

# What proposals can be counted by; each is also a field of their filter.
FACETS = ("impact", "kind", "type", "verdict", "missing_functions", "source", "owner")


@dataclass(frozen=True, slots=True)
class ProposalCounts:
    """Exact counts: in all, and for each field asked for how many proposals have each of its values.

    A proposal counts once for each value that it has; one without a value counts in the total alone.
    """

    total: int
    facets: Mapping[str, Mapping[str, int]]


class ProposalReads(Protocol):
    """What a snapshot of the store says of lists of proposals as a whole."""

    async def proposal_place(self, proposal_id: str, order_by: str) -> tuple[str, ...] | None:
        """The cursor of a page that begins after this proposal in this order; None for one never made."""
        ...

    async def count_proposals(self, page: Page, facets: Collection[str]) -> ProposalCounts:
        """How many proposals all pages of this list hold together, also by these of `FACETS`."""
        ...
