"""The other parts of the proposal page: certainty in words, the ballot, evidence, choices, what happened."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import load_languages
from dedup_service.console.texts.names import Names
from dedup_service.console.views.proposal import evidence_of, history_of, touched_by
from dedup_service.console.views.proposal.choices import choice_of, choices_after
from dedup_service.console.views.proposal.evidence import (
    chosen_link,
    pairs_of,
    thresholds_of,
    waterfall_of,
)
from dedup_service.console.views.proposal.head import ballot_sentences, certainty_of, head_of, may_change
from dedup_service.console.views.proposal.history import EventKind
from dedup_service.v1.core_pb2 import PairScore, Verdict
from dedup_service.v1.golden_record_service_pb2 import GoldenValue
from dedup_service.v1.match_service_pb2 import ExplainMatchResponse, WaterfallStep
from dedup_service.v1.merge_plan_pb2 import (
    GoldenLink,
    MergePlan,
    PlanChange,
    PlanMember,
    PlanRecord,
    PreviewValue,
)
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.record_service_pb2 import Record
from dedup_service.v1.scoring_model_pb2 import ScoringModel
from dedup_service.v1.voting_pb2 import Ballot, BallotMethod, Standing, Voice, Vote, VoteDecision
from tests.console.served_console import PEOPLE

LANGUAGE = load_languages()["en"]
FORMATS = Formats(LANGUAGE.locale, UTC)
NAMES = Names(LANGUAGE, {person.name: person.display_name for person in PEOPLE})
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
REJECTED = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
APPROVE = VoteDecision.VOTE_DECISION_APPROVE


def triangle() -> MergeProposal:
    """Three golden records, the second of which survives, with a link between each two."""
    members = [
        PlanMember(
            golden_record=f"goldenRecords/{name}", records=[PlanRecord(record=f"sources/crm/records/{name}")]
        )
        for name in "xyz"
    ]
    links = [("x", "y", 6.6), ("x", "z", 5.7), ("y", "z", 12.5)]
    proposal = MergeProposal(
        name="mergeProposals/p",
        state=PENDING,
        plan=MergePlan(members=members, survivor="goldenRecords/y"),
        links=[
            GoldenLink(left=f"goldenRecords/{a}", right=f"goldenRecords/{b}", match_weight_bits=bits)
            for a, b, bits in links
        ],
    )
    proposal.weakest_link.CopyFrom(proposal.links[0])
    return proposal


def at(second: int) -> Timestamp:
    """A moment."""
    return Timestamp(seconds=second)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "as good as certain"),
        (0.99, "almost certain"),
        (0.5, "as likely as not"),
        (0.0, "very unlikely"),
    ],
)
def test_a_probability_has_words(probability: float, words: str) -> None:
    """Whoever does not think in bits reads how sure the model is."""
    assert certainty_of(probability) == words


@pytest.mark.parametrize(
    ("probability", "mistaken_of"), [(0.99, 100), (0.9993, 1400), (0.8, 5), (0.4, 0), (1.0, 0)]
)
def test_a_probability_is_told_as_one_of_so_many(probability: float, mistaken_of: int) -> None:
    """Rounded to two digits; of what is more likely wrong than right, and of certainty, it is not told."""
    proposal = triangle()
    proposal.weakest_link.match_probability = probability
    assert head_of(proposal, (), None, NOW).mistaken_of == mistaken_of


def test_only_those_who_have_a_say_may_change_an_open_proposal() -> None:
    """Its proposer and who may vote; nobody once it is over."""
    proposal = triangle()
    proposal.proposer = "users/ben"
    proposal.standing.CopyFrom(Standing(principal="users/ann"))
    assert not may_change(proposal)
    proposal.standing.may_vote = True
    assert may_change(proposal)
    proposal.standing.CopyFrom(Standing(principal="users/ben"))
    assert may_change(proposal)
    proposal.state = REJECTED
    assert not may_change(proposal)


def ballots() -> Iterator[tuple[Ballot, str]]:
    """Each way to count, and words that tell it."""
    people, voices = BallotMethod.BALLOT_METHOD_PEOPLE, BallotMethod.BALLOT_METHOD_VOICES
    weights = BallotMethod.BALLOT_METHOD_WEIGHTS
    yield Ballot(method=people), "Nobody needs to vote."
    yield Ballot(method=people, quorum=1), "1 person approves"
    yield Ballot(method=people, quorum=2), "2 different people approve"
    yield Ballot(method=voices, majority=0.5, arbiter="finance"), "Finance decides last"
    yield Ballot(method=weights, majority=0.5, tie_breaker="marketing"), "In a tie Marketing decides."
    yield Ballot(method=weights, majority=0.5, quorum=2), "At least 2 people must approve."


@pytest.mark.parametrize(("ballot", "words"), list(ballots()))
def test_a_ballot_is_told_in_words(ballot: Ballot, words: str) -> None:
    """How votes are counted stands there for who votes, with names and not identifiers."""
    proposal = MergeProposal(ballot=ballot, voices=[Voice(function="sales", weight=2)])
    assert words in " ".join(ballot_sentences(proposal, NAMES, FORMATS))


def test_the_weakest_link_is_looked_at_first() -> None:
    """Unless the address asks for another; what it asks for may be nonsense."""
    proposal = triangle()
    assert chosen_link(proposal, "") == proposal.weakest_link
    assert chosen_link(proposal, "B-C") == proposal.links[1]
    assert chosen_link(proposal, "C-B") == proposal.links[1]
    assert chosen_link(proposal, "Q-'1") == proposal.weakest_link


def test_links_are_listed_with_the_weakest_first_and_those_that_hold_nothing_last() -> None:
    """They carry the letters of the columns: the survivor is A."""
    proposal = triangle()
    found = evidence_of(proposal, proposal.weakest_link, None, LANGUAGE, FORMATS, {"queue": "whose=me"})
    assert [(each.left, each.right, each.is_weakest, each.holds) for each in found.links] == [
        ("A", "B", True, True),
        ("A", "C", False, True),
        ("B", "C", False, False),
    ]
    assert found.links[1].url == "/proposals/p?queue=whose%3Dme&link=A-C#evidence"
    assert found.chosen == found.links[0]


def test_every_pair_of_records_of_a_link_is_a_candidate() -> None:
    """The best of them is what the link is about."""
    proposal = triangle()
    proposal.plan.members[0].records.add(record="sources/erp/records/x")
    assert pairs_of(proposal, proposal.links[0]) == [
        ("sources/crm/records/x", "sources/crm/records/y"),
        ("sources/erp/records/x", "sources/crm/records/y"),
    ]


def explained(*weights: float) -> ExplainMatchResponse:
    """An explanation with these steps behind a prior of -10 bits."""
    steps = [WaterfallStep(comparison="prior", weight_bits=-10, total_bits=-10)]
    for number, bits in enumerate(weights):
        total = steps[-1].total_bits + bits
        steps.append(
            WaterfallStep(comparison=f"c{number}", evidence="seen", weight_bits=bits, total_bits=total)
        )
    return ExplainMatchResponse(
        score=PairScore(match_weight_bits=steps[-1].total_bits, verdict=Verdict.VERDICT_REVIEW),
        waterfall=steps,
    )


def test_steps_that_change_next_to_nothing_are_told_as_one() -> None:
    """They stand last, and the total is still what the service says."""
    found = waterfall_of(("l", "r"), explained(0.01, 12.0, -0.02), None, NAMES.verdict)
    assert [step.comparisons for step in found.steps] == [("prior",), ("c1",), ("c0", "c2")]
    assert found.steps[-1].total_bits == pytest.approx(found.score.match_weight_bits)


def test_one_small_step_stands_by_itself() -> None:
    """There is nothing to put together."""
    found = waterfall_of(("l", "r"), explained(0.01, 12.0), None, NAMES.verdict)
    assert [step.comparisons for step in found.steps] == [("prior",), ("c0",), ("c1",)]


def test_thresholds_are_those_of_the_model_as_bits() -> None:
    """A probability of one half is 0 bits."""
    limits = thresholds_of(ScoringModel(review_threshold=0.5, match_threshold=0.8))
    assert (limits.review_bits, limits.match_bits) == pytest.approx((0.0, 2.0))


def test_a_choice_says_what_would_change_and_whose_votes_it_voids() -> None:
    """Fields of a group come along: those that the record lacks would be left empty."""
    proposal = triangle()
    for name, text in {"city": "Kiel", "street": "Hafenstraße 1"}.items():
        value = GoldenValue(value=text, record="sources/crm/records/x")
        proposal.plan.values[name].CopyFrom(PreviewValue(value=value))
    proposal.votes.add(principal="users/ann", counts=True)
    proposal.votes.add(principal="users/ben", counts=False)
    record = Record(name="sources/crm/records/y", values={"city": "Bonn", "country": "DE"})
    choice = choice_of(proposal, "address", record, "")
    assert {each.field: (each.now, each.then) for each in choice.changes} == {
        "street": ("Hafenstraße 1", ""),
        "city": ("Kiel", "Bonn"),
        "country": ("", "DE"),
    }
    assert choice.is_group
    assert [vote.principal for vote in choice.votes] == ["users/ann"]


def test_a_choice_of_a_survivor_names_it_by_its_letter() -> None:
    """What is no member of the plan is none."""
    assert choice_of(triangle(), "", Record(), "goldenRecords/z").survivor_letter == "C"
    assert choice_of(triangle(), "", Record(), "goldenRecords/q").survivor is None


def test_a_choice_keeps_the_others_and_takes_the_place_of_its_own() -> None:
    """A group takes the place of its single fields; without a record the choice is gone."""
    before = {"email": "r1", "city": "r1", "address": "r2"}
    assert choices_after(before, "address", "r3") == {"email": "r1", "address": "r3"}
    assert choices_after(before, "email", "") == {"city": "r1", "address": "r2"}


def test_history_is_in_order_of_time_and_ends_with_the_end() -> None:
    """Votes, changes of the plan and escalation between the proposal and what became of it."""
    proposal = triangle()
    proposal.state = REJECTED
    proposal.create_time.CopyFrom(at(1))
    proposal.escalate_time.CopyFrom(at(3))
    proposal.update_time.CopyFrom(at(5))
    proposal.votes.append(Vote(principal="users/ann", decision=APPROVE, create_time=at(2)))
    proposal.plan_changes.append(PlanChange(create_time=at(4)))
    assert [event.kind for event in history_of(proposal)] == [
        EventKind.PROPOSED,
        EventKind.VOTE,
        EventKind.ESCALATED,
        EventKind.PLAN_CHANGE,
        EventKind.ENDED,
    ]


def test_documents_that_move_are_summed_by_kind() -> None:
    """With their amounts by currency, and the owners below."""
    proposal = triangle()
    for owner, count in (("users/ann", 2), ("users/ben", 3)):
        moving = proposal.preview.moving_children.add(kind=1, owner=owner, count=count, open_count=1)
        moving.amounts.add(currency_code="EUR", units=10)
    proposal.preview.redirects.add(systems=["crm", "erp"])
    proposal.preview.redirects.add(systems=["crm"])
    found = touched_by(proposal)
    (kind,) = found.kinds
    assert (kind.count, kind.open_count, kind.amounts[0].units, len(kind.by_owner)) == (5, 2, 20, 2)
    assert found.systems == ("crm", "erp")
