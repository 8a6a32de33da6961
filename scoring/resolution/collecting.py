"""Python's collection of garbage, put off where it would cost as much as the work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Without the search for cycles of garbage, for work that makes none: it would walk over all records
    again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
