"""What the next page says about what was just done, carried there in a signed cookie."""

from dataclasses import asdict, dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from dedup_service.console.security.cookies import Cookies

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

    def __init__(self, secret: str, cookies: Cookies) -> None:
        self._cookies = cookies
        self._signer = URLSafeTimedSerializer(secret, salt="dedup-console-said")

    def keep(self, answer: Response, said: Said) -> None:
        values = asdict(said)
        values["text"] = said.text[:_MAX_LENGTH]
        self._cookies.keep(answer, _COOKIE, self._signer.dumps(values), _SECONDS)

    def read(self, request: Request) -> Said | None:
        try:
            return Said(**self._signer.loads(self._cookies.read(request, _COOKIE), max_age=_SECONDS))
        except (BadSignature, TypeError):
            return None

    def forget(self, answer: Response) -> None:
        self._cookies.forget(answer, _COOKIE)
