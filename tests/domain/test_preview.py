"""The preview says what a merge would touch, and what it leaves alone, without a personal value."""

from dataclasses import replace
from decimal import Decimal

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.preview import ImpactPreview, MovingChildren, RedirectingId, impact_preview
from dedup_service.domain.records import Amount, Child, ChildKind, Fact, Owner, RecordState
from tests.domain.cases import NOW, golden, stored
from tests.domain.decision_cases import account, contact, mastered
from tests.domain.written_policy import WRITTEN_POLICY


def euros(units: str) -> Amount:
    return Amount("EUR", Decimal(units))


def opportunity(child_id: str, owner: str, amount: Amount | None = None, *, is_open: bool = True) -> Child:
    return Child(ChildKind.OPPORTUNITY, child_id, owner, is_open, amount)


def previewed(*goldens: GoldenRecord) -> ImpactPreview:
    return impact_preview(goldens, "a", WRITTEN_POLICY, NOW)


def test_children_that_move_are_counted_by_kind_and_owner() -> None:
    """Only children of the others move; each currency is summed by itself, and open ones are counted."""
    survivor = golden("a", contact("crm/1", children=(opportunity("own", "users/ann", euros("99")),)))
    children = (
        opportunity("1", "users/ann", euros("10.50")),
        opportunity("2", "users/ann", euros("2"), is_open=False),
        opportunity("3", "users/ann", Amount("CHF", Decimal(7))),
        opportunity("4", "users/ben"),
        Child(ChildKind.CASE, "5", "users/ann", open=True),
    )
    seen = previewed(survivor, golden("b", contact("desk/1", children=children)))
    assert seen.moving_children == (
        MovingChildren(ChildKind.CASE, "users/ann", 1, 1, ()),
        MovingChildren(ChildKind.OPPORTUNITY, "users/ann", 3, 2, (Amount("CHF", Decimal(7)), euros("12.50"))),
        MovingChildren(ChildKind.OPPORTUNITY, "users/ben", 1, 1, ()),
    )
    assert "1 child reference stays below goldenRecords/a." in seen.not_moving


def test_every_other_id_redirects_in_the_systems_that_use_it() -> None:
    """Each id but the survivor's redirects, in the sources of its active records alone."""
    joined = golden("c", contact("shop/1"), contact("desk/1"))
    gone = stored(contact("partner/1"), "c", RecordState.DELETED)
    joined = replace(joined, members=(*joined.members, gone))
    seen = previewed(joined, golden("a", contact("crm/1")), golden("b", contact("crm/2")))
    assert seen.redirects == (RedirectingId("b", ("crm",)), RedirectingId("c", ("desk", "shop")))


def test_functions_and_owners_of_all_members_are_touched() -> None:
    """Whoever has a stake in a member or owns it or a child of it is named, the survivor's people too."""
    one = contact("marketing/1", owner=Owner("users/ann", "sales"))
    other = contact("desk/1", owner=Owner(queue="night shift"), children=(opportunity("1", "users/ben"),))
    seen = previewed(golden("a", one), golden("b", other))
    assert seen.functions == ("marketing", "sales", "support")
    assert seen.owners == ("night shift", "users/ann", "users/ben")
    assert "Each record keeps its owner in its source." in seen.not_moving


def test_open_pipeline_and_invoices_are_summed_over_all_members() -> None:
    """Pipeline by currency; invoices as their source counts them, or else as it sends them."""
    pipeline = [Fact("open_pipeline", amount=euros(units)) for units in ("100", "50.5")]
    nothing = Fact("open_pipeline", amount=Amount("USD", Decimal(0)))
    invoices = tuple(Child(ChildKind.INVOICE, str(n), "", open=n < 2) for n in range(3))
    counted = account("crm/1", pipeline[0], nothing, Fact("open_invoices", count=5), children=invoices)
    sent = account("shop/1", pipeline[1], children=invoices)
    seen = previewed(golden("a", counted), golden("b", sent))
    assert seen.open_pipeline == (euros("150.5"),)
    assert seen.open_invoice_count == 5 + 2


def test_what_does_not_move_is_said_in_sentences() -> None:
    """Records, customer numbers and not-a-match links stay; their sources are named, no value is."""
    seen = previewed(golden("a", mastered("K-4711")), golden("b", account("shop/1"), account("crm/1")))
    assert seen.not_moving == (
        "The records stay unchanged in their sources: crm, erp, shop.",
        "Each customer number stays on its record of erp.",
        "Not-a-match links of the members stay in force.",
    )


def test_a_preview_holds_no_personal_value() -> None:
    """What the records say about a person is nowhere in it."""
    values = {"full_name": "Hildegard Knoerzer", "email": "hk@x.example", "phone": "+41 44 668 18 00"}
    seen = previewed(
        golden("a", contact("crm/1", values=values)), golden("b", contact("desk/1", values=values))
    )
    assert not [value for value in values.values() if value in repr(seen)]


def test_the_pipeline_is_that_which_the_impact_weighs() -> None:
    """Open opportunities count where no fact states a pipeline; closed ones do not."""
    children = (
        opportunity("1", "users/ann", euros("9000")),
        opportunity("2", "users/ann", euros("5"), is_open=False),
    )
    seen = previewed(golden("a", contact("crm/1")), golden("b", contact("desk/1", children=children)))
    assert seen.open_pipeline == (euros("9000"),)
