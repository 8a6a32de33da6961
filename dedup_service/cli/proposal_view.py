"""A merge proposal for the person who decides: what it would do, what it hurts, and what is missing."""

from collections.abc import Iterable
from datetime import UTC, datetime

from dedup_service.cli.output import Output
from dedup_service.cli.plan_view import show_links, show_plan, show_stakes, show_touched
from dedup_service.cli.voting_view import due, show_vote, show_votes
from dedup_service.cli.words import bits, moment, plural, shown, who, word
from dedup_service.v1.merge_proposal_pb2 import MergeProposal


def who_it_is(proposal: MergeProposal) -> str:
    """The values by which a person recognises what the survivor would be."""
    return who({field: value.value.value for field, value in proposal.plan.values.items()})


def list_proposals(out: Output, proposals: Iterable[MergeProposal], now: datetime) -> None:
    """A few lines a proposal."""
    for number, each in enumerate(proposals, 1):
        missing = ", ".join(each.missing_functions) or "nobody"
        vetoes = ", ".join(sorted({veto.rule for veto in each.vetoes}))
        bound = plural(len(each.golden_records), "golden record")
        if each.HasField("weakest_link"):
            bound += f", weakest link {bits(each.weakest_link.match_weight_bits)} bits"
        is_open = word(each, "state") in ("PENDING", "APPROVED")
        out.entry(
            number,
            f"{word(each, 'impact')} {word(each, 'kind')} {word(each, 'state')}  {who_it_is(each)}",
            (
                each.name,
                bound,
                f"{due(each, now)}; waits for {missing}" if is_open else "",
                f"vetoed: {vetoes}" if vetoes else "",
            ),
        )


def show_proposal(out: Output, proposal: MergeProposal) -> None:
    """Everything about one proposal, what has to be decided first."""
    out.line(f"{proposal.name or 'a preview'}  {word(proposal, 'state')}", "bold")
    out.text(
        f"{word(proposal, 'impact')} impact, {word(proposal, 'type')} of {word(proposal, 'kind')}: "
        f"{who_it_is(proposal) or plural(len(proposal.golden_records), 'golden record')}",
        hang=2,
    )
    out.text(f"proposed by {proposal.proposer} at {moment(proposal.create_time)}")
    if proposal.comment:
        out.text(f'"{proposal.comment}"', hang=2)
    if proposal.closing_comment:
        out.text(f'ended with "{proposal.closing_comment}"', hang=2)
    if proposal.merge:
        out.line(f"carried out as {shown(proposal.merge)}")
    show_vote(out, proposal, datetime.now(UTC))
    show_votes(out, proposal)
    out.bullets(
        "why this impact", (f"{word(each, 'impact')}: {each.reason}" for each in proposal.impact_reasons)
    )
    show_touched(out, proposal)
    show_plan(out, proposal.plan)
    show_links(out, proposal)
    show_stakes(out, proposal.stakes)
    out.line()
    out.line(f"plan hash {proposal.etag}, policy {shown(proposal.plan.policy_version)}", "dim")
    _show_next(out, proposal)


def _show_next(out: Output, proposal: MergeProposal) -> None:
    """The commands that decide on the plan shown, and on no later one; a preview has no name to decide on."""
    if not proposal.name:
        return
    if word(proposal, "state") == "APPROVED":
        out.heading(f"nothing is missing: dedup execute {proposal.name}")
    elif word(proposal, "state") == "PENDING" and proposal.standing.may_vote:
        out.heading("to decide on the plan above")
        functions = {mandate.function for mandate in proposal.standing.mandates}
        # Who may speak for one function alone need not name it.
        named = " --for FUNCTION" if len(functions) > 1 else ""
        for verb in ("approve", "reject"):
            out.line(f"dedup {verb} {proposal.name}{named} --etag {proposal.etag}")
    elif word(proposal, "state") == "PENDING" and proposal.standing.principal == proposal.proposer:
        out.heading(f"you proposed it; to take it back: dedup withdraw {proposal.name}")
