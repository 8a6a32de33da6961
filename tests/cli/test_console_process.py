"""The console beside the service: it comes with it, is started again, and is never in its way."""

import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Callable
from http import HTTPStatus

import psutil
import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.policy_service_pb2 import ListPolicyVersionsRequest
from tests.cli.test_operator_commands import first_line, process, settings

pytestmark = pytest.mark.proof

WAIT_SECONDS = 30.0


def answers(url: str) -> bool:
    """Whether a console answers at this address."""
    try:
        with urllib.request.urlopen(f"{url}/healthy", timeout=5) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def wait_until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def console_of(pid: int) -> psutil.Process:
    """The process of the console that this service has started."""
    (found,) = [each for each in psutil.Process(pid).children() if "console" in each.cmdline()]
    return found


def test_the_service_brings_its_console_and_takes_it_along(database_url: str, redis_url: str) -> None:
    """The ready line names a URL that answers, and after SIGTERM nothing is left of it."""
    environment = settings(
        database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0", DEDUP_CONSOLE_LISTEN="127.0.0.1:0"
    )
    with process("serve", "--json", **environment) as served:
        url = first_line(served)["console"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert answers(url)
        console = console_of(served.pid)
        served.send_signal(signal.SIGTERM)
        assert served.wait(15) == 0
    assert not console.is_running()
    assert not answers(url)


def test_a_console_that_is_killed_comes_back_at_the_same_address(database_url: str, redis_url: str) -> None:
    """And whoever was signed in still is: its secret is the same."""
    environment = settings(
        database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0", DEDUP_CONSOLE_LISTEN="127.0.0.1:0"
    )
    with process("serve", "--json", **environment) as served:
        url = first_line(served)["console"]
        first = console_of(served.pid)
        secret = first.environ()["DEDUP_CONSOLE_SECRET"]
        first.kill()
        assert wait_until(lambda: not first.is_running() and answers(url))
        assert console_of(served.pid).environ()["DEDUP_CONSOLE_SECRET"] == secret
        served.send_signal(signal.SIGTERM)
        assert served.wait(15) == 0


def test_a_service_whose_console_has_no_port_serves_all_the_same(database_url: str, redis_url: str) -> None:
    """It says which address was taken and which setting chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        environment = settings(
            database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0", DEDUP_CONSOLE_LISTEN=address
        )
        with process("serve", "--json", **environment) as served:
            ready = first_line(served)
            assert ready["console"] == ""
            with DedupClient(ready["address"], principal="users/ann", deadline_seconds=10) as client:
                assert client.policies.ListPolicyVersions(ListPolicyVersionsRequest()).policies
            served.send_signal(signal.SIGTERM)
            _, said = served.communicate(timeout=15)
    assert served.returncode == 0
    assert f"cannot listen on {address}" in said
    assert "DEDUP_CONSOLE_LISTEN" in said
    assert "Traceback" not in said
    assert "Fatal Python error" not in said


def test_no_console_is_started_where_none_is_wanted(database_url: str, redis_url: str) -> None:
    """`--no-console` starts no process for it, whatever the setting says."""
    environment = settings(
        database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0", DEDUP_CONSOLE_LISTEN="127.0.0.1:0"
    )
    with process("serve", "--json", "--no-console", **environment) as served:
        assert first_line(served)["console"] == ""
        assert not [each for each in psutil.Process(served.pid).children() if "console" in each.cmdline()]


def test_a_console_ends_with_the_service_that_was_killed(database_url: str, redis_url: str) -> None:
    """A crash of the service leaves no process behind."""
    environment = settings(
        database_url, redis_url, DEDUP_LISTEN="127.0.0.1:0", DEDUP_CONSOLE_LISTEN="127.0.0.1:0"
    )
    with process("serve", "--json", **environment) as served:
        first_line(served)
        console = console_of(served.pid)
        os.kill(served.pid, signal.SIGKILL)
        assert wait_until(lambda: not console.is_running())
