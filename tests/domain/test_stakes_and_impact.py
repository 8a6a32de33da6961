"""Who has a stake, and how much a merge would touch (domain 5 and 6)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import Touched, impact_of
from dedup_service.domain.policy import AlwaysHigh, Impact, Policy
from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    RecordDraft,
    RecordKey,
    RecordState,
)
from dedup_service.domain.stakes import Stake, record_stakes, stakes
from tests.domain.cases import NOW, golden, stored
from tests.domain.decision_cases import account, contact, lead, mastered
from tests.domain.written_policy import IMPACT, WRITTEN_POLICY


def money(units: int) -> Amount:
    return Amount("EUR", Decimal(units))


def said_of(draft: RecordDraft) -> list[Stake]:
    return record_stakes(stored(draft), WRITTEN_POLICY, NOW)


def touched(*goldens: GoldenRecord, **more: str) -> Touched:
    """A merge into the first; `more` gives the golden record of accounts of the CRM."""
    accounts = {RecordKey("crm", name): golden_id for name, golden_id in more.items()}
    found = stakes(goldens, WRITTEN_POLICY, NOW)
    return Touched(goldens, goldens[0].golden_id, found, accounts)


def impact(*goldens: GoldenRecord, policy: Policy = WRITTEN_POLICY, **more: str) -> tuple[Impact, str]:
    found, reasons = impact_of(touched(*goldens, **more), policy)
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
    [stake] = said_of(contact(f"{source}/1"))
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
    said = [s.function for s in said_of(draft) if "held by" not in s.reason]
    assert said == ([function] if function else [])


def test_owners_children_and_customer_numbers_give_stakes() -> None:
    """Owner fields, open children and a customer number each give a stake with its reason."""
    draft = replace(
        mastered("1"),
        owner=Owner("users/mia", "marketing"),
        children=(Child(ChildKind.CASE, "c", open=True), Child(ChildKind.ORDER, "o", open=False)),
    )
    said = {(s.function, s.reason) for s in said_of(draft)}
    assert said == {
        ("marketing", "owned by users/mia"),
        ("finance", "held by source erp"),
        ("finance", "a customer number"),
        ("support", "1 open case"),
    }


def test_closed_opportunities_give_other_stakes_than_open_ones() -> None:
    """Open opportunities are the business of sales, closed ones of operations and finance (4.6)."""
    children = [Child(ChildKind.OPPORTUNITY, "o", open=state) for state in (True, False)]
    by_state = [
        {s.function for s in said_of(contact("desk/1", children=(child,))) if "held by" not in s.reason}
        for child in children
    ]
    assert by_state == [{"sales"}, {"operations", "finance"}]


def test_names_belong_to_marketing_alone_and_live_leads_to_sales() -> None:
    """A NAME gives no stake by source or owner, but by what hangs on it; a live lead adds sales."""
    of_dev, asked = Owner("users/dev", "support"), Fact("requested", time=NOW)
    case, live = Fact("open_cases", count=1), lead("shop/1", asked, owner=of_dev)
    assert {s.function for s in said_of(lead("crm/1", owner=of_dev))} == {"marketing"}
    assert {s.function for s in said_of(lead("crm/1", case))} == {"marketing", "support"}
    assert {s.function for s in said_of(live)} == {"sales", "operations", "support"}


def test_deleted_records_give_no_stake() -> None:
    """What a source has deleted gives nobody a voice."""
    assert stakes([golden("g", contact("crm/a"), state=RecordState.DELETED)], WRITTEN_POLICY, NOW) == ()


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
    half = replace(contact("crm/a"), facts=(Fact(fact, amount=money(amount // 2)),))
    rest = replace(contact("crm/b"), facts=(Fact(fact, amount=money(amount - amount // 2)),))
    assert impact(golden("a", half), golden("b", rest))[0] is expected


@pytest.mark.parametrize(
    ("count", "expected"), [(9, Impact.LOW), (10, Impact.MEDIUM), (199, Impact.MEDIUM), (200, Impact.HIGH)]
)
def test_children_weigh_from_their_thresholds_on(count: int, expected: Impact) -> None:
    """Many children make a merge weigh, open or not."""
    children = tuple(Child(ChildKind.CONTRACT, str(number)) for number in range(count))
    assert (
        impact(golden("a", replace(contact("crm/a"), children=children)), golden("b", contact("crm/b")))[0]
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
    found, why = impact(golden("a", mastered("1")), golden("b", account("crm/2")))
    assert (found, "1 mastered account" in why) == (Impact.MEDIUM, True)
    found, why = impact(golden("a", mastered("1")), golden("b", mastered("2")))
    assert (found, "2 accounts held by the customer master" in why) == (Impact.HIGH, True)


def test_open_opportunities_of_two_owners_are_high() -> None:
    """Two owners of open opportunities make it HIGH, by child or by fact; one owner or closed ones do not."""
    by_child = replace(
        contact("crm/a"), children=(Child(ChildKind.OPPORTUNITY, "1", "users/ann", open=True),)
    )
    by_fact = replace(
        contact("crm/b"), owner=Owner("users/ben"), facts=(Fact("open_opportunities", count=1),)
    )
    closed = replace(contact("crm/b"), children=(Child(ChildKind.OPPORTUNITY, "2", "users/ben"),))
    assert impact(golden("a", by_child), golden("b", by_fact))[0] is Impact.HIGH
    assert impact(golden("a", by_child), golden("b", closed))[0] is Impact.MEDIUM
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
    one, other = (replace(contact(f"crm/{n}"), facts=f) for n, f in enumerate(facts))
    assert impact(golden("a", one), golden("b", other))[0] is Impact.HIGH


@pytest.mark.parametrize("rule", AlwaysHigh)
def test_a_company_may_weigh_less_what_is_always_high(rule: AlwaysHigh) -> None:
    """Each rule of 6.2 is data, but for the accounts of the customer master."""
    held = contact("crm/a", Fact("legal_hold", flag=True), Fact("legal_entity", text="CH"))
    other = contact("crm/b", Fact("legal_entity", text="DE"))
    sold = [
        replace(draft, children=(Child(ChildKind.OPPORTUNITY, name, name, open=True),))
        for draft, name in ((held, "users/ann"), (other, "users/ben"))
    ]
    policy = replace(WRITTEN_POLICY, impact=replace(IMPACT, always_high=frozenset({rule})))
    _, why = impact(golden("a", sold[0]), golden("b", sold[1]), policy=policy)
    words = {
        AlwaysHigh.LEGAL_HOLD: "HIGH a legal hold",
        AlwaysHigh.SEVERAL_LEGAL_ENTITIES: "HIGH members of 2 legal entities",
        AlwaysHigh.DIFFERENT_OPPORTUNITY_OWNERS: "HIGH open opportunities of different owners",
    }
    assert [each for each in words if words[each] in why] == [rule]
    none = replace(WRITTEN_POLICY, impact=replace(IMPACT, always_high=frozenset()))
    assert impact(golden("a", mastered("1")), golden("b", mastered("2")), policy=none)[0] is Impact.HIGH


@pytest.mark.parametrize(
    ("currency", "units", "expected"),
    [
        ("CHF", 9_523, Impact.LOW),
        ("CHF", 9_524, Impact.MEDIUM),
        ("JPY", 1, Impact.HIGH),
        ("JPY", 0, Impact.LOW),
    ],
)
def test_amounts_of_other_currencies_are_converted_or_weigh_most(
    currency: str, units: int, expected: Impact
) -> None:
    """An amount counts at the policy's rate; one without a rate cannot be weighed and is HIGH."""
    draft = contact("crm/a", Fact("open_pipeline", amount=Amount(currency, Decimal(units))))
    assert impact(golden("a", draft), golden("b", contact("crm/b")))[0] is expected


def test_contacts_of_different_accounts_weigh_one_level_more() -> None:
    """LOW becomes MEDIUM and MEDIUM HIGH, unless both accounts are one golden record (3.2)."""
    one, other = (contact(f"crm/{name}", account=RecordKey("crm", name)) for name in ("x", "y"))
    found, why = impact(golden("a", one), golden("b", other), x="1", y="2")
    assert (found, "goldenRecords/1, goldenRecords/2" in why) == (Impact.MEDIUM, True)
    heavy = replace(one, facts=(Fact("contracts", count=1),))
    assert impact(golden("a", heavy), golden("b", other), x="1", y="2")[0] is Impact.HIGH
    assert impact(golden("a", one), golden("b", other), x="1", y="1")[0] is Impact.LOW


def test_the_weightiest_reason_comes_first_and_there_is_always_one() -> None:
    """Reasons are sorted by weight; a merge of nothing says that nothing hangs on it."""
    found, why = impact(golden("a", contact("crm/a")), golden("b", contact("crm/b")))
    assert (found, "nothing of weight" in why) == (Impact.LOW, True)
    held = replace(mastered("1"), facts=(Fact("legal_hold", flag=True),))
    _, reasons = impact_of(touched(golden("a", held), golden("b", account("crm/b"))), WRITTEN_POLICY)
    assert [r.impact for r in reasons] == sorted((r.impact for r in reasons), key="HIGH MEDIUM LOW".index)
