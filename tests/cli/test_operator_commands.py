"""Serving, examining and rebuilding, as an operator does it: mostly as processes."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from typer.testing import CliRunner, Result

from dedup_service.cli.main import app
from dedup_service.cli.output import Output
from dedup_service.cli.overview import say_store, say_sweep, say_what_to_try
from dedup_service.cli.sample_crm import fill_with_sample
from dedup_service.client import DedupClient
from dedup_service.domain.proposals import ProposalState
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.record_service_pb2 import Record
from tests.cli.command_results import Run, json_lines
from tests.served_desk import ServedDesk

DEDUP = (sys.executable, "-c", "from dedup_service.cli.main import app; app()")


def settings(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    # The console's usual port may be somebody else's; its own tests ask for one.
    quiet = {"DEDUP_CONSOLE_LISTEN": "none"}
    return {"DEDUP_DATABASE_URL": database_url, "DEDUP_REDIS_URL": redis_url, **quiet, **more}


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command as a process of its own, killed at the end if it still runs."""
    with subprocess.Popen(
        [*DEDUP, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def first_line(started: subprocess.Popen[str]) -> dict[str, Any]:
    assert started.stdout is not None
    line = started.stdout.readline()
    assert line, started.stderr.read() if started.stderr else ""
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_ends_with_0(
    database_url: str, redis_url: str, sent: signal.Signals
) -> None:
    """It says that it is ready only once it answers, and one signal stops it cleanly."""
    environment = settings(database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0")
    with process("serve", "--json", **environment) as served:
        ready = first_line(served)
        assert ready["ready"]
        with DedupClient(ready["address"], principal="users/ann", deadline_seconds=10) as client:
            records = [Record(name="sources/crm/records/1", kind=RecordKind.RECORD_KIND_LEAD)]
            (done,) = client.ingest(records)
            assert done.answer.written_count == 1
        served.send_signal(sent)
        assert served.wait(15) == 0


def test_a_port_that_is_taken_is_one_clear_line(desk: ServedDesk, database_url: str, redis_url: str) -> None:
    """No traceback, and exit code 1."""
    environment = settings(database_url, redis_url, DEDUP_LISTEN=desk.address)
    with process("serve", **environment) as served:
        _, said = served.communicate(timeout=15)
    assert served.returncode == 1
    assert "Traceback" not in said
    assert any(line.startswith("dedup: ") and desk.address in line for line in said.splitlines())


def test_changes_are_followed_until_interrupted(desk: ServedDesk, client: DedupClient) -> None:
    """--follow shows what is there, then what comes; Ctrl-C ends it with 0."""
    list(client.ingest([Record(name="sources/crm/records/1", kind=RecordKind.RECORD_KIND_LEAD)]))
    arguments = ("changes", "--follow", "--json", "--address", desk.address, "--as", "services/follower")
    with process(*arguments) as following:
        assert first_line(following)["record"] == "sources/crm/records/1"
        list(client.ingest([Record(name="sources/crm/records/2", kind=RecordKind.RECORD_KIND_LEAD)]))
        assert first_line(following)["record"] == "sources/crm/records/2"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0


def doctor(code: int, **environment: str) -> tuple[Result, dict[str, dict[str, Any]]]:
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    assert result.exit_code == code, result.output
    return result, {each["subject"]: each for each in json_lines(result)}


def test_the_doctor_finds_nothing_wrong_with_a_service_that_runs(
    desk: ServedDesk, database_url: str, redis_url: str
) -> None:
    """Every server is looked at, and the service is asked."""
    _, found = doctor(0, **settings(database_url, redis_url, DEDUP_LISTEN=desk.address))
    assert {found[each]["state"] for each in ("service", "PostgreSQL", "schema", "Valkey or Redis")} == {"OK"}
    assert found["index"]["state"] == "OK"


def test_the_doctor_works_without_the_service(database_url: str, redis_url: str) -> None:
    """A service that does not run is a note with what to do, not an error."""
    _, found = doctor(0, **settings(database_url, redis_url, DEDUP_LISTEN="127.0.0.1:1"))
    assert found["service"]["state"] == "NOTE"
    assert "dedup serve" in found["service"]["advice"]
    assert found["index"]["state"] == "NOTE"


def test_the_doctor_finds_an_eviction_policy_that_loses_keys(database_url: str, redis_url: str) -> None:
    """A Redis that evicts is wrong, and the finding says which setting to change."""
    with redis.Redis.from_url(redis_url) as server:
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            _, found = doctor(1, **settings(database_url, redis_url))
        finally:
            server.config_set("maxmemory-policy", "noeviction")
    assert found["Valkey or Redis"]["state"] == "WRONG"
    assert "maxmemory-policy noeviction" in found["Valkey or Redis"]["finding"]


def test_the_doctor_finds_servers_that_do_not_answer(redis_url: str) -> None:
    """A wrong URL is told without its password."""
    result, found = doctor(1, **settings("postgresql://me:hunter2@127.0.0.1:1/dedup", redis_url))
    assert found["PostgreSQL"]["state"] == "WRONG"
    assert "hunter2" not in result.output


def test_the_doctor_finds_a_misspelt_setting() -> None:
    """Settings come first: nothing else is looked at before they can be read."""
    _, found = doctor(1, DEDUP_LISTN="x")
    assert "DEDUP_LISTEN" in found["settings"]["finding"]


def test_the_index_is_rebuilt_while_the_service_runs(
    desk: ServedDesk, client: DedupClient, database_url: str, redis_url: str
) -> None:
    """A new epoch with every record serves in the end."""
    list(client.ingest([Record(name="sources/crm/records/1", kind=RecordKind.RECORD_KIND_LEAD)]))
    before = desk.run(desk.running.index.status()).epoch
    result = CliRunner().invoke(app, ["rebuild-index", "--json"], env=settings(database_url, redis_url))
    assert result.exit_code == 0, result.output
    (told,) = json_lines(result)
    assert told["epoch"] != before
    assert told["record_count"] == 1


def test_a_sample_fills_an_empty_store_once(desk: ServedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """The sample is written, swept, measured and told; a store that has proposals is left alone."""
    out = Output(as_json=False)
    swept = desk.run(fill_with_sample(desk.running.desk, out, people=60, companies=15))
    assert swept is not None
    assert swept.matches.found > 0
    desk.run(say_store(desk.running.desk, out))
    say_sweep(swept, out)
    desk.run(say_what_to_try(desk.running.desk, desk.address, out))
    told = capsys.readouterr().out
    overview = desk.run(desk.running.desk.store.read(lambda tx: tx.overview()))
    waiting, approved = (
        sum(overview.proposals_of(state).values())
        for state in (ProposalState.PENDING, ProposalState.APPROVED)
    )
    assert waiting
    assert f"{waiting:,} merge proposals wait for a decision, {approved:,} are approved" in told
    assert "true, found" in told
    assert "show mergeProposals/" in told
    assert re.search(rf"inbox --as users/[a-z]+ --address {desk.address}\n", told)
    assert desk.run(fill_with_sample(desk.running.desk, out, people=60, companies=15)) is None


def test_a_store_with_other_records_takes_no_sample(
    desk: ServedDesk, client: DedupClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """--sample never mixes into what somebody has."""
    list(client.ingest([Record(name="sources/own/records/1", kind=RecordKind.RECORD_KIND_LEAD)]))
    assert desk.run(fill_with_sample(desk.running.desk, Output(as_json=False), 10, 3)) is None
    assert "not empty" in capsys.readouterr().out


def test_the_commands_that_are_shown_can_be_pasted(
    desk: ServedDesk, dedup: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of the three commands works as printed, for somebody whom something waits for."""
    out = Output(as_json=False)
    desk.run(fill_with_sample(desk.running.desk, None, people=60, companies=15))
    desk.run(say_what_to_try(desk.running.desk, desk.address, out))
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if " --as " in line]
    assert len(printed) == 3
    inbox, show, match = (dedup(*shlex.split(line)[1:]).stdout for line in printed)
    assert "nothing waits" not in inbox
    assert "you vote for" in show
    assert match


def test_a_service_that_is_not_there_is_told_with_how_to_start_it() -> None:
    """One line on stderr, exit code 1."""
    result = CliRunner().invoke(app, ["proposals", "--as", "users/ann", "--address", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "dedup serve" in result.stderr


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    """`dedup --help` loads neither grpc nor the servers' libraries, nor an engine."""
    names = ("grpc", "psycopg", "redis", "scoring", "pyspark", "pysail", "pyarrow", "rich.live")
    heavy = f"[m for m in {names} if m in sys.modules]"
    script = f"import sys; import dedup_service.cli.main; print({heavy})"
    start = time.monotonic()
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
    assert time.monotonic() - start < 3
