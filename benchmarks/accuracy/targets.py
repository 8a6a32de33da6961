"""The targets, as data, and how each is judged from the figures of one run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.accuracy.contestants import OURS, PEERS
from benchmarks.accuracy.results import SetFacts

SPLINK = "splink"


class State(StrEnum):
    """Whether a target is met; OPEN where the run did not measure what it needs."""

    MET = "met"
    SHORT = "short"
    OPEN = "not judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """A target, what was measured for it, and whether it is met."""

    target: str
    measured: str
    state: State


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure of ours on a set is at least this, both rounded to three digits."""

    set_name: str
    figure: str
    least: float

    def judged(self, sets: Mapping[str, SetFacts]) -> Judged:
        text = f"{self.set_name}: {self.figure.replace('_', ' ')} at least {self.least:.3f}"
        value = _figure(sets, self.set_name, OURS, self.figure)
        if value is None:
            return Judged(text, "", State.OPEN)
        return Judged(text, f"{value:.3f}", _state(round(value, 3) >= self.least))


@dataclass(frozen=True, slots=True)
class AbovePeers:
    """Ours, as it comes, is above every peer at its best threshold in the same run."""

    set_name: str

    def judged(self, sets: Mapping[str, SetFacts]) -> Judged:
        text = f"{self.set_name}: above every peer at its best threshold"
        ours = _figure(sets, self.set_name, OURS, "f1")
        peers = {
            peer: value
            for peer in PEERS
            if (value := _figure(sets, self.set_name, peer, "best_f1")) is not None
        }
        if ours is None or len(peers) < len(PEERS):
            return Judged(text, "" if ours is None else f"{ours:.3f}", State.OPEN)
        best = max(peers, key=lambda peer: peers[peer])
        return Judged(text, f"{ours:.3f}, {best} {peers[best]:.3f}", _state(ours > peers[best]))


@dataclass(frozen=True, slots=True)
class AbovePeer:
    """Ours is above a peer at its best threshold by a margin, on a set that is hard enough for that peer."""

    set_name: str
    peer: str
    margin: float
    peer_below: float

    def judged(self, sets: Mapping[str, SetFacts]) -> Judged:
        hard = f"{self.peer} under {self.peer_below:.2f}"
        text = f"{self.set_name}: {hard} and ours at least {self.margin:.2f} above it"
        ours = _figure(sets, self.set_name, OURS, "f1")
        peer = _figure(sets, self.set_name, self.peer, "best_f1")
        if ours is None or peer is None:
            return Judged(text, "" if ours is None else f"{ours:.3f}", State.OPEN)
        met = round(ours - peer, 3) >= self.margin and peer < self.peer_below
        return Judged(text, f"{ours:.3f}, {self.peer} {peer:.3f}", _state(met))


@dataclass(frozen=True, slots=True)
class KeptWithSize:
    """F1 on the large set is within a margin of that on the small one, at the same settings."""

    small: str
    large: str
    within: float

    def judged(self, sets: Mapping[str, SetFacts]) -> Judged:
        text = f"{self.large}: F1 within {self.within:.2f} of {self.small}"
        small, large = (_figure(sets, name, OURS, "f1") for name in (self.small, self.large))
        if small is None or large is None:
            return Judged(text, "", State.OPEN)
        return Judged(text, f"{large:.3f} after {small:.3f}", _state(round(small - large, 3) <= self.within))


@dataclass(frozen=True, slots=True)
class NoChain:
    """No cluster of ours is larger than so many times the largest true one."""

    set_name: str
    times: int

    def judged(self, sets: Mapping[str, SetFacts]) -> Judged:
        text = f"{self.set_name}: no cluster over {self.times} times the largest true one"
        found = _figure(sets, self.set_name, OURS, "largest_cluster")
        true = sets[self.set_name].largest_true_cluster if self.set_name in sets else None
        if found is None or true is None:
            return Judged(text, "", State.OPEN)
        return Judged(text, f"{found:.0f}, largest true {true}", _state(found <= self.times * true))


Target = Floor | AbovePeers | AbovePeer | KeptWithSize | NoChain

TARGETS: tuple[Target, ...] = (
    Floor("febrl1", "f1", 1.000),
    Floor("febrl2", "f1", 0.998),
    Floor("febrl3", "f1", 0.998),
    Floor("febrl4", "f1", 0.999),
    Floor("splink_historical_50k", "f1", 0.85),
    AbovePeers("splink_fake_1000"),
    AbovePeers("chicago_early_childhood"),
    AbovePeers("goldenmatch_orgs_hard"),
    AbovePeers("senzing_truthset"),
    AbovePeers("uganda_client_registry"),
    Floor("nomenklatura_name_bench", "f1", 0.85),
    Floor("cdc_recordlinker_cases", "right", 0.95),
    AbovePeer("hard_people_100k", SPLINK, 0.10, 0.80),
    Floor("hard_people_100k", "match_precision", 0.99),
    AbovePeer("hard_companies_100k", SPLINK, 0.03, 0.94),
    Floor("hard_companies_100k", "match_precision", 0.99),
    KeptWithSize("hard_people_10k", "hard_people_1m", 0.04),
    KeptWithSize("hard_companies_10k", "hard_companies_1m", 0.04),
    NoChain("hard_people_100k", 3),
    NoChain("hard_companies_100k", 3),
    NoChain("hard_people_1m", 3),
    NoChain("hard_companies_1m", 3),
)


def judge(sets: Iterable[SetFacts]) -> list[Judged]:
    """Every target whose sets are in the run."""
    by_name = {one.name: one for one in sets}
    return [target.judged(by_name) for target in TARGETS if _names(target) & by_name.keys()]


def _names(target: Target) -> set[str]:
    return {target.large} if isinstance(target, KeptWithSize) else {target.set_name}


def _figure(sets: Mapping[str, SetFacts], set_name: str, contestant: str, figure: str) -> float | None:
    if set_name not in sets:
        return None
    for result in sets[set_name].results:
        if result.contestant == contestant:
            value: float | None = getattr(result, figure)
            return value
    return None


def _state(met: bool) -> State:
    return State.MET if met else State.SHORT
