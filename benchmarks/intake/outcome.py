"""What intake made of those who were handed in, held against who they truly are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.intake.population import Handed, Sort
from benchmarks.report import Figure
from dedup_service.v1.core_pb2 import RecordKind, Verdict
from dedup_service.v1.intake_service_pb2 import IntakeAction, IntakeDuplicate, RouteResponse

UPDATE = IntakeAction.INTAKE_ACTION_UPDATE
INSERT = IntakeAction.INTAKE_ACTION_INSERT
PROPOSAL = IntakeAction.INTAKE_ACTION_INSERT_WITH_PROPOSAL
UPDATES_FROM = (0.96, 0.98, 0.99)
_KIND_RANK: dict[int, int] = {
    RecordKind.RECORD_KIND_ACCOUNT: 0,
    RecordKind.RECORD_KIND_CONTACT: 1,
    RecordKind.RECORD_KIND_LEAD: 2,
}


@dataclass(slots=True)
class Outcome:
    """Counts of answers. `right` are, by action and sort, those that updated or proposed the very person, and
    those that inserted somebody who was not there.
    """

    actions: Counter[int] = field(default_factory=Counter)
    steps: Counter[int] = field(default_factory=Counter)
    sorts: Counter[Sort] = field(default_factory=Counter)
    right: Counter[tuple[int, Sort]] = field(default_factory=Counter)
    wrong: Counter[tuple[int, Sort]] = field(default_factory=Counter)
    incomplete: int = 0

    @property
    def count(self) -> int:
        return self.actions.total()

    def add(self, handed: Handed, answer: RouteResponse, entities: Mapping[str, str]) -> None:
        """Count one answer; `entities` tells by name who every record stands for, the handed-in ones too."""
        self.actions[answer.action] += 1
        self.steps[answer.step] += 1
        self.sorts[handed.sort] += 1
        self.incomplete += not answer.complete
        is_right = _is_right(handed, answer, entities)
        (self.right if is_right else self.wrong)[answer.action, handed.sort] += 1

    def share(self, action: int) -> float:
        """The share of the answers with this action, in percent."""
        return _percent(self.actions[action], self.count)

    def known(self, actions: Sequence[int]) -> float:
        """Of those who are stored, the share that was found by these actions, in percent."""
        known = [sort for sort in Sort if sort.known]
        found = sum(self.right[action, sort] for action in actions for sort in known)
        return _percent(found, sum(self.sorts[sort] for sort in known))

    @property
    def wrongly_updated(self) -> int:
        """How many calls changed the record of somebody else."""
        return sum(count for (action, _), count in self.wrong.items() if action == UPDATE)

    @property
    def needless_proposals(self) -> int:
        """How many new records wait for a decision that names nobody they are."""
        return sum(count for (action, _), count in self.wrong.items() if action == PROPOSAL)


def _is_right(handed: Handed, answer: RouteResponse, entities: Mapping[str, str]) -> bool:
    if answer.action == UPDATE:
        return entities.get(answer.record.name) == handed.entity
    named = any(entities.get(duplicate.record) == handed.entity for duplicate in answer.duplicates)
    return named if answer.action == PROPOSAL else not handed.sort.known


@dataclass(frozen=True, slots=True)
class Sureness:
    """What the same answers would be if an update had to be as sure as `update_from`, over so many calls."""

    update_from: float
    updated: float
    wrongly_updated: int


def at_sureness(
    pairs: Sequence[tuple[Handed, RouteResponse]], entities: Mapping[str, str], update_from: float
) -> Sureness:
    """Chosen among the duplicates that an answer tells, as intake chooses: of the own source first, then
    accounts before contacts before leads, then the likeliest.
    """
    right = wrong = 0
    for handed, answer in pairs:
        fitting = [
            duplicate
            for duplicate in answer.duplicates
            if duplicate.score.verdict == Verdict.VERDICT_MATCH
            and duplicate.score.match_probability >= update_from
            and (not handed.must_transact or duplicate.kind == RecordKind.RECORD_KIND_ACCOUNT)
        ]
        if fitting:
            target = min(fitting, key=lambda one: _rank(one, handed.draft.key.source))
            is_right = entities.get(target.record) == handed.entity
            right, wrong = right + is_right, wrong + (not is_right)
    known = sum(handed.sort.known for handed, _ in pairs)
    return Sureness(update_from, _percent(right, known), wrong)


def _rank(duplicate: IntakeDuplicate, source: str) -> tuple[bool, int, float]:
    of_source = duplicate.record.startswith(f"sources/{source}/")
    return not of_source, _KIND_RANK[duplicate.kind], -duplicate.score.match_probability


def sureness_figures(told: Iterable[Sureness]) -> list[Figure]:
    """Two rows for each."""
    return [
        figure
        for one in told
        for figure in (
            Figure(f"with update_from {one.update_from}: of those who are stored, updated", one.updated, "%"),
            Figure(
                f"with update_from {one.update_from}: somebody else wrongly updated",
                one.wrongly_updated,
                "records",
            ),
        )
    ]


def counted(pairs: Iterable[tuple[Handed, RouteResponse]], entities: Mapping[str, str]) -> Outcome:
    """All these answers."""
    outcome = Outcome()
    for handed, answer in pairs:
        outcome.add(handed, answer, entities)
    return outcome


def figures(of: str, outcome: Outcome) -> list[Figure]:
    """Shares and correctness, each named after what they are of."""
    return [
        Figure(f"{of}: INSERT", outcome.share(INSERT), "%"),
        Figure(f"{of}: UPDATE", outcome.share(UPDATE), "%"),
        Figure(f"{of}: INSERT_WITH_PROPOSAL", outcome.share(PROPOSAL), "%"),
        Figure(f"{of}: not every candidate compared", _percent(outcome.incomplete, outcome.count), "%"),
        Figure(f"{of}: of those who are stored, updated", outcome.known([UPDATE]), "%"),
        Figure(f"{of}: of those who are stored, updated or proposed", outcome.known([UPDATE, PROPOSAL]), "%"),
        Figure(f"{of}: proposals that name nobody they are", outcome.needless_proposals, "records"),
        Figure(f"{of}: somebody else wrongly updated", outcome.wrongly_updated, "records"),
    ]


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
