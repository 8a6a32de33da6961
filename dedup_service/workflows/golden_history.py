"""Read what a golden record was, from the images that the changes keep."""

from collections.abc import AsyncIterator
from datetime import datetime

from dedup_service.domain.errors import NotFound
from dedup_service.domain.golden import golden_name
from dedup_service.domain.golden_versions import GoldenVersion, versions_of
from dedup_service.workflows.pages import Listed
from dedup_service.workflows.ports import ReadTransaction, Store

_CHUNK = 200


class GoldenHistory:
    """The use case that looks back at one golden record by its very name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def versions(
        self, golden_id: str, after: tuple[str, ...] | None, size: int
    ) -> Listed[GoldenVersion]:
        """A page of versions, the newest first.

        Raises:
            NotFound: when no such id was ever issued.
        """

        async def work(tx: ReadTransaction) -> Listed[GoldenVersion]:
            found: list[GoldenVersion] = []
            async for version in _versions(tx, golden_id, after):
                if len(found) == size:
                    return Listed(tuple(found), _cursor(found[-1]))
                found.append(version)
            return Listed(tuple(found), None)

        return await self._store.read(work)

    async def version_at(self, golden_id: str, time: datetime) -> GoldenVersion | None:
        """The version that held at this time; None before the first that is kept.

        Raises:
            NotFound: when no such id was ever issued.
        """

        async def work(tx: ReadTransaction) -> GoldenVersion | None:
            async for version in _versions(tx, golden_id, None):
                if version.start_time <= time:
                    return version
            return None

        return await self._store.read(work)


def _cursor(version: GoldenVersion) -> tuple[str, ...]:
    """Where the page after this version goes on: with the writes before it, which it ended."""
    return str(version.change.revision), version.start_time.isoformat()


async def _versions(
    tx: ReadTransaction, golden_id: str, after: tuple[str, ...] | None
) -> AsyncIterator[GoldenVersion]:
    if not await tx.goldens([golden_id]):
        raise NotFound("GoldenRecord", golden_name(golden_id))
    before = (int(after[0]), 0) if after is not None else None
    end_time = datetime.fromisoformat(after[1]) if after is not None else None
    shown_revision = 0
    while True:
        changes = await tx.golden_changes(golden_id, before, _CHUNK)
        # A write may lie on both sides of the border between two chunks.
        unshown = [change for change in changes if change.revision != shown_revision]
        for version in versions_of(golden_name(golden_id), unshown, end_time):
            yield version
            end_time, shown_revision = version.start_time, version.change.revision
        if len(changes) < _CHUNK:
            return
        before = changes[-1].revision, changes[-1].ordinal
