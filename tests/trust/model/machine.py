"""The machine that steps are made of: each is done to service and reference, then all is compared."""

import itertools
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, ClassVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from dedup_service.domain.decision import Case
from tests.domain.decision_oracle import Poll
from tests.domain.oracle_rules import FUNCTION_OF_SOURCE, functions_with_stake
from tests.merge_desk import DIRECTORY
from tests.trust.checks.decided import World
from tests.trust.checks.rows import ProposalLine
from tests.trust.checks.stored import Stored
from tests.trust.model.reference import Reference, etag_of
from tests.trust.model.service import Service

IMPORTER = "services/importer"
MATCHER = "services/matcher"
PEOPLE = ("ann", "ben", "carla", "mia", "fiona", "felix", "omar", "paula")
KINDS = {
    **dict.fromkeys(("crm/c1", "crm/c2", "desk/c3", "shop/c4", "crm/c5"), "CONTACT"),
    **dict.fromkeys(("erp/a1", "erp/a2", "crm/a3", "crm/a4"), "ACCOUNT"),
    **dict.fromkeys(("crm/l1", "marketing/l2", "marketing/l3"), "LEAD"),
}
MOST_REPEATED = 12


@dataclass(slots=True)
class Tally:
    """What was done: steps by kind and code, which kind followed which, and the cases the oracle judged."""

    machines: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    judged: int = 0

    def add(self, other: "Tally") -> None:
        """Count what another has done too."""
        self.machines += other.machines
        self.judged += other.judged
        for mine, its in ((self.steps, other.steps), (self.codes, other.codes), (self.pairs, other.pairs)):
            cast("Counter[Any]", mine).update(its)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was answered, for sending again: `sources` are the records that its answer shows."""

    method: str
    message: Any
    who: str
    answer: Any
    subjects: frozenset[str]
    erased: bool = False


class Machine(RuleBasedStateMachine):
    """A service, its reference, and what a step needs of both."""

    service: ClassVar[Service]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.service.begin()
        self.tally.machines += 1
        self.reference = Reference()
        self.sent: list[Sent] = []
        self.failed: list[str] = []
        self._request_ids = itertools.count(1)
        self._last_kind = ""
        self._owed = True

    @property
    def stored(self) -> Stored:
        """The store as it was after the last step."""
        return self.service.watch.stored

    def request_id(self) -> str:
        return str(uuid.UUID(int=next(self._request_ids), version=4))

    def step(
        self,
        kind: str,
        method: str,
        message: Any,
        who: str,
        expected: str,
        subjects: frozenset[str] = frozenset(),
    ) -> Any:
        """Do a step that the reference foretells the code of; the answer, or None where it is a refusal."""
        call: Any = attrgetter(method)(self.service.api)
        done = self.service.call(call, message, who)
        self.count(kind, done.code)
        assert done.code == expected, f"{kind} by {who} is {done.code}, and should be {expected}: {message}"
        request_id: str = getattr(message, "request_id", "")
        if done.code == "OK" and request_id:
            self.sent = [*self.sent[1 - MOST_REPEATED :], Sent(method, message, who, done.answer, subjects)]
        return done.answer

    def count(self, kind: str, code: str) -> None:
        self.tally.steps[kind] += 1
        self.tally.codes[kind, code] += 1
        self.tally.pairs[self._last_kind, kind] += 1
        self._last_kind = kind
        self._owed = True

    @invariant()
    def holds(self) -> None:
        """Every invariant of groups A to E, and the store as the reference says; after every step."""
        if not self._owed:
            return
        self._owed = False
        self.look()
        differences = self.reference.differences(self.stored)
        assert not differences, "\n".join(differences)

    def look(self) -> None:
        """Read what is stored now, of which nothing may be broken."""
        broken = self.service.run(self.service.watch.broken())
        assert not broken, "\n".join(broken)

    def teardown(self) -> None:
        self.tally.judged += self.service.watch.oracle.judged

    def record_named(self, data: st.DataObject) -> str:
        """Any of the names that records may have, known or not."""
        return data.draw(st.sampled_from(sorted(KINDS)))

    def known(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(list(self.reference.records)))

    def line(self, name: str) -> Any:
        """The stored row of a record."""
        source, _, own = name.partition("/")
        return next(
            r for r in self.stored.records.values() if (r.source, r.source_record_id) == (source, own)
        )

    def proposal(self, proposal_id: str) -> ProposalLine:
        return self.stored.proposals[proposal_id]

    def seen(self, proposal_id: str) -> str:
        """The etag of a proposal as it is."""
        return etag_of(self.proposal(proposal_id))

    def asked(self, proposal_id: str) -> tuple[Case, Poll]:
        """The case of an open proposal now, and the poll on it, by the oracle."""
        oracle = self.service.watch.oracle
        found = oracle.poll(
            self.stored, self.proposal(proposal_id), self.stored.head.revision, datetime.now(UTC)
        )
        assert found is not None, "the case of a proposal that is as it was stored can be put together"
        return found

    def mandates(self, who: str, proposer: str = "") -> set[str]:
        """The functions that a person may speak for now, as the directory and delegations say."""
        name = who if "/" in who else f"users/{who}"
        person = DIRECTORY.find(name)
        assert person is not None, who
        held = set(person.functions)
        now = datetime.now(UTC)
        for line in self.stored.of("delegations").values():
            body = line.body
            holds = (
                datetime.fromisoformat(body["start_time"]) <= now < datetime.fromisoformat(body["end_time"])
            )
            if holds and body["delegate"] == name and body["delegator"] != proposer:
                held |= set(body["functions"])
        return held if person.human else set()

    def stakes(self, golden_ids: list[str], *, with_sources: bool) -> set[str]:
        """The functions with a stake in these golden records."""
        goldens = World(self.stored, {}, self.stored.head.revision).goldens(
            [golden_id for golden_id in golden_ids if self.reference.members(golden_id)]
        )
        assert goldens is not None, "nothing is newer than the head"
        found = functions_with_stake(cast(Case, _Seen(goldens, datetime.now(UTC))))
        if with_sources:
            found |= {FUNCTION_OF_SOURCE[r.key.source] for golden in goldens for r in golden.members}
        return found


class _Seen:
    """The part of a case that stakes are read from."""

    def __init__(self, goldens: Any, now: datetime) -> None:
        self.goldens, self.now, self.roles = goldens, now, self
        self.principals = DIRECTORY
