"""What matching without labels reaches on small labelled sets, held with a margin.

Each bound lies below what the default settings reached when it was set, by the margin named beside it, so
that noise passes and a loss does not.
"""

from collections import Counter

import pytest

from scoring import Entity, shipped_model
from scoring.resolution.training import EXPECTED_PRECISION
from tests.scoring.resolved_sets import resolved_crm, resolved_febrl


@pytest.mark.proof
@pytest.mark.parametrize("number", [1, 3])
def test_febrl(number: int) -> None:
    """FEBRL 1 and 3: an F1 of clusters of at least 0.99, nearly every candidate found (margin 0.005)."""
    reached = resolved_febrl(number).reached()
    assert reached.f1 >= 0.99
    assert reached.match_precision >= 0.995
    assert reached.candidate_recall >= 0.995


@pytest.mark.parametrize(
    ("entity", "least_f1", "least_recall"), [(Entity.PERSON, 0.93, 0.67), (Entity.COMPANY, 0.92, 0.55)]
)
def test_hard_crm(entity: Entity, least_f1: float, least_recall: float) -> None:
    """On 3,000 records of a hard CRM what is called MATCH is right, and clusters keep their F1.

    Margins: 0.005 for the precision, 0.02 for the F1, 0.08 for the recall, which the precision is paid with.
    """
    reached = resolved_crm(entity).reached()
    assert reached.match_precision >= 0.98
    assert reached.match_recall >= least_recall
    assert reached.f1 >= least_f1


@pytest.mark.parametrize("entity", list(Entity))
def test_no_cluster_is_much_larger_than_a_true_one(entity: Entity) -> None:
    """Clusters do not chain: the largest is no more than three times the largest true one."""
    found = resolved_crm(entity)
    largest, true_largest = (
        max(Counter(labels).values()) for labels in (found.resolution.clusters, found.labelled.clusters)
    )
    assert largest <= 3 * true_largest


@pytest.mark.parametrize("entity", list(Entity))
def test_a_trained_model_expects_of_its_matches_what_they_are_to_be(entity: Entity) -> None:
    """The MATCH threshold rises until so many of all matches together are expected to be right."""
    found = resolved_crm(entity).resolution
    is_match = found.probabilities >= found.model.match_threshold
    assert found.model.match_threshold > shipped_model().match_threshold
    assert found.probabilities[is_match].mean() >= EXPECTED_PRECISION
    at_shipped = found.probabilities >= shipped_model().match_threshold
    assert found.probabilities[at_shipped].mean() < EXPECTED_PRECISION
