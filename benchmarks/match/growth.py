"""How the median latency grows from 1,000,000 records to 10,000,000.

What is added goes straight into the index and the tables of the store, on a copy of the residence that is
thrown away: ingesting nine million records would take most of an hour. Each added record is made of parts of
four residents: the name of one, the address of another, the employer of a third, the date of birth of a
fourth, with mailboxes and telephones of its own. So blocks grow tenfold as in a larger company, and nobody
is anybody's duplicate.
"""

import asyncio
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg
import redis
import uvloop

import scoring
from benchmarks.match import answers, rebuilding
from benchmarks.match.bench import Bench
from benchmarks.match.population import Population, read_frames
from benchmarks.match.residence import Residence, Service, served
from benchmarks.report import Figure
from dedup_service.domain.matching import entity_of
from dedup_service.domain.records import RecordKind
from dedup_service.embedded import discard_data, start_postgres
from dedup_service.index import RedisIndex, layout
from dedup_service.index.batches import batch_of_entries
from dedup_service.rpc.enum_numbers import RECORD_KIND_OF
from dedup_service.v1.record_service_pb2 import Record
from dedup_service.workflows.index_port import IndexEntry
from scoring.comparables import Comparable, Entity

GROWN = 10
TARGET_RATIO = 1.3
RATE = 100.0
_ROUNDS = 3
_SAMPLE = 200_000
_BATCH = 500
_ROWS_AT_ONCE = 500_000
_SAY_EVERY = 500_000
SEED = 11


_FILL = (
    """
    INSERT INTO golden_records (golden_id, kind, state, version, revision, create_time)
    SELECT 'grown-' || n, 'CONTACT', 'LIVE', 1, 1, now() FROM generate_series(%s, %s) n
    """,
    """
    INSERT INTO records
        (record_no, source, source_record_id, kind, state, golden_id, version, revision, create_time,
         update_time, draft)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'grown', n::text, 'CONTACT', 'ACTIVE', 'grown-' || n, 1, 1, now(), now(), '{}'
    FROM generate_series(%s, %s) n
    """,
)


def measure(home: Residence, workers: int, seconds: float) -> list[Figure]:
    """The same loads before and after, on one running service."""
    grown = home.folder / "grown"
    _discard(grown)
    print("copying the residence", file=sys.stderr)
    # With its owners: PostgreSQL may run as another user.
    subprocess.run(["cp", "-a", home.data_dir, grown], check=True)
    try:
        with served(grown, workers) as service:
            bench = Bench(service, home.population, connections=8)
            rebuilding.at_start(bench)
            bench.warm(5.0)
            before = _load(bench, seconds)
            added = (GROWN - 1) * home.resident_count
            numbers = _grow_store(grown, added)
            uvloop.run(_grow_index(service, home.population, numbers))
            bench.warm(5.0)
            after = _load(bench, seconds)
            used_bytes = service.used_memory_bytes()
    finally:
        _discard(grown)
    count = home.resident_count + added
    return [
        Figure("records at first", home.resident_count, "records"),
        Figure("records in the end", count, "records"),
        *(Figure(f"{name}, at first", value, unit) for name, value, unit in before),
        *(Figure(f"{name}, in the end", value, unit) for name, value, unit in after),
        Figure("ratio of medians", after[0][1] / before[0][1], "times", TARGET_RATIO, at_least=False),
        Figure("index a million records", used_bytes / count * 1e6 / 2**30, "GiB", 1.0, at_least=False),
    ]


def _discard(data_dir: Path) -> None:
    discard_data(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


def _load(bench: Bench, seconds: float) -> list[tuple[str, float, str]]:
    """Medians of three loads over the same queries."""
    first = bench.next_query
    outcomes = [bench.load(RATE, seconds, first=first) for _ in range(_ROUNDS)]
    found = answers.read(outcomes[-1], len(bench.population.queries))
    return [
        ("median latency", statistics.median(each.latency_ms(50) for each in outcomes), "ms"),
        ("p99", statistics.median(each.latency_ms(99) for each in outcomes), "ms"),
        ("candidates a call, median", float(np.median(found.candidate_counts)), "records"),
        ("answers that are not complete", 100 * (1 - float(np.mean(found.complete))), "%"),
    ]


def _grow_store(data_dir: Path, added: int) -> range:
    """A golden record and a record each, without values, as a match asks only whether they are live; the
    numbers of the records.
    """
    postgres = start_postgres(data_dir)
    try:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            row = connection.execute("SELECT max(record_no) FROM records").fetchone()
            assert row is not None, "an aggregate gives a row"
            numbers = range(row[0] + 1, row[0] + 1 + added)
            for start in numbers[::_ROWS_AT_ONCE]:
                last = min(start + _ROWS_AT_ONCE, numbers.stop) - 1
                for statement in _FILL:
                    connection.execute(statement, (start, last))
                print(f"  store: {last:,} records", file=sys.stderr)
            connection.execute("VACUUM ANALYZE records")
            return numbers
    finally:
        postgres.use.close()


async def _grow_index(service: Service, population: Population, numbers: range) -> None:
    """Write the added records into the epoch that serves; two batches are under way at a time."""
    with redis.Redis.from_url(service.valkey_url) as valkey:
        store_id = str(valkey.hget(layout.META, "store_id"), "utf-8")
    index = RedisIndex(service.valkey_url, store_id)
    try:
        await index.connect()
        state = await index.serving_state()
        assert state is not None, "the index is complete"
        entries = _added(population, numbers)
        writing: asyncio.Task[object] | None = None
        written = 0
        while batch := list(islice(entries, _BATCH)):
            work = index.write(layout.META, state, batch_of_entries(batch, state.applied_revision))
            task = asyncio.create_task(work)
            await asyncio.sleep(0)
            if writing is not None:
                assert await writing is not None, "nobody else writes"
            writing = task
            written += len(batch)
            if written % _SAY_EVERY < _BATCH:
                print(f"  index: {written:,} records added", file=sys.stderr)
        if writing is not None:
            await writing
    finally:
        await index.close()


def _added(population: Population, numbers: range) -> Iterator[IndexEntry]:
    """The added records, people and companies in the shares of a sample of the residents."""
    chance = random.Random(SEED)
    step = max(1, len(population.resident_clusters) // _SAMPLE)
    frames = islice(read_frames(population.folder / "residents.bin"), 0, None, step)
    sample = [_comparable(Record.FromString(frame)) for frame in frames]
    people = [one for one in sample if one.entity is Entity.PERSON]
    companies = [one for one in sample if one.entity is Entity.COMPANY]
    for number in numbers:
        if chance.randrange(len(sample)) < len(people):
            yield IndexEntry(number, RecordKind.CONTACT, _person(people, number, chance))
        else:
            yield IndexEntry(number, RecordKind.ACCOUNT, _company(companies, number, chance))


def _comparable(record: Record) -> Comparable:
    values = dict(record.values)
    return scoring.prepare(values, entity_of(RECORD_KIND_OF[record.kind], values, record.person_account))


def _person(people: Sequence[Comparable], number: int, chance: random.Random) -> Comparable:
    given, family, home, work, born = chance.choices(people, k=5)
    return msgspec.structs.replace(
        home,
        **_own(home, number, chance),
        given=given.given,
        middle=given.middle,
        gender=given.gender,
        family=family.family,
        suffix=family.suffix,
        other_names=(),
        other_families=(),
        birth_date=born.birth_date,
        company=work.company,
        company_marks=work.company_marks,
        job_title=work.job_title,
    )


def _company(companies: Sequence[Comparable], number: int, chance: random.Random) -> Comparable:
    """The first words of one name and the last word of another."""
    first, last, home = chance.choices(companies, k=3)
    words = first.company.split()[:-1] or first.company.split()
    return msgspec.structs.replace(
        home,
        **_own(home, number, chance),
        company=" ".join((*words, *last.company.split()[-1:])),
        company_marks=(),
        legal_form=last.legal_form,
        other_names=(),
        domains=(f"grown{number}.example",) if home.domains else (),
    )


def _own(like: Comparable, number: int, chance: random.Random) -> dict[str, Any]:
    """Mailboxes, telephones and identifiers that nobody else has, where the resident has some."""
    telephone = f"+1{chance.randrange(10**10):010}"
    return {
        "emails": (f"grown.{number}@mail{number % 1000}.example",) if like.emails else (),
        "shared_emails": (),
        "phones": (telephone,) if like.phones else (),
        "shared_phones": (),
        "mobiles": (),
        "tax_id": f"g{number}" if like.tax_id else "",
        "registration_number": f"g{number}" if like.registration_number else "",
        "customer_number": f"g{number}" if like.customer_number else "",
        "national_ids": (),
    }
