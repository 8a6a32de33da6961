"""All that is written of what was found: golden records, clusters, pairs for review; and the figures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup_service.cleanup.finding import Found
from dedup_service.cleanup.reading.gathering import SOURCE, Gathered
from dedup_service.cleanup.results.clusters import Clusters, read_clusters
from dedup_service.cleanup.results.golden import Merged, Merging, OnRows, members_schema
from dedup_service.cleanup.results.layout import Layout, Rules, layout_of
from dedup_service.cleanup.results.links import Links, for_review, read_links, weakest_links
from dedup_service.cleanup.results.reviews import Reviewing
from dedup_service.cleanup.results.tables import Format, open_table
from dedup_service.cleanup.results.tallies import Tallied, Tally
from scoring import Entity, Verdict, blocking_rules
from scoring.calibration import bits_of
from scoring.resolution.weights import probabilities

GOLDEN, CLUSTERS, REVIEW = "golden", "clusters", "review"
Figures = dict[str, Any]
MOST_MEETINGS = 10
_MOST_SHARES = 15
_WIDEST_BITS = 60.0
_SHOWN_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write: how, at most so many pairs for review, and by which rules values survive; so many
    clusters are held in memory at once.
    """

    form: Format
    most_reviews: int
    rules: Rules
    clusters_at_once: int = 20_000


@dataclass(slots=True)
class _Tallies:
    """What is counted while the rows go by."""

    gathered: Gathered
    sources: Tally
    owners: Tally
    types: Tally

    def add(self, rows: pa.Table, cluster: NDArray[np.int32]) -> None:
        roles, known = self.gathered.columns.roles, self.gathered.recognised
        if self.gathered.several_sources:
            self.sources.add(rows.column(SOURCE), cluster)
        if roles.owner:
            self.owners.add(rows.column(self.gathered.name_of(roles.owner)), cluster)
        if known.record_type:
            self.types.add(rows.column(known.record_type), cluster)


def write_results(
    gathered: Gathered, found: Found, folder: Path, scratch: Path, wanted: Wanted, on_rows: OnRows
) -> Figures:
    """Write the files into a folder, and give the figures of the report.

    Args:
        gathered: The rows.
        found: What was found among them.
        folder: Where the files go.
        scratch: A folder for what is needed meanwhile; made, and removed again.
        wanted: What to write.
        on_rows: Told of rows that are done; each row is done twice.
    """
    links = read_links(found.pairs)
    clusters = read_clusters(found.clusters, gathered.row_count)
    weakest = weakest_links(links, clusters.cluster_of, clusters.sizes)
    layout = layout_of(gathered, wanted.rules)
    tallies = _Tallies(gathered, Tally(), Tally(), Tally())
    merging = Merging(
        layout,
        clusters,
        weakest,
        _chances(weakest),
        scratch,
        wanted.clusters_at_once,
        on_rows=on_rows,
        on_group=tallies.add,
    )
    several = gathered.several_sources
    with (
        open_table(folder, GOLDEN, layout.schema, wanted.form) as golden,
        open_table(folder, CLUSTERS, members_schema(several), wanted.form) as members,
    ):
        merged = merging.write(golden, members)
    scratch.rmdir()
    places = for_review(links, clusters.cluster_of)
    pairs = Reviewing(gathered, clusters, found.model).table(links, places[: wanted.most_reviews])
    with open_table(folder, REVIEW, pairs.schema, wanted.form) as review:
        review.write_table(pairs)
    return {
        "records": _records(gathered, tallies.types),
        "inputs": [asdict(one) for one in gathered.inputs],
        "columns": _columns(gathered),
        "found": _found(found, clusters, merged, len(places), min(len(places), wanted.most_reviews)),
        "model": _model(found),
        "sureness": _sureness(links),
        "cluster_sizes": _sizes(clusters),
        "clusters_by_weakest_link": _by_weakest(weakest, found),
        "weakest_clusters": _weakest(clusters, weakest),
        "weights": _weights(links),
        "sources": _shares(tallies.sources.tallied(MOST_MEETINGS)) if several else None,
        "owners": _shares(tallies.owners.tallied(0)) if gathered.columns.roles.owner else None,
        "merging": _merging(layout, merged),
        "too_common": _too_common(found),
    }


def _chances(weights_bits: NDArray[np.float64]) -> NDArray[np.float64]:
    chances = np.full(len(weights_bits), np.nan)
    known = ~np.isnan(weights_bits)
    chances[known] = probabilities(weights_bits[known])
    return chances


def _records(gathered: Gathered, types: Tally) -> Figures:
    known = gathered.recognised
    counts = dict.fromkeys(Entity, 0)
    if known.record_type:
        for one in types.tallied(0).shares:
            counts[known.entity_of({known.record_type: one.name})] += one.records
    else:
        counts[known.entity] = gathered.row_count
    return {
        "all": gathered.row_count,
        "people": counts[Entity.PERSON],
        "companies": counts[Entity.COMPANY],
        "blank_rows_left_out": sum(one.blank_count for one in gathered.inputs),
    }


def _columns(gathered: Gathered) -> Figures:
    columns = gathered.columns
    known = columns.recognised
    of_roles = dict(zip(("source", "owner", "update_time"), _role_names(gathered), strict=True))
    return {
        "record_id": known.record_id,
        "record_type": known.record_type,
        **of_roles,
        "entity": str(known.entity),
        "entity_why": known.entity_why,
        "compared": {one.field: one.words for one in known.fields},
        "ignored": {one.column: one.why for one in known.ignored if one.column not in columns.roles.columns},
    }


def _role_names(gathered: Gathered) -> tuple[str, str, str]:
    roles = gathered.columns.roles
    return roles.source, roles.owner, roles.update_time


def _found(found: Found, clusters: Clusters, merged: Merged, review_count: int, listed_count: int) -> Figures:
    return {
        "candidate_pairs": found.candidate_count,
        "verdicts": {str(verdict): found.verdicts[verdict] for verdict in Verdict},
        "clusters": clusters.count,
        "records_in_clusters": clusters.member_count,
        "golden_records": merged.golden_count,
        "duplicates": clusters.member_count - clusters.count,
        "reviews": review_count,
        "reviews_listed": listed_count,
    }


def _model(found: Found) -> Figures:
    return {
        "version": found.model.version,
        "match_threshold": found.model.match_threshold,
        "review_threshold": found.model.review_threshold,
        "match_bits": bits_of(found.model.match_threshold),
        "review_bits": bits_of(found.model.review_threshold),
        "doubtful": sorted(str(one) for one in found.doubtful),
    }


def _sureness(links: Links) -> Figures:
    """What the model expects of its own verdicts."""
    sure, unsure = links.probabilities[links.is_match], links.probabilities[~links.is_match]
    return {
        "match_pairs": len(sure),
        "match_expected_precision": float(sure.mean()) if len(sure) else None,
        "match_expected_wrong": float((1 - sure).sum()),
        "review_pairs": len(unsure),
        "review_expected_true": float(unsure.sum()),
    }


def _sizes(clusters: Clusters) -> dict[str, int]:
    sizes, counts = np.unique(clusters.sizes, return_counts=True)
    return {str(size): count for size, count in zip(sizes.tolist(), counts.tolist(), strict=True)}


def _by_weakest(weakest_bits: NDArray[np.float64], found: Found) -> dict[str, int]:
    """How many clusters hold how surely: every link that they need is MATCH, or one is not."""
    sure = int((weakest_bits >= bits_of(found.model.match_threshold)).sum())
    return {"match": sure, "below_match": len(weakest_bits) - sure}


def _weakest(clusters: Clusters, weakest_bits: NDArray[np.float64]) -> list[Figures]:
    """The clusters that hang on the weakest links."""
    order = np.argsort(weakest_bits, kind="stable")[:_SHOWN_CLUSTERS]
    chances = _chances(weakest_bits)
    return [
        {
            "cluster": at + 1,
            "members": int(clusters.sizes[at]),
            "weakest_link_bits": float(weakest_bits[at]),
            "weakest_link_probability": float(chances[at]),
        }
        for at in order.tolist()
        if not np.isnan(weakest_bits[at])
    ]


def _weights(links: Links) -> Figures:
    """How many pairs weigh how much, by whole bits."""
    bits = links.weights_bits.clip(-_WIDEST_BITS, _WIDEST_BITS - 1e-9)
    low, high = (int(np.floor(bits.min())), int(np.floor(bits.max())) + 1) if len(bits) else (0, 1)
    edges = np.arange(low, high + 1)
    return {
        "from_bits": edges[:-1].tolist(),
        "match_pairs": np.histogram(bits[links.is_match], edges)[0].tolist(),
        "review_pairs": np.histogram(bits[~links.is_match], edges)[0].tolist(),
    }


def _shares(tallied: Tallied) -> Figures:
    return {
        "shares": [asdict(one) for one in tallied.shares[:_MOST_SHARES]],
        "left_out": max(0, len(tallied.shares) - _MOST_SHARES),
        "meetings": [list(row) for row in tallied.meetings],
    }


def _merging(layout: Layout, merged: Merged) -> list[Figures]:
    return [
        {
            "column": name,
            "filled_before": merged.filled_before[physical],
            "filled_after": merged.filled_after[physical],
            "clusters_in_conflict": merged.conflicts[physical],
        }
        for name, physical in zip(layout.names, layout.physical, strict=True)
        if physical not in layout.of_survivor
    ]


def _too_common(found: Found) -> list[Mapping[str, object]]:
    said = {rule.prefix: rule.description for rule in blocking_rules()}
    return [
        {"rule": said.get(prefix, prefix), "largest_members": largest, "keys": count}
        for prefix, largest, count in found.too_common
    ]
