"""How targets are judged, and what a run says at its end."""

import re
from pathlib import Path

import pytest

from benchmarks.accuracy.contestants import OURS, PEERS, PEERS_LOCK, peer_versions
from benchmarks.accuracy.results import Result, SetFacts
from benchmarks.accuracy.table import closing_line, markdown
from benchmarks.accuracy.targets import (
    TARGETS,
    AbovePeer,
    AbovePeers,
    Floor,
    KeptWithSize,
    NoChain,
    State,
    judge,
)


def facts(name: str, **f1: float) -> SetFacts:
    """A set with the default and best F1 of each contestant, and clusters of four at most."""
    results = [
        Result(name, contestant, f1=value, best_f1=value, largest_cluster=4)
        for contestant, value in f1.items()
    ]
    return SetFacts(name, 10, 6, 2, "CC0", "", results)


def sets(*found: SetFacts) -> dict[str, SetFacts]:
    return {one.name: one for one in found}


def test_a_floor_holds_to_three_digits() -> None:
    """0.9975 is 0.998, 0.9974 is not."""
    floor = Floor("febrl2", "f1", 0.998)
    assert floor.judged(sets(facts("febrl2", ours=0.99751))).state is State.MET
    assert floor.judged(sets(facts("febrl2", ours=0.99744))).state is State.SHORT


def test_above_every_peer_means_every_peer() -> None:
    """A tie with the best peer falls short, and without one of the peers nothing is judged."""
    target = AbovePeers("uganda")
    assert target.judged(sets(facts("uganda", ours=0.9, **dict.fromkeys(PEERS, 0.8)))).state is State.MET
    assert target.judged(sets(facts("uganda", ours=0.9, **dict.fromkeys(PEERS, 0.9)))).state is State.SHORT
    assert target.judged(sets(facts("uganda", ours=0.9, splink=0.8))).state is State.OPEN


@pytest.mark.parametrize(
    ("ours", "splink", "state"),
    [(0.89, 0.79, State.MET), (0.88, 0.79, State.SHORT), (0.95, 0.81, State.SHORT)],
)
def test_a_set_has_to_be_hard_for_the_peer_too(ours: float, splink: float, state: State) -> None:
    """The margin over a peer counts only on a set where the peer stays under its bound."""
    target = AbovePeer("hard", "splink", 0.10, 0.80)
    assert target.judged(sets(facts("hard", ours=ours, splink=splink))).state is state


def test_little_is_lost_with_size() -> None:
    """A loss of 0.04 is within the target, 0.05 is not; without the large set nothing is judged."""
    target = KeptWithSize("small", "large", 0.04)
    small = facts("small", ours=0.90)
    assert target.judged(sets(small, facts("large", ours=0.86))).state is State.MET
    assert target.judged(sets(small, facts("large", ours=0.85))).state is State.SHORT
    assert target.judged(sets(small)).state is State.OPEN


def test_a_chain_falls_short() -> None:
    """A cluster of four is too large where twice the largest true one is three."""
    found = sets(facts("hard", ours=0.9))
    assert NoChain("hard", 2).judged(found).state is State.MET
    assert NoChain("hard", 1).judged(found).state is State.SHORT


def test_a_run_judges_the_targets_of_its_sets_alone() -> None:
    """Each set brings its own targets, none of the sets that were not run."""
    judged = judge([facts("febrl1", ours=1.0)])
    assert [one.state for one in judged] == [
        State.MET if isinstance(target, Floor) else State.OPEN
        for target in TARGETS
        if not isinstance(target, KeptWithSize) and target.set_name == "febrl1"
    ]


def test_the_last_line_says_what_falls_short_and_what_was_not_judged() -> None:
    """Pass is said only where nothing falls short, and never hides what was not judged."""
    met = judge([facts("febrl2", ours=1.0)])
    short = judge([facts("febrl2", ours=0.5)])
    unjudged = judge([facts("splink_fake_1000", ours=0.9)])
    assert closing_line(met) == "accuracy: pass"
    assert closing_line(short).startswith("accuracy: falls short: febrl2")
    assert "not judged: splink_fake_1000" in closing_line(unjudged)


def test_the_table_marks_what_is_of_another_run() -> None:
    """A kept figure has a star and the note below says from when."""
    kept = Result("febrl1", "splink", "5", f1=0.97, best_f1=0.99, kept_from="2026-01-01T00:00Z")
    found = SetFacts("febrl1", 10, 6, 2, "CC0", "", [Result("febrl1", OURS, f1=0.9), kept])
    about: dict[str, object] = {"cores": 2, "python": "3.11", "load_average": [0.1, 0.2, 0.3], "time": "now"}
    text = markdown([found], [], about)
    assert "0.970 / 0.990*" in text
    assert "kept from 2026-01-01T00:00Z" in text


def test_the_bench_environment_is_pinned_by_hash() -> None:
    """Every requirement of the peers has one version and its hashes, and no registry is named."""
    lock = PEERS_LOCK.read_text("utf-8")
    pinned = re.split(r"\n(?=\S)", "\n".join(line for line in lock.splitlines() if "# via" not in line))
    names = [one for one in pinned if one and not one.startswith("#")]
    assert all("==" in one and "--hash=sha256:" in one for one in names)
    assert not re.search(r"https?://|--index-url|--find-links", lock)
    assert peer_versions().keys() == set(PEERS)


def test_peers_import_nothing_of_the_project_but_their_exchange() -> None:
    """A peer runs where the project is not installed."""
    scripts = sorted((PEERS_LOCK.parent / "accuracy" / "peers").glob("*.py"))
    assert len(scripts) > len(PEERS)
    for script in scripts:
        named = re.findall(
            r"^(?:from|import) (?:scoring|dedup_service|benchmarks)(\S*)", _text(script), re.MULTILINE
        )
        assert all(rest.startswith(".accuracy.peers") for rest in named), script.name


def _text(path: Path) -> str:
    return path.read_text("utf-8")
