"""An order on a Sunday at three in the morning waits for nobody; on Monday finance says what it was (4.3)."""

from datetime import UTC, datetime, timedelta

from dedup_service.domain.intake.answers import IntakeAction, IntakeStep
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import AccountState, Child, ChildKind, RecordDraft, RecordKind
from dedup_service.workflows.delegating import DelegationDraft
from tests.merge_desk import DIRECTORY, Office, account, key, mastered, principal, request
from tests.workflows.intake.intakes import entry, route, routed

ORDER = {
    "given_name": "Ottilie",
    "family_name": "Brunnenmeister",
    "email": "ottilie@brunnenmeister.example",
    "phone": "+49 941 5550180",
    "street": "Hinter der Grieb 7",
    "postal_code": "93047",
    "city": "Regensburg",
    "country": "DE",
}


async def everybody_away(office: Office, directory: Directory = DIRECTORY) -> None:
    """Every person is absent from yesterday on, with nobody in their place."""
    now = datetime.now(UTC)
    for name, who in directory.principals.items():
        if who.human:
            draft = DelegationDraft("", (), None, now + timedelta(days=2), "the weekend")
            await office.desk.delegating.create(request("CreateDelegation", name), draft, who)


async def test_an_order_goes_on_while_everybody_is_away(office: Office) -> None:
    """Finance's ledger, the ERP feed and all approvers are away: the account is there after one call."""
    await everybody_away(office)
    answer = await route(office, entry("shop/c1", must_transact=True, **ORDER), by="users/omar")
    assert (answer.action, answer.step) == (IntakeAction.INSERT, IntakeStep.MUST_TRANSACT)
    view = await office.golden(answer.record.golden_id)
    assert view.golden.kind is RecordKind.ACCOUNT
    assert view.account_state is AccountState.PROVISIONAL
    ordered = RecordDraft(
        key("shop/c1"),
        RecordKind.ACCOUNT,
        answer.record.draft.values,
        person_account=True,
        children=(Child(ChildKind.ORDER, "1001", open=True),),
    )
    assert (await office.write(ordered)).draft.children


async def test_on_monday_finance_confirms_the_account(office: Office) -> None:
    """Confirmed, the same golden record carries a customer number, and its order is still below it."""
    answer = await route(office, entry("shop/c1", must_transact=True, **ORDER))
    golden = (await office.golden(answer.record.golden_id)).golden
    await office.desk.confirming.confirm(
        request("ConfirmAccount", "users/fiona"),
        golden.golden_id,
        golden.row.etag,
        key("erp/9001"),
        "K-9001",
        principal("fiona"),
    )
    view = await office.golden(answer.record.golden_id)
    assert view.account_state is AccountState.MASTERED
    assert {record.name for record in view.golden.members} == {
        "sources/shop/records/c1",
        "sources/erp/records/9001",
    }


async def test_on_monday_finance_merges_it_into_the_account_that_the_books_know(office: Office) -> None:
    """The mastered account survives, and the provisional one's id leads to it."""
    answer = await route(office, entry("shop/c1", must_transact=True, **ORDER))
    [mastered_id] = await office.put(
        RecordDraft(
            key("erp/9002"), RecordKind.ACCOUNT, ORDER | {"customer_number": "K-9002"}, person_account=True
        )
    )
    merge = await office.merge(mastered_id, answer.record.golden_id)
    assert (await office.golden(answer.record.golden_id)).golden.golden_id == mastered_id
    assert merge.survivor_id == mastered_id


async def test_an_order_of_somebody_known_to_the_books_alone_waits_for_a_decision(office: Office) -> None:
    """The order goes on at once with an account of its own; finance finds the proposal."""
    await office.put(
        RecordDraft(
            key("erp/9003"), RecordKind.ACCOUNT, ORDER | {"customer_number": "K-9003"}, person_account=True
        )
    )
    answer = await route(office, entry("shop/c1", must_transact=True, **ORDER), by="users/omar")
    assert answer.action is IntakeAction.INSERT_WITH_PROPOSAL
    view, _ = await office.desk.readings.proposal(answer.proposal_name.rpartition("/")[2])
    assert view.state is ProposalState.PENDING
    assert "finance" in view.missing_functions


async def test_an_order_goes_on_without_the_index(office: Office) -> None:
    """While the index does not answer, an order is inserted and says that nobody was looked up."""
    await office.index.close()
    answer = await route(office, entry("shop/c1", must_transact=True, **ORDER))
    assert answer.action is IntakeAction.INSERT
    assert [reason.kind for reason in answer.incomplete] == ["INDEX_UNAVAILABLE"]


async def test_a_company_that_orders_gets_an_account_of_a_company(office: Office) -> None:
    """Not a person account; and the second order is an update of it."""
    await office.put(account("unrelated"), mastered("other"))
    values = {"company_name": "Zwiebelturm Gaststätten GmbH", "website": "zwiebelturm.example"}
    orders = [entry(f"shop/o{number}", must_transact=True, **values) for number in (1, 2)]
    first, second = (each.answer for each in (await routed(office, *orders)).results)
    assert first is not None
    assert second is not None
    assert not first.record.draft.person_account
    assert (first.action, second.action) == (IntakeAction.INSERT, IntakeAction.UPDATE)
    assert second.record.key == first.record.key
