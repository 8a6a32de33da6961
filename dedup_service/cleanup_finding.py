"""Finding for cleanup runs: the pipeline of `cleanup` on a snapshot of the store, a folder for each run."""

import asyncio
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import scoring
from dedup_service.cleanup import (
    CleanupError,
    Comparables,
    FindOptions,
    Found,
    Progress,
    Stopped,
    Workspace,
    find_duplicates,
    open_engine,
)
from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.domain.cleanup.runs import CommonKey, Phase
from dedup_service.domain.plan import MAX_MEMBERS
from dedup_service.domain.proposals import GoldenLink
from dedup_service.workflows.cleaning.finding import (
    FindingFailed,
    Findings,
    FindingStopped,
    FindRequest,
    TellPhase,
)
from dedup_service.workflows.cleaning.port import Snapshot
from dedup_service.workflows.links import weakest_link

_PAIR_COLUMNS = ("left", "right", "match_weight_bits", "match_probability")
_SCHEMA = pa.schema(
    [
        ("record_id", pa.string()),
        ("golden_id", pa.string()),
        ("comparable", pa.binary()),
        # For a comparison of what changed with everything.
        ("is_changed", pa.bool_()),
    ]
)
# A single record has no duplicate, and the pipeline takes none for a mistake.
_FEWEST = 2
_RECORDS, _MARKER = "records", "read.json"
_WEIGHED = "of.json"


@dataclass(frozen=True, slots=True)
class _Read:
    """What stands beside a snapshot that was read whole; `apart` are golden ids that are never joined."""

    revision: int
    record_count: int
    apart: tuple[tuple[str, str], ...]


class PipelineFinder:
    """Implements `workflows.cleaning.finding.Finder` below a folder of its own.

    `engines` gives the address of each engine that a job may name.
    """

    def __init__(self, folder: Path, engines: Mapping[str, str], memory_mib: int) -> None:
        self._folder = folder
        self._engines = engines
        self._memory_mib = memory_mib

    @property
    def _runs(self) -> Path:
        """Where personal data is, for as long as a run needs it."""
        return self._folder / "runs"

    def _weights(self, wanted: FindRequest, run_id: str) -> Path:
        """Where the weights of the pairs of a run stay, under numbers that tell nothing of the records."""
        return self._folder / "weights" / wanted.job_id / run_id

    def snapshot_revision(self, run_id: str) -> int | None:
        """The revision of the snapshot that was read whole; None when there is none."""
        marker = self._marker(run_id)
        return None if marker is None else marker.revision

    def _marker(self, run_id: str) -> _Read | None:
        try:
            return msgspec.json.decode((self._snapshot(run_id) / _MARKER).read_bytes(), type=_Read)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _snapshot(self, run_id: str) -> Path:
        return self._runs / run_id / "snapshot"

    async def read(self, run_id: str, snapshot: Snapshot, told: Callable[[int], None]) -> None:
        """Write a snapshot as Parquet; it is there as a whole or not at all."""
        try:
            self.remove(run_id)
            folder = Workspace(self._runs / run_id).path / "snapshot"
            (folder / _RECORDS).mkdir(mode=0o700, parents=True)
            count = 0
            with pq.ParquetWriter(folder / _RECORDS / "records.parquet", _SCHEMA) as writer:
                async for rows in snapshot.batches:
                    columns = (
                        [row.record_id for row in rows],
                        [row.golden_id for row in rows],
                        [row.comparable for row in rows],
                        [row.changed for row in rows],
                    )
                    writer.write_table(pa.table(list(map(pa.array, columns, _SCHEMA.types)), schema=_SCHEMA))
                    count += len(rows)
                    told(count)
            _write_marker(folder / _MARKER, _Read(snapshot.revision, count, snapshot.apart))
        except (OSError, CleanupError) as error:
            raise FindingFailed(f"the folder of cleanup runs cannot be written ({error})") from error

    async def find(self, wanted: FindRequest, told: TellPhase, should_stop: Callable[[], bool]) -> Findings:
        """Run the pipeline in a thread; the engine works in this process or elsewhere."""
        marker = self._marker(wanted.run_id)
        assert marker is not None, "a snapshot was read"
        if wanted.engine and wanted.engine not in self._engines:
            raise FindingFailed(f"engine {wanted.engine} is not configured any more")
        return await asyncio.to_thread(self._find, wanted, marker, told, should_stop)

    def _find(
        self,
        wanted: FindRequest,
        marker: _Read,
        told: TellPhase,
        should_stop: Callable[[], bool],
    ) -> Findings:
        if marker.record_count < _FEWEST:
            return Findings((), marker.record_count, 0, wanted.model.version)
        workspace = Workspace(self._runs / wanted.run_id)
        records = self._snapshot(wanted.run_id) / _RECORDS
        url = self._engines[wanted.engine] if wanted.engine else ""
        source = Comparables(records, f"{wanted.run_id} {marker.revision}", marker.apart)
        previous = self._previous(wanted)
        options = FindOptions(
            model=wanted.model,
            train=wanted.train,
            max_cluster=MAX_MEMBERS,
            # A link below a MATCH is for people, whatever stands beside it.
            least_join_probability=None,
            previous=previous,
        )

        def tell(progress: Progress) -> None:
            told(Phase(progress.phase), progress.done, progress.total)

        try:
            with open_engine(
                url,
                memory_mib=self._memory_mib,
                workspace=workspace,
                record_count=marker.record_count,
            ) as engine:
                found = find_duplicates(
                    engine, source, workspace, options, on_progress=tell, should_stop=should_stop
                )
        except Stopped as stopped:
            raise FindingStopped from stopped
        except CleanupError as error:
            # The address may hold a token, which nobody but the operator should see.
            said = str(error).replace(url, wanted.engine) if url else str(error)
            raise FindingFailed(said) from error
        if wanted.keep_weights:
            self._keep(wanted, found)
        return Findings(
            groups=found_groups(found, records),
            record_count=found.record_count,
            candidate_count=found.candidate_count,
            scoring_model=found.model.version,
            verdicts=found.verdicts,
            too_common=tuple(CommonKey(rule, largest) for rule, largest, *_ in found.too_common),
            only_changed=previous is not None,
        )

    def _previous(self, wanted: FindRequest) -> Path | None:
        """The weights of the run to go on from; None where they are not here, or were weighed otherwise."""
        if not wanted.last_run_id:
            return None
        kept = self._weights(wanted, wanted.last_run_id)
        try:
            same = (kept / _WEIGHED).read_text("utf-8") == _way_of_weighing(wanted)
        except FileNotFoundError:
            return None
        return kept / "pairs" if same else None

    def _keep(self, wanted: FindRequest, found: Found) -> None:
        """Keep the weights of this run beside those of the one before, in case this one does not end well."""
        kept = self._weights(wanted, wanted.run_id)
        for other in kept.parent.iterdir() if kept.parent.is_dir() else ():
            if other.name != wanted.last_run_id:
                shutil.rmtree(other, ignore_errors=True)
        kept.mkdir(mode=0o700, parents=True)
        shutil.copytree(found.weighed, kept / "pairs")
        (kept / _WEIGHED).write_text(_way_of_weighing(wanted), "utf-8")

    def remove(self, run_id: str) -> None:
        """Remove the folder of a run."""
        shutil.rmtree(self._runs / run_id, ignore_errors=True)

    def keep_only(self, run_ids: Collection[str]) -> None:
        """Remove the folders of all other runs."""
        for folder in self._runs.iterdir() if self._runs.is_dir() else ():
            if folder.name not in run_ids:
                shutil.rmtree(folder, ignore_errors=True)


def _way_of_weighing(wanted: FindRequest) -> str:
    """What must be the same for a weight to hold: the model, and how records are prepared and paired."""
    parts = (
        wanted.model.version,
        str(FindOptions().most_members),
        scoring.preparation_fingerprint().hex(),
        scoring.blocking_fingerprint(),
    )
    return " ".join(parts)


def _write_marker(path: Path, read: _Read) -> None:
    """Last of all, and on disk before this returns: a snapshot without it is read anew."""
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(read))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def found_groups(found: Found, records: Path) -> list[FoundGroup]:
    """The clusters with their weakest links, then the pairs for review outside of them."""
    reviews = _table(found.reviews, _PAIR_COLUMNS)
    pairs = zip(*(reviews.column(name).to_pylist() for name in _PAIR_COLUMNS), strict=True)
    return [
        *_cluster_groups(found, records),
        *(FoundGroup(_ordered(left, right), bits, chance, True) for left, right, bits, chance in pairs),
    ]


def _table(folder: Path, columns: Sequence[str]) -> pa.Table:
    """These columns of a folder of Parquet; where there was no row the engine may have made no file."""
    if not any(folder.glob("*.parquet")):
        return pa.table({name: [] for name in columns})
    return pq.read_table(folder, columns=list(columns))


def _ordered(*golden_ids: str) -> tuple[str, ...]:
    return tuple(sorted(golden_ids))


def _cluster_groups(found: Found, records: Path) -> Iterator[FoundGroup]:
    """One group a cluster; its links are the best pairs of records of every two golden records in it."""
    clusters = _table(found.clusters, ("cluster", "golden_id"))
    if not clusters.num_rows:
        return
    known = pq.read_table(records, columns=["record_id", "golden_id"])
    place = pc.index_in(known.column("golden_id"), value_set=clusters.column("golden_id").combine_chunks())
    known, place = known.filter(pc.is_valid(place)), pc.drop_null(place)
    pairs = _table(found.pairs, _PAIR_COLUMNS)
    ids = known.column("record_id").combine_chunks()
    left, right = (pc.index_in(pairs.column(name), value_set=ids) for name in ("left", "right"))
    both = pc.and_(pc.is_valid(left), pc.is_valid(right))
    at = place.to_numpy()
    left, right = (at[pc.filter(side, both).to_numpy()] for side in (left, right))
    label = clusters.column("cluster").to_numpy()
    inside = (label[left] == label[right]) & (left != right)
    bits, chances = (
        pc.filter(pairs.column(name), both).to_numpy()[inside]
        for name in ("match_weight_bits", "match_probability")
    )
    left, right = left[inside], right[inside]
    golden_ids = clusters.column("golden_id").to_pylist()
    members: dict[int, list[str]] = {}
    for golden_id, cluster in zip(golden_ids, label.tolist(), strict=True):
        members.setdefault(cluster, []).append(golden_id)
    order = np.argsort(label[left], kind="stable").tolist()
    for cluster, group in groupby(order, key=lambda row: int(label[left[row]])):
        links = [
            GoldenLink(*_ends(golden_ids[left[row]], golden_ids[right[row]]), bits[row], chances[row])
            for row in group
        ]
        weakest = weakest_link(links)
        assert weakest is not None, "a cluster is held together by links"
        yield FoundGroup(
            _ordered(*members[cluster]),
            float(weakest.match_weight_bits),
            float(weakest.match_probability),
        )


def _ends(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)
