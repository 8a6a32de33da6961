"""Converting a lead: the same questions again, and nothing lost (domain 9)."""

import asyncio
from dataclasses import replace

import pytest

from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    StateNotAllowed,
)
from dedup_service.domain.intake.answers import Conversion, ConversionAction
from dedup_service.domain.plan import ProposalType
from dedup_service.domain.records import Fact, RecordKind
from dedup_service.workflows.intake.conversions import ConversionRequest
from tests.canonical_dump import full_dump
from tests.merge_desk import (
    POLICY,
    Office,
    account,
    contact,
    key,
    lead,
    open_office,
    principal,
    request,
    with_policy,
)

GUNDA = {
    "given_name": "Gunda",
    "family_name": "Ohlsdorfer",
    "email": "gunda@ohlsdorfer.example",
    "phone": "+49 40 5550190",
    "company_name": "Ohlsdorfer Gartenbau GmbH",
    "city": "Hamburg",
    "lead_source": "Trade fair",
}


async def convert(
    office: Office, name: str = "l1", by: str = "services/importer", *, preview: bool = False, **more: object
) -> Conversion:
    """Convert a lead of the CRM."""
    asked = ConversionRequest(key(name), **more)  # type: ignore[arg-type]  # the fields by name
    return await office.desk.converting.convert(request("ConvertLead", by), asked, principal(by), preview)


async def test_the_lead_stays_behind_as_the_history_of_the_contact(office: Office) -> None:
    """Both are members of one golden record, which is a contact's now; the lead keeps its facts."""
    fact = Fact("active_campaigns", count=2)
    [golden_id] = await office.put(lead("l1", fact, **GUNDA))
    done = await convert(office)
    golden = (await office.golden(golden_id)).golden
    assert golden.kind is RecordKind.CONTACT
    assert {record.name for record in golden.members} == {"sources/crm/records/l1", done.target.name}
    assert (await office.record("l1")).draft.facts == (fact,)
    assert done.target.draft.facts == ()
    assert done.target.draft.values == GUNDA


async def test_a_reader_of_the_changes_follows_a_conversion(office: Office) -> None:
    """An idempotent reader ends with the golden record as it is (E-2)."""
    [golden_id] = await office.put(lead("l1", **GUNDA))
    done = await convert(office)
    image = (await office.followed())[f"goldenRecords/{golden_id}"]
    assert image.kind is RecordKind.CONTACT
    assert set(image.members) == {"sources/crm/records/l1", done.target.name}


async def test_the_contact_can_be_matched_at_once(office: Office) -> None:
    """The index learns of it with the commit; a second conversion finds nobody new to make."""
    await office.put(lead("l1", **GUNDA))
    done = await convert(office)
    await office.put(lead("l2", **GUNDA))
    again = await convert(office, "l2")
    assert again.action is ConversionAction.JOIN
    assert again.target.key == done.target.key


async def test_two_conversions_at_once_make_one_contact(office: Office) -> None:
    """One of them is told that the lead was converted already, or finds the contact."""
    await office.put(lead("l1", **GUNDA))
    ended = await asyncio.gather(*(convert(office) for _ in range(4)), return_exceptions=True)
    made = [each for each in ended if isinstance(each, Conversion)]
    assert len(made) == 1
    assert all(isinstance(each, StateNotAllowed) for each in ended if not isinstance(each, Conversion))


async def test_two_leads_of_one_company_make_one_account(office: Office) -> None:
    """Converted at the same moment, the second finds the account that the first has made."""
    other = GUNDA | {
        "given_name": "Broder",
        "family_name": "Petersen",
        "email": "broder@petersen.example",
        "phone": "+49 40 5550195",
    }
    await office.put(lead("l1", **GUNDA), lead("l2", **other))
    first, second = await asyncio.gather(convert(office, "l1"), convert(office, "l2"))
    assert first.account is not None
    assert second.account is not None
    assert first.account.key == second.account.key
    assert sorted([first.new_account, second.new_account]) == [False, True]


async def test_joining_a_contact_waits_for_its_owners(office: Office) -> None:
    """A certain duplicate is no second contact: a proposal of type CONVERSION, and nothing moved yet."""
    values = {name: value for name, value in GUNDA.items() if name != "lead_source"}
    contact_id, lead_id = await office.put(contact("c1", **values), lead("l1", **GUNDA))
    done = await convert(office)
    assert (done.action, done.target.name) == (ConversionAction.JOIN, "sources/crm/records/c1")
    proposal, _ = await office.desk.readings.proposal(done.proposal_name.rpartition("/")[2])
    assert proposal.plan.type is ProposalType.CONVERSION
    assert proposal.plan.survivor_id == contact_id
    assert (await office.record("l1")).golden_id == lead_id
    again = await convert(office)
    assert again.proposal_name == done.proposal_name


async def test_a_second_contact_is_made_only_when_that_is_said(office: Office) -> None:
    """With `insert_duplicate` the contact is there at once, and the proposal waits all the same."""
    await office.put(contact("c1", **GUNDA), lead("l1", **GUNDA))
    done = await convert(office, insert_duplicate=True)
    assert done.action is ConversionAction.NEW_CONTACT
    assert done.proposal_name


async def test_a_chosen_account_goes_before_the_recognised_one(office: Office) -> None:
    """The representative knows better than the rules."""
    await office.put(account("a1", company_name="Ohlsdorfer Gartenbau GmbH", city="Hamburg"))
    await office.put(account("a2", company_name="Ohlsdorfer Holding SE"), lead("l1", **GUNDA))
    done = await convert(office, account=key("a2"))
    assert done.account is not None
    assert done.account.name == "sources/crm/records/a2"


async def test_a_preview_leaves_everything_as_it_is(office: Office) -> None:
    """It tells what would be, and the next one tells the same."""
    [golden_id] = await office.put(lead("l1", **GUNDA))
    before = (await office.golden(golden_id)).golden
    told = await convert(office, preview=True)
    assert (told.action, told.new_account, told.revision) == (ConversionAction.NEW_CONTACT, True, 0)
    assert (await office.golden(golden_id)).golden == before


async def test_what_cannot_be_converted_is_refused_with_the_reason(office: Office) -> None:
    """No lead, no such lead, written since, no company, a contradiction, or somebody else's source."""
    await office.put(contact("c1"), lead("l1", **GUNDA), lead("l2", email="nobody@nowhere.example"))
    with pytest.raises(StateNotAllowed, match="a CONTACT"):
        await convert(office, "c1")
    with pytest.raises(NotFound):
        await convert(office, "ghost")
    with pytest.raises(EtagMismatch):
        await convert(office, etag='"7"')
    with pytest.raises(InvalidInput, match="names no company"):
        await convert(office, "l2")
    with pytest.raises(InvalidInput, match="account of its own"):
        await convert(office, account=key("a1"), person_account=True)
    with pytest.raises(PermissionRefused):
        await convert(office, by="users/carla")


async def test_data_entry_stops_a_conversion_as_it_stops_a_write(database_url: str, redis_url: str) -> None:
    """Where errors stop a source, no record of it is made of a lead of another source either."""
    stopping = with_policy(data_entry=replace(POLICY.data_entry, errors_stop=frozenset({"crm"})))
    async with open_office(database_url, redis_url, stopping) as office:
        await office.put(lead("shop/l1", company_name=GUNDA["company_name"], email=GUNDA["email"]))
        before = await full_dump(office.store, POLICY)
        with pytest.raises(InvalidInput) as refused:
            await convert(office, "shop/l1", target=key("crm/c9"))
        assert [violation.field for violation in refused.value.violations] == ["lead.values.full_name"]
        assert await full_dump(office.store, POLICY) == before


async def test_the_revision_of_a_join_that_waits_already_has_been_written(office: Office) -> None:
    """It makes no proposal and no revision: a reader of its revision waits for nothing."""
    await office.put(contact("c1", **GUNDA), lead("l1", **GUNDA))
    first, again = await convert(office), await convert(office)
    assert again.action is ConversionAction.JOIN
    assert again.revision == first.revision == await office.store.read(lambda tx: tx.head_revision())


async def test_open_proposals_of_the_lead_are_planned_anew(office: Office) -> None:
    """What its approvers saw was a lead: votes on it are void, and the plan holds the contact (C-1)."""
    one, other = await office.put(lead("l1", **GUNDA), lead("l2", **GUNDA))
    proposal = await office.propose(one, other)
    done = await convert(office)
    assert done.action is ConversionAction.NEW_CONTACT
    now = await office.proposal(proposal)
    assert now.etag != proposal.etag
    assert now.plan.type is ProposalType.CONVERSION
