"""The facts a source may state about a record, and which of their values each carries (domain 1.4, 5.1)."""

from enum import StrEnum


class FactType(StrEnum):
    """Which value of a `Fact` is set."""

    COUNT = "count"
    AMOUNT = "amount"
    FLAG = "flag"
    TIME = "time"
    TEXT = "text"


FACTS: dict[str, FactType] = {
    "open_opportunities": FactType.COUNT,
    "open_pipeline": FactType.AMOUNT,
    "yearly_revenue": FactType.AMOUNT,
    "open_cases": FactType.COUNT,
    "open_invoices": FactType.COUNT,
    "orders_in_fulfilment": FactType.COUNT,
    "active_campaigns": FactType.COUNT,
    "contracts": FactType.COUNT,
    "partner_of_record": FactType.TEXT,
    "named_account": FactType.TEXT,
    "current_account": FactType.FLAG,
    "government": FactType.FLAG,
    "employees": FactType.COUNT,
    "legal_entity": FactType.TEXT,
    "legal_hold": FactType.FLAG,
    "marketing_consent": FactType.FLAG,
    "requested": FactType.TIME,
    "disqualified": FactType.TIME,
    "disqualified_reason": FactType.TEXT,
    "disqualified_step": FactType.TEXT,
    "last_touched": FactType.TIME,
}
