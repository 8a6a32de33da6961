"""The kinds of event loop that the index is tested on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

LoopFactories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]
# Their transports differ, and the service runs on the second.
BOTH_LOOPS: LoopFactories = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
MODULES_ON_BOTH = ("test_connection.py",)


def pytest_asyncio_loop_factories(item: pytest.Item) -> LoopFactories:
    """What speaks to a socket itself is tested on both, the rest on the one that pytest takes anyway."""
    return BOTH_LOOPS if item.path.name in MODULES_ON_BOTH else {"asyncio": asyncio.new_event_loop}
