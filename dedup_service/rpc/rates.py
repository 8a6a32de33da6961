"""How often one caller may call: rates by principal, and failed attempts by address and by connection.

Each caller has a bucket that fills again at the rate; what is kept of it is the moment at which it will be
full. The library `limits` was tried: its memory storage starts a thread a hundred times a second under load,
which took 12 % of the event loop's time, and its windows let through twice the rate around their borders.
"""

import heapq
import time

from dedup_service.rpc.errors import OverloadedError

# A principal that was silent for a while may call as often as it can for what comes in so long at its rate.
BURST_SECONDS = 2.0
# Attempts to call as somebody from one address that fail; of what is tried beyond them no signature is
# verified, except for connections that have hardly failed: behind one address there may be many callers.
FAILED_ATTEMPTS = 100
FAILED_ATTEMPTS_SECONDS = 10.0
# So few that a connection costs more to make than what can be tried on it.
FAILED_ON_CONNECTION = 5
FAILED_ON_CONNECTION_SECONDS = 100.0
_MOST_REMEMBERED = 10_000


class Rates:
    """The rates of a server: `calls` a second of one principal, and `items` of their batches."""

    def __init__(self, calls: int, items: int) -> None:
        self._calls = _Buckets(calls, BURST_SECONDS)
        self._items = _Buckets(items, BURST_SECONDS)
        self._failures = _Buckets(FAILED_ATTEMPTS / FAILED_ATTEMPTS_SECONDS, FAILED_ATTEMPTS_SECONDS)
        self._failures_on = _Buckets(
            FAILED_ON_CONNECTION / FAILED_ON_CONNECTION_SECONDS, FAILED_ON_CONNECTION_SECONDS
        )

    def called(self, principal: str) -> None:
        """Count a call; raises OverloadedError, which says when to call again, where it is one too many."""
        if seconds := self._calls.take(principal, 1):
            raise OverloadedError(f"{principal} calls more often than a principal may", seconds)

    def sent(self, principal: str, count: int) -> None:
        """Count items of a batch, as `called` does calls."""
        if seconds := self._items.take(principal, count):
            raise OverloadedError(f"{principal} sends more items than a principal may", seconds)

    def check_peer(self, peer: str) -> None:
        """Refuse proof that is not known yet, where too many attempts have failed of late, both from this
        address and on this connection; raises OverloadedError.

        Proof that was verified before is not asked about: the failures of others are none of its caller's.
        """
        if (by_address := self._failures.wait(_host(peer))) and (here := self._failures_on.wait(peer)):
            why = "too many calls from this address proved nobody whom the service knows"
            raise OverloadedError(why, min(by_address, here))

    def failed(self, peer: str) -> None:
        """Count an attempt that failed, for its address and for its connection."""
        self._failures.take(_host(peer), 1)
        self._failures_on.take(peer, 1)


class _Buckets:
    """One bucket for each of many, of what comes in `burst_seconds` at the rate of `a_second`."""

    def __init__(self, a_second: float, burst_seconds: float) -> None:
        self._a_second = a_second
        # A bit more, lest the last of a burst be lost to rounding.
        self._burst_seconds = burst_seconds + 1e-6
        self._full_at: dict[str, float] = {}

    def take(self, who: str, count: int) -> float:
        """Take so much; 0, or the seconds after which it would have been there, and nothing is taken."""
        now = time.monotonic()
        full_at = max(self._full_at.get(who, now), now) + count / self._a_second
        if full_at > now + self._burst_seconds:
            return full_at - now - self._burst_seconds
        if len(self._full_at) >= _MOST_REMEMBERED:
            self._forget(now)
        self._full_at[who] = full_at
        return 0.0

    def _forget(self, now: float) -> None:
        """Forget whose bucket is full again, and of too many who are left those from whom least was taken:
        whoever makes up addresses makes none of them forgotten that is empty.
        """
        left = [(then, who) for who, then in self._full_at.items() if then > now]
        if len(left) > _MOST_REMEMBERED // 2:
            left = heapq.nlargest(_MOST_REMEMBERED // 2, left)
        self._full_at = {who: then for then, who in left}

    def wait(self, who: str) -> float:
        """The seconds until one could be taken."""
        over = self._full_at.get(who, 0.0) + 1 / self._a_second - time.monotonic() - self._burst_seconds
        return max(over, 0.0)


def _host(peer: str) -> str:
    """Where a call comes from, without its port: each connection has another one."""
    return peer.rpartition(":")[0]
