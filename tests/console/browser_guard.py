"""Watches what goes on in a browser beside what a test looks at: nothing may go wrong unseen there."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Chromium says this of every answer of 400 and above; `answered` sees them all, with their addresses.
_FAILED_LOAD = "Failed to load resource: the server responded with a status of"


# Without slots: playwright keeps something of its own on whatever has a method that it calls.
@dataclass
class BrowserGuard:
    """What went wrong in the browser contexts that it watches.

    Errors on the browser's console (a breach of the content security policy is one), errors that no script
    caught, requests to anywhere but the console, and files or parts of pages that were not answered.
    `expected_statuses` are those that a test asks a script of a page to meet.
    """

    origin: str
    expected_statuses: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", self._raised)
        context.on("request", self._asked)
        context.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"} and not message.text.startswith(_FAILED_LOAD):
            self.faults.append(f"the browser's console says: {message.text}")

    def _raised(self, error: WebError) -> None:
        self.faults.append(f"an error that no script caught: {error.error}")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {"http", "https", "ws", "wss"} and not request.url.startswith(
            f"{self.origin}/"
        ):
            self.faults.append(f"a request to {request.url}")

    def _answered(self, response: Response) -> None:
        # Pages of problems are pages; a test that opens one looks at it.
        is_page = response.request.is_navigation_request()
        if response.status >= 400 and not is_page and response.status not in self.expected_statuses:
            self.faults.append(f"{response.status} for {response.request.method} {response.url}")
