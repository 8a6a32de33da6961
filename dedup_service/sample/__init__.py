"""A seeded sample: five systems' records of the same people and companies, and the truth beside them."""

from dedup_service.sample.generator import (
    DEFAULT_COMPANIES,
    DEFAULT_PEOPLE,
    Sample,
    generate,
)
from dedup_service.sample.measure import Found, measure, true_pairs

__all__ = [
    "DEFAULT_COMPANIES",
    "DEFAULT_PEOPLE",
    "Found",
    "Sample",
    "generate",
    "measure",
    "true_pairs",
]
