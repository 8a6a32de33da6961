"""Bulk: what is read of forms and answers, and what is made of it, without a page."""

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money

from dedup_service.client import ServiceError
from dedup_service.console.views.bulk import (
    UNANSWERED,
    Chosen,
    Fate,
    Refusal,
    read_chosen,
    refusal_of,
    totals_of,
    voted,
)
from dedup_service.v1.merge_plan_pb2 import ImpactPreview, MovingChildren, RedirectingId
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import Veto

PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING


def test_totals_add_up_by_currency() -> None:
    """Counts are sums, and sums of money stay apart by currency, to the last nano."""
    previews = [
        ImpactPreview(
            redirects=[RedirectingId(), RedirectingId()],
            moving_children=[MovingChildren(count=2), MovingChildren(count=3)],
            open_invoice_count=4,
            open_pipeline=[
                Money(currency_code="USD", units=1),
                Money(currency_code="EUR", units=10, nanos=750_000_000),
            ],
        ),
        ImpactPreview(open_pipeline=[Money(currency_code="EUR", units=0, nanos=250_000_001)]),
    ]
    totals = totals_of(MergeProposal(preview=preview) for preview in previews)
    assert (totals.proposal_count, totals.redirect_count, totals.moving_child_count) == (2, 2, 5)
    assert totals.open_invoice_count == 4
    assert totals.open_pipeline == (
        Money(currency_code="EUR", units=11, nanos=1),
        Money(currency_code="USD", units=1),
    )


def test_what_no_page_wrote_is_not_chosen() -> None:
    """A box carries an id and an etag; a value without either, too long, or of the same id again is none."""
    values = ["7f:abc", "7f:def", "8e", "8e:", ":abc", "9d:" + "x" * 400, ""]
    assert read_chosen(values) == (Chosen("mergeProposals/7f", "def"),)


def test_a_refusal_of_a_batch_is_read() -> None:
    """Its reason, its sentence, and what changed; of a call without an answer only that there was none."""
    detail = Any()
    detail.Pack(ErrorInfo(reason="ETAG_MISMATCH", domain="dedup-service", metadata={"changes": "a; b"}))
    refusal = refusal_of(Status(code=10, message="it changed", details=[detail]))
    assert (refusal.reason, refusal.sentence, refusal.changes) == ("ETAG_MISMATCH", "it changed", ("a", "b"))
    assert refusal_of(Status(code=10, message="x")).reason == ""
    unanswered = ServiceError(grpc.StatusCode.DEADLINE_EXCEEDED, "", "ipv4:127.0.0.1 took too long")
    assert refusal_of(unanswered) == Refusal(UNANSWERED, "")


def test_a_vote_that_leaves_others_to_ask_says_whom() -> None:
    """Functions that are missing before a rule that they may lift; the rule alone where nobody is asked."""
    waits = MergeProposal(
        name="mergeProposals/7f",
        state=PENDING,
        missing_functions=["finance"],
        vetoes=[Veto(reason="two numbers")],
    )
    assert (voted(waits, None).fate, voted(waits, None).functions) == (Fate.WAITS, ("finance",))
    stopped = MergeProposal(name="mergeProposals/7f", state=PENDING, vetoes=[Veto(reason="said to differ")])
    assert (voted(stopped, None).fate, voted(stopped, None).vetoes) == (Fate.STOPPED, ("said to differ",))
