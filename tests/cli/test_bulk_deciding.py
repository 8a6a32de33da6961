"""Many votes at once: the whole list first, then its number, then what became of each."""

import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest
from tests.cli.command_results import Run, json_lines
from tests.cli.proposed_merges import propose_accounts, propose_contacts

FAMILIES = ("Lovelace", "Babbage", "Turing")
LOW = ("decide", "approve", "--filter", "impact = LOW")


@pytest.fixture
def contacts(client: DedupClient) -> list[MergeProposal]:
    """Three LOW proposals that any one person of sales decides."""
    return [propose_contacts(client, number, family) for number, family in enumerate(FAMILIES)]


def vote_count(client: DedupClient, proposals: list[MergeProposal]) -> int:
    found = (
        client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=each.name)) for each in proposals
    )
    return sum(len(each.votes) for each in found)


def test_the_list_is_shown_whole_and_decided_once_its_number_is_typed(
    dedup: Run, contacts: list[MergeProposal]
) -> None:
    """Each proposal with who it is, the totals, and afterwards what became of each."""
    told = dedup(*LOW, "-m", "checked by hand", typed="3\n").stdout
    for proposal, family in zip(contacts, FAMILIES, strict=True):
        assert f"Ada {family}" in told
        assert f"approved {proposal.name}: it is APPROVED" in told
    assert "approve 3 proposals as users/ann: 3 ids would redirect, 0 children would move" in told
    assert "approved 3, skipped 0" in told
    assert "checked by hand" in dedup("show", contacts[0].name).stdout


@pytest.mark.parametrize("typed", ["2\n", "yes\n", ""])
def test_another_answer_decides_nothing(
    dedup: Run, contacts: list[MergeProposal], client: DedupClient, typed: str
) -> None:
    """Whoever does not know how many they decide, decides none."""
    assert "nothing was decided" in dedup(*LOW, typed=typed, code=1).stderr
    assert vote_count(client, contacts) == 0


def test_the_expected_number_stands_for_the_question(
    dedup: Run, contacts: list[MergeProposal], client: DedupClient
) -> None:
    """--yes --expect N refuses another number, and decides exactly so many."""
    assert "3 of these proposals, not 2" in dedup(*LOW, "--yes", "--expect", "2", code=1).stderr
    assert vote_count(client, contacts) == 0
    done = json_lines(dedup(*LOW, "--yes", "--expect", "3", "--json"))
    assert [each["decided"] for each in done] == [True] * 3


def test_what_one_may_not_decide_is_skipped_with_its_reason(
    dedup: Run, contacts: list[MergeProposal], client: DedupClient
) -> None:
    """Proposals of other functions, and those that one has voted on, are listed apart and left alone."""
    accounts = propose_accounts(client)
    dedup("reject", contacts[0].name)
    dedup("approve", accounts.name)
    told = dedup("decide", "approve", "--filter", "state != EXECUTED", "--preview").stdout
    assert "will be skipped: 1" in told
    assert "you approved it already" in told
    assert accounts.name in told.split("will be skipped")[1]
    assert "approve 2 proposals" in told
    for_carla = dedup("decide", "approve", "--filter", "impact = LOW", who="users/carla").stdout
    assert (
        "you may not vote: users/carla has no say in this: they hold support, and asked are sales"
        in for_carla
    )
    assert "there is nothing left for you to decide here" in for_carla


def test_what_needs_no_vote_any_more_is_not_approved_again(dedup: Run, contacts: list[MergeProposal]) -> None:
    """A proposal that somebody has carried is skipped; a refusal of it is still possible."""
    dedup("approve", contacts[0].name, who="users/ben")
    assert "approved already, and can be executed" in dedup(*LOW, "--preview").stdout
    rejecting = dedup("decide", "reject", "--filter", "impact = LOW", "--preview").stdout
    assert "reject 3 proposals" in rejecting


def test_what_waits_for_me_can_be_all_of_it(dedup: Run, contacts: list[MergeProposal]) -> None:
    """--waiting-for me alone is enough: what waits for others is not even skipped; in the end it is empty."""
    dedup("approve", contacts[0].name)
    told = dedup("decide", "reject", "--waiting-for", "me", typed="2\n").stdout
    assert contacts[0].name not in told
    assert "rejected 2, skipped 0" in told
    assert "no open proposal fits" in dedup("decide", "approve", "--waiting-for", "me").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("perhaps", "--waiting-for", "me"),
        ("approve",),
        ("approve", "--waiting-for", "me", "--yes"),
        ("approve", "--waiting-for", "me", "--expect", "3"),
        ("approve", "--waiting-for", "me", "--json"),
    ],
)
def test_an_order_that_is_not_clear_is_a_usage_error(
    dedup: Run, contacts: list[MergeProposal], client: DedupClient, arguments: tuple[str, ...]
) -> None:
    """What to say, on what, and how many must be said; otherwise nothing is decided."""
    dedup("decide", *arguments, code=2, typed="3\n")
    assert vote_count(client, contacts) == 0
