"""A share of the model test, and that it notices what is taken out of the service."""

from typing import Any

import pytest

from dedup_service.workflows.replan import Replanning
from tests.conftest import StandingDatabase
from tests.trust.model import part
from tests.trust.model.part import drive, lines

STEPS = 300


@pytest.fixture(autouse=True)
def _unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof shrinks what breaks; here that would only take time."""
    monkeypatch.setattr(part, "PHASES", part.PHASES[:1])


def test_a_share_of_the_steps(standing_database: StandingDatabase, redis_url: str) -> None:
    """The service does what the reference does, step by step."""
    driven = drive(standing_database, redis_url, 1, STEPS)
    assert driven.broken == ()
    [line] = lines(driven, STEPS)
    assert line.figures["steps"] >= STEPS
    assert line.figures["kinds"] >= part.LEAST_KINDS
    assert line.holds


def test_a_guard_that_is_taken_out_is_noticed(
    standing_database: StandingDatabase, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proposals that do not follow the writes to their members break what must hold."""

    async def not_at_all(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(Replanning, "replan", not_at_all)
    driven = drive(standing_database, redis_url, 1, 2000)
    assert len(driven.broken) == 1
    [line] = lines(driven, 2000)
    assert not line.holds
