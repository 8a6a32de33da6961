"""The models that what holds for every model is tested with."""

import pytest

from scoring import ScoringModel
from tests.scoring.scored_records import model_of


@pytest.fixture(scope="session", params=["shipped", "trained"])
def model_name(request: pytest.FixtureRequest) -> str:
    """The name of the shipped model, and of one trained on generated records, which is at hand then.

    For properties, whose failures would print a model whole.
    """
    name = str(request.param)
    model_of(name)
    return name


@pytest.fixture(scope="session")
def model(model_name: str) -> ScoringModel:
    """The shipped model, and one trained on generated records."""
    return model_of(model_name)
