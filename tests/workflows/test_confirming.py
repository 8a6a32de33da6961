"""Provisional accounts: made without waiting, never the survivor, confirmed by finance (domain 4.3, 4.4)."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
    Vetoed,
)
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import AccountState, Fact, Record, RecordDraft, RecordKind
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.matching import MatchQuery
from dedup_service.workflows.ports import WriteTransaction, Written
from tests.canonical_dump import canonical_dump, full_dump
from tests.merge_desk import (
    JANUARY,
    POLICY,
    Office,
    account,
    contact,
    key,
    lead,
    mastered,
    principal,
    request,
)


async def confirm(
    office: Office,
    golden_id: str,
    by: str = "fiona",
    *,
    record: str = "erp/4711",
    number: str = "K-4711",
    etag: str | None = None,
    request_id: str = "",
) -> Record:
    """Confirm an account as it is now, or as it was under another etag."""
    seen = (await office.store.read(lambda tx: tx.goldens([golden_id]))).get(golden_id)
    wanted = etag if etag is not None else seen.row.etag if seen else '"1"'
    who = principal(by)
    how = request("ConfirmAccount", who.name, request_id)
    return await office.desk.confirming.confirm(how, golden_id, wanted, key(record), number, who)


async def provisional(office: Office, name: str = "shop/night", **more: Any) -> str:
    [golden_id] = await office.put(account(name, **more))
    return golden_id


async def delegated(office: Office, delegator: str, delegate: str, function: str) -> None:
    """An absence that holds from the first of January on."""
    given = Delegation(
        "d", delegator, delegate, (function,), JANUARY, JANUARY + timedelta(days=9999), "leave", JANUARY
    )

    async def work(tx: WriteTransaction) -> Written[str]:
        await tx.revision()
        await tx.save_delegation(given)
        return Written("")

    await office.store.write(request("CreateDelegation"), work, str)


async def test_an_account_is_made_without_waiting_for_anybody(office: Office) -> None:
    """An order at night writes its account at once, with what hangs on it; it is provisional."""
    order = replace(account("shop/night"), facts=(Fact("orders_in_fulfilment", count=1),))
    written = await office.write(order)
    view = await office.golden(written.golden_id)
    assert (view.account_state, view.golden.row.version) == (AccountState.PROVISIONAL, 1)


async def test_confirmed_it_is_mastered(office: Office) -> None:
    """The customer master's record joins as a member; the id, the other records and the values stay."""
    golden_id = await provisional(office)
    before = await office.record("shop/night")
    record = await confirm(office, golden_id)
    assert (record.golden_id, record.version) == (golden_id, 1)
    assert record.draft == RecordDraft(
        key("erp/4711"),
        RecordKind.ACCOUNT,
        {"customer_number": "K-4711", "company_name": "Company shop/night"},
    )
    assert await office.record("erp/4711") == record
    assert await office.record("shop/night") == before
    view = await office.golden(golden_id)
    assert (view.account_state, view.golden.row.version) == (AccountState.MASTERED, 2)
    assert {name: value.value for name, value in view.values.items()} == record.draft.values


async def test_a_person_account_stays_one(office: Office) -> None:
    """The new record is a person account too, and takes no name of the person along."""
    golden_id = await provisional(office, person=True, full_name="Hildegard Knoerzer")
    record = await confirm(office, golden_id)
    assert (record.draft.person_account, record.draft.values) == (True, {"customer_number": "K-4711"})
    assert (await office.golden(golden_id)).golden.person_account


async def test_a_confirmation_is_told_and_audited_as_a_new_record(office: Office) -> None:
    """One change with the images before and after, one audit line; a reader's copy equals the store."""
    golden_id = await provisional(office)
    record = await confirm(office, golden_id)
    created = ChangeFilter(types=frozenset({ChangeType.RECORD_CREATED}))
    [_, change] = (await office.desk.following.changes(Position(), created)).changes
    assert (change.revision, change.draft.record) == (record.revision, record.name)
    [before], [after] = change.draft.before, change.draft.after
    assert before.members == ("sources/shop/records/night",)
    assert after.members == ("sources/erp/records/4711", "sources/shop/records/night")
    assert set(change.draft.subjects) == set(after.members)
    assert (await office.followed())[after.name] == after
    verified = await office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert (verified.holds, verified.head_revision) == (True, record.revision)


async def test_what_was_confirmed_is_matched_at_once(office: Office) -> None:
    """The new record is in the index as of the confirmation's revision (D-3)."""
    golden_id = await provisional(office, company_name="Knoerzer Maschinenbau AG")
    record = await confirm(office, golden_id)
    draft = account("crm/draft", company_name="Knoerzer Maschinenbau AG", customer_number="K-4711")
    answer = await office.desk.matching.match(MatchQuery(draft, min_revision=record.revision))
    assert record.key in {found.record.key for found in answer.matches}


async def test_a_confirmation_asks_open_votes_again(office: Office) -> None:
    """A proposal on the account is another one once finance knows it: its votes are void."""
    golden_id = await provisional(office)
    [other] = await office.put(mastered("1"))
    voted = await office.vote(await office.propose(golden_id, other), "omar")
    assert (voted.impact, voted.state) == (Impact.MEDIUM, ProposalState.APPROVED)
    await confirm(office, golden_id)
    now = await office.proposal(voted)
    assert (now.impact, now.state) == (Impact.HIGH, ProposalState.PENDING)
    assert now.plan_changes[-1].differences == (f"sources/erp/records/4711 joined goldenRecords/{golden_id}",)


async def test_a_merge_before_and_its_undo_keep_the_confirmation(office: Office) -> None:
    """The new member stays with the account that was confirmed when an earlier merge is undone (B-4)."""
    golden_id = await provisional(office)
    [other] = await office.put(account("crm/other"))
    merge = await office.merge(golden_id, other)
    await confirm(office, golden_id)
    await office.undo(merge)
    found = (await canonical_dump(office.store, POLICY))["goldens"]
    assert found[f"goldenRecords/{golden_id}"]["members"] == [
        "sources/erp/records/4711",
        "sources/shop/records/night",
    ]
    assert found[f"goldenRecords/{other}"]["members"] == ["sources/crm/records/other"]
    assert len(found) == 2, "no golden record without a record is left behind"


async def test_finance_and_the_systems_of_the_books_confirm(office: Office) -> None:
    """People of finance, who stands in for them, and service accounts that write that source."""
    await delegated(office, "users/fiona", "users/mia", "finance")
    for number, who in enumerate(("felix", "mia", "services/importer")):
        golden_id = await provisional(office, f"shop/{number}")
        await confirm(office, golden_id, who, record=f"erp/{number}", number=f"K-{number}")
        assert (await office.golden(golden_id)).account_state is AccountState.MASTERED


@pytest.mark.parametrize("who", ["ann", "omar", "services/matcher"])
async def test_nobody_else_confirms(office: Office, who: str) -> None:
    """What an account is, finance decides; the refusal names it and nothing is written."""
    golden_id = await provisional(office)
    before = await full_dump(office.store, POLICY)
    with pytest.raises(PermissionRefused) as refused:
        await confirm(office, golden_id, who)
    assert (refused.value.reason, refused.value.functions) == (Reason.MISSING_ROLE, ("finance",))
    assert await full_dump(office.store, POLICY) == before


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"record": "crm/4711"}, ["record.name"]),
        ({"number": " "}, ["customer_number"]),
        ({"etag": ""}, ["etag"]),
        ({"record": "crm/47 11", "number": "\x00", "etag": ""}, 4),
    ],
)
async def test_bad_input_is_named_whole(
    office: Office, given: Mapping[str, Any], fields: list[str] | int
) -> None:
    """A source that keeps no books, no number, no etag: every problem at once."""
    golden_id = await provisional(office)
    with pytest.raises(InvalidInput) as refused:
        await confirm(office, golden_id, **given)
    named = [violation.field for violation in refused.value.violations]
    assert (len(named) if isinstance(fields, int) else named) == fields


async def test_only_a_live_provisional_account_is_confirmed(office: Office) -> None:
    """What it is instead is said: mastered, another kind, merged away, deleted, or an account no more."""
    known, person, gone = await office.put(mastered("1"), contact("a"), account("crm/gone"))
    await office.delete("crm/gone")
    kept, away = await provisional(office, "crm/kept"), await provisional(office, "crm/away")
    await office.merge(kept, away)
    history = await office.merge(await provisional(office, "crm/left"), *await office.put(lead("l")))
    await office.delete("crm/left")
    for golden_id, what in (
        (known, "is MASTERED already"),
        (person, "is a CONTACT"),
        (gone, "is DELETED"),
        (away, f"is MERGED: it lives on in goldenRecords/{kept}"),
        (history.survivor_id, "as an account any more"),
    ):
        with pytest.raises(StateNotAllowed, match=what):
            await confirm(office, golden_id)
    with pytest.raises(NotFound):
        await confirm(office, "ghost")


async def test_the_etag_guards_what_was_seen(office: Office) -> None:
    """Written since, the account is not confirmed until it is seen again."""
    golden_id = await provisional(office)
    await office.put(account("shop/night", company_name="Another"))
    with pytest.raises(EtagMismatch, match="version 2"):
        await confirm(office, golden_id, etag='"1"')
    assert await confirm(office, golden_id, etag='"2"')


async def test_what_the_books_know_already_is_merged_not_confirmed(office: Office) -> None:
    """A record or number that is there says which golden record holds it; pointing there is a proposal."""
    golden_id = await provisional(office)
    [master] = await office.put(mastered("1"))
    for how in ({"record": "erp/1"}, {"number": "C-1"}):
        with pytest.raises(StateNotAllowed, match=f"goldenRecords/{master}: propose to merge"):
            await confirm(office, golden_id, **how)
    pointed = await office.propose(golden_id, master, by="fiona")
    assert pointed.plan.survivor_id == master
    merge = await office.execute(await office.vote(pointed, "omar"), by="omar")
    assert merge.survivor_id == master
    assert (await office.golden(golden_id)).account_state is AccountState.MASTERED


async def test_its_own_record_without_a_number_is_named(office: Office) -> None:
    """Where the books hold the account without a number, the number is written there."""
    [golden_id] = await office.put(replace(mastered("4711"), values={"company_name": "Acme"}))
    with pytest.raises(StateNotAllowed, match="write its customer number instead"):
        await confirm(office, golden_id)


async def test_an_erased_id_takes_no_values_again(office: Office) -> None:
    """The id of a record that was erased on request is not written again (E-4)."""
    golden_id = await provisional(office)
    await office.put(mastered("4711"))
    await office.erase("erp/4711")
    with pytest.raises(InvalidInput, match="erased"):
        await confirm(office, golden_id)


async def test_numbers_of_other_ledgers_and_sources_are_their_own(office: Office) -> None:
    """The same number in a source that keeps no books says nothing."""
    golden_id = await provisional(office)
    await office.put(account("crm/other", customer_number="K-4711"))
    assert await confirm(office, golden_id)


async def test_an_account_is_confirmed_once(office: Office) -> None:
    """Of those who confirm one account at once, each with another record, one does."""
    golden_id = await provisional(office)
    results = await asyncio.gather(
        *(confirm(office, golden_id, record=f"erp/{n}", number=f"K-{n}", etag='"1"') for n in range(4)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(each) for each in refused] == [StateNotAllowed] * 3, refused
    assert len((await office.golden(golden_id)).golden.members) == 2


async def test_a_record_of_the_books_confirms_one_account(office: Office) -> None:
    """Of several accounts confirmed at once with one record, one is; the others are told which it is."""
    ids = [await provisional(office, f"shop/{n}") for n in range(4)]
    results = await asyncio.gather(*(confirm(office, each) for each in ids), return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(each) for each in refused] == [StateNotAllowed] * 3, refused
    confirmed = (await office.record("erp/4711")).golden_id
    assert all(f"goldenRecords/{confirmed}" in str(each) for each in refused)


async def test_a_repetition_answers_the_same(office: Office) -> None:
    """The same request again gives the record that it made, and changes nothing."""
    golden_id = await provisional(office)
    record = await confirm(office, golden_id, request_id="r")
    before = await full_dump(office.store, POLICY)
    assert await confirm(office, golden_id, request_id="r") == record
    assert await full_dump(office.store, POLICY) == before


async def test_a_provisional_account_never_survives_over_a_mastered_one(office: Office) -> None:
    """Chosen as the survivor it is vetoed whatever the votes; confirmed, it may survive (4.4)."""
    golden_id = await provisional(office)
    [master] = await office.put(mastered("1"))
    proposal = await office.approved(golden_id, master, survivor_id=golden_id, voters=("fiona", "omar"))
    with pytest.raises(Vetoed, match="provisional"):
        await office.execute(proposal, by="fiona")
    await confirm(office, golden_id)
    now = await office.proposal(proposal)
    for voter in ("omar", "fiona"):
        now = await office.vote(now, voter)
    assert (await office.execute(now, by="fiona")).survivor_id == golden_id
