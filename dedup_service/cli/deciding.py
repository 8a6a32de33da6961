"""`propose`, `change`, `approve`, `reject`, `withdraw`, `execute`, `undo`: each says which plan it is on."""

from dataclasses import dataclass

import typer
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.cli.problems import CommandError
from dedup_service.cli.proposal_view import show_proposal
from dedup_service.cli.record_view import show_merge
from dedup_service.cli.session import Session
from dedup_service.cli.words import word
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    RejectMergeProposalRequest,
    UpdateMergeProposalRequest,
    WithdrawMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, Merge, UndoMergeRequest


def propose(session: Session, proposal: MergeProposal, validate_only: bool) -> None:
    """Propose a merge, or with `validate_only` show what it would be."""
    made = session.client.merge_proposals.CreateMergeProposal(
        CreateMergeProposalRequest(merge_proposal=proposal, validate_only=validate_only)
    )
    _tell_proposal(session, made, "preview, nothing is stored" if validate_only else "proposed")


def change(session: Session, name: str, etag: str, survivor: str, choices: dict[str, str]) -> None:
    """Change the survivor or some of the field choices; an empty record takes a choice back."""
    known = session.client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))
    proposal = MergeProposal(name=name, etag=etag or known.etag, survivor=survivor)
    paths = ["survivor"] if survivor else []
    if choices:
        paths.append("field_choices")
        merged = {**known.field_choices, **choices}
        proposal.field_choices.update({field: record for field, record in merged.items() if record})
    changed = session.client.merge_proposals.UpdateMergeProposal(
        UpdateMergeProposalRequest(merge_proposal=proposal, update_mask=FieldMask(paths=paths))
    )
    voided = any(vote.counts for vote in known.votes)
    told = "changed; the votes cast so far are void" if voided else "changed"
    if changed.etag == known.etag:
        told = "nothing is changed: the plan is so already"
    _tell_proposal(session, changed, told)


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody says on a proposal: the plan they have seen, the function they speak for, and why."""

    name: str
    etag: str
    function: str
    comment: str


def approve(session: Session, vote: Vote) -> None:
    """Vote for a proposal."""
    seen = _plan_to_act_on(session, vote.name, vote.etag, voting=True)
    voted = session.client.merge_proposals.ApproveMergeProposal(
        ApproveMergeProposalRequest(name=vote.name, etag=seen, function=vote.function, comment=vote.comment)
    )
    _tell_vote(session, voted, "approved")


def reject(session: Session, vote: Vote) -> None:
    """Vote against a proposal."""
    seen = _plan_to_act_on(session, vote.name, vote.etag, voting=True)
    voted = session.client.merge_proposals.RejectMergeProposal(
        RejectMergeProposalRequest(name=vote.name, etag=seen, function=vote.function, comment=vote.comment)
    )
    _tell_vote(session, voted, "rejected")


def withdraw(session: Session, name: str, etag: str, comment: str) -> None:
    """Take a proposal back."""
    seen = _plan_to_act_on(session, name, etag)
    taken_back = session.client.merge_proposals.WithdrawMergeProposal(
        WithdrawMergeProposalRequest(name=name, etag=seen, comment=comment)
    )
    if session.output.as_json:
        session.output.json(taken_back)
        return
    session.output.line(f"withdrawn: {taken_back.name} is {word(taken_back, 'state')}", "green")


def execute(session: Session, name: str, etag: str) -> None:
    """Carry an approved proposal out."""
    seen = _plan_to_act_on(session, name, etag)
    merge = session.client.merge_proposals.ExecuteMergeProposal(
        ExecuteMergeProposalRequest(name=name, etag=seen)
    )
    _tell_merge(session, merge, "merged")


def undo(session: Session, request: UndoMergeRequest) -> None:
    """Undo a merge, or with `validate_only` show what it would leave."""
    known = session.client.merges.GetMerge(GetMergeRequest(name=request.name))
    request.etag = request.etag or known.etag
    if word(known, "state") == "UNDONE":
        _tell_merge(session, known, f"nothing is changed, {known.undo_principal} has undone it already")
        return
    if not session.output.as_json:
        session.output.line(f"undoing {request.name} at etag {request.etag}")
    merge = session.client.merges.UndoMerge(request)
    _tell_merge(session, merge, "preview, nothing is changed" if request.validate_only else "undone")


def field_choices(words: list[str], *, taking_back: bool = False) -> dict[str, str]:
    """Which record's value survives, from `field=record` words; with `taking_back` also `field=`."""
    choices = {}
    for text in words:
        field, equals, record = text.partition("=")
        if not (equals and field and (record or taking_back)):
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
    mine = next((v for v in reversed(proposal.votes) if v.principal == session.principal), None)
    function = f" for {mine.function}" if mine is not None else ""
    whose = f" on behalf of {mine.on_behalf_of}" if mine is not None and mine.on_behalf_of else ""
    state = word(proposal, "state")
    out.line(f"{done}{function}{whose} as {session.principal}: {proposal.name} is {state}", "green")
    out.bullets("still missing", proposal.missing)
    out.bullets("vetoed", (f"{veto.rule}: {veto.reason}" for veto in proposal.vetoes))
    out.bullets("veto lifted", (f"{veto.rule}: {veto.reason}" for veto in proposal.lifted_vetoes))
    if state == "APPROVED":
        out.line(f"nothing is missing: dedup execute {proposal.name}")


def _tell_merge(session: Session, merge: Merge, done: str) -> None:
    if session.output.as_json:
        session.output.json(merge)
        return
    session.output.line(f"{done}: {merge.name}", "green")
    show_merge(session.output, merge)
