"""The models that what holds for every model is tested with."""

import pytest

from scoring import ScoringModel, shipped_model
from tests.scoring.scored_records import trained_model


@pytest.fixture(scope="session", params=["shipped", "trained"])
def model(request: pytest.FixtureRequest) -> ScoringModel:
    """The shipped model, and one trained on generated records."""
    return shipped_model() if request.param == "shipped" else trained_model()
