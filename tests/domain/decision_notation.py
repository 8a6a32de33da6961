"""Reads the notation of `decision_table.csv` into cases and votes, and says a decision in the same notation.

Members stand between ``|``, the survivor first; the records of one golden record between ``+``.
A record is its source, its kind with lead class or account state, and what it carries in brackets.
A vote is a function or a person with ``+`` (approves) or ``-`` (refuses).
The head of the table explains the rest.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from dedup_service.domain.decision import Case, Decision
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
from dedup_service.domain.voting import BallotMethod, Vote
from tests.domain.cases import golden
from tests.domain.decision_cases import (
    MATCHER,
    OVER,
    PEOPLE,
    PLAN_TIME,
    ROBOT,
    RUNNING,
    account,
    case_of,
    contact,
    directory,
    lead,
    user,
    vote,
)
from tests.domain.written_policy import APPROVAL, WRITTEN_POLICY

# Who speaks when a vote names only the function.
SPEAKERS = {
    "sales": "ann",
    "support": "carla",
    "marketing": "mia",
    "finance": "fiona",
    "operations": "omar",
    "partners": "paula",
}
OLD_PLAN = "0" * 64
_COUNTS = ("open_opportunities", "open_cases", "open_invoices", "orders_in_fulfilment", "active_campaigns")
_AMOUNTS = {"pipeline": "open_pipeline", "revenue": "yearly_revenue"}
_KINDS: Mapping[str, tuple[Callable[..., RecordDraft], tuple[Fact, ...]]] = {
    "contact": (contact, ()),
    "LIVE lead": (lead, (Fact("requested", time=PLAN_TIME - timedelta(days=1)),)),
    "NAME lead": (lead, ()),
    "DEAD lead": (lead, (Fact("disqualified", time=PLAN_TIME - timedelta(days=1)),)),
    "provisional account": (account, ()),
    "mastered account": (account, ()),
    "person account": (account, ()),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what is given, and what must come of it."""

    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column].strip()

    def __str__(self) -> str:
        return "\n".join(f"  {column}: {text}" for column, text in self.cells.items())


def goldens_of(text: str) -> tuple[GoldenRecord, ...]:
    """The golden records of a ``members`` cell; the first is the survivor."""
    numbers = count(1)
    found = []
    for letter, member in zip("abcdefgh", text.split("|"), strict=False):
        drafts = [_record(record.strip(), next(numbers)) for record in member.split(" + ")]
        whole = golden(letter, *(draft for draft, _ in drafts))
        states = [RecordState.DELETED if gone else RecordState.ACTIVE for _, gone in drafts]
        members = zip(whole.members, states, strict=True)
        found.append(GoldenRecord(whole.row, tuple(replace(r, state=state) for r, state in members)))
    return tuple(found)


def _record(text: str, number: int) -> tuple[RecordDraft, bool]:
    parsed = re.fullmatch(r"(\S+) ([^(]+?)(?: \((.*)\))?", text)
    assert parsed is not None, f"not a record: {text}"
    source, kind, carried = parsed.groups()
    make, facts = _KINDS[kind]
    draft = replace(make(f"{source}/{number}", *facts), person_account=kind == "person account")
    carried_items = [item.strip() for item in (carried or "").split(";") if item.strip()]
    for item in carried_items:
        if item != "deleted":
            draft = _with(draft, item)
    number_given = bool(draft.values.get("customer_number"))
    assert kind != "mastered account" or (source == "erp" and number_given), f"not mastered: {text}"
    return draft, "deleted" in carried_items


def _with(draft: RecordDraft, item: str) -> RecordDraft:
    """The draft with one more of the things that stand in brackets."""
    name, _, rest = item.rpartition(" ")
    if name in ("tax id", "number"):
        field = "tax_id" if name == "tax id" else "customer_number"
        return replace(draft, values=draft.values | {field: rest})
    if name == "owner":
        return replace(draft, owner=Owner(user(rest), PEOPLE[rest][0]))
    if name == "named owner":
        return replace(draft, owner=Owner(user(rest)))
    if name == "account":
        return replace(draft, account=RecordKey("crm", rest))
    if (child := re.fullmatch(r"(\d+) (open|closed) ([A-Z]+)(?: of (\w+))?", item)) is not None:
        many, state, kind, owner = child.groups()
        whose = user(owner) if owner else ""
        # Record ids are part of the ids, so that two records do not carry the same child.
        ids = (f"{draft.key.source_record_id}-{len(draft.children)}-{n}" for n in range(int(many)))
        more = tuple(Child(ChildKind(kind), each, whose, state == "open") for each in ids)
        return replace(draft, children=(*draft.children, *more))
    return replace(draft, facts=(*draft.facts, _fact(item)))


def _fact(item: str) -> Fact:
    name, _, rest = item.rpartition(" ")
    if item == "legal hold":
        return Fact("legal_hold", flag=True)
    if name == "legal entity":
        return Fact("legal_entity", text=rest)
    if name == "consent":
        return Fact("marketing_consent", flag=rest == "yes")
    if name == "partner":
        return Fact("partner_of_record", text=rest)
    if (amount := re.fullmatch(r"(pipeline|revenue) (\d+) ([A-Z]{3})", item)) is not None:
        return Fact(_AMOUNTS[amount[1]], amount=Amount(amount[3], Decimal(amount[2])))
    counted = name.replace(" ", "_")
    assert counted in (*_COUNTS, "contracts"), f"nothing that a record carries: {item}"
    return Fact(counted, count=int(rest))


def case_and_votes(row: Row) -> tuple[Case, list[Vote]]:
    """The case of a line, at the time that its ``period`` says, and the votes in the order they were cast."""
    given = [item.strip() for item in row["given"].split(";") if item.strip()]
    goldens = goldens_of(row["members"])
    now = OVER if row["period"] == "over" else RUNNING
    people, delegations = dict(PEOPLE), list[Delegation]()
    case = case_of(*goldens, survivor="a", proposer=MATCHER, now=now)
    for item in given:
        case = _given(case, item, people, delegations)
    case = replace(
        case, roles=replace(case.roles, principals=directory(people), delegations=tuple(delegations))
    )
    return case, [_vote(case, token) for token in row["votes"].split()]


def _given(case: Case, item: str, people: dict[str, tuple[str, ...]], delegations: list[Delegation]) -> Case:
    """The case under one more circumstance; changes of people and delegations go into the lists."""
    absent = re.fullmatch(r"(\w+) delegates (\w+) to (\w+)(, ended|, begins later)?", item)
    lost = re.fullmatch(r"(\w+) lost (\w+)", item)
    left = re.fullmatch(r"(\w+) left", item)
    if absent is not None:
        delegations.append(_delegation(absent[1], absent[2], absent[3], absent[4] or ""))
    elif lost is not None:
        people[lost[1]] = tuple(held for held in people[lost[1]] if held != lost[2])
    elif left is not None:
        del people[left[1]]
    else:
        return replace(case, **_circumstance(item))
    return case


def _circumstance(item: str) -> dict[str, Any]:
    """The parts of a case that a circumstance changes."""
    word = item.rsplit(maxsplit=1)[-1]
    if item.startswith("proposed by "):
        return {"proposer": user(word)}
    if item.startswith("certain "):
        return {"certainty": float(word)}
    if item.startswith("policy: "):
        return {"policy": _POLICIES[item]}
    return _CIRCUMSTANCES[item]


_CIRCUMSTANCES: Mapping[str, dict[str, Any]] = {
    "not-a-match link": {"distinctions": ("distinctions/1",)},
    "hierarchy cycle": {"cycles": ("the parent would be its own child",)},
    "accounts X and Y are one": {"accounts": {RecordKey("crm", name): "account" for name in "XY"}},
}


def _delegation(delegator: str, function: str, delegate: str, when: str) -> Delegation:
    start, end = PLAN_TIME, PLAN_TIME + timedelta(days=60)
    if when == ", ended":
        end = PLAN_TIME + timedelta(hours=2)
    if when == ", begins later":
        start = PLAN_TIME + timedelta(days=30)
    names = (user(delegator), user(delegate.replace("robot", ROBOT)))
    return Delegation("d", *names, (function,), start, end, "leave", PLAN_TIME)


def _voting(kind: RecordKind, full: FullVote) -> Policy:
    full_votes = {**APPROVAL.full_votes, kind: full}
    return replace(WRITTEN_POLICY, approval=replace(APPROVAL, full_votes=full_votes))


_POLICIES: Mapping[str, Policy] = {
    "policy: accounts have no arbiter": _voting(RecordKind.ACCOUNT, FullVote(VoteMethod.VOICES)),
    "policy: sales alone weighs in accounts": _voting(
        RecordKind.ACCOUNT, FullVote(VoteMethod.WEIGHTS, weights={"sales": 1})
    ),
    "policy: sales breaks ties of leads": _voting(
        RecordKind.LEAD, FullVote(VoteMethod.VOICES, tie_breaker="sales")
    ),
    "policy: MEDIUM needs two people": replace(WRITTEN_POLICY, approval=replace(APPROVAL, medium_quorum=2)),
    "policy: two people for HIGH leads": _voting(RecordKind.LEAD, FullVote(VoteMethod.VOICES, quorum=2)),
}


def _vote(case: Case, token: str) -> Vote:
    """One vote: ``sales+``, ``ann-``, ``tess-as-support+``, ``carla-for-ann+``, ``old-ann+``, ``robot+``."""
    who, sign = token[:-1], token[-1]
    assert sign in "+-", f"not a vote: {token}"
    plan_hash, time = case.plan.hash, case.now
    if who.startswith("old-"):
        who, plan_hash = who.removeprefix("old-"), OLD_PLAN
    if who.startswith("earlier-"):
        # The plan changed and changed back: the hash is the same again, and the vote is from before.
        who, time = who.removeprefix("earlier-"), PLAN_TIME - timedelta(hours=1)
    voter, _, behalf = who.partition("-for-")
    voter, _, function = voter.partition("-as-")
    name = SPEAKERS.get(voter, voter)
    if name == "robot":
        name, function = ROBOT, function or "sales"
    function = function or (voter if voter in SPEAKERS else PEOPLE.get(behalf or name, ("sales",))[0])
    return _cast(case, name, function, sign, behalf, plan_hash, time)


def _cast(
    case: Case, name: str, function: str, sign: str, behalf: str, plan_hash: str, time: datetime
) -> Vote:
    return vote(case, name, function, reject=sign == "-", on_behalf_of=behalf, plan_hash=plan_hash, time=time)


def said(decision: Decision, tokens: list[str]) -> dict[str, str]:
    """What came of a line, in the columns and words of the table."""
    lifted = [f"{veto.rule} (lifted)" for veto in decision.lifted]
    return {
        "impact": decision.impact,
        "ballot": _ballot(decision),
        "may vote": " ".join(
            voice.function
            if voice.weight == 1 and not _weighed(decision)
            else f"{voice.function}:{voice.weight}"
            for voice in decision.voices
        ),
        "vetoes": "; ".join(sorted({*(veto.rule for veto in decision.vetoes), *lifted})),
        "not counted": " ".join(
            token for token, each in zip(tokens, decision.votes, strict=True) if not each.counts
        ),
        "outcome": decision.outcome,
        "execute": "yes" if decision.approved else "no",
        "missing": " ".join(decision.missing_functions),
    }


def _weighed(decision: Decision) -> bool:
    return decision.ballot.method is BallotMethod.WEIGHTS


def _ballot(decision: Decision) -> str:
    ballot = decision.ballot
    if ballot.method is BallotMethod.PEOPLE:
        return {0: "nobody", 1: "one person"}.get(ballot.quorum, f"{ballot.quorum} people")
    return ballot.method.lower() + (f", {ballot.arbiter} last" if ballot.arbiter else "")
