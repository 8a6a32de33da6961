"""Golden records: members, redirects, values, and what readers of the changes end up with.

The rules of survivorship stand here a second time, from the text of docs/policy.md.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from dedup_service.domain.fields import group_of
from dedup_service.domain.policy import Policy
from tests.trust.checks.rows import GoldenLine, RecordLine
from tests.trust.checks.stored import Stored

MOST_STEPS = 64
_RANK = {"LEAD": 0, "CONTACT": 1, "ACCOUNT": 2}
PolicyAt = Callable[[int], Policy]


def membership(stored: Stored) -> list[str]:
    """B-1: every record is of one golden record that is not merged away, whose state its members make."""
    problems = []
    members = stored.members()
    for golden in stored.goldens.values():
        own = members.pop(golden.golden_id, [])
        where = f"B-1 goldenRecords/{golden.golden_id}"
        if golden.state == "MERGED":
            if own:
                problems.append(f"{where} is merged away and still holds {own[0].name}")
            continue
        states = {record.state for record in own}
        expected = next((s for s in ("ACTIVE", "DELETED", "ERASED") if s in states), "nothing")
        if golden.state != {"ACTIVE": "LIVE"}.get(expected, expected):
            problems.append(f"{where} is {golden.state}, its records are {expected}")
        # What a lead became it stays, also when the record that it became is deleted.
        least = max((_RANK[record.kind] for record in own if record.state == "ACTIVE"), default=0)
        if _RANK[golden.kind] < least or golden.kind not in {record.kind for record in own}:
            problems.append(f"{where} is a {golden.kind}, its records are {[r.kind for r in own]}")
    problems += [
        f"B-1 {own[0].name} belongs to {golden_id}, which is not" for golden_id, own in members.items()
    ]
    return problems


def redirects(stored: Stored) -> list[str]:
    """B-2: any id leads to one live, deleted or erased record in bounded steps."""
    problems = []
    for golden in stored.goldens.values():
        steps, at = 0, golden
        while at.successor_id and steps <= MOST_STEPS:
            if at.successor_id not in stored.goldens:
                problems.append(f"B-2 goldenRecords/{at.golden_id} leads nowhere")
                break
            steps, at = steps + 1, stored.goldens[at.successor_id]
        if steps > MOST_STEPS:
            problems.append(f"B-2 goldenRecords/{golden.golden_id} leads on without an end")
        if (golden.state == "MERGED") != bool(golden.successor_id):
            problems.append(
                f"B-2 goldenRecords/{golden.golden_id} is {golden.state} and leads elsewhere or nowhere"
            )
    return problems


class Reader:
    """An idempotent reader of all changes (E-2), with what the store says of each golden record."""

    def __init__(self) -> None:
        self._at = (0, -1)
        self._copy: dict[str, tuple[int, Any]] = {}
        self._names: dict[str, str] = {}
        self._images: dict[str, tuple[object, Any]] = {}

    def read(self, stored: Stored) -> None:
        """Read on; from the beginning when something that was read is another by now."""
        fresh = [(row.revision, row.ordinal) for row in stored.fresh["changes"]]
        if min(fresh, default=self._at) <= self._at:
            self._at, self._copy, self._names = (0, -1), {}, {}
        for place in sorted(key for key in stored.changes if key > self._at):
            change = stored.changes[place]
            for image in change.told().get("after", ()):
                self._copy[image["name"]] = place[0], image
            if change.record and change.type.startswith("RECORD_"):
                self._names[change.record] = change.type
            self._at = place

    def conserved(self, stored: Stored) -> list[str]:
        """B-1: what was acknowledged is there, or was deleted or erased."""
        states = {record.name: record.state for record in stored.records.values()}
        last = {"RECORD_DELETED": "DELETED", "RECORD_ERASED": "ERASED"}
        problems = [
            f"B-1 {name} is {states.get(name, 'lost')} after {told}"
            for name, told in self._names.items()
            if states.get(name) != last.get(told, "ACTIVE")
        ]
        return problems + [f"B-1 {name} was never told of" for name in states.keys() - self._names.keys()]

    def agrees(self, stored: Stored, policy_at: PolicyAt) -> list[str]:
        """B-6 and E-2: the last image of each golden record is what its rows and members make."""
        problems = []
        members = stored.members()
        for golden in stored.goldens.values():
            name = f"goldenRecords/{golden.golden_id}"
            revision, shown = self._copy.get(name, (0, None))
            if shown is None:
                problems.append(f"E-2 no reader of the changes knows {name}")
                continue
            expected = self._image(golden, members.get(golden.golden_id, []), policy_at(revision))
            for part in expected.keys() | shown.keys():
                if expected.get(part) != shown.get(part):
                    line = "B-6" if part == "values" else "E-2"
                    problems.append(f"{line} readers have other {part} of {name} than the store")
        extra = self._copy.keys() - {f"goldenRecords/{golden_id}" for golden_id in stored.goldens}
        return problems + [f"E-2 readers have {name}, the store has not" for name in extra]

    def _image(self, golden: GoldenLine, members: Sequence[RecordLine], policy: Policy) -> Any:
        """The image, kept as long as nothing that it is made of is another."""
        made_of = golden, tuple(members), policy.version
        kept = self._images.get(golden.golden_id)
        if kept is None or kept[0] != made_of:
            kept = made_of, image_of(golden, members, policy)
            self._images[golden.golden_id] = kept
        return kept[1]


def image_of(golden: GoldenLine, members: Sequence[RecordLine], policy: Policy) -> dict[str, Any]:
    """What a change shows of a golden record."""
    live = golden.state == "LIVE"
    active = sorted((r for r in members if r.state == "ACTIVE"), key=lambda r: (r.source, r.source_record_id))
    children = [
        {"record": {"source": record.source, "source_record_id": record.source_record_id}, "child": child}
        for record in active
        for child in sorted(record.draft["children"], key=lambda c: (c["kind"], c["child_id"]))
    ]
    return {
        "name": f"goldenRecords/{golden.golden_id}",
        "kind": golden.kind,
        "state": golden.state,
        "successor": f"goldenRecords/{golden.successor_id}" if golden.successor_id else "",
        "values": surviving(active, golden.choices, policy) if live else {},
        "members": sorted(record.name for record in active) if live else [],
        "children": children if live else [],
    }


def surviving(active: Sequence[RecordLine], choices: Sequence[Any], policy: Policy) -> dict[str, str]:
    """The value of each field: of the member chosen, or the one that the rule of its unit puts first."""
    units: dict[str, set[str]] = {}
    for record in active:
        for field, value in record.draft["values"].items():
            if value.strip():
                units.setdefault(group_of(field), set()).add(field)
    by_name = {record.name: record for record in active}
    chosen = {
        choice["field"]: by_name[name]
        for choice in choices
        if (name := "sources/{source}/records/{source_record_id}".format(**choice["record"])) in by_name
    }
    found: dict[str, str] = {}
    for unit, fields in units.items():
        first = chosen.get(unit)
        if first is None or not _held(first, fields):
            first = min(active, key=_order(active, fields, unit, policy))
        found |= {field: first.draft["values"][field] for field in _held(first, fields)}
        for field in fields - {unit}:
            if field in chosen and _held(chosen[field], {field}):
                found[field] = chosen[field].draft["values"][field]
    return found


def _held(record: RecordLine, fields: set[str]) -> set[str]:
    return {field for field in fields if record.draft["values"].get(field, "").strip()}


def _order(
    active: Sequence[RecordLine], fields: set[str], unit: str, policy: Policy
) -> Callable[[RecordLine], tuple[Any, ...]]:
    """Smallest first: who holds something, by the rule of the unit, by the other rules, by name."""

    def spelling(record: RecordLine) -> tuple[str, ...]:
        values: Mapping[str, str] = record.draft["values"]
        return tuple(" ".join(values.get(field, "").casefold().split()) for field in sorted(fields))

    spellings = Counter(spelling(record) for record in active if _held(record, fields))
    rules: Mapping[str, Any] = policy.survivorship
    alone = rules.get(next(iter(fields))) if len(fields) == 1 else None
    first = str(rules.get(unit) or alone or policy.default_survivorship)

    def place(record: RecordLine) -> tuple[Any, ...]:
        held = _held(record, fields)
        updated = record.draft.get("source_update_time") or record.create_time.isoformat()
        measures = {
            "MOST_TRUSTED": (policy.source(record.source).trust,),
            "MOST_RECENT": (_seconds(updated),),
            "MOST_COMPLETE": (len(held), sum(len(record.draft["values"][f].strip()) for f in held)),
            "MOST_FREQUENT": (spellings[spelling(record)],),
        }
        order = [first, *(rule for rule in measures if rule != first)]
        ranks = [-number for rule in order for number in measures[rule]]
        return (not held, *ranks, record.name)

    return place


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
