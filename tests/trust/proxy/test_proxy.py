import contextlib
import socket

import pytest

from tests.trust.proxy.cases import draw_cases
from tests.trust.proxy.faults import Direction, Fault, Way
from tests.trust.proxy.part import run
from tests.trust.proxy.tcp import links
from tests.trust.report import Plan


@pytest.fixture
def upstream() -> socket.socket:
    """A server that nobody reads for: what it accepts is looked at by the test."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)
    return listening


def test_a_sound_link_carries_both_ways_and_the_end(upstream: socket.socket) -> None:
    with links({"a": _address(upstream)}) as made, _connected(made["a"].address) as near:
        far, _ = upstream.accept()
        with far:
            near.sendall(b"asked")
            assert far.recv(100) == b"asked"
            far.sendall(b"answered")
            assert near.recv(100) == b"answered"
            far.shutdown(socket.SHUT_WR)
            assert near.recv(100) == b""


@pytest.mark.parametrize("way", [Way.CUT, Way.RESET])
def test_a_link_that_breaks_does_so_after_so_many_bytes(way: Way, upstream: socket.socket) -> None:
    with links({"a": _address(upstream)}) as made, _connected(made["a"].address) as near:
        far, _ = upstream.accept()
        with far:
            near.sendall(b"x")
            assert far.recv(100) == b"x"
            made["a"].set(Fault(way, Direction.SENT, after_bytes=3))
            far.settimeout(10)
            near.sendall(b"12345")
            got = b""
            try:
                while part := far.recv(100):
                    got += part
            except ConnectionResetError:
                assert way is Way.RESET
            # A reset may overtake what was sent before it.
            assert got == b"123" or (way is Way.RESET and b"123".startswith(got))
            assert made["a"].breaks == 1


def test_a_partition_holds_back_and_delivers_when_it_ends(upstream: socket.socket) -> None:
    with links({"a": _address(upstream)}) as made, _connected(made["a"].address) as near:
        far, _ = upstream.accept()
        with far:
            made["a"].set(Fault(Way.BLACK_HOLE, Direction.SENT, after_bytes=2))
            near.sendall(b"1234")
            far.settimeout(0.3)
            assert far.recv(2) == b"12"
            with pytest.raises(TimeoutError):
                far.recv(1)
            made["a"].lift()
            far.settimeout(10)
            assert far.recv(10) == b"34"


def test_a_half_open_link_says_nothing_to_the_near_end(upstream: socket.socket) -> None:
    with links({"a": _address(upstream)}) as made, _connected(made["a"].address) as near:
        far, _ = upstream.accept()
        with far:
            made["a"].set(Fault(Way.HALF_OPEN, Direction.SENT, after_bytes=0))
            near.sendall(b"1234")
            far.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert far.recv(10) == b""
            near.settimeout(0.3)
            with pytest.raises(TimeoutError):
                near.recv(1)


def test_cases_are_the_same_for_a_seed_and_cover_every_way_on_every_link() -> None:
    cases = draw_cases(200, 5)
    assert cases == draw_cases(200, 5) != draw_cases(200, 6)
    assert len({(case.link, case.fault.way, case.asked) for case in cases}) == 120


def test_a_share_of_the_cases(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("proxy")
    for each in (directory, *directory.parents[:2]):
        each.chmod(0o711)
    lines = run(Plan(seed=2, share=0.04, directory=directory))
    assert [line.short for line in lines] == ["", ""], lines
    assert lines[0].figures["cases"] == 8
    assert lines[0].figures["faults that struck"] > 0
    assert lines[1].figures["changes"] > 0


def _address(listening: socket.socket) -> str:
    return f"127.0.0.1:{listening.getsockname()[1]}"


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), 10)
