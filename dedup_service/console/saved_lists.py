"""Lists that somebody has given a name, kept in a cookie of their browser.

The cookie is not signed: what it holds is read as an address is, and can ask for nothing that one could not.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from dedup_service.console.preferences import KEPT_SECONDS
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.views.queue import queue_of

_COOKIE = "dedup_lists"
MAX_LISTS = 12
MAX_NAME = 40
# Browsers refuse a cookie of more than 4,096 bytes, silently.
MAX_COOKIE = 3_800


@dataclass(frozen=True, slots=True)
class SavedList:
    """A name, and the query string of the list."""

    name: str
    written: str


def read_lists(request: Request, cookies: Cookies) -> tuple[SavedList, ...]:
    """The lists of this browser, in order of name; none where the cookie cannot be read."""
    try:
        pairs = json.loads(unquote(cookies.read(request, _COOKIE) or "[]"))
        found = [
            SavedList(str(name)[:MAX_NAME], queue_of(str(written)).written)
            for name, written in pairs
            if str(name).isprintable()
        ]
    # Something deeply nested is none of ours, either.
    except (ValueError, TypeError, RecursionError):
        return ()
    return tuple(sorted(found[:MAX_LISTS], key=lambda each: each.name.casefold()))


def with_list(lists: Iterable[SavedList], added: SavedList) -> tuple[SavedList, ...] | None:
    """The lists with one more, in place of one of that name; None when there is no room."""
    kept = (*without_list(lists, added.name), added)
    return kept if len(kept) <= MAX_LISTS and len(_written(kept)) <= MAX_COOKIE else None


def without_list(lists: Iterable[SavedList], name: str) -> tuple[SavedList, ...]:
    """The lists but for that of a name."""
    return tuple(each for each in lists if each.name != name)


def keep_lists(answer: Response, lists: Iterable[SavedList], cookies: Cookies) -> None:
    """Keep these lists in the browser, and no others."""
    cookies.keep(answer, _COOKIE, _written(lists), KEPT_SECONDS)


def _written(lists: Iterable[SavedList]) -> str:
    return quote(json.dumps([[each.name, each.written] for each in lists], ensure_ascii=False))
