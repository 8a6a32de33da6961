"""Connected components, found here and in the engine."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup_service.cleanup import Engine
from dedup_service.cleanup.clustering import components

Links = list[tuple[int, int]]


def labels(engine: Engine, links: Links, folder: Path, links_here: int) -> dict[int, int]:
    """The component of each number."""
    if not links:
        empty = engine.session.range(0).selectExpr("id AS left", "id AS right")
        return {row["number"]: row["component"] for row in components(engine, empty, 0, folder).collect()}
    columns = [pa.array([pair[at] for pair in links], pa.int64()) for at in (0, 1)]
    frame = engine.session.createDataFrame(pa.table(columns, names=["left", "right"]))
    found = components(engine, frame, len(links), folder, links_here).collect()
    return {row["number"]: row["component"] for row in found}


def random_links(seed: int) -> Links:
    """Some 200 links among 250 numbers."""
    drawn = np.random.default_rng(seed).integers(-125, 125, (200, 2)).tolist()
    return [(min(pair), max(pair)) for pair in drawn if pair[0] != pair[1]]


def chain(length: int, step: int = 1) -> Links:
    """Numbers linked one to the next, in an order that helps nobody."""
    numbers = [(at * 7919) % length * step for at in range(length)]
    return [(min(pair), max(pair)) for pair in pairwise(numbers)]


@pytest.mark.parametrize("links_here", [0, 1000])
def test_components_carry_their_least_number(links_here: int, engine: Engine, tmp_path: Path) -> None:
    """Everything that links join is one, under its least number, wherever that is computed."""
    links = [(5, 9), (2, 9), (-3, 40), (40, 41), (100, 101)]
    expected = {2: 2, 5: 2, 9: 2, -3: -3, 40: -3, 41: -3, 100: 100, 101: 100}
    assert labels(engine, links, tmp_path, links_here) == expected


def test_components_are_the_same_here_and_there(engine: Engine, tmp_path: Path) -> None:
    """In a graph of all shapes."""
    links = random_links(3)
    assert labels(engine, links, tmp_path, 0) == labels(engine, links, tmp_path, 1000)


def test_a_long_chain_is_followed_in_the_engine(engine: Engine, tmp_path: Path) -> None:
    """A chain of 300 links comes out as one component, in far fewer rounds than it has links."""
    found = labels(engine, chain(300), tmp_path, 0)
    assert set(found.values()) == {0}
    assert len(found) == 300
    assert len(list(tmp_path.glob("components-*"))) < 80


def test_no_links_are_no_components(engine: Engine, tmp_path: Path) -> None:
    """Nothing is linked where there is no link."""
    assert labels(engine, [], tmp_path, 1000) == {}
