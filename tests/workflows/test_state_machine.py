"""Random histories of writes, merges, undos, links and erasures, held against a model in memory (group B).

The model knows only which record is a member of which golden record, and where merged ones lead.
Longer proofs: `DEDUP_HISTORIES=proof pytest tests/workflows/test_state_machine.py`.
"""

import asyncio
import itertools
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dedup_service.domain.errors import InvalidInput, PermissionRefused, StateNotAllowed, Vetoed
from dedup_service.domain.golden import image_of
from dedup_service.domain.merges import Merge
from dedup_service.domain.plan import FieldChoice
from dedup_service.workflows.distinguishing import DistinctionSide
from dedup_service.workflows.following import Position
from tests.canonical_dump import Dump, canonical_dump
from tests.merge_desk import POLICY, Office, contact, key, open_office, principal, request

T = TypeVar("T")
SOURCES = ("crm", "desk", "shop")
settings.register_profile(
    "histories",
    # A failure is shrunk by the longer proof: here minutes of shrinking would hide what failed.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "proof",
    settings.get_profile("histories"),
    max_examples=500,
    stateful_step_count=60,
    phases=tuple(Phase),
)
NUMBERS = st.integers(0, 6)
_runs = itertools.count(1)


@dataclass
class Model:
    """What the store should hold: membership, states, redirects, links."""

    values: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    golden: dict[str, str] = field(default_factory=dict)
    successor: dict[str, str] = field(default_factory=dict)
    links: dict[str, frozenset[str]] = field(default_factory=dict)

    def members(self, golden_id: str) -> set[str]:
        return {name for name, where in self.golden.items() if where == golden_id}

    def golden_state(self, golden_id: str) -> str:
        if self.successor[golden_id]:
            return "MERGED"
        states = {self.states[name] for name in self.members(golden_id)}
        return next(
            shown
            for state, shown in (("ACTIVE", "LIVE"), ("DELETED", "DELETED"), ("ERASED", "ERASED"))
            if state in states
        )

    def end_of(self, golden_id: str) -> str:
        for _ in range(len(self.successor) + 1):
            if not self.successor[golden_id]:
                return golden_id
            golden_id = self.successor[golden_id]
        raise AssertionError("redirects go round in a circle")

    def linked(self, golden_ids: set[str]) -> bool:
        inside = {name for golden_id in golden_ids for name in self.members(golden_id)}
        return any(link <= inside for link in self.links.values())


class Histories(RuleBasedStateMachine):
    """The rules that a history is made of; each does the same to the store and to the model."""

    def __init__(self, office: Office, runner: asyncio.Runner) -> None:
        super().__init__()
        self.office = office
        self.runner = runner
        self.run_number = next(_runs)
        self.model = Model()
        self.merges: list[Merge] = []
        self.start: Position = self.do(office.desk.following.head())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def name(self, number: int) -> str:
        return f"{SOURCES[number % len(SOURCES)]}/{self.run_number}-{number}"

    def dump(self) -> Dump:
        """The canonical dump without the records of other runs."""
        found = self.do(canonical_dump(self.office.store, POLICY))
        own = {f"goldenRecords/{golden_id}" for golden_id in self.model.successor}
        records = {key(name).name for name in self.model.golden}
        return {
            "records": {n: r for n, r in found["records"].items() if n in records},
            "goldens": {n: g for n, g in found["goldens"].items() if n in own},
        }

    @rule(number=NUMBERS, letter=st.sampled_from("abc"))
    def put(self, number: int, letter: str) -> None:
        name, email = self.name(number), f"{letter}@x.example"
        if self.model.states.get(name) == "ERASED":
            with pytest.raises(InvalidInput):
                self.do(self.office.write(contact(name, email=email)))
            return
        [golden_id] = self.do(self.office.put(contact(name, email=email)))
        if name not in self.model.golden:
            self.model.golden[name] = golden_id
            self.model.successor[golden_id] = ""
        assert golden_id == self.model.golden[name], "a write never moves a record"
        self.model.states[name], self.model.values[name] = "ACTIVE", email

    @precondition(lambda self: self.model.golden)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.golden)))
        self.do(self.office.delete(name))
        if self.model.states[name] == "ACTIVE":
            self.model.states[name] = "DELETED"

    @precondition(lambda self: len(self.model.golden) > 3)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.golden)))
        self.do(self.office.erase(name))
        self.model.states[name] = "ERASED"
        self.model.values.pop(name, None)

    @precondition(lambda self: len(self.model.golden) > 1)
    @rule(data=st.data(), chosen=st.booleans())
    def merge(self, data: st.DataObject, chosen: bool) -> None:
        merge = self.merged(self.some_records(data), chosen=chosen)
        if merge is not None:
            self.merges.append(merge)

    @precondition(lambda self: len(self.model.golden) > 1)
    @rule(data=st.data(), chosen=st.booleans())
    def merge_and_undo(self, data: st.DataObject, chosen: bool) -> None:
        """Merge then undo is the identity on the canonical dump (B-4)."""
        before = self.dump()
        merge = self.merged(self.some_records(data), chosen=chosen)
        if merge is not None:
            self.undone(merge)
            assert self.dump() == before

    def some_records(self, data: st.DataObject) -> list[str]:
        known = st.sampled_from(sorted(self.model.golden))
        return data.draw(st.lists(known, min_size=2, max_size=4, unique=True))

    def merged(self, names: list[str], *, chosen: bool) -> Merge | None:
        """Merge the golden records of these records, or see it refused as the model says."""
        survivor = self.model.golden[names[0]]
        ids = {self.model.golden[name] for name in names}
        more: dict[str, Any] = {"survivor_id": survivor}
        if chosen and self.model.states[names[-1]] == "ACTIVE":
            more["field_choices"] = (FieldChoice("email", key(names[-1])),)
        if len(ids) < 2 or any(self.model.golden_state(i) != "LIVE" for i in ids):
            with pytest.raises(InvalidInput):
                self.do(self.office.propose(*ids, **more))
            return None
        approved = self.do(self.office.approved(*ids, voters=("ann", "carla", "omar"), **more))
        if self.model.linked(ids):
            with pytest.raises(Vetoed):
                self.do(self.office.execute(approved, by="services/matcher"))
            who = principal("services/matcher")
            withdraw = self.office.desk.proposing.withdraw
            how = request("WithdrawMergeProposal")
            self.do(withdraw(how, approved.proposal_id, approved.etag, who, ""))
            return None
        merge = self.do(self.office.execute(approved, by="services/matcher"))
        for golden_id in ids - {survivor}:
            for name in self.model.members(golden_id):
                self.model.golden[name] = survivor
            self.model.successor[golden_id] = survivor
        return merge

    @precondition(lambda self: self.merges)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        self.undone(data.draw(st.sampled_from(self.merges)))

    def undo_by_somebody(self, merge: Merge) -> None:
        """Undo a merge as the first of those who have a stake in it; who does is not what is tested here."""
        for who in ("ann", "carla"):
            try:
                self.do(self.office.undo(merge, by=who))
            except PermissionRefused:
                continue
            return
        self.do(self.office.undo(merge, by="omar"))

    def undone(self, merge: Merge) -> None:
        """Undo a merge, or see it refused while its survivor is merged away (B-5)."""
        standing = all(self.model.successor[i] == merge.survivor_id for i in merge.merged_ids)
        now = self.do(self.office.store.read(lambda tx: tx.merge(merge.merge_id)))
        assert now is not None
        if now.state == "EXECUTED" and self.model.successor[merge.survivor_id]:
            assert standing
            with pytest.raises(StateNotAllowed, match="merges/"):
                self.undo_by_somebody(merge)
            return
        self.undo_by_somebody(merge)
        if now.state == "UNDONE":
            return
        origin = {record: before.golden_id for before in merge.before for record in before.records}
        for name in self.model.members(merge.survivor_id):
            self.model.golden[name] = origin.get(key(name), merge.survivor_id)
        for golden_id in merge.merged_ids:
            self.model.successor[golden_id] = ""

    @precondition(lambda self: len(self.model.golden) > 1)
    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        one, other = self.some_records(data)[:2]
        sides = [DistinctionSide(records=(key(name),)) for name in (one, other)]
        create = self.office.desk.distinguishing.create
        work = create(
            request("CreateDistinction"), sides[0], sides[1], "apart", principal("services/matcher")
        )
        if self.model.golden[one] == self.model.golden[other]:
            with pytest.raises(StateNotAllowed):
                self.do(work)
            return
        self.model.links[self.do(work).distinction_id] = frozenset((one, other))

    @precondition(lambda self: self.model.links)
    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        distinction_id = data.draw(st.sampled_from(sorted(self.model.links)))
        self.do(
            self.office.desk.distinguishing.delete(
                request("DeleteDistinction", "services/matcher"), distinction_id, ""
            )
        )
        del self.model.links[distinction_id]

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        """Conservation, one golden record a record, and redirects that lead to one end (B-1, B-2)."""
        found = self.dump()
        assert {n: (r["golden"], r["state"]) for n, r in found["records"].items()} == {
            key(n).name: (golden_id, self.model.states[n]) for n, golden_id in self.model.golden.items()
        }
        for name, email in self.model.values.items():
            assert found["records"][key(name).name]["draft"]["values"] == {"email": email}
        for golden_id, successor in self.model.successor.items():
            golden = found["goldens"][f"goldenRecords/{golden_id}"]
            assert (golden["state"], golden["successor"]) == (self.model.golden_state(golden_id), successor)
            assert golden["members"] == sorted(key(n).name for n in self.model.members(golden_id))
            assert bool(golden["members"]) is not bool(successor)
            values = {self.model.values[n] for n in self.model.members(golden_id) if self.active(n)}
            assert ("email" in golden["values"]) is bool(values)
            assert not values or golden["values"]["email"]["value"] in values

    def active(self, name: str) -> bool:
        return self.model.states[name] == "ACTIVE"

    def teardown(self) -> None:
        """Every id leads to its end, a reader's copy equals the store, and the audit chain holds."""
        for golden_id in self.model.successor:
            view = self.do(self.office.golden(golden_id))
            assert view.golden.golden_id == self.model.end_of(golden_id)
        copy = self.do(self.office.followed(self.start))
        ids = list(self.model.successor)
        goldens = self.do(self.office.store.read(lambda tx: tx.goldens(ids)))
        assert copy == {golden.name: image_of(golden, POLICY) for golden in goldens.values()}
        verified = self.do(self.office.store.read(lambda tx: tx.verify_audit(0, "")))
        assert verified.holds, verified


def test_histories(database_url: str, redis_url: str) -> None:
    """Whatever the order of writes, merges, undos, links and erasures, what must hold holds."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        office = runner.run(stack.enter_async_context(open_office(database_url, redis_url)))

        class WiredHistories(Histories):
            def __init__(self) -> None:
                super().__init__(office, runner)

        try:
            run_state_machine_as_test(
                WiredHistories,
                settings=settings.get_profile(os.environ.get("DEDUP_HISTORIES", "histories")),
            )
        finally:
            runner.run(stack.aclose())
