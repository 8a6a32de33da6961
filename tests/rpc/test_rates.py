"""Rates: how many come through, how long the others are told to wait, and that it is then enough."""

import time

import pytest

from dedup_service.rpc.errors import OverloadedError
from dedup_service.rpc.rates import BURST_SECONDS, FAILED_ATTEMPTS, FAILED_ON_CONNECTION, Rates

ANN = "users/ann"
PEER = "ipv4:192.0.2.1"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_principal_has_a_burst_and_then_its_rate(clock: Clock) -> None:
    """What comes in the burst is let through at once; after the time that a refusal names, one more is."""
    rates = Rates(calls=10, items=1000)
    for _ in range(round(10 * BURST_SECONDS)):
        rates.called(ANN)
    with pytest.raises(OverloadedError) as refused:
        rates.called(ANN)
    assert refused.value.retry_seconds == pytest.approx(0.1, abs=1e-5)
    rates.called("users/ben")
    clock.now += refused.value.retry_seconds
    rates.called(ANN)
    with pytest.raises(OverloadedError):
        rates.called(ANN)


def test_a_refused_call_costs_nothing(clock: Clock) -> None:
    """Who keeps asking is not kept out for longer."""
    rates = Rates(calls=1, items=1000)
    rates.called(ANN)
    rates.called(ANN)
    for _ in range(100):
        with pytest.raises(OverloadedError) as refused:
            rates.called(ANN)
    assert refused.value.retry_seconds == pytest.approx(1.0, abs=1e-5)
    clock.now += 1.001
    rates.called(ANN)


def test_batches_count_by_their_items(clock: Clock) -> None:
    """A batch that is too much for now is told when all of it may come."""
    rates = Rates(calls=1000, items=100)
    rates.sent(ANN, 150)
    with pytest.raises(OverloadedError) as refused:
        rates.sent(ANN, 150)
    assert refused.value.retry_seconds == pytest.approx(1.0, abs=1e-5)
    clock.now += 1.001
    rates.sent(ANN, 150)


def test_an_address_with_many_failures_is_not_listened_to_for_a_while(clock: Clock) -> None:
    """On a connection that has failed, too; one that has not is given a few attempts of its own."""
    rates = Rates(1000, 1000)
    for number in range(FAILED_ATTEMPTS):
        rates.check_peer(f"{PEER}:{number % 2}")
        rates.failed(f"{PEER}:{number % 2}")
    with pytest.raises(OverloadedError) as refused:
        rates.check_peer(f"{PEER}:1")
    rates.check_peer("ipv4:192.0.2.2:1")
    for _ in range(FAILED_ON_CONNECTION):
        rates.check_peer(f"{PEER}:9")
        rates.failed(f"{PEER}:9")
    with pytest.raises(OverloadedError):
        rates.check_peer(f"{PEER}:9")
    clock.now += refused.value.retry_seconds + 1e-6
    rates.check_peer(f"{PEER}:1")


def test_callers_who_were_silent_are_forgotten(clock: Clock) -> None:
    """However many there were, memory holds those of late alone."""
    rates = Rates(1000, 1000)
    for number in range(10_000):
        rates.failed(f"ipv4:10.0.{number // 250}.{number % 250}:1")
    clock.now += 1000
    rates.failed(f"{PEER}:1")
    assert len(rates._failures._full_at) == 1


def test_made_up_addresses_push_nobody_out_who_failed_often(clock: Clock) -> None:
    """However many fail at once, memory is bounded, and holds those from whom most came."""
    rates = Rates(1000, 1000)
    for _ in range(FAILED_ATTEMPTS):
        rates.failed(f"{PEER}:1")
    for number in range(25_000):
        rates.failed(f"ipv4:10.1.{number // 250}.{number % 250}:1")
        assert len(rates._failures._full_at) <= 10_000
    with pytest.raises(OverloadedError):
        rates.check_peer(f"{PEER}:1")
    clock.now += 1000
    rates.check_peer(f"{PEER}:1")
