"""Which part of a list is asked for, and what is answered."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from dedup_service.workflows.filters import Condition

T = TypeVar("T")

# What a page holds at most, as it is stored; one item is always given. As messages it is about as much, and
# below the 4 MB that a gRPC client takes unless it is told otherwise.
PAGE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """Open proposals that wait for this person's vote: one of these functions is missing, the person did not
    propose it and has not voted on its plan as it is. Those escalated to the person wait for them too.
    """

    principal: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: conditions that all hold, after this cursor, at most so many.

    The cursor is the sort key of the last row seen, as the store itself returned it.
    `master_sources` are the policy's, by which a condition on `account_state` tells mastered accounts.
    """

    conditions: tuple[Condition, ...] = ()
    after: tuple[str, ...] | None = None
    size: int = 50
    order_by: str = ""
    waiting_for: WaitingFor | None = None
    master_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """One page of a list, and the cursor of the next (None at the end)."""

    items: tuple[T, ...]
    next: tuple[str, ...] | None
