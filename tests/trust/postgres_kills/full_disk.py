"""The disk of PostgreSQL is full: reads go on, writes fail clearly, and work again once there is room.

The disk is a small one in memory, mounted for this; the write-ahead log is beside it, as where that has no
room PostgreSQL does not answer at all.
"""

import asyncio
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from dedup_service.embedded import start_postgres
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest
from dedup_service.v1.golden_record_service_pb2_grpc import GoldenRecordServiceStub
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.record_service_pb2 import GetRecordRequest, ListRecordsRequest, Record
from tests.rpc.api import ANN, IMPORTER, contact, refusal_of
from tests.trust.failpoints.calls import Caller, calling, ingest
from tests.trust.failpoints.stand import Servers
from tests.trust.invariants import broken_invariants
from tests.trust.nursery import Child

DISK_MIB = 192
_CALL_SECONDS = 10.0
_BACK_SECONDS = 30.0
_REFUSALS = 5
_MOST_WRITES = 400
_FILLER_BYTES = 1024 * 1024
# So long that a few batches need more room than the tables have left.
_NOTE = "x" * 1000
_RECORDS = 40


class MountRefused(Exception):
    """Nobody may mount a disk here; only root may, and not in every container."""


@contextmanager
def small_disk() -> Iterator[Path]:
    """A place where a disk of its own is mounted while the context lasts; PostgreSQL's account reaches it.

    Raises:
        MountRefused: this process may not mount.
    """
    beside = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    beside.chmod(0o711)
    disk = beside / "disk"
    disk.mkdir(0o711)
    mount = shutil.which("mount") or "mount"
    wish = [mount, "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0711", "tmpfs", str(disk)]
    try:
        done = subprocess.run(wish, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MountRefused(done.stderr.strip())
        try:
            yield disk
        finally:
            subprocess.run([shutil.which("umount") or "umount", "-l", str(disk)], check=True)
    finally:
        shutil.rmtree(beside)


def log_elsewhere(servers: Servers, place: Path) -> None:
    """Have the write-ahead log on another disk than the tables."""
    servers.postgres.stop()
    log = servers.directory.resolve() / "postgres" / "cluster" / "pg_wal"
    owner = log.stat()
    shutil.copytree(log, place)
    for each in (place, *place.rglob("*")):
        shutil.chown(each, owner.st_uid, owner.st_gid)
    place.chmod(0o700)
    shutil.rmtree(log)
    log.symlink_to(place)
    servers.postgres = start_postgres(servers.directory)


@dataclass(slots=True)
class FullDisk:
    """A service whose PostgreSQL runs out of room, again and again."""

    servers: Servers
    child: Child
    caller: Caller
    filler: Path
    write_count: int = 0
    refused_count: int = 0
    read_count: int = 0
    wrong: list[str] = field(default_factory=list)

    async def cycle(self, number: int) -> None:
        """Fill the disk, write until it is refused, read, make room, and send again what was refused."""
        known = await self._write(self._batch(f"room-{number}"), str(uuid.uuid4()))
        assert known, "there is room to begin with"
        self._fill()
        refused = await self._refused(number)
        if len(refused) < _REFUSALS:
            self.wrong.append(f"cycle {number}: the disk never was full")
        await self._reads(f"sources/crm/records/room-{number}-0", number)
        self.filler.unlink()
        for records, request_id in refused:
            if not await self._comes_back(records, request_id):
                self.wrong.append(f"cycle {number}: A-4 a refused write is not taken where there is room")
        if not self.child.running():
            self.wrong.append(f"cycle {number}: A-4 the service ended")
        urls = self.servers.postgres.url, self.servers.valkey.url
        self.wrong += [f"cycle {number}: {each}" for each in await broken_invariants(*urls)]

    def _fill(self) -> None:
        with self.filler.open("ab", buffering=0) as filler:
            size = _FILLER_BYTES
            while size:
                try:
                    filler.write(bytes(size))
                except OSError:
                    size //= 2

    async def _refused(self, number: int) -> list[tuple[list[Record], str]]:
        """Writes that were refused for want of room."""
        refused: list[tuple[list[Record], str]] = []
        for count in range(_MOST_WRITES):
            records, request_id = self._batch(f"full-{number}-{count}"), str(uuid.uuid4())
            if not await self._write(records, request_id):
                refused.append((records, request_id))
            if len(refused) == _REFUSALS:
                break
        return refused

    async def _write(self, records: list[Record], request_id: str) -> bool:
        """Whether a batch was written; a refusal must be that of a store that is not available."""
        try:
            await ingest(self.caller, records, request_id)
        except grpc.aio.AioRpcError as error:
            self.refused_count += 1
            code, reason = refusal_of(error).reason
            if (code, reason) != (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"):
                self.wrong.append(f"A-4 a write is refused with {code.name} {reason}")
            return False
        self.write_count += 1
        return True

    async def _comes_back(self, records: list[Record], request_id: str) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BACK_SECONDS
        while not await self._write(records, request_id):
            if loop.time() > deadline:
                return False
            await asyncio.sleep(0.1)
        return True

    async def _reads(self, name: str, number: int) -> None:
        """Every kind of read goes on."""
        channel, records, seconds = self.caller.channel, self.caller.records, _CALL_SECONDS
        try:
            record = await records.GetRecord(GetRecordRequest(name=name), metadata=ANN, timeout=seconds)
            asked = GetGoldenRecordRequest(name=record.golden_record)
            await GoldenRecordServiceStub(channel).GetGoldenRecord(asked, metadata=ANN, timeout=seconds)
            await records.ListRecords(ListRecordsRequest(parent="sources/crm"), metadata=ANN, timeout=seconds)
            await MatchServiceStub(channel).Match(
                MatchRequest(record=name), metadata=IMPORTER, timeout=seconds
            )
        except grpc.aio.AioRpcError as error:
            self.wrong.append(
                f"cycle {number}: A-4 a read failed with {error.code().name}: {error.details()}"
            )
        self.read_count += 4

    def _batch(self, tag: str) -> list[Record]:
        return [
            contact(
                f"{tag}-{n}", email=f"{tag}.{n}@example.com", street=f"{_NOTE[:200]} {tag}", city=_NOTE[:100]
            )
            for n in range(_RECORDS)
        ]


@asynccontextmanager
async def served_on(servers: Servers, filler: Path) -> AsyncIterator[FullDisk]:
    """A service on these servers."""
    child = await servers.nursery.serve(servers.postgres.url, servers.valkey.url)
    try:
        async with calling(child.address, _CALL_SECONDS) as caller:
            yield FullDisk(servers, child, caller, filler)
    finally:
        await child.kill()
