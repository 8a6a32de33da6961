"""The plan of a hundred million records is multiplication, and the document shows what it gives."""

from dataclasses import replace

import pytest

from benchmarks.clean.plan import NAME, RECORDS, SCALE, Cluster, Measured, Step, steps, tables


def test_the_document_shows_the_plan() -> None:
    """docs/scale.md holds what python -m benchmarks.clean.plan writes."""
    shown = SCALE.read_text("utf-8").split(f"<!-- {NAME} -->\n")[1].split(f"<!-- /{NAME} -->")[0]
    assert shown == tables(RECORDS, Measured(), Cluster())


def test_a_step_takes_its_parts_one_after_the_other() -> None:
    """Python by cores, bytes by nodes, the driver as it is; stragglers hold up all but the driver."""
    cluster = replace(
        Cluster(), nodes=2, cores=5, python_share=0.5, shuffle_mb_a_second=10, stored_mb_a_second=20,
        stragglers=2,
    )  # fmt: skip
    step = Step("x", 1, shuffled_bytes=600e6, stored_bytes=1200e6, python_seconds=150, driver_seconds=60)
    assert step.minutes(cluster) == pytest.approx(2 * (0.5 + 0.5 + 0.5) + 1)


def test_training_does_not_grow_with_the_records() -> None:
    """All steps of ten times the records have ten times the rows, but that of training."""
    one, ten = (steps(count, Measured()) for count in (1e6, 1e7))
    factors = {
        small.name.split(":")[0]: large.rows / small.rows for small, large in zip(one, ten, strict=True)
    }
    assert factors.pop("TRAIN") == 1
    assert list(factors.values()) == pytest.approx([10] * len(factors))


def test_every_pair_takes_a_comparable_through_the_second_join() -> None:
    """Wider comparables make that shuffle larger by as much for each pair and record."""
    wide = replace(Measured(), comparable_bytes=Measured().comparable_bytes + 100)
    before, after = (
        next(step for step in steps(1e6, one) if "weigh" in step.name).shuffled_bytes
        for one in (Measured(), wide)
    )
    assert after - before == pytest.approx(100 * 1e6 * (Measured().candidates_a_record + 1))
