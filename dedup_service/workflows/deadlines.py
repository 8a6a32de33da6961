"""When the answer of a call is due: said once by the edge, kept to by whatever the call does."""

from contextvars import ContextVar
from time import monotonic

# A call has a task of its own, and the tasks that it starts inherit this.
_DUE: ContextVar[float | None] = ContextVar("due", default=None)


def due_in(seconds: float) -> None:
    """The answer of the call of this task is due in so many seconds."""
    _DUE.set(monotonic() + seconds)


def seconds_left() -> float | None:
    """How long the answer of this call may still take, 0 or more; None where nobody waits for one."""
    due = _DUE.get()
    return None if due is None else max(due - monotonic(), 0.0)


def due_whenever() -> None:
    """What this task does is not for one call alone, so no call's deadline ends it."""
    _DUE.set(None)
