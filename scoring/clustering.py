"""From scored pairs to clusters that do not chain: average linkage, never two records known to differ
together.

Plain connected components would join two clusters through one false link, and a not-a-match pair through a
third record. Here two clusters join only while the mean weight of all pairs between them speaks for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from scoring.errors import ClusterError


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that were compared, and how well they match; below zero bits the pair speaks against
    joining.
    """

    left: str
    right: str
    match_weight_bits: float
    match_probability: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records held together by links. The weakest link of the strongest tree that holds them all is the one
    to look at; cohesion is the mean weight of all pairs inside, in bits.
    """

    members: tuple[str, ...]
    weakest_link: Link
    cohesion_bits: float


def cluster(
    links: Iterable[Link], not_a_match: Iterable[tuple[str, str]] = (), max_members: int = 50
) -> list[Cluster]:
    """Clusters of two members or more, sorted by their first member; the order of the input changes nothing.

    A pair of not-a-match, or a cluster beyond `max_members`, never comes about. A pair without a link counts
    as one that was never compared.

    Raises:
        ClusterError: A link joins a record with itself, or `max_members` is below two.
    """
    # numpy and scipy take a while to import, and a service that scores pairs alone needs neither.
    import numpy as np  # noqa: PLC0415 -- see above

    from scoring.resolution.partition import UNSEEN_BITS, partition  # noqa: PLC0415 -- see above

    if max_members < 2:
        raise ClusterError("a cluster has two members or more")
    best = _best(links)
    names = sorted({name for pair in best for name in pair})
    place = {name: at for at, name in enumerate(names)}
    pairs = np.array([(place[left], place[right]) for left, right in best], np.int32).reshape(-1, 2)
    bits = np.array([link.match_weight_bits for link in best.values()], np.float64)
    apart = [(place[left], place[right]) for left, right in not_a_match if left in place and right in place]
    labels = partition(len(names), pairs[:, 0], pairs[:, 1], bits, not_a_match=apart, max_members=max_members)
    members: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        members.setdefault(label, []).append(name)
    return [_described(one, best, UNSEEN_BITS) for one in members.values() if len(one) > 1]


def _best(links: Iterable[Link]) -> dict[tuple[str, str], Link]:
    """The best link of each pair, by its names in order, sorted."""
    best: dict[tuple[str, str], Link] = {}
    for link in links:
        if link.left == link.right:
            raise ClusterError("a link joins two records")
        ordered = link
        if link.right < link.left:
            ordered = Link(link.right, link.left, link.match_weight_bits, link.match_probability)
        pair = (ordered.left, ordered.right)
        if pair not in best or best[pair].match_weight_bits < ordered.match_weight_bits:
            best[pair] = ordered
    return dict(sorted(best.items()))


def _described(members: Sequence[str], links: dict[tuple[str, str], Link], unseen_bits: float) -> Cluster:
    inside = [links[pair] for pair in combinations(members, 2) if pair in links]
    pair_count = len(members) * (len(members) - 1) // 2
    total = sum(link.match_weight_bits for link in inside) + (pair_count - len(inside)) * unseen_bits
    return Cluster(tuple(members), _weakest(inside), total / pair_count)


def _weakest(inside: Sequence[Link]) -> Link:
    """The last link that Kruskal's algorithm takes, best first."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    weakest = inside[0]
    for link in sorted(inside, key=lambda one: (-one.match_weight_bits, one.left, one.right)):
        left, right = root(link.left), root(link.right)
        if left != right:
            parent[left] = right
            weakest = link
    return weakest
