"""A console in front of a desk of the test's own, asked by a plain client or looked at in a real Chromium."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from dedup_service.embedded import RunningServer
from tests.conftest import StandingDatabase
from tests.console.browser_guard import BrowserGuard
from tests.console.browsers import NoBrowserError, find_chromium
from tests.console.provider_console import ProviderConsole, provider_console
from tests.console.scenes import Scene, make_scene
from tests.console.served_console import Console, WebClient, served_console
from tests.served_desk import ServedDesk, served_desk

TIMEOUT_MILLISECONDS = 10_000
NewContext = Callable[..., BrowserContext]


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[ServedDesk]:
    """A desk of this test's own."""
    with served_desk(database_url, redis_url) as served:
        yield served


@pytest.fixture
def console(desk: ServedDesk) -> Iterator[Console]:
    """The console in front of that desk."""
    with served_console(desk) as served:
        yield served


@pytest.fixture
def web(console: Console) -> WebClient:
    """Asks the console without a browser."""
    return console.web


@pytest.fixture
def scene(console: Console) -> Scene:
    """Proposals of each impact and with each kind of difficulty, on the desk."""
    return make_scene(console)


class StartedBrowser:
    """A browser, and the event loop of Playwright that must be out of the way while others have one.

    Playwright leaves its loop marked as running in this thread, so that no test after it could run one.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._loop = asyncio.get_running_loop()
        self._put_away()

    @contextmanager
    def in_use(self) -> Iterator[Browser]:
        asyncio._set_running_loop(self._loop)
        try:
            yield self._browser
        finally:
            self._put_away()

    def _put_away(self) -> None:
        asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def started_browser() -> Iterator[StartedBrowser]:
    """One Chromium for a test process, without a window."""
    try:
        program = find_chromium()
    except NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)
    playwright = sync_playwright().start()
    # Inside a container there is no sandbox to be had, and /dev/shm is small.
    browser = playwright.chromium.launch(
        executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    started = StartedBrowser(browser)
    yield started
    with started.in_use():
        browser.close()
        playwright.stop()


@pytest.fixture
def guard(console: Console) -> BrowserGuard:
    """What went wrong in the browser; looked at by whoever makes contexts."""
    return BrowserGuard(console.url)


@pytest.fixture
def new_context(
    console: Console, started_browser: StartedBrowser, guard: BrowserGuard
) -> Iterator[NewContext]:
    """Makes contexts, each as a browser of its own; at the end nothing may have gone wrong in any of them."""
    made: list[BrowserContext] = []
    with started_browser.in_use() as browser:

        def new(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"base_url": console.url, "locale": "en-GB", **options})
            context.set_default_timeout(TIMEOUT_MILLISECONDS)
            guard.watch(context)
            made.append(context)
            return context

        yield new
        for context in made:
            context.close()
    assert not guard.faults, "\n".join(guard.faults)


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A page of a fresh browser context, signed in as nobody."""
    return new_context().new_page()


@pytest.fixture(scope="module")
def standing_console(
    tmp_path_factory: pytest.TempPathFactory,
    standing_database: StandingDatabase,
    valkey_server: RunningServer,
) -> Iterator[ProviderConsole]:
    """One console, provider and desk for all tests of a file."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    directory = tmp_path_factory.mktemp("provider")
    with provider_console(directory, standing_database.emptied(), valkey_server.url) as served:
        yield served
