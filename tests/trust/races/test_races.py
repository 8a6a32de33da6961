"""A share of the races: some schedules of each pair."""

import asyncio
import random

import pytest

from tests.trust.races.interleaving import interleave
from tests.trust.races.pairs import PAIRS


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_two_writes_give_what_one_order_gives(database_url: str, redis_url: str, name: str) -> None:
    """Wherever either stops: what is answered and stored is that of one after the other."""
    seen = asyncio.run(interleave(database_url, redis_url, name, random.Random(1), 10))
    assert seen.broken == []
    assert seen.schedules == 10
    assert min(seen.statements) > 5
