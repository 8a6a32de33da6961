"""The proposals that a list asks for: its filter, its order, its place, and whose vote they wait for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import scoring
from dedup_service.domain.errors import InvalidInput, NotFound
from dedup_service.domain.plan import ProposalType
from dedup_service.domain.policy import Impact
from dedup_service.domain.principals import Principals
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import RecordKind, Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.field_checks import refuse
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.pages import Page, WaitingFor
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.proposal_counts import FACETS

FILTER_FIELDS = {
    "state": tuple(ProposalState),
    "open": ("true", "false"),
    "type": tuple(ProposalType),
    "kind": tuple(RecordKind),
    "impact": tuple(Impact),
    "verdict": tuple(scoring.Verdict),
    "proposer": None,
    "survivor": None,
    "escalated": ("true", "false"),
    "missing_functions": None,
    "golden_record": None,
    "source": None,
    "owner": None,
}
_ORDERS = ("", "create_time", "create_time desc", "due_time", "impact desc, due_time")
_CALLER = "me"


class _Asking(Protocol):
    @property
    def waiting_for(self) -> str: ...


def read_order(order_by: str) -> str:
    """An order of the list, however it is spaced."""
    found = ", ".join(" ".join(part.split()) for part in order_by.split(","))
    if found not in _ORDERS:
        raise InvalidInput.at("order_by", f"must be one of {'; '.join(_ORDERS[1:])}")
    return found


def awaited_principal(request: _Asking, caller: Caller, principals: Principals) -> str:
    """The principal whose vote the listed proposals wait for; empty for all proposals."""
    name = caller.principal.name if request.waiting_for == _CALLER else request.waiting_for
    if name and principals.find(name) is None:
        raise InvalidInput.at("waiting_for", "must be me, or the name of a known principal such as users/ana")
    return name


def read_facets(facets: Sequence[str]) -> tuple[str, ...]:
    """The fields to count by, each once."""
    violations = [
        Violation(f"facets[{number}]", f"must be one of {', '.join(FACETS)}")
        for number, facet in enumerate(facets[: len(FACETS) + 1])
        if facet not in FACETS
    ]
    violations += [
        Violation("facets", f"{facet} stands {count} times; ask for it once")
        for facet, count in Counter(facets).items()
        if count > 1 and facet in FACETS
    ]
    refuse(violations)
    return tuple(facets)


async def page_after(tx: ReadTransaction, page: Page, name: str) -> Page:
    """The page, beginning after the proposal of this name; a page token has gone further already.

    Raises:
        NotFound: there never was such a proposal.
    """
    if not name or page.after is not None:
        return page
    place = await tx.proposal_place(resource_names.proposal_id(name, "after"), page.order_by)
    if place is None:
        raise NotFound("MergeProposal", name)
    return replace(page, after=place)


async def waiting_page(
    tx: ReadTransaction, page: Page, principal: str, assessment: Assessment, now: datetime
) -> Page:
    """The page, of those alone that wait for this principal by the functions that are theirs now."""
    if not principal:
        return page
    roles = await assessment.roles(tx, now)
    return replace(page, waiting_for=WaitingFor(principal, tuple(sorted(roles.functions(principal)))))
