"""One line of the log a call: who called what, how it ended and how long it took; nothing of the request.

What changes something, and what is refused, is told at INFO; what only reads, and streams that the caller
ended, at DEBUG. A read is answered hundreds of times a second, a write is not.
"""

import logging
from collections.abc import Callable
from time import perf_counter_ns

import grpc

_LOG = logging.getLogger(__name__)
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_OF_WHO_CALLS = frozenset(
    (grpc.StatusCode.UNAUTHENTICATED.value[0], grpc.StatusCode.PERMISSION_DENIED.value[0])
)
_QUIET = frozenset((grpc.StatusCode.OK.value[0], grpc.StatusCode.CANCELLED.value[0]))
# Methods that change nothing begin with one of these.
READING = (
    *("Get", "List", "BatchGet", "Lookup", "Match", "Score", "BatchScore", "Explain", "Watch", "Verify"),
    *("Simulate", "Study", "Count", "Validate", "Wait", "Export"),
)
# Callers that are over their limits would fill the disk: one line of so many says as much.
_REFUSED_TOO_OFTEN = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


class LoggedCall:
    """A call from its beginning; `principal` is empty until it is known who calls.

    `peer` says where it comes from, by gRPC: the address of a proxy where there is one.
    """

    __slots__ = ("_began_ns", "_method", "_peer", "principal")

    def __init__(self, method: str, peer: Callable[[], str]) -> None:
        self._method = method
        self._peer = peer
        self._began_ns = perf_counter_ns()
        self.principal = ""

    def end(self, code: int) -> None:
        """Tell how it ended; `code` is the number of its status code."""
        level = _level(self._method, code)
        if not _LOG.isEnabledFor(level):
            return
        fields = {
            "method": self._method,
            "code": _NAMES.get(code, "UNKNOWN"),
            "duration_ms": round((perf_counter_ns() - self._began_ns) / 1e6, 1),
            "principal": self.principal,
        }
        if code in _OF_WHO_CALLS:
            fields["peer"] = self._peer()
        _LOG.log(level, "call", extra=fields)


def _level(method: str, code: int) -> int:
    if code == _REFUSED_TOO_OFTEN:
        return logging.DEBUG
    if code in _QUIET and method.rpartition("/")[2].startswith(READING):
        return logging.DEBUG
    return logging.INFO
