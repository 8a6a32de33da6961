"""What the service should hold, as plainly as it can be said: dictionaries, and a few rules over them.

Golden records know only where they lead, records where they belong; who may decide, the oracle says.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.merge_desk import POLICY
from tests.trust.checks.rows import ProposalLine, RecordLine
from tests.trust.checks.stored import Stored
from tests.trust.checks.votes import plan_hash

OPEN = ("PENDING", "APPROVED")
RANKS = ("LEAD", "CONTACT", "ACCOUNT")


@dataclass(slots=True)
class Rec:
    """A record: what its source says of it, whether it is still there, and where it belongs."""

    kind: str
    golden: str
    values: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    children: dict[str, tuple[str, bool]] = field(default_factory=dict)
    state: str = "ACTIVE"

    def said(self) -> tuple[Any, ...]:
        return self.kind, self.golden, self.values, self.owner, self.facts, self.children, self.state


@dataclass(slots=True)
class Proposed:
    """A proposal: whom it would join, by whom; `state` is PENDING for all that are open."""

    members: frozenset[str]
    proposer: str
    state: str = "PENDING"


@dataclass(slots=True)
class Merged:
    """A merge: the records of each golden record before it."""

    survivor: str
    before: dict[str, frozenset[str]]
    stands: bool = True

    @property
    def gone(self) -> list[str]:
        return [golden_id for golden_id in self.before if golden_id != self.survivor]


@dataclass(slots=True)
class Reference:
    """Everything that the steps have done; `successor` is empty for what was not merged away."""

    records: dict[str, Rec] = field(default_factory=dict)
    successor: dict[str, str] = field(default_factory=dict)
    proposals: dict[str, Proposed] = field(default_factory=dict)
    merges: dict[str, Merged] = field(default_factory=dict)
    links: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    delegations: dict[str, tuple[str, str]] = field(default_factory=dict)
    policy_version: str = POLICY.version

    def members(self, golden_id: str) -> frozenset[str]:
        return frozenset(name for name, record in self.records.items() if record.golden == golden_id)

    def state(self, golden_id: str) -> str:
        """LIVE, MERGED, DELETED or ERASED."""
        if self.successor[golden_id]:
            return "MERGED"
        states = {self.records[name].state for name in self.members(golden_id)}
        return "LIVE" if "ACTIVE" in states else "DELETED" if "DELETED" in states else "ERASED"

    def end(self, golden_id: str) -> str:
        """Where an id leads."""
        while self.successor[golden_id]:
            golden_id = self.successor[golden_id]
        return golden_id

    def live(self) -> list[str]:
        return [golden_id for golden_id in self.successor if self.state(golden_id) == "LIVE"]

    def opened(self) -> list[str]:
        return [i for i, proposal in self.proposals.items() if proposal.state in OPEN]

    def proposed(self, members: Collection[str]) -> bool:
        """Whether an open proposal holds exactly these."""
        return any(self.proposals[i].members == frozenset(members) for i in self.opened())

    def kind(self, golden_id: str) -> str:
        """What a golden record is: a lead that has become more stays that."""
        return max((self.records[name].kind for name in self.members(golden_id)), key=RANKS.index)

    def mixed(self, golden_ids: Iterable[str]) -> bool:
        """Whether a company and a person are among them; there are no person accounts here."""
        return {"CONTACT", "ACCOUNT"} <= {self.kind(golden_id) for golden_id in golden_ids}

    def replan(self, touched: Collection[str]) -> None:
        """Open proposals of what was written go on with what is left of their members, or are superseded."""
        for proposal_id in sorted(self.opened()):
            proposal = self.proposals[proposal_id]
            if proposal.members & set(touched):
                left = frozenset(end for g in proposal.members if self.state(end := self.end(g)) == "LIVE")
                others = (
                    p.members for i, p in self.proposals.items() if i != proposal_id and p.state in OPEN
                )
                if len(left) < 2 or left in others or self.mixed(left):
                    proposal.state = "SUPERSEDED"
                else:
                    proposal.members = left

    def merge(self, merge_id: str, proposal_id: str, survivor: str) -> None:
        proposal = self.proposals[proposal_id]
        merged = Merged(survivor, {g: self.members(g) for g in proposal.members})
        proposal.state = "EXECUTED"
        self.merges[merge_id] = merged
        for golden_id in merged.gone:
            self.successor[golden_id] = survivor
            for name in merged.before[golden_id]:
                self.records[name].golden = survivor
        self.replan(merged.before)

    def undo(self, merge_id: str) -> None:
        """Every record goes back to where it came from; what has joined the survivor since stays with it."""
        merged = self.merges[merge_id]
        merged.stands = False
        for golden_id in merged.gone:
            self.successor[golden_id] = ""
            for name in merged.before[golden_id]:
                self.records[name].golden = golden_id
        self.replan(merged.before)

    def differences(self, stored: Stored) -> list[str]:
        """Where the store is not as the reference says."""
        lines = {short_name(line): line for line in stored.records.values()}
        said = {name: record.said() for name, record in self.records.items()}
        problems = _unequal("record", said, {name: said_of(line) for name, line in lines.items()})
        goldens = {g: (self.state(g), successor) for g, successor in self.successor.items()}
        kept = {g: (line.state, line.successor_id) for g, line in stored.goldens.items()}
        problems += _unequal("golden record", goldens, kept)
        proposals = {i: (p.members, p.proposer, p.state) for i, p in self.proposals.items()}
        problems += _unequal("proposal", proposals, {i: _proposed(p) for i, p in stored.proposals.items()})
        merges = {i: (m.survivor, m.before, m.stands) for i, m in self.merges.items()}
        problems += _unequal("merge", merges, {i: _merged(m.body) for i, m in stored.merges.items()})
        links = {
            line.distinction_id: tuple(_names(line.body[side]) for side in ("left", "right"))
            for line in stored.of("distinctions").values()
        }
        problems += _unequal("distinction", self.links, links)
        versions = stored.of("policy_versions")
        if versions[max(versions)].version != self.policy_version:
            problems.append(f"policy {versions[max(versions)].version} is not {self.policy_version}")
        return problems

    def take_up(self, stored: Stored) -> None:
        """Know what a step has made that no rule here foretells: records, where they belong, proposals."""
        for line in stored.records.values():
            kind, golden, values, owner, facts, children, state = said_of(line)
            self.records[short_name(line)] = Rec(kind, golden, values, owner, facts, children, state)
        for golden_id, golden in stored.goldens.items():
            self.successor[golden_id] = golden.successor_id
        for proposal_id, proposal in stored.proposals.items():
            self.proposals[proposal_id] = Proposed(*_proposed(proposal))


def short_name(line: RecordLine) -> str:
    return f"{line.source}/{line.source_record_id}"


def said_of(line: RecordLine) -> tuple[Any, ...]:
    """What a stored record says, as the reference does."""
    draft = line.draft
    owner = draft["owner"]["principal"] if draft["owner"] else ""
    facts = {fact["name"]: _plain(fact) for fact in draft["facts"]}
    children = {child["child_id"]: (child["kind"], child["open"]) for child in draft["children"]}
    return line.kind, line.golden_id, draft["values"], owner, facts, children, line.state


def _plain(fact: Any) -> Any:
    """The one value of a fact; an amount in EUR by its units, a time by its day."""
    if fact["amount"] is not None:
        return int(float(fact["amount"]["units"]))
    if fact["time"] is not None:
        return str(fact["time"])[:10]
    return next(fact[part] for part in ("count", "flag", "text") if fact[part] is not None)


def etag_of(proposal: ProposalLine) -> str:
    return plan_hash(proposal.body["plan"])


def _proposed(line: ProposalLine) -> tuple[frozenset[str], str, str]:
    state = "PENDING" if line.state in OPEN else line.state
    return frozenset(line.golden_ids), line.proposer, state


def _merged(body: Any) -> tuple[str, dict[str, frozenset[str]], bool]:
    before = {b["golden_id"]: _names(b["records"]) for b in body["before"]}
    return body["survivor_id"], before, body["state"] == "EXECUTED"


def _names(keys: Any) -> frozenset[str]:
    return frozenset(f"{key['source']}/{key['source_record_id']}" for key in keys)


def _unequal(what: str, expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [
        f"model: {what} {name} is {found.get(name)}, and should be {expected.get(name)}"
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    ]
