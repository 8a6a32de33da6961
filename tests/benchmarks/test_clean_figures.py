"""What a run of the clean benchmark judges, and how it is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.clean.contestants import OURS, SPLINK, SPLINK_THIN, contestants, labels_of
from benchmarks.clean.figures import figures, per_doubling
from benchmarks.clean.growth import Grown
from benchmarks.clean.growth import figures as growth_figures
from benchmarks.clean.rows import Asked, Row, measured_row
from benchmarks.clean.sets import RecordSet
from benchmarks.clean.table import screen_line, write_marked
from benchmarks.report import Figure
from scoring import Entity


def row(
    size: int,
    contestant: str,
    *,
    seconds: float = 10.0,
    peak_bytes: float = 1e9,
    f1: float = 0.9,
    best_f1: float = 0.8,
    failure: str = "",
) -> Row:
    """Three runs of ours or of a peer, both entities as right as each other."""
    best = {} if contestant == OURS else dict.fromkeys(map(str, Entity), best_f1)
    both = dict.fromkeys(map(str, Entity), f1)
    return Row(size, contestant, 3, seconds, 5.0, peak_bytes, both, best, failure)


def short(*rows: Row) -> list[str]:
    return [figure.name for figure in figures(rows) if figure.short]


def judged(found: list[Figure]) -> list[Figure]:
    return [figure for figure in found if figure.target is not None]


@pytest.mark.parametrize(
    ("size", "splink_seconds", "is_short"),
    [(10_000, 30.1, False), (100_000, 29.0, True), (1_000_000, 20.1, False), (1_000_000, 19.0, True)],
)
def test_ours_takes_a_third_of_splinks_time_and_half_at_a_million(
    size: int, splink_seconds: float, is_short: bool
) -> None:
    """The share of Splink's time that is allowed depends on the size."""
    found = short(row(size, OURS), row(size, SPLINK, seconds=splink_seconds))
    assert found == ([f"{size:,} records: of the time of Splink"] if is_short else [])


def test_at_a_million_ours_is_no_slower_than_splink_with_few_pairs_for_u() -> None:
    """The thinner sample is judged at a million alone."""
    thin = {size: row(size, SPLINK_THIN, seconds=9.0) for size in (100_000, 1_000_000)}
    assert short(row(100_000, OURS), thin[100_000]) == []
    [name] = short(row(1_000_000, OURS), thin[1_000_000])
    assert name.endswith("of the time of Splink with u of 1e6 pairs")


def test_memory_is_judged_in_decimal_gigabytes() -> None:
    """1.5 GB are enough at a million, a megabyte more is too much."""
    assert short(row(1_000_000, OURS, peak_bytes=1.5e9)) == []
    assert short(row(1_000_000, OURS, peak_bytes=1.501e9)) == ["1,000,000 records: memory"]


def test_people_are_held_against_splink_at_its_best() -> None:
    """Six points above the better of both rows at its best threshold, not at the one that it comes with."""
    thin = row(1_000_000, SPLINK_THIN, seconds=30.0, best_f1=0.85, f1=0.5)
    thick = row(1_000_000, SPLINK, seconds=30.0)
    assert short(row(1_000_000, OURS), thick) == []
    assert short(row(1_000_000, OURS), thick, thin) == [
        "1,000,000 records: F1 of people above Splink at its best"
    ]


def test_who_did_not_finish_is_no_figure() -> None:
    """Without Splink nothing is judged against it."""
    found = figures([row(10_000, OURS), row(10_000, SPLINK, failure="took more than 300 s")])
    assert found
    assert not judged(found)


def test_growth_is_brought_to_a_doubling() -> None:
    """Four times the records in four times the time are twice a doubling; a tenfold step is no excuse."""
    assert per_doubling([1, 4, 8], [1.0, 4.0, 16.0]) == pytest.approx([2.0, 4.0])
    assert per_doubling([1, 10], [1.0, 100.0]) == pytest.approx([4.0])


def test_growth_is_judged_to_four_million_and_memory_at_every_size() -> None:
    """Time beyond four million is told and not judged; memory has one bound for all sizes."""
    grown = [
        Grown(2_000_000, 12_000_000, 40.0, 1e9),
        Grown(4_000_000, 25_000_000, 90.0, 1.6e9),
        Grown(5_000_000, 32_000_000, 900.0, 1.2e9),
    ]
    assert [one.name for one in growth_figures(grown, 1024) if one.short] == [
        "4,000,000 records: memory",
        "4,000,000 records: time with twice the records",
    ]


def test_a_record_in_no_cluster_is_alone() -> None:
    """Labels of clusters are those of their first members, so that no two clusters meet in one label."""
    labels = labels_of(6, np.array([4, 1, 5, 3]), np.array([7, 7, 9, 9]))
    assert labels[4] == labels[1]
    assert labels[5] == labels[3]
    assert len(set(labels.tolist())) == 4


def test_a_contestant_that_fails_has_a_row_with_its_last_words(tmp_path: Path) -> None:
    """The run goes on, and the row says why there is no figure."""
    program = ["sh", "-c", "echo no memory left >&2; exit 3"]
    broken = replace(contestants()[SPLINK], command=lambda *_: program)
    found = measured_row(broken, RecordSet(tmp_path, 10), Asked(3, 60.0, 1024))
    assert (found.failure, found.run_count) == ("no memory left", 0)
    assert "not finished: no memory left" in screen_line(found)


def test_a_table_goes_between_its_marks_alone(tmp_path: Path) -> None:
    """What stands around the marks stays, and a document without them is left as it is."""
    marked, plain = tmp_path / "marked.md", tmp_path / "plain.md"
    marked.write_text("a\n<!-- growth -->\nold\n<!-- /growth -->\nb\n", "utf-8")
    plain.write_text("a\n", "utf-8")
    for path in (marked, plain):
        write_marked(path, "growth", "new\n")
    assert marked.read_text("utf-8") == "a\n<!-- growth -->\nnew\n<!-- /growth -->\nb\n"
    assert plain.read_text("utf-8") == "a\n"
