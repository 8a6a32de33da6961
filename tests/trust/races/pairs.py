"""The pairs of writes that meet, each on records of its own, and what either may be answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dedup_service.domain.merges import Merge
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.voting import VoteDecision
from tests.merge_desk import Office, contact

Write = Callable[[], Awaitable[Any]]


@dataclass(slots=True)
class Scene:
    """Three people as records, and what was proposed and merged among them."""

    office: Office
    names: list[str]
    goldens: list[str]
    first: Proposal | None = None
    second: Proposal | None = None
    merge: Merge | None = None


async def _three(office: Office, number: int) -> Scene:
    names = [f"crm/{number}-{letter}" for letter in "abc"]
    return Scene(office, names, await office.put(*map(contact, names)))


async def _proposed_twice(office: Office, number: int, first: str, second: str) -> Scene:
    """Two approved proposals among three; the letters say which, the survivor first."""
    scene = await _three(office, number)
    chosen = [[scene.goldens["abc".index(letter)] for letter in word] for word in (first, second)]
    approved = [await office.approved(*ids, survivor_id=ids[0]) for ids in chosen]
    scene.first, scene.second = approved
    return scene


async def merge_merge(office: Office, number: int) -> tuple[Scene, Write, Write]:
    """A into B, and B into C: they have one in common."""
    scene = await _proposed_twice(office, number, "ba", "cb")
    return scene, _executing(scene, scene.first), _executing(scene, scene.second)


async def merge_vote(office: Office, number: int) -> tuple[Scene, Write, Write]:
    """A merge, and a vote against it."""
    scene = await _proposed_twice(office, number, "ba", "bc")
    return scene, _executing(scene, scene.first), _refusing(scene, scene.first)


async def merge_edit(office: Office, number: int) -> tuple[Scene, Write, Write]:
    """A merge, and a write to the record that it takes away."""
    scene = await _proposed_twice(office, number, "ba", "bc")
    return scene, _executing(scene, scene.first), _editing(scene, 0)


async def undo_edit(office: Office, number: int) -> tuple[Scene, Write, Write]:
    """An undo, and a write to the record that it gives back."""
    scene = await _merged(office, number)
    return scene, _undoing(scene), _editing(scene, 0)


async def merge_undo(office: Office, number: int) -> tuple[Scene, Write, Write]:
    """An undo, and a merge that takes the survivor away."""
    scene = await _merged(office, number)
    ids = scene.goldens[2], scene.goldens[1]
    scene.second = await office.approved(*ids, survivor_id=ids[0])
    return scene, _executing(scene, scene.second), _undoing(scene)


PAIRS = {
    "merge and merge": merge_merge,
    "merge and vote": merge_vote,
    "merge and edit": merge_edit,
    "undo and edit": undo_edit,
    "merge and undo": merge_undo,
}


async def _merged(office: Office, number: int) -> Scene:
    scene = await _three(office, number)
    scene.merge = await office.merge(scene.goldens[1], scene.goldens[0])
    return scene


def _executing(scene: Scene, proposal: Proposal | None) -> Write:
    assert proposal is not None, "the scene has it"
    return lambda: scene.office.execute(proposal)


def _refusing(scene: Scene, proposal: Proposal | None) -> Write:
    assert proposal is not None, "the scene has it"
    return lambda: scene.office.vote(proposal, "ben", VoteDecision.REJECT)


def _editing(scene: Scene, place: int) -> Write:
    return lambda: scene.office.write(contact(scene.names[place], email="edited@example.com"))


def _undoing(scene: Scene) -> Write:
    merge = scene.merge
    assert merge is not None, "the scene has it"
    return lambda: scene.office.undo(merge)


async def outcome(scene: Scene, answers: list[Any]) -> tuple[Any, ...]:
    """How both ended, and what is there now, by names that are the same for every scene."""
    said = [type(answer).__name__ for answer in answers]
    records = [await scene.office.record(name) for name in scene.names]
    places = {golden_id: number for number, golden_id in enumerate(scene.goldens)}
    kept = [
        (places[r.golden_id], r.state, r.draft.values.get("email") == "edited@example.com") for r in records
    ]
    proposals = [await scene.office.proposal(p) for p in (scene.first, scene.second) if p is not None]
    states = [(p.state, sorted(places[g] for g in p.plan.golden_ids), len(p.votes)) for p in proposals]
    return tuple(said), tuple(kept), repr(states)
