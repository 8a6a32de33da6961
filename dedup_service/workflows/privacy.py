"""What is held about a record, for the person who asks, and what its erasure removed (E-4)."""

from dataclasses import dataclass

from dedup_service.domain.erasure import ErasureCertificate
from dedup_service.domain.errors import NotFound
from dedup_service.domain.principals import check_may_write
from dedup_service.domain.records import Record, RecordKey
from dedup_service.workflows.ports import ReadTransaction, Store
from dedup_service.workflows.privacy_port import Held
from dedup_service.workflows.rules import Rules


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate, and the hash of its own audit entry: the head of the chain right after the erasure."""

    certificate: ErasureCertificate
    head_hash: str


@dataclass(frozen=True, slots=True)
class Export:
    """A record with all that refers to it, as of one moment."""

    record: Record
    held: Held
    certified: Certified | None


class Privacy:
    """The use cases of whoever answers a person; those who may write a record may."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    async def export(self, caller: str, key: RecordKey) -> Export:
        """All that is held about a record.

        Raises:
            PermissionRefused: the caller may not write records of this source.
            NotFound: there is no such record.
        """
        self._check(caller, key)

        async def work(tx: ReadTransaction) -> Export:
            record = (await tx.records([key])).get(key)
            if record is None:
                raise NotFound("Record", key.name)
            return Export(record, await tx.held_about(record), await _certified(tx, key))

        return await self._store.read(work)

    async def certificate(self, caller: str, key: RecordKey) -> Certified:
        """What the erasure of a record removed.

        Raises:
            PermissionRefused: as `export`.
            NotFound: the record was not erased, or before certificates were kept.
        """
        self._check(caller, key)
        found = await self._store.read(lambda tx: _certified(tx, key))
        if found is None:
            raise NotFound("ErasureCertificate", f"{key.name}/erasureCertificate")
        return found

    def _check(self, caller: str, key: RecordKey) -> None:
        check_may_write(self._rules.principals, caller, [(key.source, None)], self._rules.policy)


async def _certified(tx: ReadTransaction, key: RecordKey) -> Certified | None:
    found = await tx.erasure_certificate(key.name)
    return Certified(*found) if found is not None else None
