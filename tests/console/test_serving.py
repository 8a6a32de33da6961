"""The socket that the console listens at."""

import socket

import pytest

from dedup_service.console.serving import ListenError, listening_socket


def test_a_free_port_is_taken() -> None:
    """Port 0 is any free one, and somebody can connect to it."""
    with (
        listening_socket("127.0.0.1:0") as listening,
        socket.create_connection(listening.getsockname()) as connection,
    ):
        assert connection.getpeername() == listening.getsockname()


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio turns the waiting off where a socket names its protocol, and nowhere else."""
    with listening_socket("127.0.0.1:0") as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_said_with_the_setting() -> None:
    """The error names the address and what to change."""
    with listening_socket("127.0.0.1:0") as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"cannot listen on {address}.*DEDUP_CONSOLE_LISTEN"):
            listening_socket(address)


def test_a_host_of_another_machine_is_refused() -> None:
    """An address that is not of this machine is no address to listen at."""
    with pytest.raises(ListenError, match=r"192\.0\.2\.1"):
        listening_socket("192.0.2.1:0")
