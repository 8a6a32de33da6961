"""The inbox and the other lists of proposals: what is on them, in which order, and each row once."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page, WaitingFor
from tests.merge_desk import JANUARY
from tests.store.pending_proposals import decided, listed, open_store, pending, store_proposals

INBOX = "impact desc, due_time"
ANN = WaitingFor("users/ann", ("sales", "support"))


def equals(field: str, value: str) -> Condition:
    return Condition(field, Operator.EQUALS, value)


def voted_by(*voters: str) -> dict[str, Any]:
    return {"decision": decided(voters=voters)}


ESCALATED = {"escalated_to": ("users/ann",), "escalate_time": JANUARY}


@pytest.mark.parametrize("order_by", [INBOX, "create_time", "create_time desc", "due_time"])
@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({}, True),
        ({"missing_functions": ("finance", "support")}, True),
        ({"missing_functions": ("sales", "support")}, True),
        ({"missing_functions": ("finance",)}, False),
        ({"missing_functions": ()}, False),
        ({"proposer": "users/ann"}, False),
        (voted_by("users/ann"), False),
        (voted_by("users/ben", "users/carla"), True),
        ({"decision": None}, True),
        ({"state": ProposalState.APPROVED}, False),
        ({"state": ProposalState.REJECTED}, False),
        ({"state": ProposalState.EXPIRED}, False),
        (ESCALATED, True),
        (ESCALATED | {"missing_functions": ("finance",)}, True),
        (ESCALATED | {"proposer": "users/ann"}, True),
        (ESCALATED | voted_by("users/ann"), True),
        (ESCALATED | {"state": ProposalState.APPROVED}, False),
        ({"escalated_to": ("users/mia",), "missing_functions": ("finance",)}, False),
    ],
)
async def test_what_waits_for_a_person(
    database_url: str, changes: dict[str, Any], waits: bool, order_by: str
) -> None:
    """Their function is missing, and they have neither proposed nor voted; or it was escalated to them."""
    async with open_store(database_url) as store:
        await store_proposals(store, pending("p", **changes))
        found = await listed(store, Page(waiting_for=ANN, order_by=order_by))
    assert found == (["p"] if waits else [])


@pytest.mark.parametrize(
    ("before", "after", "waits"),
    [
        ({}, voted_by("users/ann"), False),
        (voted_by("users/ann"), {}, True),
        ({}, {"missing_functions": ("finance",)}, False),
        ({"missing_functions": ("finance",)}, ESCALATED, True),
        (ESCALATED, {"missing_functions": ("finance",)}, False),
        ({}, {"state": ProposalState.WITHDRAWN}, False),
        ({"state": ProposalState.APPROVED}, {}, True),
    ],
)
async def test_an_inbox_follows_every_write(
    database_url: str, before: dict[str, Any], after: dict[str, Any], waits: bool
) -> None:
    """A proposal comes and goes with its votes, its missing functions, its state and its escalation."""
    async with open_store(database_url) as store:
        await store_proposals(store, pending("p", **before))
        await store_proposals(store, pending("p", **after))
        found = await listed(store, Page(waiting_for=ANN, order_by=INBOX))
    assert found == (["p"] if waits else [])


def many() -> list[Proposal]:
    """Every mix of impact, due time and missing functions twice, so that there are ties; ids tell nothing."""
    mixes = itertools.product(Impact, (1, 2, 3), (("sales",), ("sales", "support"), ("support",)), range(2))
    return [
        pending(
            f"p{number * 7919 % 1000:03}",
            impact=impact,
            decision=decided(due_days=days),
            missing_functions=functions,
            create_time=JANUARY + timedelta(hours=number % 5),
            escalated_to=("users/ann",) if number % 4 == 0 else (),
        )
        for number, (impact, days, functions, _) in enumerate(mixes)
    ]


def due(proposal: Proposal) -> Any:
    assert proposal.decision is not None
    return proposal.decision.due_time


@pytest.mark.parametrize("size", [1, 4, 7, 100])
@pytest.mark.parametrize("waiting_for", [None, ANN])
async def test_pages_go_on_over_mixed_directions(
    database_url: str, size: int, waiting_for: WaitingFor | None
) -> None:
    """The weightiest first, then the most urgent: every row once and in order, however small the pages."""
    rows = many()
    async with open_store(database_url) as store:
        await store_proposals(store, *rows)
        found = await listed(store, Page(order_by=INBOX, size=size, waiting_for=waiting_for))
    assert found == [
        p.proposal_id for p in sorted(rows, key=lambda p: (-p.impact.rank, due(p), p.proposal_id))
    ]


@pytest.mark.parametrize("waiting_for", [None, ANN])
async def test_other_orders(database_url: str, waiting_for: WaitingFor | None) -> None:
    """By due time, by age and by age backwards, with ties: every row once and in order."""
    rows = many()
    async with open_store(database_url) as store:
        await store_proposals(store, *rows)
        found = {
            order_by: await listed(store, Page(order_by=order_by, size=5, waiting_for=waiting_for))
            for order_by in ("", "create_time", "create_time desc", "due_time")
        }
    by_age = [p.proposal_id for p in sorted(rows, key=lambda p: (p.create_time, p.proposal_id))]
    assert found == {
        "": by_age,
        "create_time": by_age,
        "create_time desc": by_age[::-1],
        "due_time": [p.proposal_id for p in sorted(rows, key=lambda p: (due(p), p.proposal_id))],
    }


@pytest.mark.parametrize("order_by", [INBOX, "create_time"])
async def test_conditions_narrow_an_inbox(database_url: str, order_by: str) -> None:
    """All conditions of the filter hold for what is on the page, and pages go on under them."""
    rows = many()
    async with open_store(database_url) as store:
        await store_proposals(store, *rows)
        page = Page((equals("impact", "HIGH"), equals("missing_functions", "support")), size=2)
        found = await listed(store, replace(page, waiting_for=ANN, order_by=order_by))
    wanted = [p for p in rows if p.impact is Impact.HIGH and "support" in p.missing_functions]
    assert sorted(found) == sorted(p.proposal_id for p in wanted)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (equals("escalated", "true"), ["b"]),
        (equals("escalated", "false"), ["a", "c"]),
        (equals("survivor", "goldenRecords/b-a"), ["b"]),
        (Condition("survivor", Operator.NOT_EQUALS, "goldenRecords/b-a"), ["a", "c"]),
        (equals("proposer", "users/ben"), ["c"]),
        (equals("state", "EXPIRED"), ["a"]),
    ],
)
async def test_filters_of_proposals(database_url: str, condition: Condition, wanted: list[str]) -> None:
    """Escalation, survivor, proposer and state can be asked for."""
    async with open_store(database_url) as store:
        await store_proposals(
            store,
            pending("a", state=ProposalState.EXPIRED),
            pending("b", escalate_time=JANUARY, escalated_to=("users/mia",)),
            pending("c", proposer="users/ben"),
        )
        assert await listed(store, Page((condition,))) == wanted
