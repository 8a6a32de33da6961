"""What a process of the service would log, kept for a test to search."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dedup_service.telemetry.logs import formatter


@contextmanager
def everything_logged(form: str) -> Iterator[io.StringIO]:
    """Every line that any logger writes at any level, in the form `json` or `text`."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
