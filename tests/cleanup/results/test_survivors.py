"""Values survive for all clusters together as `scoring.survive` chooses them one by one."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from dedup_service.cleanup.results.survivors import Survivorship, moment_of, survive_clusters
from scoring import MemberValues, Rule, survive

UNITS = {
    "name": ("given", "family"),
    "address": ("street", "city", "code"),
    "email": ("email",),
    "note": ("note",),
}
TEXTS = ("", "", "Ann", "ann ", "ANN  LEE", "Straße 7", "strasse 7", "B", "Bo", " ")
TIMES = ("", "2026-01-02", "2026-01-02T03:04:05+02:00", "2025-12-31 10:00", "soon")


def members(dice: random.Random, count: int) -> tuple[dict[str, list[str]], list[int], list[int], list[str]]:
    """Columns of members, where clusters begin, how trusted each member is, and when it was written."""
    sizes = [dice.randint(2, 6) for _ in range(count)]
    total = sum(sizes)
    columns = {name: [dice.choice(TEXTS) for _ in range(total)] for names in UNITS.values() for name in names}
    starts = [sum(sizes[:at]) for at in range(count)]
    return (
        columns,
        starts,
        [dice.randint(-2, 0) for _ in range(total)],
        [dice.choice(TIMES) for _ in range(total)],
    )


def one_by_one(
    columns: Mapping[str, Sequence[str]],
    rows: range,
    trusts: Sequence[int],
    times: Sequence[str],
    how: Survivorship,
) -> dict[str, str]:
    """What `scoring.survive` gives for the cluster of these rows."""
    long_ago = datetime.fromtimestamp(0, UTC)
    asked = [
        MemberValues(
            f"{at:09}",
            {name: texts[at] for name, texts in columns.items()},
            trusts[at],
            moment_of(times[at]) or long_ago,
        )
        for at in rows
    ]
    groups = {name: unit for unit, names in how.units.items() for name in names}
    return {name: one.value for name, one in survive(asked, how.rules, groups, {}, how.default_rule).items()}


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("seed", range(3))
def test_every_rule_gives_what_survivorship_gives(rule: Rule, seed: int) -> None:
    """For groups and single fields, with ties, values that differ in case and spaces alone, and none."""
    columns, starts, trusts, times = members(random.Random(seed), 400)
    how = Survivorship(UNITS, {"name": rule, "email": Rule.MOST_FREQUENT}, rule)
    found = survive_clusters(pa.table(columns), np.array(starts), how, np.array(trusts), times)
    ends = [*starts[1:], len(trusts)]
    for cluster, (start, end) in enumerate(zip(starts, ends, strict=True)):
        expected = one_by_one(columns, range(start, end), trusts, times, how)
        got = {
            name: columns[name][origin]
            for unit, names in how.units.items()
            if (origin := int(found.origins[unit][cluster])) >= 0
            for name in names
            if columns[name][origin].strip()
        }
        assert got == expected


def test_conflicts_are_values_that_differ_beyond_case_and_spaces() -> None:
    """Counted by column; a value that is missing contradicts nobody."""
    table = pa.table({"given": ["Ann", " ann", "Ann", "Bo", "Ann", ""], "family": ["Lee"] * 6})
    how = Survivorship({"given": ["given"], "family": ["family"]}, {}, Rule.MOST_COMPLETE)
    found = survive_clusters(table, np.array([0, 2, 4]), how, np.zeros(6, np.int64), None)
    assert found.conflicts == {"given": 1, "family": 0}


def test_the_survivor_has_the_most_values() -> None:
    """Of equals the most trusted, then the most recent, then the first."""
    table = pa.table({"a": ["x", "x", "x", "x", "x", "", "x", "x"], "b": ["", "y", "", "", "", "", "", ""]})
    how = Survivorship({"a": ["a"], "b": ["b"]}, {}, Rule.MOST_COMPLETE)
    trusts = np.array([0, -1, -1, 0, 0, 0, 0, 0])
    times = ["2026-01-01", "2020-01-01", "", "", "2020-01-01", "2026-01-01", "2025-01-01", "2025-01-01"]
    found = survive_clusters(table, np.array([0, 2, 4, 6]), how, trusts, times)
    assert found.survivors.tolist() == [1, 3, 4, 6]


@pytest.mark.parametrize(
    ("text", "year"), [("2026-01-02", 2026), (" 2025-01-01T00:00:00Z ", 2025), ("soon", None), ("", None)]
)
def test_times_are_read_as_iso_8601(text: str, year: int | None) -> None:
    """Of UTC where no zone stands; anything else is no time."""
    moment = moment_of(text)
    assert (moment.year if moment else None) == year
    assert moment is None or moment.utcoffset() is not None
