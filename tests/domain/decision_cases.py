"""Cases in memory for the decision: people, records that carry weight, votes, and the time they are cast."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dedup_service.domain.decision import Case
from dedup_service.domain.delegations import Delegation, Roles
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.domain.records import Fact, RecordDraft, RecordKey, RecordKind
from dedup_service.domain.voting import Vote, VoteDecision
from tests.domain.cases import plan_of
from tests.domain.written_policy import WRITTEN_POLICY

# A Monday; three working days later, on Thursday at nine, the voting period is over.
PLAN_TIME = datetime.fromisoformat("2026-06-01T09:00:00+00:00")
RUNNING = PLAN_TIME + timedelta(days=1)
OVER = PLAN_TIME + timedelta(days=3)

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "ann": ("sales",),
    "ben": ("sales",),
    "carla": ("support",),
    "dev": ("support",),
    "mia": ("marketing",),
    "fiona": ("finance",),
    "felix": ("finance",),
    "omar": ("operations",),
    "paula": ("partners",),
    "tess": ("sales", "support"),
    "fay": ("finance", "sales"),
}
# A service account that holds functions, as it should not: it must not count all the same.
ROBOT = "services/robot"
MATCHER = "services/matcher"


def user(name: str) -> str:
    return name if "/" in name else f"users/{name}"


def directory(people: Mapping[str, tuple[str, ...]] = PEOPLE) -> Directory:
    """These people with their functions, and the service accounts."""
    found = [Principal(user(name), PrincipalType.HUMAN, frozenset(held)) for name, held in people.items()]
    found.append(Principal(ROBOT, PrincipalType.SERVICE, frozenset({"sales", "support", "finance"})))
    found.append(Principal(MATCHER, PrincipalType.SERVICE, frozenset()))
    return Directory({principal.name: principal for principal in found})


DIRECTORY = directory()


def delegation(
    delegator: str, delegate: str, *functions: str, start: datetime = PLAN_TIME, end: datetime | None = None
) -> Delegation:
    """An absence in which a delegate votes; without an end it lasts beyond every test."""
    until = end or PLAN_TIME + timedelta(days=60)
    return Delegation("d", user(delegator), user(delegate), functions, start, until, "leave", start)


def key(name: str) -> RecordKey:
    """The key of ``source/id``."""
    source, _, source_record_id = name.partition("/")
    return RecordKey(source, source_record_id)


def contact(name: str, *facts: Fact, **more: Any) -> RecordDraft:
    """A contact ``source/id``; `more` are further parts of the draft."""
    return _draft(name, RecordKind.CONTACT, {"email": "somebody@example.com"}, facts, more)


def lead(name: str, *facts: Fact, **more: Any) -> RecordDraft:
    """A lead that can be reached: a NAME, unless its facts say otherwise."""
    return _draft(name, RecordKind.LEAD, {"email": "somebody@example.com"}, facts, more)


def account(name: str, *facts: Fact, **more: Any) -> RecordDraft:
    """A provisional account."""
    return _draft(name, RecordKind.ACCOUNT, {"company_name": "Acme"}, facts, more)


def mastered(number: str, *facts: Fact, **more: Any) -> RecordDraft:
    """An account of the customer master with this customer number."""
    values = {"company_name": "Acme", "customer_number": number}
    return _draft(f"erp/{number}", RecordKind.ACCOUNT, values, facts, more)


def _draft(
    name: str, kind: RecordKind, values: dict[str, str], facts: tuple[Fact, ...], more: Mapping[str, Any]
) -> RecordDraft:
    given = values | more.get("values", {})
    rest = {part: value for part, value in more.items() if part != "values"}
    return replace(RecordDraft(key(name), kind, given, facts=facts), **rest)


def case_of(
    *goldens: GoldenRecord,
    proposer: str = MATCHER,
    survivor: str = "",
    policy: Policy = WRITTEN_POLICY,
    people: Directory = DIRECTORY,
    delegations: tuple[Delegation, ...] = (),
    now: datetime = RUNNING,
    **more: Any,
) -> Case:
    """A case whose plan was made at PLAN_TIME, one day ago."""
    plan = plan_of(*goldens, survivor=survivor, policy=policy)
    roles = Roles(people, delegations, now)
    parts: dict[str, Any] = {"plan_time": PLAN_TIME} | more
    return Case(plan, goldens, user(proposer), policy, roles, now, **parts)


def at(case: Case, now: datetime) -> Case:
    """The same case at another time."""
    return replace(case, now=now, roles=replace(case.roles, now=now))


def among(case: Case, people: Directory, *delegations: Delegation) -> Case:
    """The same case with other people or delegations."""
    return replace(case, roles=Roles(people, delegations, case.now))


def vote(
    case: Case,
    name: str,
    function: str,
    *,
    reject: bool = False,
    on_behalf_of: str = "",
    plan_hash: str = "",
    time: datetime | None = None,
) -> Vote:
    return Vote(
        principal=user(name),
        function=function,
        decision=VoteDecision.REJECT if reject else VoteDecision.APPROVE,
        plan_hash=plan_hash or case.plan.hash,
        comment="",
        time=time or case.now,
        on_behalf_of=user(on_behalf_of) if on_behalf_of else "",
    )
