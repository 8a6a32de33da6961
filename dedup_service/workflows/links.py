"""How strongly the golden records of a plan hold together (domain 8.4)."""

from collections.abc import Sequence
from itertools import combinations, product
from math import isqrt

import scoring
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.proposals import GoldenLink

_MAX_RECORD_PAIRS = 1000


def golden_links(goldens: Sequence[GoldenRecord], model: scoring.ScoringModel) -> tuple[GoldenLink, ...]:
    """For every two golden records, their best pair of records under this model.

    At most about 1,000 pairs of records are scored, so that the largest plan costs some tens of
    milliseconds; of larger golden records the first members by name are compared.
    """
    golden_pairs = max(1, len(goldens) * (len(goldens) - 1) // 2)
    most = max(1, isqrt(_MAX_RECORD_PAIRS // golden_pairs))
    prepared = {
        golden.golden_id: [comparable_of(record.draft) for record in golden.active_members[:most]]
        for golden in goldens
    }
    links = []
    for left, right in combinations(sorted(prepared), 2):
        scores = [scoring.score_pair(a, b, model) for a, b in product(prepared[left], prepared[right])]
        if scores:
            best = max(scores, key=lambda score: score.match_weight_bits)
            links.append(
                GoldenLink(left, right, best.match_weight_bits, best.match_probability, best.verdict)
            )
    return tuple(links)


def weakest_link(links: Sequence[GoldenLink]) -> GoldenLink | None:
    """The weakest link of the strongest tree that holds all members together.

    That tree (Kruskal's, strongest links first) is what a chain of duplicates hangs on.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    weakest = None
    for link in sorted(links, key=lambda x: (-x.match_weight_bits, x.left, x.right)):
        left, right = root(link.left), root(link.right)
        if left != right:
            parent[left] = right
            weakest = link
    return weakest
