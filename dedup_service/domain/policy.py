"""The company's rules as data; the shipped default is `dedup_service/defaults/policy.yaml`.

`domain` knows their shape and carries them out; their text is read and checked outside of it.
Two things are not for a policy to decide, because they are promises (C-2, C-3): a merge of two accounts of
the customer master is of HIGH impact and needs the master function, and service accounts never approve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from dedup_service.domain.data_entry.policy import DataEntryPolicy
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.lead_scoring import LeadScoringPolicy
from dedup_service.domain.records import ChildKind, LeadClass, RecordKind
from dedup_service.domain.territories import TerritoryPolicy
from dedup_service.domain.visibility import VisibilityPolicy
from scoring import Rule


class Impact(StrEnum):
    """The weight of a merge; it decides who must approve (domain 6)."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"

    @property
    def rank(self) -> int:
        """0 for LOW to 2 for HIGH."""
        return list(Impact).index(self)


class Measure(StrEnum):
    """What the impact of a merge is measured by (domain 6.1); `children` are also counted kind by kind."""

    PIPELINE = "pipeline"
    REVENUE = "revenue"
    CHILDREN = "children"
    OPEN_INVOICES = "open_invoices"
    CONTRACTS = "contracts"
    FUNCTIONS = "functions"
    OWNERS = "owners"
    MASTERED_MEMBERS = "mastered_members"
    REDIRECTING_SYSTEMS = "redirecting_systems"
    CONSENT_FLAGS = "consent_flags"


class AlwaysHigh(StrEnum):
    """What makes a merge HIGH whatever the thresholds say (domain 6.2)."""

    DIFFERENT_OPPORTUNITY_OWNERS = "DIFFERENT_OPPORTUNITY_OWNERS"
    LEGAL_HOLD = "LEGAL_HOLD"
    SEVERAL_LEGAL_ENTITIES = "SEVERAL_LEGAL_ENTITIES"


class VetoRule(StrEnum):
    """The rules that may stop a merge whatever the votes (domain 7.6)."""

    NOT_A_MATCH = "NOT_A_MATCH"
    DEAD_SURVIVOR = "DEAD_SURVIVOR"
    COLDER_SURVIVOR = "COLDER_SURVIVOR"
    PROVISIONAL_SURVIVOR = "PROVISIONAL_SURVIVOR"
    DIFFERENT_TAX_IDS = "DIFFERENT_TAX_IDS"
    DIFFERENT_CUSTOMER_NUMBERS = "DIFFERENT_CUSTOMER_NUMBERS"
    LEGAL_HOLD = "LEGAL_HOLD"
    CONTRADICTING_CONSENT = "CONTRADICTING_CONSENT"
    HIERARCHY_CYCLE = "HIERARCHY_CYCLE"


class VoteMethod(StrEnum):
    """How the full vote on a HIGH merge is counted (domain 3.1, 7.2)."""

    VOICES = "VOICES"
    WEIGHTS = "WEIGHTS"


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """One source: the function it belongs to, and how far its values are trusted (higher wins)."""

    function: str
    trust: int
    customer_master: bool = False


@dataclass(frozen=True, slots=True)
class LeadStake:
    """Whose the leads of a class are; `alone` leaves out the functions of source and owner (domain 2.3)."""

    functions: tuple[str, ...]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class StakePolicy:
    """Which function has a stake because of what (domain 5.1), beside owners and sources."""

    facts: Mapping[str, str] = field(default_factory=dict)
    open_children: Mapping[ChildKind, tuple[str, ...]] = field(default_factory=dict)
    closed_children: Mapping[ChildKind, tuple[str, ...]] = field(default_factory=dict)
    lead_classes: Mapping[LeadClass, LeadStake] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Threshold:
    """At or above these a measure makes a merge MEDIUM or HIGH; None never does."""

    medium: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class ImpactPolicy:
    """How much weighs how much (domain 6).

    Amounts count in `currency`; `exchange_rates` give its units for one unit of another currency.
    An amount in any other currency cannot be weighed and makes the merge HIGH.
    """

    currency: str
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)
    thresholds: Mapping[Measure, Threshold] = field(default_factory=dict)
    children: Mapping[ChildKind, Threshold] = field(default_factory=dict)
    always_high: frozenset[AlwaysHigh] = frozenset(AlwaysHigh)
    contacts_of_different_accounts_raise: bool = True


@dataclass(frozen=True, slots=True)
class Automatic:
    """LOW merges of this kind (and lead class) need nobody, when every link is at least so probable."""

    kind: RecordKind
    lead_class: LeadClass | None
    minimum_probability: float


@dataclass(frozen=True, slots=True)
class FullVote:
    """The vote on a HIGH merge of one kind.

    VOICES: each function with a stake has one voice. WEIGHTS: the functions named, each with its weight.
    More than `majority` of all voices or weight carries. A `final_arbiter` with a stake decides last: it may
    refuse anything, decides a tie, and approves only once the others have voted or the period has ended.
    `quorum` is the least number of different people who must approve.
    """

    method: VoteMethod
    majority: Decimal = Decimal("0.5")
    weights: Mapping[str, int] = field(default_factory=dict)
    final_arbiter: str = ""
    tie_breaker: str = ""
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """Who must approve a merge (domain 6.3, 7): nobody, so many people with a stake, or the full vote."""

    full_votes: Mapping[RecordKind, FullVote]
    automatic: tuple[Automatic, ...] = ()
    low_quorum: int = 1
    medium_quorum: int = 1


@dataclass(frozen=True, slots=True)
class Periods:
    """How long a vote lasts, in working days (UTC): then it is escalated, then the proposal expires."""

    voting_working_days: int = 3
    escalation_working_days: int = 2
    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    longest_delegation: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Veto:
    """A veto rule in force; with `lifted_by`, an approval of that function lifts it."""

    rule: VetoRule
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules; its name is part of every plan hash."""

    version: str
    functions: frozenset[str]
    sources: Mapping[str, SourcePolicy]
    other_sources: SourcePolicy
    stakes: StakePolicy
    impact: ImpactPolicy
    approval: ApprovalPolicy
    vetoes: tuple[Veto, ...]
    periods: Periods = Periods()
    survivorship: Mapping[str, Rule] = field(default_factory=dict)
    default_survivorship: Rule = Rule.MOST_TRUSTED
    lead_dormant_after: timedelta = timedelta(days=180)
    # How long after its last touch a LIVE lead is unattended (domain 2.2).
    lead_service_level: timedelta = timedelta(hours=24)
    intake: IntakePolicy = field(default_factory=IntakePolicy)
    # Keeps the customer master, and with it the last word on what an account is (domain 4.2).
    master_function: str = "finance"
    # Its people may put another version of the policy in force.
    policy_function: str = "finance"
    territories: TerritoryPolicy = field(default_factory=TerritoryPolicy)
    lead_scoring: LeadScoringPolicy = field(default_factory=LeadScoringPolicy)
    data_entry: DataEntryPolicy = field(default_factory=DataEntryPolicy)
    visibility: VisibilityPolicy = field(default_factory=VisibilityPolicy)

    def source(self, name: str) -> SourcePolicy:
        """The policy of a source; a source that the policy does not name takes `other_sources`."""
        return self.sources.get(name, self.other_sources)
