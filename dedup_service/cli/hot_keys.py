"""`hot-keys`: the blocking keys that have more members than a match reads."""

import asyncio
import os
from collections.abc import Sequence

import uvloop

import scoring
from dedup_service.cli.output import Output
from dedup_service.composition import opened_store, servers
from dedup_service.index import RedisIndex
from dedup_service.settings import Settings
from dedup_service.workflows.index_port import HotKey

_RULES = {rule.prefix: rule.description for rule in scoring.blocking_rules()}


def hot_keys(as_json: bool) -> None:
    """Say which keys are hot, the largest first, and by which rule they are keys."""
    settings = Settings.from_environment(os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_hot_keys(settings))
    out = Output(as_json)
    if as_json:
        for one in found:
            out.json({"blocking_key": one.blocking_key, "rule": _rule(one), "member_count": one.member_count})
        return
    if not found:
        out.line("no blocking key has more members than a match reads")
        return
    out.table(
        ("blocking key", "members", "records that have the"),
        [(one.blocking_key, f"{one.member_count:,}", _rule(one)) for one in found],
    )
    out.line(f"{len(found)} blocking keys; an answer that would need one says so and is not complete", "dim")


async def _hot_keys(settings: Settings) -> Sequence[HotKey]:
    async with servers(settings) as where, opened_store(settings) as store:
        index = RedisIndex(where.redis_url, await store.store_id())
        try:
            await index.connect()
            return await index.hot_keys()
        finally:
            await index.close()


def _rule(key: HotKey) -> str:
    return _RULES.get(key.blocking_key.partition(":")[0], "(a long key, kept as its hash)")
