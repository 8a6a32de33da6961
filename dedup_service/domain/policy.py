"""The company's rules as data: which function each source belongs to, and what makes a merge weigh.

The shipped default is `dedup_service/defaults/policy.yaml`; `domain` only knows its shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from scoring import Rule


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """One source: the function it belongs to, and how far its values are trusted (higher wins)."""

    function: str
    trust: int
    customer_master: bool = False


@dataclass(frozen=True, slots=True)
class ImpactThresholds:
    """At or above these a merge is of MEDIUM or HIGH impact (domain 6.1)."""

    medium_pipeline: Decimal
    high_pipeline: Decimal
    medium_revenue: Decimal
    high_revenue: Decimal
    medium_children: int
    high_children: int
    medium_functions: int
    high_functions: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules; part of every plan hash."""

    version: str
    functions: frozenset[str]
    sources: Mapping[str, SourcePolicy]
    other_sources: SourcePolicy
    impact: ImpactThresholds
    survivorship: Mapping[str, Rule] = field(default_factory=dict)
    default_survivorship: Rule = Rule.MOST_TRUSTED
    lead_dormant_after: timedelta = timedelta(days=180)
    master_function: str = "finance"

    def source(self, name: str) -> SourcePolicy:
        """The policy of a source; a source that the policy does not name takes `other_sources`."""
        return self.sources.get(name, self.other_sources)
