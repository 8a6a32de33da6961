"""Which proposals a list holds and in which order: read from an address, and written into links.

An address may have been typed or kept for years: what it says that nobody knows is dropped and told, and
what is read is what `written` writes again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

MINE = "me"
EVERYBODYS = "all"
OPEN = "OPEN"
# A page is found by the last proposals of those before it; further back, "previous" leads to the first page.
MAX_TRAIL = 20
MAX_PAGE = 1_000_000
MAX_VALUE = 200
MAX_WRITTEN = 4_000

ORDERS = MappingProxyType(
    {
        "impact": "impact desc, due_time",
        "due": "due_time",
        "age": "create_time",
        "newest": "create_time desc",
    }
)
_KNOWN = MappingProxyType(
    {
        "whose": (MINE, EVERYBODYS),
        "state": (OPEN, "PENDING", "APPROVED", "REJECTED", "WITHDRAWN", "EXECUTED", "SUPERSEDED", "EXPIRED"),
        "kind": ("LEAD", "CONTACT", "ACCOUNT"),
        "impact": ("HIGH", "MEDIUM", "LOW"),
        "verdict": ("MATCH", "REVIEW", "NO_MATCH"),
        "order": tuple(ORDERS),
    }
)
_FREE = ("function", "source", "owner")
_PAGE = re.compile(r"([1-9][0-9]{0,6})((?:\.[A-Za-z0-9_-]{1,64})+)", re.ASCII)
# In the order in which they are offered, each with its name in a filter of the API.
FACETS = MappingProxyType(
    {
        "kind": "kind",
        "impact": "impact",
        "verdict": "verdict",
        "function": "missing_functions",
        "source": "source",
        "owner": "owner",
    }
)
_ONE_OF_SEVERAL = ("function", "source", "owner")


@dataclass(frozen=True, slots=True)
class Queue:
    """A list of proposals. Empty values narrow nothing.

    `whose` is `me` for what waits for the visitor. `state` is `OPEN` for pending and approved ones.
    `page` counts from 1; `trail` are the ids of the last proposals of the pages before, the latest last.
    """

    whose: str = MINE
    state: str = OPEN
    kind: str = ""
    impact: str = ""
    verdict: str = ""
    function: str = ""
    source: str = ""
    owner: str = ""
    order: str = "impact"
    page: int = 1
    trail: tuple[str, ...] = ()

    @property
    def waiting_for(self) -> str:
        """As `ListMergeProposals` takes it."""
        return MINE if self.whose == MINE else ""

    @property
    def order_by(self) -> str:
        """As `ListMergeProposals` takes it."""
        return ORDERS[self.order]

    @property
    def after(self) -> str:
        """The proposal behind which this page begins; empty on the first."""
        return f"mergeProposals/{self.trail[-1]}" if self.trail else ""

    @property
    def filter(self) -> str:
        """As the API takes it. What waits for somebody is open without saying so."""
        conditions = []
        if self.state != OPEN:
            conditions.append(f"state = {self.state}")
        elif self.whose != MINE:
            conditions.append("open = true")
        for name, value in self.narrowing:
            field = FACETS[name]
            conditions.append(f'{field}:"{value}"' if name in _ONE_OF_SEVERAL else f"{field} = {value}")
        return " AND ".join(conditions)

    @property
    def narrowing(self) -> tuple[tuple[str, str], ...]:
        """What narrows the list, name and value, in the order in which it is offered."""
        return tuple((name, getattr(self, name)) for name in FACETS if getattr(self, name))

    @property
    def written(self) -> str:
        """The query string that reads as this again; never empty, so that a form tells a list from none."""
        told = {"whose": self.whose}
        plain = Queue()
        for name in ("state", *FACETS, "order"):
            value = getattr(self, name)
            if value != getattr(plain, name):
                told[name] = value
        if self.trail:
            told["page"] = ".".join((str(self.page), *self.trail))
        return urlencode(told)

    def given(self, name: str, value: str) -> "Queue":
        """The first page of this list with one thing set, or with an empty value not set."""
        narrowed: dict[str, Any] = {name: value}
        return replace(self.first, **narrowed)

    def without(self, name: str) -> "Queue":
        """The first page of this list with one thing as it is when nothing is said."""
        return self.given(name, getattr(Queue(), name))

    def widened(self) -> "Queue":
        """The first page of this list with nothing to narrow it."""
        return Queue(whose=self.whose, order=self.order)

    @property
    def first(self) -> "Queue":
        """Its first page: the list itself, without a place in it."""
        return replace(self, page=1, trail=())

    def following(self, last_id: str) -> "Queue":
        """The next page, when this one ends with the proposal of that id."""
        return replace(self, page=self.page + 1, trail=(*self.trail, last_id)[-MAX_TRAIL:])

    @property
    def previous(self) -> "Queue":
        """The page before; the first where it is no longer known."""
        trail = self.trail[:-1]
        return replace(self, page=self.page - 1, trail=trail) if trail else self.first


def read_queue(query: Iterable[tuple[str, str]]) -> tuple[Queue, tuple[str, ...]]:
    """The list that the parameters of an address ask for, and those that were dropped, as `name=value`.

    Parameters that are none of a list's are left alone; of several with one name the first counts.
    """
    found: dict[str, str] = {}
    dropped: list[str] = []
    page, trail = 1, tuple[str, ...]()
    for name, value in query:
        if not value or (name not in _KNOWN and name not in _FREE and name != "page"):
            continue
        place = _place(value) if name == "page" else None
        if place is not None and not trail:
            page, trail = place
        elif place is None and name not in found and _is_readable(name, value):
            found[name] = value
        else:
            dropped.append(f"{name}={value[:MAX_VALUE]}")
    return Queue(**found, page=page, trail=trail), tuple(dropped)


def queue_of(written: str) -> Queue:
    """The list of a query string that a form carried, such as `whose=me&kind=CONTACT`."""
    return read_queue(parse_qsl(written[:MAX_WRITTEN], keep_blank_values=False))[0]


def _is_readable(name: str, value: str) -> bool:
    if name in _KNOWN:
        return value in _KNOWN[name]
    # A filter of the API quotes values and has no way to write a quote in one.
    return name in _FREE and len(value) <= MAX_VALUE and '"' not in value and value.isprintable()


def _place(value: str) -> tuple[int, tuple[str, ...]] | None:
    """The number of a page and its trail; None where it is neither."""
    found = _PAGE.fullmatch(value)
    if found is None:
        return None
    trail = tuple(found[2][1:].split("."))
    page = int(found[1])
    return (page, trail) if 1 < page <= MAX_PAGE and len(trail) <= min(MAX_TRAIL, page - 1) else None
