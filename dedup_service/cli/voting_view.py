"""How a proposal is voted on, for who decides: by when, by whom, what they said, what is missing."""

from collections.abc import Sequence
from datetime import datetime

from dedup_service.cli.moments import distance, span, time_of
from dedup_service.cli.output import Cell, Output
from dedup_service.cli.words import moment, plural, word
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.voting_pb2 import Vote

_SAYS = {"APPROVE": "approves", "REJECT": "rejects", "": "-"}
_SAID = {"APPROVE": "approved", "REJECT": "rejected"}
_HALF = 0.5


def due(proposal: MergeProposal, now: datetime) -> str:
    """By when to decide: "due in 2 days" or "overdue, escalated to users/sara, expires in 1 day"."""
    if not proposal.due_time.seconds:
        return ""
    due_time = time_of(proposal.due_time)
    if proposal.escalate_time.seconds:
        to = f" to {', '.join(proposal.escalated_to)}" if proposal.escalated_to else ""
        return f"overdue, escalated{to}, expires {distance(time_of(proposal.expire_time), now)}"
    if due_time <= now:
        return f"overdue since {span(now - due_time)}"
    return f"due {distance(due_time, now)}"


def why_you(proposal: MergeProposal) -> str:
    """Whether the caller's vote counts, for which function and why, or why not."""
    standing = proposal.standing
    if not standing.may_vote and standing.principal in proposal.escalated_to:
        return f"escalated to you, to see that it is decided ({standing.explanation})"
    return standing.explanation if standing.may_vote else f"you may not vote: {standing.explanation}"


def waits_for(proposal: MergeProposal) -> str:
    """What is missing beside the caller's own vote, in few words."""
    if word(proposal, "state") == "APPROVED":
        return "nothing is missing: it can be executed"
    mine = _speaking_for(proposal)
    others = [function for function in _awaited(proposal, mine) if function not in mine]
    vetoes = sorted({veto.rule for veto in proposal.vetoes if veto.lifted_by not in mine or not mine})
    told = [f"also waits for {', '.join(others)}" if mine else f"waits for {', '.join(others)}"] * bool(
        others
    )
    told += [f"vetoed: {', '.join(vetoes)}"] * bool(vetoes)
    return "; ".join(told) or "waits for nobody else"


def _speaking_for(proposal: MergeProposal) -> set[str]:
    """The functions that the caller's next vote would speak for: one, where functions are counted."""
    held = [mandate.function for mandate in proposal.standing.mandates]
    if word(proposal.ballot, "method") == "PEOPLE":
        return set(held)
    silent = [function for function in held if function in proposal.missing_functions]
    return set((silent or held)[:1])


def _awaited(proposal: MergeProposal, mine: set[str]) -> Sequence[str]:
    """The functions waited for; where one more person of several suffices, the caller is that one."""
    if word(proposal.ballot, "method") != "PEOPLE":
        return proposal.missing_functions
    counting = {voice.function for voice in proposal.voices if voice.weight}
    approving = {
        vote.principal
        for vote in proposal.votes
        if vote.counts and vote.function in counting and word(vote, "decision") == "APPROVE"
    }
    if not mine & counting or proposal.ballot.quorum - len(approving) > 1:
        return proposal.missing_functions
    return [function for function in proposal.missing_functions if function not in counting]


def ballot_sentence(proposal: MergeProposal) -> str:
    """How the votes are counted, and why so."""
    ballot = proposal.ballot
    weights = [voice.weight for voice in proposal.voices]
    if word(ballot, "method") == "PEOPLE":
        if not ballot.quorum:
            return ballot.reason
        counting = [voice.function for voice in proposal.voices if voice.weight]
        asked = " or ".join(counting) or "nobody, since none has a stake"
        lifting = [voice.function for voice in proposal.voices if not voice.weight]
        beside = f" Beside these {' and '.join(lifting)} may lift a veto." if lifting else ""
        return f"{ballot.reason}. Asked: {asked}. One refusal rejects.{beside}"
    share = "half" if ballot.majority == _HALF else f"{ballot.majority:.0%}"
    whole = (
        plural(sum(weights), "voice") if word(ballot, "method") == "VOICES" else f"{sum(weights)} by weight"
    )
    carries = f"More than {share} of all {whole} carries."
    if ballot.arbiter:
        carries = (
            f"Once the others have voted, or the voting period is over, {ballot.arbiter} approves with more "
            f"than {share} of what was said, or in a tie; it may refuse at any time."
        )
    told = [f"{ballot.reason}.", carries]
    if ballot.tie_breaker:
        told.append(f"In a tie {ballot.tie_breaker} decides.")
    if ballot.quorum > 1:
        told.append(f"At least {ballot.quorum} people must approve.")
    return " ".join(told)


def show_vote(out: Output, proposal: MergeProposal, now: datetime) -> None:
    """What matters most to the person who decides: by when, you, who decides, what is missing, vetoes."""
    is_open = word(proposal, "state") in ("PENDING", "APPROVED")
    if is_open:
        _show_times(out, proposal, now)
        _show_you(out, proposal)
    if proposal.HasField("ballot"):
        out.heading("who decides" if is_open else "who decided")
        _show_voices(out, proposal)
    out.bullets("still missing", proposal.missing)
    out.table(
        ("rule", "why", "lifted by"),
        [(veto.rule, veto.reason, veto.lifted_by or "nobody") for veto in proposal.vetoes],
        "vetoed",
    )
    out.table(
        ("rule", "why", "lifted by"),
        [(veto.rule, veto.reason, veto.lifted_by) for veto in proposal.lifted_vetoes],
        "vetoes that were lifted",
    )


def _show_times(out: Output, proposal: MergeProposal, now: datetime) -> None:
    if word(proposal, "state") == "APPROVED":
        out.text("approved: it can be executed")
        return
    said = due(proposal, now)
    if not said:
        return
    then = "" if proposal.escalate_time.seconds else "; what is then undecided is escalated"
    ends = moment(proposal.expire_time)
    out.text(f"{said} ({moment(proposal.due_time)}){then}; expires {ends} if still undecided", hang=2)


def _show_you(out: Output, proposal: MergeProposal) -> None:
    standing = proposal.standing
    if not standing.principal:
        return
    # The reasons stand whole in the table below.
    out.glance(why_you(proposal))
    said = word(standing, "decision")
    if said:
        counts = "which counts" if standing.vote_counts else "which no longer counts (see the votes below)"
        mine = [vote for vote in proposal.votes if vote.principal == standing.principal]
        whose = f" for {_for(mine[-1])}" if mine else ""
        out.text(f"you {_SAID[said]}{whose}, {counts}", hang=2)


def _show_voices(out: Output, proposal: MergeProposal) -> None:
    out.text(ballot_sentence(proposal))
    weighed = word(proposal.ballot, "method") != "PEOPLE"
    columns = ["function", "says", "who", "why asked"]
    rows: list[list[Cell]] = [
        [voice.function, _SAYS[word(voice, "decision")], voice.principal or "-", tuple(voice.reasons)]
        for voice in proposal.voices
    ]
    if weighed:
        columns.insert(1, "weight")
        for row, voice in zip(rows, proposal.voices, strict=True):
            row.insert(1, str(voice.weight) if voice.weight else "-")
    out.table(columns, rows, right=("weight",))


def show_votes(out: Output, proposal: MergeProposal) -> None:
    """Every vote ever cast, and the changes of the plan that voided some."""
    rows = [
        [
            vote.principal,
            _for(vote),
            _SAID[word(vote, "decision")],
            moment(vote.create_time),
            "yes" if vote.counts else f"no: {vote.void_reason}",
            vote.comment,
        ]
        for vote in proposal.votes
    ]
    columns = ["who", "for", "vote", "when", "counts", "comment"]
    if not any(vote.comment for vote in proposal.votes):
        columns.pop()
        for row in rows:
            row.pop()
    out.table(columns, rows, "votes")
    out.bullets(
        "the plan has changed",
        (
            f"{moment(change.create_time)}: {'; '.join(change.differences)} "
            f"({plural(change.voided_vote_count, 'vote')} voided)"
            for change in proposal.plan_changes
        ),
    )


def _for(vote: Vote) -> str:
    return f"{vote.function}, for {vote.on_behalf_of}" if vote.on_behalf_of else vote.function
