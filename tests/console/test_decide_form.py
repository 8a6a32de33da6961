"""The form that decides: what its buttons say beforehand, and the names that a weighty merge asks to type."""

import uuid
from collections.abc import Callable

import pytest
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.client import DedupClient
from dedup_service.console.texts.marks import is_invisible
from dedup_service.console.views.deciding import (
    MAX_TYPED,
    approval_merges,
    decide_form,
    effect_id,
    is_typed,
    name_of,
    names_to_type,
    shown_to_type,
    visible,
)
from dedup_service.v1.core_pb2 import Fact
from dedup_service.v1.merge_plan_pb2 import GoldenLink, Impact, MergePlan, PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import ApproveMergeProposalRequest, GetMergeProposalRequest
from dedup_service.v1.voting_pb2 import Standing
from tests.console.scenes import (
    contact_record,
    propose,
    propose_cluster,
    propose_high,
    propose_low,
    propose_medium,
    propose_vetoed,
)
from tests.console.served_console import Console

APPROVED = MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED


def propose_weighty(client: DedupClient) -> MergeProposal:
    """Two contacts with a large pipeline: decided by weight, sales 2, support 2, marketing 1."""
    first, second = contact_record("weighty-a"), contact_record("weighty-b")
    first.facts.append(Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=300_000)))
    return propose(client, first, second)


def of_members(*names: str, impact: "Impact.ValueType" = Impact.IMPACT_HIGH) -> MergeProposal:
    """A proposal of golden records with these names, of which the second remains."""
    members = [
        PlanMember(golden_record=f"goldenRecords/{place}", display_name=name)
        for place, name in enumerate(names)
    ]
    plan = MergePlan(members=members, survivor="goldenRecords/1")
    return MergeProposal(name="mergeProposals/7f", impact=impact, plan=plan)


@pytest.mark.parametrize(
    ("make", "voters"),
    [
        (propose_low, ["ann"]),
        (propose_medium, ["sven"]),
        (propose_cluster, ["maya"]),
        (propose_high, ["frida", "ann"]),
        (propose_high, ["ann", "frida"]),
        (propose_weighty, ["ann", "sven"]),
        (propose_weighty, ["maya", "ben", "ann"]),
        (propose_vetoed, ["ann"]),
    ],
)
def test_the_button_says_what_will_be(
    console: Console, make: Callable[[DedupClient], MergeProposal], voters: list[str]
) -> None:
    """Before each vote the label tells whether it is the last one needed, as the service then decides."""
    name = make(console.importer).name
    for voter in voters:
        calls = console.acting_as(f"users/{voter}").merge_proposals
        before = calls.GetMergeProposal(GetMergeProposalRequest(name=name))
        if not before.standing.may_vote or before.state == APPROVED:
            continue
        after = calls.ApproveMergeProposal(ApproveMergeProposalRequest(name=name, etag=before.etag))
        assert approval_merges(before) == (after.state == APPROVED), voter


def test_only_weighty_merges_ask_for_names() -> None:
    """The survivor's first, then the other's."""
    assert [each.text for each in names_to_type(of_members("Halden", "Werke"))] == ["Werke", "Halden"]
    assert names_to_type(of_members("Halden", "Werke", impact=Impact.IMPACT_MEDIUM)) == ()


def test_of_many_the_ends_of_the_weakest_link_are_typed() -> None:
    """Nobody types fifty names; the two in doubt are those that must have been looked at."""
    proposal = of_members("A", "B", "C", "D")
    proposal.weakest_link.CopyFrom(GoldenLink(left="goldenRecords/3", right="goldenRecords/2"))
    assert {each.text for each in names_to_type(proposal)} == {"C", "D"}
    parted = decide_form(proposal).parted
    assert parted is not None
    assert set(parted) == {"C", "D"}


@given(st.text(min_size=1, max_size=3 * MAX_TYPED))
def test_what_is_shown_to_type_is_taken(name: str) -> None:
    """Whoever types what the form shows is never refused, nor who types the whole name."""
    assert is_typed(shown_to_type(name), shown_to_type(name))
    assert is_typed(shown_to_type(name), name)


@given(st.text(max_size=80))
def test_nothing_invisible_is_asked_for(name: str) -> None:
    """What cannot be seen cannot be typed."""
    assert not any(is_invisible(character) for character in visible(name))


@pytest.mark.parametrize(
    ("name", "typed", "is_right"),
    [
        ("Halden-Werke GmbH", "halden-werke  gmbh ", True),
        ("M\u00fcller", "Mu\u0308ller", True),
        ("Stra\u00dfe", "STRASSE", True),
        ("Lo\u200bve\u00adlace\u200f", "Lovelace", True),
        ("Halden\u00a0Werke", "Halden Werke", True),
        ("\u05e9\u05e8\u05d4", "\u202b\u05e9\u05e8\u05d4\u202c", True),
        ("W" * 500, "w" * MAX_TYPED, True),
        ("Halden", "", False),
        ("Halden", "Halden GmbH", False),
        ("M\u00fcller", "Muller", False),
        ("Paypal", "P\u0430ypal", False),
    ],
)
def test_names_are_compared_as_they_are_seen(name: str, typed: str, is_right: bool) -> None:
    """Case, spaces, composition and the invisible do not matter; every letter does."""
    assert is_typed(shown_to_type(name), typed) is is_right


def test_who_has_no_name_has_something_to_type() -> None:
    """The telling detail, or else the id: there is always something that was looked at."""
    detail = PlanMember(
        golden_record="goldenRecords/7", display_name="\u200b", display_detail="+49 431 555010"
    )
    assert name_of(detail) == "+49 431 555010"
    assert name_of(PlanMember(golden_record="goldenRecords/7")) == "7"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_an_effect_is_named_by_what_it_is(request_id: str, one: str, other: str) -> None:
    """The same form and content have the same id, anything else another; each is a UUID of version 4."""
    assert effect_id(request_id, one) == effect_id(request_id, one)
    assert (effect_id(request_id, one) == effect_id(request_id, other)) == (one == other)
    assert uuid.UUID(effect_id(request_id, one)).version == 4


def test_the_form_offers_what_its_visitor_may_do() -> None:
    """Voters vote, proposers take back, both carry out what is approved, and others only read."""
    proposal = of_members("Halden", "Werke")
    proposal.proposer = "users/ann"
    proposal.state = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING

    def offered(principal: str, may_vote: bool) -> tuple[bool, bool, bool]:
        proposal.standing.CopyFrom(Standing(principal=principal, may_vote=may_vote))
        form = decide_form(proposal)
        return form.may_vote, form.may_merge, form.may_withdraw

    assert offered("users/ben", may_vote=True) == (True, False, False)
    assert offered("users/ann", may_vote=False) == (False, False, True)
    proposal.state = APPROVED
    assert offered("users/ben", may_vote=True) == (True, True, False)
    assert offered("users/ann", may_vote=False) == (False, True, True)
    assert offered("users/paula", may_vote=False) == (False, False, False)
    proposal.state = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
    assert offered("users/ben", may_vote=True) == (False, False, False)
