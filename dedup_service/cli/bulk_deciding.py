"""`decide`: many votes at once, on a list that was shown whole and confirmed by its number."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import typer
from google.type.money_pb2 import Money

from dedup_service.cli.problems import CommandError
from dedup_service.cli.session import Session
from dedup_service.cli.voting_view import why_you
from dedup_service.cli.words import amounts, plural, who, word
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest
from dedup_service.v1.merge_plan_pb2 import ImpactPreview
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    BatchDecideMergeProposalsRequest,
    BatchDecision,
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
    listed = _listed(session, order)
    skipped = {each.name: why for each in listed if (why := _why_skipped(order, each))}
    chosen = [each.merge_proposal for each in listed if each.name not in skipped]
    if not session.output.as_json:
        _show_list(session, order, chosen, skipped)
    elif order.preview:
        for each in listed:
            session.output.json(each)
    if order.preview or not (chosen or order.expected):
        return
    _confirm(order, len(chosen))
    _decide(session, order, chosen)


def _listed(session: Session, order: BulkOrder) -> list[BatchDecision]:
    """Everything that the order selects, with whether the caller may vote on it."""
    conditions = ["open = true", order.filter.strip()]
    request = BatchDecideMergeProposalsRequest(
        filter=" AND ".join(each for each in conditions if each),
        waiting_for=order.waiting_for,
        page_size=AT_ONCE,
        validate_only=True,
    )
    found: list[BatchDecision] = []
    while True:
        answer = session.client.merge_proposals.BatchDecideMergeProposals(request, timeout=BATCH_SECONDS)
        found += answer.decisions
        request.page_token = answer.next_page_token
        if not answer.next_page_token:
            return found


def _why_skipped(order: BulkOrder, listed: BatchDecision) -> str:
    """Why a proposal is left out: no vote that counts, or one that is cast, or is not needed; else empty."""
    proposal = listed.merge_proposal
    if not listed.decided:
        return listed.refusal.message or why_you(proposal)
    standing = proposal.standing
    if standing.vote_counts:
        said = _DONE[standing.decision]
        return f"you {said} it already; a single `dedup approve` or `dedup reject` changes that"
    if order.decision == VoteDecision.VOTE_DECISION_APPROVE and word(proposal, "state") == "APPROVED":
        return "it is approved already, and can be executed"
    return ""


def _show_list(
    session: Session, order: BulkOrder, chosen: Sequence[MergeProposal], skipped: Mapping[str, str]
) -> None:
    out = session.output
    if not (chosen or skipped):
        out.line("no open proposal fits", "green")
        return
    names = _survivors(session, chosen)
    for number, proposal in enumerate(chosen, 1):
        survivor = names.get(proposal.plan.survivor, "")
        title = f"{word(proposal, 'impact')} {word(proposal, 'kind')}  {survivor}".rstrip()
        out.entry(number, title, (proposal.name, _touched([proposal.preview])))
        out.glance(why_you(proposal), indent=5)
    if skipped:
        out.heading(f"will be skipped: {len(skipped):,}")
    for why in dict.fromkeys(skipped.values()):
        out.text(f"- {why}", indent=2, hang=2)
        for name in (each for each in skipped if skipped[each] == why):
            out.text(name, indent=4)
    out.line()
    if chosen:
        told = _touched([proposal.preview for proposal in chosen])
        proposals = plural(len(chosen), "proposal")
        out.text(f"{_SAID[order.decision]} {proposals} as {session.principal}: {told}", hang=2)
    else:
        out.line("there is nothing left for you to decide here", "yellow")


def _touched(previews: Sequence[ImpactPreview]) -> str:
    """What these merges would touch together."""
    redirects = plural(sum(len(each.redirects) for each in previews), "id")
    children = plural(sum(moving.count for each in previews for moving in each.moving_children), "child")
    pipeline = amounts(_added(money for each in previews for money in each.open_pipeline))
    invoices = sum(each.open_invoice_count for each in previews)
    told = f"{redirects} would redirect, {children.replace('childs', 'children')} would move"
    told += f"; open pipeline {pipeline}" if pipeline else ""
    return told + (f"; {plural(invoices, 'open invoice')}" if invoices else "")


def _added(sums: Iterable[Money]) -> list[Money]:
    """One sum a currency, in order of currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for money in sums:
        found[money.currency_code] += money.units + Decimal(money.nanos).scaleb(-9)
    return [
        Money(currency_code=currency, units=int(total), nanos=int(total % 1 * 10**9))
        for currency, total in sorted(found.items())
    ]


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
            session.output.text(f"skipped {each.name}: {each.refusal.message}", hang=2)
