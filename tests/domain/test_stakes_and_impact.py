"""Who has a stake, and how much a merge would touch (domain 5 and 6)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import Impact, impact_of
from dedup_service.domain.records import Amount, Child, ChildKind, Fact, Owner, RecordState
from dedup_service.domain.stakes import record_stakes, stakes
from tests.domain.cases import golden, stored
from tests.merge_desk import JANUARY, POLICY, account, contact, mastered


def money(units: int) -> Amount:
    return Amount("EUR", Decimal(units))


def impact(*goldens: GoldenRecord) -> tuple[Impact, str]:
    found, reasons = impact_of(goldens, stakes(goldens, POLICY), POLICY)
    return found, "; ".join(f"{r.impact} {r.reason}" for r in reasons)


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("erp", "finance"),
        ("crm", "sales"),
        ("desk", "support"),
        ("partner", "partners"),
        ("shop", "operations"),
        ("marketing", "marketing"),
        ("unheard-of", "operations"),
    ],
)
def test_each_source_gives_its_function_a_stake(source: str, function: str) -> None:
    """The function that a source belongs to has a stake in what it holds, and the stake says so."""
    [stake] = record_stakes(stored(contact(f"{source}/1")), POLICY)
    assert (stake.function, stake.reason) == (function, f"held by source {source}")


@pytest.mark.parametrize(
    ("fact", "function"),
    [
        (Fact("open_opportunities", count=1), "sales"),
        (Fact("open_cases", count=2), "support"),
        (Fact("open_invoices", count=1), "finance"),
        (Fact("active_campaigns", count=1), "marketing"),
        (Fact("orders_in_fulfilment", count=1), "operations"),
        (Fact("partner_of_record", text="Acme"), "partners"),
        (Fact("open_pipeline", amount=money(1)), "sales"),
        (Fact("open_cases", count=0), ""),
        (Fact("open_pipeline", amount=money(0)), ""),
        (Fact("partner_of_record", text=""), ""),
        (Fact("contracts", count=4), ""),
    ],
)
def test_facts_give_stakes_when_they_state_something(fact: Fact, function: str) -> None:
    """A fact gives its function a stake, unless it says that there is nothing."""
    draft = replace(contact("desk/1"), facts=(fact,))
    said = [s.function for s in record_stakes(stored(draft), POLICY) if "held by" not in s.reason]
    assert said == ([function] if function else [])


def test_owners_children_and_customer_numbers_give_stakes() -> None:
    """Owner fields, open children and a customer number each give a stake with its reason."""
    draft = replace(
        mastered("1"),
        owner=Owner("users/mia", "marketing"),
        children=(Child(ChildKind.CASE, "c", open=True), Child(ChildKind.ORDER, "o", open=False)),
    )
    said = {(s.function, s.reason) for s in record_stakes(stored(draft), POLICY)}
    assert said == {
        ("marketing", "owned by users/mia"),
        ("finance", "held by source erp"),
        ("finance", "a customer number"),
        ("support", "open children of kind CASE"),
    }


def test_deleted_records_give_no_stake() -> None:
    """What a source has deleted gives nobody a voice."""
    assert stakes([golden("g", contact("a"), state=RecordState.DELETED)], POLICY) == ()


@pytest.mark.parametrize(
    ("fact", "amount", "expected"),
    [
        ("open_pipeline", 9_999, Impact.LOW),
        ("open_pipeline", 10_000, Impact.MEDIUM),
        ("open_pipeline", 249_999, Impact.MEDIUM),
        ("open_pipeline", 250_000, Impact.HIGH),
        ("yearly_revenue", 49_999, Impact.LOW),
        ("yearly_revenue", 50_000, Impact.MEDIUM),
        ("yearly_revenue", 1_000_000, Impact.HIGH),
    ],
)
def test_amounts_weigh_from_their_thresholds_on(fact: str, amount: int, expected: Impact) -> None:
    """The sum over all members is held against the policy's thresholds, which are inclusive."""
    half = replace(contact("a"), facts=(Fact(fact, amount=money(amount // 2)),))
    rest = replace(contact("b"), facts=(Fact(fact, amount=money(amount - amount // 2)),))
    assert impact(golden("a", half), golden("b", rest))[0] is expected


@pytest.mark.parametrize(
    ("count", "expected"), [(9, Impact.LOW), (10, Impact.MEDIUM), (199, Impact.MEDIUM), (200, Impact.HIGH)]
)
def test_children_weigh_from_their_thresholds_on(count: int, expected: Impact) -> None:
    """Many children make a merge weigh, open or not."""
    children = tuple(Child(ChildKind.CONTRACT, str(number)) for number in range(count))
    assert (
        impact(golden("a", replace(contact("a"), children=children)), golden("b", contact("b")))[0]
        is expected
    )


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (("crm", "desk"), Impact.LOW),
        (("crm", "desk", "shop"), Impact.MEDIUM),
        (("crm", "desk", "shop", "partner", "marketing"), Impact.HIGH),
    ],
)
def test_functions_weigh_from_their_thresholds_on(sources: tuple[str, ...], expected: Impact) -> None:
    """The more functions have a stake, the more a merge weighs."""
    assert impact(*(golden(s, contact(f"{s}/1")) for s in sources))[0] is expected


def test_mastered_accounts_weigh() -> None:
    """One mastered account is MEDIUM, two are always HIGH."""
    found, why = impact(golden("a", mastered("1")), golden("b", account("2")))
    assert (found, "a mastered account" in why) == (Impact.MEDIUM, True)
    found, why = impact(golden("a", mastered("1")), golden("b", mastered("2")))
    assert (found, "2 accounts held by the customer master" in why) == (Impact.HIGH, True)


def test_open_opportunities_of_two_owners_are_high() -> None:
    """Two owners of open opportunities make it HIGH, by child or by fact; one owner or closed ones do not."""
    by_child = replace(contact("a"), children=(Child(ChildKind.OPPORTUNITY, "1", "users/ann", open=True),))
    by_fact = replace(contact("b"), owner=Owner("users/ben"), facts=(Fact("open_opportunities", count=1),))
    closed = replace(contact("b"), children=(Child(ChildKind.OPPORTUNITY, "2", "users/ben"),))
    assert impact(golden("a", by_child), golden("b", by_fact))[0] is Impact.HIGH
    assert impact(golden("a", by_child), golden("b", closed))[0] is Impact.LOW
    assert impact(golden("a", by_child), golden("b", replace(by_child, key=closed.key)))[0] is Impact.LOW


@pytest.mark.parametrize(
    "facts",
    [
        ((Fact("legal_hold", flag=True),), ()),
        ((Fact("legal_entity", text="CH"),), (Fact("legal_entity", text="DE"),)),
    ],
)
def test_legal_facts_are_high(facts: tuple[tuple[Fact, ...], tuple[Fact, ...]]) -> None:
    """A legal hold, and members of two legal entities, are always HIGH."""
    one, other = (replace(contact(str(n)), facts=f) for n, f in enumerate(facts))
    assert impact(golden("a", one), golden("b", other))[0] is Impact.HIGH


def test_the_weightiest_reason_comes_first_and_there_is_always_one() -> None:
    """Reasons are sorted by weight; a merge of nothing says that nothing hangs on it."""
    found, why = impact(golden("a", contact("a")), golden("b", contact("b")))
    assert (found, "nothing of weight" in why) == (Impact.LOW, True)
    held = replace(mastered("1"), facts=(Fact("legal_hold", flag=True),))
    _, reasons = impact_of([golden("a", held), golden("b", account("b"))], (), POLICY)
    assert [r.impact for r in reasons] == sorted((r.impact for r in reasons), key="HIGH MEDIUM LOW".index)
    assert JANUARY.tzinfo is not None
