"""What a merge desk holds, in one canonical form: for comparing before and after (A-1, B-1, B-2, B-4).

Versions, revisions and times of writing are left out, as are the audit and the changes: an undo adds to
those. Everything else that a reader could see is in.
"""

from typing import Any

import msgspec

from dedup_service.domain.golden import GoldenRecord, survivorship
from dedup_service.domain.policy import Policy
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction, Store

Dump = dict[str, Any]

_PAGE_SIZE = 200


async def canonical_dump(store: Store, policy: Policy) -> Dump:
    """Records, golden records with their values, redirects and choices, and not-a-match links."""

    async def work(tx: ReadTransaction) -> Dump:
        return {
            "records": {
                record.name: {
                    "golden": record.golden_id,
                    "state": record.state,
                    "draft": _plain(record.draft),
                }
                for record in await _all(tx.list_records)
            },
            "goldens": {golden.name: _golden(golden, policy) for golden in await _all(tx.list_goldens)},
            "distinctions": {d.name: _plain((d.left, d.right)) for d in await _all(tx.list_distinctions)},
        }

    return await store.read(work)


async def full_dump(store: Store, policy: Policy) -> Dump:
    """The canonical dump with all that a write leaves behind; a write that fails changes none of it."""

    async def work(tx: ReadTransaction) -> Dump:
        return {
            "head": await tx.head_revision(),
            "versions": {r.name: (r.version, r.revision) for r in await _all(tx.list_records)},
            "golden versions": {g.name: (g.row.version, g.row.revision) for g in await _all(tx.list_goldens)},
            "proposals": {p.name: _plain(p) for p in await _all(tx.list_proposals)},
            "merges": {m.name: _plain(m) for m in await _all(tx.list_merges)},
            "audit": [_plain(entry) for entry in await _all(tx.list_audit)],
            "changes": [_plain(change) for change in await tx.changes_after(0, 0, 100_000)],
        }

    return await canonical_dump(store, policy) | await store.read(work)


async def _all(listed: Any) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        part = await listed(Page(size=_PAGE_SIZE, after=after))
        found += part.items
        if part.next is None:
            return found
        after = part.next


def _golden(golden: GoldenRecord, policy: Policy) -> dict[str, Any]:
    row = golden.row
    return {
        "kind": row.kind,
        "state": row.state,
        "successor": row.successor_id,
        "merge": row.merge_id,
        "choices": _plain(row.choices),
        "members": sorted(record.name for record in golden.members),
        "values": _plain(survivorship(golden.members, row.choices, policy)),
        "children": _plain(golden.children),
    }


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, order="deterministic"))
