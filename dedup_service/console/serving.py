"""The console on the air, until a signal."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from dedup_service.console.app import console_app
from dedup_service.console.options import ConsoleOptions

_GRACE_SECONDS = 5
_BACKLOG = 128


class ListenError(Exception):
    """Nothing could be served at the address that was asked for."""


def listening_socket(address: str) -> socket.socket:
    """A socket that listens at `HOST:PORT`; port 0 takes a free one.

    Raises:
        ListenError: another program has the port, or the host is not of this machine.
    """
    host, _, port = address.rpartition(":")
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    # The protocol by name: only where it says TCP does asyncio turn off the waiting for acknowledgements that
    # would cost every page 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((bare, int(port)))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ListenError(
            f"the console cannot listen on {address}: another program has the port, or the host is not of "
            "this machine; choose another address with DEDUP_CONSOLE_LISTEN"
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: uvicorn raises those that it took once more at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(options: ConsoleOptions, listening: socket.socket, say_ready: Callable[[], None]) -> None:
    """Answer on a socket until SIGTERM or SIGINT, or until cancelled; then let what is under way end."""
    config = uvicorn.Config(
        console_app(options),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not (server.started or serving.done()):  # noqa: ASYNC110  uvicorn tells it by an attribute alone
        await asyncio.sleep(0.01)
    if not serving.done():
        say_ready()
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        server.should_exit = True
        await serving
