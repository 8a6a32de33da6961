"""`decide`: many votes at once, on a list that was shown whole and confirmed by its number."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from dedup_service.cli.problems import CommandError
from dedup_service.cli.session import Session
from dedup_service.cli.voting_view import why_you
from dedup_service.cli.words import amounts, plural, who, word
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    BatchDecideMergeProposalsRequest,
    BatchDecision,
    BatchTotals,
    ChosenProposal,
)
from dedup_service.v1.voting_pb2 import VoteDecision

AT_ONCE = 500
BATCH_SECONDS = 600.0
_SAID = {VoteDecision.VOTE_DECISION_APPROVE: "approve", VoteDecision.VOTE_DECISION_REJECT: "reject"}
_DONE = {VoteDecision.VOTE_DECISION_APPROVE: "approved", VoteDecision.VOTE_DECISION_REJECT: "rejected"}


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """What to say on which proposals; `expected` is how many they must be, None to ask at the terminal."""

    decision: VoteDecision.ValueType
    filter: str
    waiting_for: str
    comment: str
    expected: int | None
    preview: bool


def bulk_order(
    said: str,
    filter_text: str,
    waiting_for: str,
    comment: str,
    yes: bool,
    expected: int | None,
    preview: bool,
) -> BulkOrder:
    """The order of the words on the command line.

    Raises:
        typer.BadParameter: no such decision, nothing that selects, or a confirmation without its number.
    """
    decision = next((number for number, name in _SAID.items() if name == said), None)
    if decision is None:
        raise typer.BadParameter(f"{said} is neither approve nor reject", param_hint="approve|reject")
    if not (filter_text.strip() or waiting_for):
        raise typer.BadParameter(
            "say which proposals, such as --waiting-for me or --filter 'impact = LOW'", param_hint="--filter"
        )
    if yes != (expected is not None):
        raise typer.BadParameter(
            "--yes and --expect N belong together: so many proposals, or none", param_hint="--expect"
        )
    return BulkOrder(decision, filter_text, waiting_for, comment, expected, preview)


def decide(session: Session, order: BulkOrder) -> None:
    """Show the whole list, have its number confirmed, vote, and say what became of each.

    Raises:
        CommandError: the number is not confirmed, or a vote was refused; the others are cast.
    """
    if session.output.as_json and order.expected is None and not order.preview:
        raise typer.BadParameter(
            "--json asks nothing: give --yes --expect N, or --preview", param_hint="--json"
        )
    listed, totals = _listed(session, order)
    chosen = [each.merge_proposal for each in listed if each.decided]
    if session.output.as_json:
        if order.preview:
            for each in listed:
                session.output.json(each)
    else:
        _show_list(session, order, listed, totals)
    if order.preview or not (chosen or order.expected):
        return
    _confirm(order, len(chosen))
    _decide(session, order, chosen)


def _listed(session: Session, order: BulkOrder) -> tuple[list[BatchDecision], BatchTotals]:
    """Everything that the order selects, and what the decisions would come to."""
    conditions = ["open = true", order.filter.strip()]
    request = BatchDecideMergeProposalsRequest(
        filter=" AND ".join(each for each in conditions if each),
        waiting_for=order.waiting_for,
        page_size=AT_ONCE,
        validate_only=True,
    )
    found: list[BatchDecision] = []
    totals = BatchTotals()
    while True:
        answer = session.client.merge_proposals.BatchDecideMergeProposals(request, timeout=BATCH_SECONDS)
        found += answer.decisions
        _add(totals, answer.totals)
        request.page_token = answer.next_page_token
        if not answer.next_page_token:
            return found, totals


def _add(totals: BatchTotals, more: BatchTotals) -> None:
    """Add the totals of another page."""
    for field in (
        *("proposal_count", "decided_count", "refused_count"),
        *("redirect_count", "moving_child_count", "open_invoice_count"),
    ):
        setattr(totals, field, getattr(totals, field) + getattr(more, field))
    sums = {money.currency_code: money for money in totals.open_pipeline}
    for money in more.open_pipeline:
        known = sums.get(money.currency_code)
        if known is None:
            totals.open_pipeline.add().CopyFrom(money)
            continue
        nanos = known.nanos + money.nanos
        known.units += money.units + nanos // 1_000_000_000
        known.nanos = nanos % 1_000_000_000


def _show_list(
    session: Session, order: BulkOrder, listed: Sequence[BatchDecision], totals: BatchTotals
) -> None:
    out = session.output
    if not listed:
        out.line("no open proposal fits", "green")
        return
    chosen = [each.merge_proposal for each in listed if each.decided]
    names = _survivors(session, chosen)
    for number, proposal in enumerate(chosen, 1):
        title, lines = _entry(proposal, names.get(proposal.plan.survivor, ""))
        out.entry(number, title, lines)
        out.glance(why_you(proposal), indent=5)
    skipped = [f"{each.name}: {_refusal(each)}" for each in listed if not each.decided]
    out.bullets(f"will be skipped: {len(skipped):,}", skipped)
    if not chosen:
        out.heading("there is nothing that you may decide here")
        return
    out.heading(
        f"{_SAID[order.decision]} {plural(len(chosen), 'proposal')} as {session.principal}: "
        f"{plural(totals.redirect_count, 'name')} would redirect, "
        f"{plural(totals.moving_child_count, 'child reference')} would move; open pipeline "
        f"{amounts(totals.open_pipeline) or 'none'}, open invoices {totals.open_invoice_count or 'none'}"
    )


def _entry(proposal: MergeProposal, survivor: str) -> tuple[str, tuple[str, ...]]:
    moving = sum(each.count for each in proposal.preview.moving_children)
    title = f"{word(proposal, 'impact')} {word(proposal, 'kind')}  {survivor}".rstrip()
    touched = f"{plural(len(proposal.preview.redirects), 'name')} redirect, {plural(moving, 'child')} move"
    return title, (proposal.name, touched.replace("childs", "children"))


def _survivors(session: Session, proposals: Sequence[MergeProposal]) -> dict[str, str]:
    """Who the survivors are now; the list of a batch leaves the values out."""
    found: dict[str, str] = {}
    names = list(dict.fromkeys(proposal.plan.survivor for proposal in proposals))
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        answer = session.client.golden_records.BatchGetGoldenRecords(BatchGetGoldenRecordsRequest(names=part))
        for name, golden in zip(part, answer.golden_records, strict=True):
            found[name] = who({field: value.value for field, value in golden.values.items()})
    return found


def _confirm(order: BulkOrder, count: int) -> None:
    """Go on only when whoever decides knows how many they decide."""
    if order.expected is not None:
        if order.expected != count:
            raise CommandError(
                f"nothing was decided: you may decide {count:,} of these proposals, not {order.expected:,}. "
                "Look at the list with --preview, then give its number"
            )
        return
    sys.stdout.write(f"type {count} to {_SAID[order.decision]} them, anything else to leave them: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != str(count):
        raise CommandError("nothing was decided")


def _decide(session: Session, order: BulkOrder, chosen: Sequence[MergeProposal]) -> None:
    decided: list[BatchDecision] = []
    for start in range(0, len(chosen), AT_ONCE):
        answer = session.client.merge_proposals.BatchDecideMergeProposals(
            BatchDecideMergeProposalsRequest(
                decision=order.decision,
                comment=order.comment,
                proposals=[
                    ChosenProposal(name=each.name, etag=each.etag) for each in chosen[start : start + AT_ONCE]
                ],
            ),
            timeout=BATCH_SECONDS,
        )
        _tell(session, order, answer.decisions)
        decided += answer.decisions
    refused = sum(not each.decided for each in decided)
    if not session.output.as_json:
        done = f"{_DONE[order.decision]} {len(decided) - refused:,}, skipped {refused:,}"
        session.output.line(done, "yellow" if refused else "green")
    if refused:
        raise CommandError(f"{plural(refused, 'proposal')} could not be decided: look at what has changed")


def _tell(session: Session, order: BulkOrder, decisions: Iterable[BatchDecision]) -> None:
    for each in decisions:
        if session.output.as_json:
            session.output.json(each)
        elif each.decided:
            session.output.text(
                f"{_DONE[order.decision]} {each.name}: it is {word(each.merge_proposal, 'state')}", hang=2
            )
        else:
            session.output.text(f"skipped {each.name}: {_refusal(each)}", hang=2)


def _refusal(decision: BatchDecision) -> str:
    """Why there was, or would be, no vote."""
    return decision.refusal.message or why_you(decision.merge_proposal)
