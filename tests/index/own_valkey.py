"""Servers of a test's own: a Valkey to freeze and kill, a TLS front for it, and one that answers nonsense."""

import asyncio
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from dedup_service.embedded.binaries import installed_binaries
from dedup_service.embedded.processes import accepts, wait_until

START_SECONDS = 20.0
USER = "desk"
PASSWORD = "correct horse: battery/staple?"


class OwnValkey:
    """Listens on a unix socket and a port of this machine; `USER` with `PASSWORD` may do everything."""

    def __init__(self, home: Path) -> None:
        self.socket = home / "valkey.sock"
        self.port = free_port()
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, empty, or start it again after `kill`."""
        self.socket.unlink(missing_ok=True)
        settings = {"port": str(self.port), "bind": "127.0.0.1", "unixsocket": str(self.socket), "save": ""}
        arguments = [text for name, value in settings.items() for text in (f"--{name}", value)]
        may_do_all = ["--user", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all"]
        with (self._home / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [installed_binaries().valkey_server(), *arguments, *may_do_all],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._home,
            )
        assert wait_until(lambda: accepts(self.socket), START_SECONDS), (
            self._home / "valkey.log"
        ).read_text()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, frozen or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


def certificate_of(host: str, home: Path) -> Path:
    """A file with a certificate of this host, signed by itself, and its key."""
    made = home / f"{host}.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-days", "2", "-nodes", "-subj", f"/CN={host}"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", f"subjectAltName=DNS:{host}", "-keyout", made, "-out", made.with_suffix(".crt")),
        ],
        check=True,
        capture_output=True,
    )
    made.write_bytes(made.read_bytes() + made.with_suffix(".crt").read_bytes())
    return made


@asynccontextmanager
async def tls_front(port: int, certificate: Path) -> AsyncIterator[int]:
    """A port that speaks TLS and hands all on to another: the Valkey of the wheel knows no TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pour(reader, behind_writer), _pour(behind_reader, writer))

    server = await asyncio.start_server(hand_on, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def answering(first: bytes, then: bytes) -> AsyncIterator[tuple[int, list[int]]]:
    """A port where the first connection gets one answer to whatever it asks and later ones another, and a
    list with one element a connection.
    """
    made: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(len(made))
        said = then if made[1:] else first
        while await reader.read(65536):
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], made
    finally:
        server.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
