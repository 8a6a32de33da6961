"""What the records of a case say, for the oracle: stakes, impact and vetoes, from the text of domain.md.

The rules stand here as tables and loops, the shipped thresholds as numbers.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from dedup_service.domain.decision import Case
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.records import Amount, Record, RecordState

FUNCTION_OF_SOURCE = {
    "erp": "finance",
    "crm": "sales",
    "desk": "support",
    "partner": "partners",
    "shop": "operations",
    "marketing": "marketing",
}
FUNCTION_OF_FACT = {
    "open_opportunities": "sales",
    "open_pipeline": "sales",
    "open_cases": "support",
    "open_invoices": "finance",
    "active_campaigns": "marketing",
    "orders_in_fulfilment": "operations",
    "partner_of_record": "partners",
}
FUNCTIONS_OF_CHILD = {
    ("OPPORTUNITY", True): ["sales"],
    ("CASE", True): ["support"],
    ("INVOICE", True): ["finance"],
    ("CAMPAIGN", True): ["marketing"],
    ("ORDER", True): ["operations"],
    ("OPPORTUNITY", False): ["operations", "finance"],
}
EUR_FOR_ONE = {"EUR": Decimal(1), "USD": Decimal("0.92"), "GBP": Decimal("1.17"), "CHF": Decimal("1.05")}
LEVELS = ["LOW", "MEDIUM", "HIGH"]
NEVER = 10**12


def warmth(record: Record, now: datetime) -> str:
    """LIVE, NAME or DEAD (2.1)."""
    asked = [f.time for f in record.draft.facts if f.name == "requested" and f.time]
    ended = [f.time for f in record.draft.facts if f.name == "disqualified" and f.time]
    if ended and not any(time > max(ended) for time in asked):
        return "DEAD"
    values = record.draft.values
    if "@" not in values.get("email", "") and not values.get("phone"):
        return "DEAD"
    return "LIVE" if any(now - time <= timedelta(days=180) for time in asked) else "NAME"


def alive(golden: GoldenRecord) -> list[Record]:
    return [record for record in golden.members if record.state is RecordState.ACTIVE]


def class_of(golden: GoldenRecord, now: datetime) -> str:
    """The warmest class of a golden record of leads, or nothing."""
    if not alive(golden) or any(record.kind != "LEAD" for record in alive(golden)):
        return ""
    found = {warmth(record, now) for record in alive(golden)}
    return next(each for each in ("LIVE", "NAME", "DEAD") if each in found)


def is_mastered(golden: GoldenRecord) -> bool:
    return any(
        r.kind == "ACCOUNT" and r.key.source == "erp" and r.draft.values.get("customer_number")
        for r in alive(golden)
    )


def is_held(golden: GoldenRecord) -> bool:
    return any(r.kind == "ACCOUNT" and r.key.source == "erp" for r in golden.members)


def functions_with_stake(case: Case) -> set[str]:
    """Rule 5: who has a stake in any of the members."""
    found: set[str] = set()
    for golden in case.goldens:
        for record in alive(golden):
            draft = record.draft
            of_class = warmth(record, case.now) if record.kind == "LEAD" else ""
            if of_class == "NAME":
                found.add("marketing")
            else:
                found.add(FUNCTION_OF_SOURCE.get(record.key.source, "operations"))
                found |= functions_of_owner(record, case)
            if of_class == "LIVE":
                found.add("sales")
            for fact in draft.facts:
                says = fact.count or fact.text or (fact.amount and fact.amount.units > 0)
                if fact.name in FUNCTION_OF_FACT and says:
                    found.add(FUNCTION_OF_FACT[fact.name])
            if draft.values.get("customer_number"):
                found.add("finance")
            for child in draft.children:
                found.update(FUNCTIONS_OF_CHILD.get((child.kind.value, child.open), []))
    return found


def functions_of_owner(record: Record, case: Case) -> set[str]:
    """The function that the owner field names, or else those that its person holds."""
    owner = record.draft.owner
    if owner is None or owner.function:
        return {owner.function} if owner else set()
    person = case.roles.principals.find(owner.principal)
    return set(person.functions) if person else set()


def impact(case: Case, functions: set[str]) -> str:
    """Rule 6: the highest of all that speaks for weight."""
    everything = [record for golden in case.goldens for record in alive(golden)]
    children = [child for record in everything for child in record.draft.children]
    sums = {"open_pipeline": Decimal(0), "yearly_revenue": Decimal(0)}
    level = 0
    for name, amount in amounts(everything):
        if amount.currency in EUR_FOR_ONE:
            sums[name] += amount.units * EUR_FOR_ONE[amount.currency]
        elif amount.units:
            level = 2
    owners = {child.owner for child in children}
    owners |= {r.draft.owner.principal or r.draft.owner.queue for r in everything if r.draft.owner}
    moving = [r for g in case.goldens if g.golden_id != case.plan.survivor_id for r in alive(g)]
    measured: list[tuple[Decimal | int, int, int]] = [
        (sums["open_pipeline"], 10_000, 250_000),
        (sums["yearly_revenue"], 50_000, 1_000_000),
        (len(children), 10, 200),
        (len(functions), 3, 5),
        (len(owners - {""}), 2, 6),
        (sum(counted(record, "open_invoices", "INVOICE") for record in everything), 1, 20),
        (sum(counted(record, "contracts", "CONTRACT") for record in everything), 1, 5),
        (sum(is_mastered(golden) for golden in case.goldens), 1, NEVER),
        (len({r.key.source for r in moving}), 3, 6),
        (sum(any(f.name == "marketing_consent" for f in r.draft.facts) for r in everything), 3, NEVER),
    ]
    for value, medium, high in measured:
        level = max(level, 2 if value >= high else 1 if value >= medium else 0)
    if always_high(case, everything):
        level = 2
    named = {case.accounts.get(r.draft.account, r.draft.account) for r in everything if r.draft.account}
    if len(named) > 1:
        level = min(level + 1, 2)
    return LEVELS[level]


def amounts(everything: list[Record]) -> list[tuple[str, Amount]]:
    """Each amount that counts; open opportunities make the pipeline of a record that states none."""
    found = []
    for record in everything:
        stated = [(f.name, f.amount) for f in record.draft.facts if f.amount]
        below = [c.amount for c in record.draft.children if c.kind == "OPPORTUNITY" and c.open and c.amount]
        if "open_pipeline" not in dict(stated):
            stated += [("open_pipeline", amount) for amount in below]
        found += stated
    return found


def counted(record: Record, fact_name: str, kind: str) -> int:
    """What a fact counts, or else the open children of the kind."""
    said = [fact.count or 0 for fact in record.draft.facts if fact.name == fact_name]
    return sum(said) if said else sum(c.kind == kind and c.open for c in record.draft.children)


def always_high(case: Case, everything: list[Record]) -> bool:
    """Rule 6.2."""
    sellers, entities, held = set(), set(), False
    for record in everything:
        for child in record.draft.children:
            if child.kind == "OPPORTUNITY" and child.open and child.owner:
                sellers.add(child.owner)
        for fact in record.draft.facts:
            if fact.name == "open_opportunities" and fact.count and record.draft.owner:
                sellers.add(record.draft.owner.principal)
            if fact.name == "legal_entity" and fact.text:
                entities.add(fact.text)
            held = held or (fact.name == "legal_hold" and bool(fact.flag))
    two_held = sum(is_held(golden) for golden in case.goldens) >= 2
    return two_held or held or len(sellers - {""}) >= 2 or len(entities) >= 2


def vetoes(case: Case) -> set[str]:
    """Rule 7.6: what stands in the way, lifted or not."""
    found = survivor_vetoes(case)
    if case.distinctions:
        found.add("NOT_A_MATCH")
    if case.cycles:
        found.add("HIERARCHY_CYCLE")
    records = [record for golden in case.goldens for record in alive(golden)]
    tax_ids = {r.draft.values.get("tax_id", "").replace("-", "").upper() for r in records}
    if len(tax_ids - {""}) > 1:
        found.add("DIFFERENT_TAX_IDS")
    numbers = {r.draft.values.get("customer_number", "") for r in records if r.key.source == "erp"}
    if len(numbers - {""}) > 1:
        found.add("DIFFERENT_CUSTOMER_NUMBERS")
    facts = [fact for record in records for fact in record.draft.facts]
    if any(fact.name == "legal_hold" and fact.flag for fact in facts):
        found.add("LEGAL_HOLD")
    if len({fact.flag for fact in facts if fact.name == "marketing_consent"}) > 1:
        found.add("CONTRADICTING_CONSENT")
    return found


def survivor_vetoes(case: Case) -> set[str]:
    """Who may not survive over whom (2.4, 2.5, 4.4)."""
    found = set()
    survivor = next(g for g in case.goldens if g.golden_id == case.plan.survivor_id)
    classes = {class_of(golden, case.now) for golden in case.goldens}
    if class_of(survivor, case.now) == "DEAD":
        found.add("DEAD_SURVIVOR")
    if class_of(survivor, case.now) == "NAME" and "LIVE" in classes:
        found.add("COLDER_SURVIVOR")
    has_account = any(record.kind == "ACCOUNT" for record in alive(survivor))
    if has_account and not is_mastered(survivor) and any(map(is_mastered, case.goldens)):
        found.add("PROVISIONAL_SURVIVOR")
    return found
