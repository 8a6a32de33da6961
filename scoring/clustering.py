"""From pairwise links to clusters: best link first, and never two records that are known to differ in one
cluster.

Plain connected components would join a not-a-match pair through a third record; a cluster here grows link by
link
and refuses every join that would break a distinction or the limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.errors import ClusterError


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that match, and how well."""

    left: str
    right: str
    match_weight_bits: float
    match_probability: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records held together by links; the weakest link among those that joined them is the one to look at."""

    members: tuple[str, ...]
    weakest_link: Link


def cluster(
    links: Iterable[Link], not_a_match: Iterable[tuple[str, str]] = (), max_members: int = 50
) -> list[Cluster]:
    """Clusters of two members or more, sorted by their first member; the order of the input changes nothing.

    A refused join leaves both sides as they are, so a pair of not-a-match, or a cluster beyond
    `max_members`, never
    comes about. Near-linear in the links.
    """
    if max_members < 2:
        raise ClusterError("a cluster has two members or more")
    groups = _Groups(not_a_match, max_members)
    for link in sorted({_ordered(link) for link in links}, key=_best_first):
        groups.join(link)
    return groups.clusters()


def _ordered(link: Link) -> Link:
    if link.left == link.right:
        raise ClusterError("a link joins two records")
    if link.left < link.right:
        return link
    return Link(link.right, link.left, link.match_weight_bits, link.match_probability)


def _best_first(link: Link) -> tuple[float, float, str, str]:
    return (-link.match_weight_bits, -link.match_probability, link.left, link.right)


class _Groups:
    """Disjoint sets of records, each with the records that it must not take in."""

    def __init__(self, not_a_match: Iterable[tuple[str, str]], max_members: int) -> None:
        self._max_members = max_members
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        self._weakest: dict[str, Link] = {}
        # root -> every record that some member is known not to be
        self._apart: dict[str, set[str]] = {}
        for left, right in not_a_match:
            self._apart.setdefault(left, set()).add(right)
            self._apart.setdefault(right, set()).add(left)

    def join(self, link: Link) -> None:
        left, right = self._root(link.left), self._root(link.right)
        if left == right or not self._may_join(left, right):
            return
        if len(self._members[left]) < len(self._members[right]):
            left, right = right, left
        self._parent[right] = left
        self._members[left] += self._members.pop(right)
        self._apart.setdefault(left, set()).update(self._apart.pop(right, ()))
        # Links come best first, so the link that joins is never better than those inside either side.
        self._weakest.pop(right, None)
        self._weakest[left] = link

    def clusters(self) -> list[Cluster]:
        found = [
            Cluster(tuple(sorted(self._members[root])), weakest) for root, weakest in self._weakest.items()
        ]
        return sorted(found, key=lambda one: one.members)

    def _may_join(self, left: str, right: str) -> bool:
        if len(self._members[left]) + len(self._members[right]) > self._max_members:
            return False
        if len(self._members[left]) > len(self._members[right]):
            left, right = right, left
        return self._apart.get(right, _NOBODY).isdisjoint(self._members[left])

    def _root(self, member: str) -> str:
        if member not in self._parent:
            self._parent[member] = member
            self._members[member] = [member]
            return member
        root = member
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[member] != root:
            self._parent[member], member = root, self._parent[member]
        return root


_NOBODY: frozenset[str] = frozenset()
