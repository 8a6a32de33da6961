"""`propose`, `approve`, `reject`, `execute` and `undo`: each shows the plan that it acts on."""

import typer

from dedup_service.cli.problems import CommandError
from dedup_service.cli.proposal_view import show_proposal
from dedup_service.cli.record_view import show_merge
from dedup_service.cli.session import Session
from dedup_service.cli.words import word
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    MergeProposal,
    RejectMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, Merge, UndoMergeRequest


def propose(session: Session, proposal: MergeProposal, validate_only: bool) -> None:
    """Propose a merge, or with `validate_only` show what it would be."""
    made = session.client.merge_proposals.CreateMergeProposal(
        CreateMergeProposalRequest(merge_proposal=proposal, validate_only=validate_only)
    )
    _tell_proposal(session, made, "preview, nothing is stored" if validate_only else "proposed")


def approve(session: Session, name: str, etag: str, comment: str) -> None:
    """Vote for a proposal."""
    seen = _plan_to_act_on(session, name, etag, voting=True)
    voted = session.client.merge_proposals.ApproveMergeProposal(
        ApproveMergeProposalRequest(name=name, etag=seen, comment=comment)
    )
    _tell_vote(session, voted, "approved")


def reject(session: Session, name: str, etag: str, comment: str) -> None:
    """Vote against a proposal."""
    seen = _plan_to_act_on(session, name, etag, voting=True)
    voted = session.client.merge_proposals.RejectMergeProposal(
        RejectMergeProposalRequest(name=name, etag=seen, comment=comment)
    )
    _tell_vote(session, voted, "rejected")


def execute(session: Session, name: str, etag: str) -> None:
    """Carry an approved proposal out."""
    seen = _plan_to_act_on(session, name, etag)
    merge = session.client.merge_proposals.ExecuteMergeProposal(
        ExecuteMergeProposalRequest(name=name, etag=seen)
    )
    _tell_merge(session, merge, "merged")


def undo(session: Session, request: UndoMergeRequest) -> None:
    """Undo a merge, or with `validate_only` show what it would leave."""
    if not request.etag:
        request.etag = session.client.merges.GetMerge(GetMergeRequest(name=request.name)).etag
    if not session.output.as_json:
        session.output.line(f"undoing {request.name} at etag {request.etag}")
    merge = session.client.merges.UndoMerge(request)
    _tell_merge(session, merge, "preview, nothing is changed" if request.validate_only else "undone")


def field_choices(words: list[str]) -> dict[str, str]:
    """Which record's value survives, from `field=record` words."""
    choices = {}
    for text in words:
        field, equals, record = text.partition("=")
        if not (equals and field and record):
            raise typer.BadParameter(f"{text}: write field=sources/SOURCE/records/ID", param_hint="--choose")
        choices[field] = record
    return choices


def _plan_to_act_on(session: Session, name: str, etag: str, *, voting: bool = False) -> str:
    """The plan hash given, or that of the proposal as it is now, which is shown first."""
    if etag:
        return etag
    proposal = session.client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))
    if voting and proposal.plan_changes:
        # Who decides without an etag may have looked at an earlier plan.
        raise CommandError(
            f"the plan of {name} has changed since it was proposed: look at it with `dedup show {name}`, "
            f"then decide with --etag {proposal.etag}"
        )
    if not session.output.as_json:
        out = session.output
        out.line(
            f"{name}: {word(proposal, 'impact')} impact, {word(proposal, 'kind')}, "
            f"{len(proposal.golden_records)} golden records into {proposal.plan.survivor}"
        )
        out.line(f"acting on plan {proposal.etag}")
    return proposal.etag


def _tell_proposal(session: Session, proposal: MergeProposal, done: str) -> None:
    if session.output.as_json:
        session.output.json(proposal)
        return
    session.output.line(done, "green")
    show_proposal(session.output, proposal)


def _tell_vote(session: Session, proposal: MergeProposal, done: str) -> None:
    out = session.output
    if out.as_json:
        out.json(proposal)
        return
    out.line(f"{done} as {session.principal}: {proposal.name} is {word(proposal, 'state')}", "green")
    out.bullets("still missing", proposal.missing)
    out.bullets("vetoed", (f"{veto.rule}: {veto.reason}" for veto in proposal.vetoes))
    if word(proposal, "state") == "APPROVED":
        out.line(f"nothing is missing: dedup execute {proposal.name}")


def _tell_merge(session: Session, merge: Merge, done: str) -> None:
    if session.output.as_json:
        session.output.json(merge)
        return
    session.output.line(f"{done}: {merge.name}", "green")
    show_merge(session.output, merge)
