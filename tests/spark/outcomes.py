"""What a run found, row by row, so that two runs can be held against each other."""

from dataclasses import dataclass

import scoring
from dedup_service.cleanup import (
    Engine,
    FindOptions,
    Found,
    RecordSource,
    Workspace,
    find_duplicates,
)
from dedup_service.cleanup.phases import OnProgress
from scoring import Verdict
from tests.cleanup.crm import found_rows

Rows = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that `Found` tells, with the rows of its files in order."""

    record_count: int
    candidate_count: int
    verdicts: dict[Verdict, int]
    too_common: tuple[tuple[str, int, int], ...]
    model: scoring.ScoringModel
    weighed: Rows
    pairs: Rows
    clusters: Rows
    reviews: Rows

    @classmethod
    def of(cls, found: Found) -> "Outcome":
        """The outcome of a run, whose workspace is still there."""
        return cls(
            found.record_count,
            found.candidate_count,
            found.verdicts,
            found.too_common,
            found.model,
            found_rows(found.weighed),
            found_rows(found.pairs),
            found_rows(found.clusters),
            found_rows(found.reviews),
        )

    def assert_same(self, other: "Outcome") -> None:
        """Compare one after the other, the short before the long, so that a difference can be read."""
        assert self.record_count == other.record_count
        assert self.candidate_count == other.candidate_count
        assert self.verdicts == other.verdicts
        assert self.too_common == other.too_common
        for name in ("weighed", "pairs", "clusters", "reviews"):
            ours, theirs = getattr(self, name), getattr(other, name)
            differ = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
            assert not differ[:3], name
            assert len(ours) == len(theirs), name
        assert self.model == other.model


def outcome(
    engine: Engine,
    source: RecordSource,
    workspace: Workspace,
    options: FindOptions,
    on_progress: OnProgress = lambda _: None,
) -> Outcome:
    """What a run finds."""
    return Outcome.of(find_duplicates(engine, source, workspace, options, on_progress=on_progress))
