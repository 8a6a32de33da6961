"""A vote played from the command line: the inbox, what is shown, and what each function says."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from tests.cli.command_results import Run, json_lines
from tests.cli.proposed_merges import (
    CRM,
    ERP_ONE,
    ERP_TWO,
    contact,
    golden_of,
    propose_accounts,
    propose_contacts,
    write,
)


@pytest.fixture
def accounts(client: DedupClient) -> MergeProposal:
    return propose_accounts(client)


def names(printed: str) -> list[str]:
    """The proposals of a list, in order."""
    return [line.strip() for line in printed.splitlines() if line.strip().startswith("mergeProposals/")]


def soon() -> str:
    """A day within the longest time that anybody may be away."""
    return f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


def test_the_inbox_holds_what_waits_for_one_person(
    dedup: Run, accounts: MergeProposal, client: DedupClient
) -> None:
    """The weightiest comes first, with what it is, by when, why this person, and who else is missing."""
    contacts = propose_contacts(client)
    told = dedup("inbox").stdout
    assert names(told) == [accounts.name, contacts.name]
    assert "HIGH ACCOUNT  Acme Motors" in told
    assert "LOW CONTACT  Ada Lovelace" in told
    assert "also waits for finance, support" in told
    assert "waits for nobody else" in told
    # Three working days, of which whole ones are told: two on a Monday, up to four before a weekend.
    assert re.search("due in [2-5] days", told)
    assert "you vote for sales: held by source crm" in told
    assert names(dedup("inbox", who="users/fiona").stdout) == [accounts.name]


@pytest.mark.usefixtures("accounts")
def test_an_empty_inbox_says_so(dedup: Run) -> None:
    """Who is asked nothing is told that, and where to look for what waits for others."""
    told = dedup("inbox", who="users/paula").stdout
    assert "nothing waits for users/paula; dedup inbox --all" in told


def test_the_inbox_is_narrowed_and_widened(dedup: Run, accounts: MergeProposal, client: DedupClient) -> None:
    """--impact, --kind and --all choose; --limit says that there are more."""
    contacts = propose_contacts(client)
    assert names(dedup("inbox", "--impact", "low").stdout) == [contacts.name]
    assert names(dedup("inbox", "--kind", "account").stdout) == [accounts.name]
    assert names(dedup("inbox", "--all", who="users/paula").stdout) == [accounts.name, contacts.name]
    assert "dedup inbox --limit 2 shows them" in dedup("inbox", "-n", "1").stdout
    assert [each["name"] for each in json_lines(dedup("inbox", "--json"))] == [accounts.name, contacts.name]
    dedup("inbox", "--impact", "huge", code=2)
    dedup("inbox", "--kind", "robot", code=2)


@pytest.mark.usefixtures("accounts")
def test_the_inbox_fits_a_narrow_terminal(dedup: Run) -> None:
    """In 80 columns no line is longer, and no name is broken."""
    told = dedup("inbox", columns=80, who="users/fiona").stdout
    assert max(map(len, told.splitlines())) <= 80
    assert len(names(told)[0]) == len("mergeProposals/") + 32


def test_a_proposal_is_shown_most_important_first(dedup: Run, accounts: MergeProposal) -> None:
    """You, who decides, what is missing and the vetoes stand above what it would touch and its values."""
    told = dedup("show", accounts.name, who="users/fiona").stdout
    parts = (
        *("due in", "you vote for finance: ", "who decides", "finance approves with more than half"),
        *("function  weight  says", "still missing", "sales has not voted", "vetoed"),
        *("DIFFERENT_CUSTOMER_NUMBERS", "why this impact", "HIGH: 2 accounts held by the customer master"),
        *("what it would touch", "redirects; known to crm", "children that would move to the survivor"),
        *("what will not move", "golden records to merge", "values of the survivor", "1 (1 of erp"),
        *("stakes", "plan hash", f"dedup approve {accounts.name} --etag {accounts.etag}"),
    )
    places = [told.find(part) for part in parts]
    assert -1 not in places, [part for part, place in zip(parts, places, strict=True) if place < 0]
    assert places == sorted(places)


def test_who_may_not_vote_is_told_why(dedup: Run, accounts: MergeProposal) -> None:
    """Without a function that is asked there is a reason, and no command to vote."""
    told = dedup("show", accounts.name, who="users/paula").stdout
    why = "users/paula has no say in this: they hold partners, and asked are finance, sales, support"
    assert f"you may not vote: {why}" in told
    assert "dedup approve" not in told


def test_a_high_account_merge_is_played_through(dedup: Run, accounts: MergeProposal) -> None:
    """Each function speaks, finance last; then it is executed, shown as over, and undone."""
    assert "approved for sales as users/ann" in dedup("approve", accounts.name, "--for", "sales").stdout
    assert names(dedup("inbox").stdout) == []
    early = dedup("execute", accounts.name, code=1).stderr
    assert "`dedup show` says who lifts it" in early
    dedup("approve", accounts.name, "-m", "one company", who="users/carla")
    last = dedup("approve", accounts.name, who="users/fiona").stdout
    assert "is APPROVED" in last
    assert "veto lifted" in last
    told = dedup("show", accounts.name, who="users/fiona").stdout
    assert "vetoes that were lifted" in told
    assert "you approved for finance, which counts" in told
    assert "one company" in told
    (merge,) = json_lines(dedup("execute", accounts.name, "--json"))
    assert "who decided" in dedup("show", accounts.name).stdout
    assert "UNDONE" in dedup("undo", merge["name"], "-m", "two plants", who="users/fiona").stdout


def test_a_function_is_not_spoken_for_without_holding_it(dedup: Run, accounts: MergeProposal) -> None:
    """--for another function is refused in one line."""
    refused = dedup("approve", accounts.name, "--for", "finance", code=1).stderr
    assert refused == "dedup: users/ann may not vote for finance here\n"


def test_a_change_of_the_survivor_voids_the_votes(
    dedup: Run, accounts: MergeProposal, client: DedupClient
) -> None:
    """It is another plan, shown with what now stops it; a change of nothing is a usage error."""
    dedup("approve", accounts.name, who="users/carla")
    other = golden_of(client, CRM)
    told = dedup("change", accounts.name, "--survivor", other, who="services/importer", columns=80).stdout
    assert "changed; the votes cast so far are void" in told
    assert f"{other}  ACCOUNT, survivor" in told
    assert "PROVISIONAL_SURVIVOR" in told
    dedup("change", accounts.name, code=2)


def test_choices_stay_until_they_are_taken_back(dedup: Run, accounts: MergeProposal) -> None:
    """--choose adds to what was chosen before, and with an empty record takes it back."""

    def change(choice: str) -> str:
        return dedup("change", accounts.name, "--choose", choice, who="services/importer").stdout

    assert "Acme Motors (A of crm, choice)" in change(f"company_name={CRM}")
    assert change(f"customer_number={ERP_TWO}").count("choice)") == 2
    assert change("company_name=").count("choice)") == 1


def test_a_proposal_is_withdrawn_by_its_proposer(dedup: Run, client: DedupClient) -> None:
    """Others are told whose it is; the proposer is shown the command, and a comment stays."""
    write(client, contact("sources/crm/records/1", "Ada"), contact("sources/crm/records/2", "Ada"))
    (made,) = json_lines(dedup("propose", "sources/crm/records/1", "sources/crm/records/2", "--json"))
    assert f"dedup withdraw {made['name']}" in dedup("show", made["name"]).stdout
    assert "users/ann" in dedup("withdraw", made["name"], who="users/ben", code=1).stderr
    assert "is WITHDRAWN" in dedup("withdraw", made["name"], "-m", "sisters").stdout
    assert 'ended with "sisters"' in dedup("show", made["name"]).stdout


def test_a_delegate_votes_on_behalf(dedup: Run, client: DedupClient) -> None:
    """While somebody is away, their delegate's inbox says for whom; taken back, it is empty again."""
    contacts = propose_contacts(client)
    arguments = ("delegate", "--to", "users/carla", "--until", "2099-12-24")
    assert "at most 90 days" in dedup(*arguments, who="users/ben", code=1).stderr
    (made,) = json_lines(
        dedup("delegate", "--to", "users/carla", "--until", soon(), "-m", "ski", "--json", who="users/ben")
    )
    listed = dedup("delegations").stdout
    assert "users/carla votes for users/ben" in listed
    assert "ski" in listed
    told = dedup("inbox", who="users/carla").stdout
    assert names(told) == [contacts.name]
    assert "you vote for sales on behalf of users/ben" in told
    assert "ended at" in dedup("delegate", "--end", made["name"], who="users/ben").stdout
    assert names(dedup("inbox", who="users/carla").stdout) == []
    assert dedup("delegations").stdout == "0 delegations\n"
    assert "ended 1 minute ago" in dedup("delegations", "--all").stdout


def test_an_absence_needs_an_end_and_nothing_beside_its_end(dedup: Run) -> None:
    """Without --until, with words for a day, or with --end and more there is a usage error."""
    dedup("delegate", code=2)
    dedup("delegate", "--until", "tomorrow", code=2)
    dedup("delegate", "--end", "delegations/1", "--until", "2026-12-24", code=2)
    told = dedup("delegate", "--until", soon()).stdout
    assert "you are away, and nobody votes for you" in told


def test_a_provisional_account_is_listed_and_confirmed(dedup: Run, client: DedupClient) -> None:
    """Finance sees what it has to look at, and takes it up with a customer number of its books."""
    write(client, contact("sources/crm/records/1", "Ada"))
    propose_accounts(client)
    golden = golden_of(client, CRM)
    listed = dedup("accounts", "--provisional", who="users/fiona").stdout
    assert golden in listed
    assert golden_of(client, ERP_ONE) not in listed
    assert "2 provisional accounts" in listed
    assert "4 accounts" in dedup("accounts").stdout
    confirming = ("confirm", golden, "--record", "sources/erp/records/4711", "--customer-number", "C-1")
    assert "finance" in dedup(*confirming, code=1).stderr
    assert "is MASTERED" in dedup(*confirming, who="users/fiona").stdout
    assert golden not in dedup("accounts", "--provisional").stdout
