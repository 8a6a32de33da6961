"""Event loops that count what their connections write."""

import asyncio
from typing import Any


class Relay(asyncio.Protocol):
    """Stands before a protocol and counts what it writes."""

    def __init__(self, behind: asyncio.Protocol, writes: list[int]) -> None:
        self._behind = behind
        self._writes = writes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._behind.connection_made(CountingTransport(transport, self._writes))

    def data_received(self, data: bytes) -> None:
        self._behind.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)


class CountingTransport(asyncio.Transport):
    def __init__(self, of: Any, writes: list[int]) -> None:
        super().__init__()
        self._of = of
        self._writes = writes

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._writes.append(len(data))
        self._of.write(data)

    def abort(self) -> None:
        self._of.abort()


def counting(loop_class: Any) -> tuple[Any, list[int]]:
    """A kind of loop whose connections note the size of each write."""
    writes: list[int] = []

    class Loop(loop_class):  # type: ignore[misc]  # of either library, by choice
        async def create_unix_connection(self, factory: Any, *where: Any, **how: Any) -> Any:
            protocol = factory()
            transport, _ = await super().create_unix_connection(
                lambda: Relay(protocol, writes), *where, **how
            )
            return transport, protocol

    return Loop, writes
