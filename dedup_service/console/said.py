"""What the next page says about what was just done, carried there in a sealed cookie."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import Response

from dedup_service.console.security.cookies import Cookies
from dedup_service.console.security.sealed import BrokenSealError, Seal

_COOKIE = "dedup_said"
_SECONDS = 120
_MAX_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, whether it went well, and what to do next: the label and address of a link."""

    text: str
    is_good: bool = True
    action: str = ""
    url: str = ""


class SaidCookies:
    """Keeps what is to be said until a page says it."""

    def __init__(self, secret: str, cookies: Cookies, clock: Callable[[], float] = time.time) -> None:
        self._cookies = cookies
        self._seal = Seal(secret, "said")
        self._clock = clock

    def keep(self, answer: Response, said: Said) -> None:
        values = asdict(said)
        values["text"] = said.text[:_MAX_LENGTH]
        self._cookies.keep(answer, _COOKIE, self._seal.close([self._clock(), values]), _SECONDS)

    def read(self, request: Request) -> Said | None:
        return self.opened(self._cookies.read(request, _COOKIE))

    def opened(self, cookie: str) -> Said | None:
        """What a cookie says; None where it is not ours, or says nothing any more."""
        try:
            said_seconds, values = self._seal.open(cookie)
        except BrokenSealError:
            return None
        return Said(**values) if self._clock() - said_seconds <= _SECONDS else None

    def forget(self, answer: Response) -> None:
        self._cookies.forget(answer, _COOKIE)
