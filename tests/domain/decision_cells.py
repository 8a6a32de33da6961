"""Cases drawn at random, so that every combination that matters to a decision occurs many times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

from dedup_service.domain.decision import Case
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.policy import FullVote, Policy, VoteMethod
from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    RecordDraft,
    RecordKey,
    RecordKind,
    RecordState,
)
from dedup_service.domain.voting import Vote
from tests.domain.cases import golden
from tests.domain.decision_cases import (
    OVER,
    PEOPLE,
    PLAN_TIME,
    ROBOT,
    RUNNING,
    account,
    case_of,
    contact,
    lead,
    user,
    vote,
)
from tests.domain.written_policy import APPROVAL, WRITTEN_POLICY

FUNCTIONS = ("sales", "support", "marketing", "finance", "operations", "partners")
_DAY = timedelta(days=1)
_LEADS = ("LIVE", "NAME", "DEAD")
_ACCOUNTS = ("provisional", "mastered", "held")
# Every pair of kinds, lead classes and account states that a plan may join; the first survives.
SORTS: tuple[tuple[str, str], ...] = (
    *product(_LEADS, _LEADS),
    *product(_ACCOUNTS, _ACCOUNTS),
    ("contact", "contact"),
    ("contact of X", "contact of Y"),
    ("contact of X", "contact of X"),
    *product(("contact", "provisional", "mastered"), _LEADS),
    ("person", "contact"),
)
WEIGHTS = ("nothing", "medium", "high", "random")
OBSTACLES = ("none", "tax ids", "numbers", "hold", "consent", "link", "cycle")
COMPANIES = ("none", "shop", "desk", "marketing and desk")
PERIODS = (RUNNING, OVER)


def _voting(kind: RecordKind, full: FullVote) -> Policy:
    full_votes = {**APPROVAL.full_votes, kind: full}
    return replace(WRITTEN_POLICY, approval=replace(APPROVAL, full_votes=full_votes))


POLICIES = (
    *[WRITTEN_POLICY] * 5,
    _voting(RecordKind.ACCOUNT, FullVote(VoteMethod.VOICES)),
    _voting(RecordKind.ACCOUNT, FullVote(VoteMethod.WEIGHTS, weights={"sales": 3, "operations": 1})),
    _voting(RecordKind.LEAD, FullVote(VoteMethod.VOICES, tie_breaker="marketing")),
    _voting(RecordKind.LEAD, FullVote(VoteMethod.VOICES, quorum=2)),
    replace(WRITTEN_POLICY, approval=replace(APPROVAL, low_quorum=2, medium_quorum=2)),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination, and the generator that fills in the rest."""

    sorts: tuple[str, str]
    weight: str
    obstacle: str
    company: str
    period_over: bool


def cells(repeats: int) -> Iterator[Cell]:
    """Every combination, so many times."""
    for sorts, weight, obstacle, company, now, _ in product(
        SORTS, WEIGHTS, OBSTACLES, COMPANIES, PERIODS, range(repeats)
    ):
        yield Cell(sorts, weight, obstacle, company, now is OVER)


def case_for(cell: Cell, random: Random) -> Case:
    """A case of this combination; what the cell leaves open is drawn."""
    first, second = (_draft(sort, number, random) for number, sort in enumerate(cell.sorts))
    first, second = _weighed(first, second, cell.weight, random)
    first, second = _obstructed(first, second, cell.obstacle)
    more = () if cell.company == "none" else cell.company.split(" and ")
    others = [_company(first, source, number) for number, source in enumerate(more)]
    goldens = [_golden("a", random, first), _golden("b", random, second, *others[:1])]
    goldens += [_golden(f"c{number}", random, draft) for number, draft in enumerate(others[1:])]
    return case_of(
        *goldens,
        survivor="a",
        proposer=random.choice(("services/matcher", "ann", "fiona")),
        policy=random.choice(POLICIES),
        now=OVER if cell.period_over else RUNNING,
        certainty=random.choice((0.98, 0.99, 0.99, 1.0)),
        distinctions=("distinctions/1",) if cell.obstacle == "link" else (),
        cycles=("a ring",) if cell.obstacle == "cycle" else (),
        accounts={RecordKey("crm", name): "same" for name in "XY"} if random.random() < 0.2 else {},
    )


def _draft(sort: str, number: int, random: Random) -> RecordDraft:
    name = f"{random.choice(('crm', 'desk', 'shop', 'marketing', 'partner', 'fax'))}/{number}"
    if sort in _LEADS:
        return _lead(sort, name, random)
    if sort.startswith("contact"):
        return contact(name, account=RecordKey("crm", sort[-1]) if " of " in sort else None)
    if sort == "mastered":
        return account(f"erp/{number}", values={"customer_number": "1001"})
    if sort == "held":
        return account(f"erp/{number}")
    return account(name, person_account=sort == "person")


def _lead(sort: str, name: str, random: Random) -> RecordDraft:
    asked = Fact("requested", time=PLAN_TIME - random.choice((1, 100, 160)) * _DAY)
    if sort == "LIVE":
        return lead(name, asked)
    if sort == "NAME":
        dormant = Fact("requested", time=PLAN_TIME - 300 * _DAY)
        return lead(name, *random.choice(((), (dormant,))))
    ended = Fact("disqualified", time=PLAN_TIME - random.choice((0.5, 1)) * _DAY)
    unreachable = lead(name, asked, values={"email": "nobody"})
    return random.choice((lead(name, ended), lead(name, asked, ended), unreachable))


def _weighed(
    first: RecordDraft, second: RecordDraft, weight: str, random: Random
) -> tuple[RecordDraft, RecordDraft]:
    if weight == "medium":
        return _with(first, Fact("contracts", count=1)), second
    if weight == "high":
        entities = [Fact("legal_entity", text=text) for text in ("CH", "DE")]
        return _with(first, entities[0]), _with(second, entities[1])
    if weight == "random":
        return _loaded(first, random), _loaded(second, random)
    return first, second


def _obstructed(first: RecordDraft, second: RecordDraft, obstacle: str) -> tuple[RecordDraft, RecordDraft]:
    if obstacle == "tax ids":
        return _valued(first, "tax_id", "A-1"), _valued(second, "tax_id", "A-2")
    if obstacle == "numbers":
        # Different where both are of the customer master; a number in the CRM is of no ledger.
        return _valued(first, "customer_number", "1001"), _valued(second, "customer_number", "1002")
    if obstacle == "hold":
        return first, _with(second, Fact("legal_hold", flag=True))
    if obstacle == "consent":
        said = [Fact("marketing_consent", flag=flag) for flag in (True, False)]
        return _with(first, said[0]), _with(second, said[1])
    return first, second


def _with(draft: RecordDraft, *facts: Fact) -> RecordDraft:
    return replace(draft, facts=(*draft.facts, *facts))


def _valued(draft: RecordDraft, field: str, value: str) -> RecordDraft:
    return replace(draft, values=draft.values | {field: value})


def _loaded(draft: RecordDraft, random: Random) -> RecordDraft:
    """A record with some of everything that counts for stakes and impact, around the thresholds."""
    facts = [
        Fact("open_pipeline", amount=_amount(random, (0, 5_000, 10_000, 125_000))),
        Fact("yearly_revenue", amount=_amount(random, (0, 25_000, 49_999, 500_000))),
        Fact("open_invoices", count=random.choice((0, 1, 10))),
        Fact("contracts", count=random.choice((0, 1, 3))),
        Fact("open_opportunities", count=random.choice((0, 1))),
        Fact("open_cases", count=1),
        Fact("active_campaigns", count=1),
        Fact("orders_in_fulfilment", count=1),
        Fact("partner_of_record", text=random.choice(("", "Acme"))),
    ]
    children = [
        Child(
            kind,
            f"{number}",
            random.choice(("", "users/ann", "users/ben")),
            random.random() < 0.5,
            random.choice((None, None, _amount(random, (0, 5_000)))),
        )
        for number in range(random.choice((0, 0, 1, 3, 5, 100)))
        for kind in random.sample(list(ChildKind), 1)
    ]
    owner = random.choice(
        (None, Owner("users/mia", "marketing"), Owner("", "support", "queue"), Owner("users/ann"))
    )
    carried = random.sample(facts, random.choice((0, 1, 1, 2)))
    return replace(_with(draft, *carried), children=tuple(children), owner=owner)


def _amount(random: Random, units: Sequence[int]) -> Amount:
    return Amount(random.choice(("EUR", "EUR", "EUR", "CHF", "JPY")), Decimal(random.choice(units)))


def _company(beside: RecordDraft, source: str, number: int) -> RecordDraft:
    """Another record of the same kind, from another source; a lead that has asked when the first did."""
    make = {RecordKind.LEAD: lead, RecordKind.CONTACT: contact, RecordKind.ACCOUNT: account}[beside.kind]
    asked = [fact for fact in beside.facts if fact.name == "requested"]
    return make(f"{source}/more{number}", *asked, person_account=beside.person_account)


def _golden(golden_id: str, random: Random, *drafts: RecordDraft) -> GoldenRecord:
    """A golden record of these, one of its records sometimes deleted in its source."""
    kinds = [RecordKind.ACCOUNT, RecordKind.CONTACT, RecordKind.LEAD]
    whole = golden(golden_id, *sorted(drafts, key=lambda draft: kinds.index(draft.kind)))
    if len(drafts) == 1 or any(draft.person_account for draft in drafts) or random.random() < 0.5:
        return whole
    gone = random.choice(whole.members)
    states = [RecordState.DELETED if record is gone else record.state for record in whole.members]
    members = zip(whole.members, states, strict=True)
    return GoldenRecord(whole.row, tuple(replace(record, state=state) for record, state in members))


def some_delegations(random: Random, start: datetime = PLAN_TIME) -> tuple[Delegation, ...]:
    """None to three absences; some are over soon, some begin later, some give what is not held."""
    found = []
    for number in range(random.choice((0, 1, 2, 3))):
        delegator = random.choice(list(PEOPLE))
        functions = PEOPLE[delegator] if random.random() < 0.8 else tuple(random.sample(FUNCTIONS, 2))
        delegate = random.choice([*map(user, PEOPLE), ROBOT, ""])
        begin = start + random.choice((-1, -1, 0, 1)) * _DAY
        end = start + random.choice((1, 3, 20, 20)) * _DAY
        found.append(
            Delegation(str(number), user(delegator), delegate, functions, begin, end, "leave", begin)
        )
    return tuple(found)


def some_vote(case: Case, random: Random) -> Vote:
    """A vote by anybody for anything, most often one that could count."""
    name = random.choice((*PEOPLE, *PEOPLE, ROBOT, "stranger", case.proposer))
    own = PEOPLE.get(name.removeprefix("users/"), FUNCTIONS)
    function, behalf = random.choice(own), ""
    given = [d for d in case.roles.delegations if d.delegate and d.functions]
    if given and random.random() < 0.3:
        delegation = random.choice(given)
        name, behalf = delegation.delegate, delegation.delegator
        function = random.choice(delegation.functions)
    elif random.random() < 0.1:
        function = random.choice(FUNCTIONS)
    reject = random.random() < 0.35
    found = vote(case, name, function, reject=reject, on_behalf_of=behalf)
    return replace(found, plan_hash="0" * 64) if random.random() < 0.05 else found
