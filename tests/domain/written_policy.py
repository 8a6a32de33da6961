"""The shipped policy as domain.md asks for it, written down a second time.

The decision table and the oracle are about these rules; a test holds the shipped file against them.
"""

from decimal import Decimal

from dedup_service.domain.policy import (
    ApprovalPolicy,
    Automatic,
    FullVote,
    ImpactPolicy,
    LeadStake,
    Measure,
    Policy,
    SourcePolicy,
    StakePolicy,
    Threshold,
    Veto,
    VetoRule,
    VoteMethod,
)
from dedup_service.domain.records import ChildKind, LeadClass, RecordKind


def threshold(medium: int, high: int | None) -> Threshold:
    return Threshold(Decimal(medium), None if high is None else Decimal(high))


SOURCES = {
    "erp": SourcePolicy("finance", 90, customer_master=True),
    "crm": SourcePolicy("sales", 70),
    "desk": SourcePolicy("support", 60),
    "partner": SourcePolicy("partners", 50),
    "shop": SourcePolicy("operations", 40),
    "marketing": SourcePolicy("marketing", 20),
}
STAKES = StakePolicy(
    facts={
        "open_opportunities": "sales",
        "open_pipeline": "sales",
        "open_cases": "support",
        "open_invoices": "finance",
        "active_campaigns": "marketing",
        "orders_in_fulfilment": "operations",
        "partner_of_record": "partners",
    },
    open_children={
        ChildKind.OPPORTUNITY: ("sales",),
        ChildKind.CASE: ("support",),
        ChildKind.INVOICE: ("finance",),
        ChildKind.CAMPAIGN: ("marketing",),
        ChildKind.ORDER: ("operations",),
    },
    closed_children={ChildKind.OPPORTUNITY: ("operations", "finance")},
    lead_classes={
        LeadClass.LIVE: LeadStake(("sales",)),
        LeadClass.NAME: LeadStake(("marketing",), alone=True),
    },
)
IMPACT = ImpactPolicy(
    currency="EUR",
    exchange_rates={"USD": Decimal("0.92"), "GBP": Decimal("1.17"), "CHF": Decimal("1.05")},
    thresholds={
        Measure.PIPELINE: threshold(10_000, 250_000),
        Measure.REVENUE: threshold(50_000, 1_000_000),
        Measure.CHILDREN: threshold(10, 200),
        Measure.FUNCTIONS: threshold(3, 5),
        Measure.OWNERS: threshold(2, 6),
        Measure.OPEN_INVOICES: threshold(1, 20),
        Measure.CONTRACTS: threshold(1, 5),
        Measure.MASTERED_MEMBERS: threshold(1, None),
        Measure.REDIRECTING_SYSTEMS: threshold(3, 6),
        Measure.CONSENT_FLAGS: threshold(3, None),
    },
)
APPROVAL = ApprovalPolicy(
    full_votes={
        RecordKind.LEAD: FullVote(VoteMethod.VOICES),
        RecordKind.CONTACT: FullVote(VoteMethod.WEIGHTS, weights={"sales": 2, "support": 2, "marketing": 1}),
        RecordKind.ACCOUNT: FullVote(VoteMethod.VOICES, final_arbiter="finance"),
    },
    automatic=(Automatic(RecordKind.LEAD, LeadClass.NAME, 0.99),),
)
VETOES = (
    Veto(VetoRule.NOT_A_MATCH),
    Veto(VetoRule.DEAD_SURVIVOR),
    Veto(VetoRule.COLDER_SURVIVOR),
    Veto(VetoRule.PROVISIONAL_SURVIVOR),
    Veto(VetoRule.DIFFERENT_TAX_IDS, lifted_by="finance"),
    Veto(VetoRule.DIFFERENT_CUSTOMER_NUMBERS, lifted_by="finance"),
    Veto(VetoRule.LEGAL_HOLD),
    Veto(VetoRule.CONTRADICTING_CONSENT),
    Veto(VetoRule.HIERARCHY_CYCLE),
)
WRITTEN_POLICY = Policy(
    version="written",
    functions=frozenset({"sales", "support", "marketing", "finance", "operations", "partners"}),
    sources=SOURCES,
    other_sources=SourcePolicy("operations", 10),
    stakes=STAKES,
    impact=IMPACT,
    approval=APPROVAL,
    vetoes=VETOES,
)
