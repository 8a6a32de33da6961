"""How the console's own cookies are set, read and taken back."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookies:
    """`over_tls` says that browsers reach the console by https.

    A cookie is then kept for this host alone, whoever else has a name below the same domain: browsers take
    the prefix `__Host-` only over https, for the whole host and without a domain, so nobody else sets one.
    """

    over_tls: bool

    def name(self, name: str) -> str:
        """What the cookie is called in the browser."""
        return f"__Host-{name}" if self.over_tls else name

    def read(self, request: Request, name: str) -> str:
        """Its value; empty where there is none."""
        return request.cookies.get(self.name(name), "")

    def keep(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep it for a time, hidden from scripts and from forms of other sites."""
        answer.set_cookie(
            self.name(name),
            value,
            max_age=seconds,
            httponly=True,
            samesite="lax",
            secure=self.over_tls,
            path="/",
        )

    def end(self, answer: Response, name: str) -> None:
        """Have the browser forget a session, and the pages that it kept of it."""
        self.forget(answer, name)
        answer.headers["clear-site-data"] = '"cache"'

    def forget(self, answer: Response, name: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(self.name(name), path="/", httponly=True, samesite="lax", secure=self.over_tls)
