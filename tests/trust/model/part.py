"""Steps of every kind, each compared with the reference and checked for every invariant."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from psycopg import sql

from dedup_service.embedded import start_postgres, start_valkey
from dedup_service.store.migrate import migrate
from tests.conftest import TEMPLATE, StandingDatabase, with_database
from tests.trust.model.machine import Tally
from tests.trust.model.merge_steps import MergeSteps
from tests.trust.model.other_steps import OtherSteps
from tests.trust.model.record_steps import RecordSteps
from tests.trust.model.service import Service
from tests.trust.report import Line, Plan

STEPS = 100_000
STEPS_OF_A_MACHINE = 80
PROCESSES = 2
LEAST_KINDS = 24
PHASES = (Phase.generate, Phase.shrink)
INVARIANTS = (
    *("A-1", "A-3", "B-1", "B-2", "B-3", "B-4", "B-5", "B-6", "C-1", "C-2", "C-3", "C-4", "C-5"),
    *("D-1", "D-2", "D-3", "D-6", "E-1", "E-2", "E-3"),
)


@dataclass(frozen=True, slots=True)
class Driven:
    """What was driven, and what broke, smallest story first."""

    tally: Tally
    broken: tuple[str, ...]
    seconds: float


def drive(standing: StandingDatabase, redis_url: str, first_seed: int, steps: int) -> Driven:
    """Run machines, each of a seed of its own, until so many steps are done or one breaks."""
    service, tally, began = Service(standing, redis_url), Tally(), time.monotonic()

    class Driven_(MergeSteps, RecordSteps, OtherSteps):  # noqa: N801  named as its steps are
        pass

    Driven_.service, Driven_.tally = service, tally
    broken: list[str] = []
    number = 0
    try:
        while not broken and tally.steps.total() < steps:
            number += 1
            machine = seed(first_seed * 1_000_000 + number)(Driven_)
            try:
                run_state_machine_as_test(machine, settings=_settings())
            except Exception as error:  # noqa: BLE001  whatever a step raises is what this looks for
                broken.append(_told(first_seed * 1_000_000 + number, error))
    finally:
        service.close()
    return Driven(tally, tuple(broken), time.monotonic() - began)


def _settings() -> settings:
    return settings(
        max_examples=5,
        stateful_step_count=STEPS_OF_A_MACHINE,
        deadline=None,
        database=None,
        print_blob=True,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=PHASES,
    )


def _told(of_seed: int, error: BaseException) -> str:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
    said = [f"{type(part).__name__}: {part}" for part in parts]
    notes = [note for part in (error, *parts) for note in getattr(part, "__notes__", ())]
    return "\n".join([f"seed {of_seed}:", *said, *dict.fromkeys(notes)])


def run(plan: Plan) -> list[Line]:
    """All steps, in two processes, each on servers of its own that need not be durable: others show that."""
    steps = plan.count(STEPS, least=200)
    began = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        share = -(-steps // PROCESSES)
        driven = [
            pool.submit(_drive_alone, plan.directory / str(number), plan.seed * PROCESSES + number, share)
            for number in range(PROCESSES)
        ]
        return lines(_together([each.result() for each in driven], time.monotonic() - began), steps)


def _drive_alone(directory: Path, first_seed: int, steps: int) -> Driven:
    """A share of the steps, on servers that are started for it."""
    directory.mkdir()
    with servers(directory) as (standing, redis_url):
        return drive(standing, redis_url, first_seed, steps)


def _together(shares: list[Driven], seconds: float) -> Driven:
    whole = Tally()
    for share in shares:
        whole.add(share.tally)
    return Driven(whole, tuple(told for share in shares for told in share.broken), seconds)


@contextmanager
def servers(directory: Path) -> Iterator[tuple[StandingDatabase, str]]:
    """PostgreSQL without a wait for the disk, a template of the schema, and Valkey."""
    directory.chmod(0o711)
    postgres, valkey = start_postgres(directory), start_valkey(directory)
    try:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        asyncio.run(migrate(with_database(postgres.url, TEMPLATE)))
        yield StandingDatabase(postgres.url), valkey.url
    finally:
        valkey.stop()
        postgres.stop()


def lines(driven: Driven, steps: int) -> list[Line]:
    """The page's lines: the steps, and how many of the kinds and their sequences they covered."""
    tally = driven.tally
    refused = sum(count for (_, code), count in tally.codes.items() if code != "OK")
    kinds = len(tally.steps)
    pairs = len([pair for pair in tally.pairs if pair[0]])
    figures = {
        "steps": tally.steps.total(),
        "machines": tally.machines,
        "kinds": kinds,
        "refused as foretold": refused,
        "pairs of kinds": pairs,
        "pairs possible": kinds * kinds,
        "judged by the oracle": tally.judged,
        "ms a step": 1000 * driven.seconds / max(1, tally.steps.total()),
    }
    short = []
    if driven.broken:
        short.append("a step broke what must hold")
    if tally.steps.total() < steps:
        short.append(f"{tally.steps.total()} of {steps} steps")
    if kinds < LEAST_KINDS:
        short.append(f"{kinds} kinds of step, {LEAST_KINDS} asked for")
    by_kind = tuple(
        f"{kind}: " + ", ".join(f"{code} {n}" for (of, code), n in sorted(tally.codes.items()) if of == kind)
        for kind in sorted(tally.steps)
    )
    return [
        Line(
            "steps against a plain reference, every invariant after each",
            INVARIANTS,
            figures,
            "; ".join(short),
            (*driven.broken, *by_kind),
        )
    ]
