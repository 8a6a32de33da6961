"""From updates to what one script call writes.

Several updates of one record fold into the last one, so that a batch does to the index what its updates would
do one after the other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from dedup_service.index import layout
from dedup_service.workflows.index_port import IndexEntry, IndexUpdate

# One script writes them, some 75 us each, and no match is answered meanwhile.
ENTRIES_PER_BATCH = 100

Operation = tuple[str, msgspec.Raw, Sequence[str], Sequence[str]]
_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True)
class Operations:
    """Record by record: its number, its payload (empty: it goes), the keys that it gains and loses,
    each with its bucket.
    """

    items: list[Operation]
    record_count_change: int

    def packed(self) -> bytes:
        return _encoder.encode(self.items)


@dataclass(slots=True)
class Batch:
    """What each record becomes (None: it goes), the records that are new, and the revision reached."""

    revision: int = 0
    last: dict[int, IndexEntry | None] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)

    def add(self, update: IndexUpdate) -> None:
        for entry in update.inserts:
            self.last[entry.record_no] = entry
            self.new.add(entry.record_no)
        for entry in update.upserts:
            self.last[entry.record_no] = entry
        for record_no in update.removals:
            self.last[record_no] = None
        self.revision = update.revision

    def numbers_to_read(self, trust_inserts: bool) -> list[int]:
        """The records whose old payload must be read to know the keys that they lose."""
        return [number for number in self.last if not (trust_inserts and number in self.new)]

    def packed_new_numbers(self, trust_inserts: bool) -> bytes:
        """The records that must not be in the index yet, for the script to check."""
        return _encoder.encode([str(number) for number in self.new] if trust_inserts else [])

    def operations(self, held: Mapping[int, bytes | None]) -> Operations:
        """What to write, given the payloads that the index holds now."""
        items: list[Operation] = []
        change = 0
        for number, entry in self.last.items():
            old = held.get(number)
            old_keys = layout.stored_keys(layout.payload_comparable(old)) if old else frozenset[str]()
            if entry is None:
                if old:
                    items.append((str(number), _text(b""), (), layout.with_buckets(sorted(old_keys))))
                    change -= 1
                continue
            keys = layout.stored_keys(entry.comparable)
            gained = layout.with_buckets(sorted(keys - old_keys))
            lost = layout.with_buckets(sorted(old_keys - keys))
            items.append((str(number), _text(layout.pack_payload(entry)), gained, lost))
            change += 0 if old else 1
        return Operations(items, change)


def batches_of(updates: Iterable[IndexUpdate]) -> Iterator[Batch]:
    """Fold updates, in ascending order of revision, into batches of a size that does not hold Redis up."""
    batch = Batch()
    for update in updates:
        batch.add(update)
        if len(batch.last) >= ENTRIES_PER_BATCH:
            yield batch
            batch = Batch()
    if batch.revision:
        yield batch


def batch_of_entries(entries: Iterable[IndexEntry], revision: int) -> Batch:
    """A batch of a snapshot: every entry is new, and the revision stays that of the snapshot."""
    batch = Batch()
    batch.add(IndexUpdate(revision, inserts=tuple(entries)))
    return batch


def _text(data: bytes) -> msgspec.Raw:
    """Bytes as msgpack text: the scripts' msgpack knows no other bytes, and does not care about UTF-8."""
    if len(data) < 2**16:
        return msgspec.Raw(b"\xda" + len(data).to_bytes(2) + data)
    return msgspec.Raw(b"\xdb" + len(data).to_bytes(4) + data)
