"""How a proposal is voted on, as messages: ballot, voices, votes, vetoes, and where somebody stands."""

from collections.abc import Iterable

from dedup_service.domain.decision import Decision
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.standing import Standing
from dedup_service.domain.vetoes import RaisedVeto
from dedup_service.domain.voting import Ballot, Voice
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import timestamp
from dedup_service.v1 import merge_proposal_pb2
from dedup_service.v1 import voting_pb2 as pb


def add_vote(message: merge_proposal_pb2.MergeProposal, decision: Decision, *, is_open: bool) -> None:
    """Put into the message of a proposal how it is voted on; what is missing only while that matters."""
    message.ballot.CopyFrom(ballot_message(decision.ballot))
    message.voices.extend(map(_voice, decision.voices))
    message.vetoes.extend(map(_veto, decision.vetoes))
    message.lifted_vetoes.extend(map(_veto, decision.lifted))
    message.due_time.CopyFrom(timestamp(decision.due_time))
    message.expire_time.CopyFrom(timestamp(decision.expire_time))
    if is_open:
        # Several functions may be waited for in one and the same sentence.
        message.missing.extend(dict.fromkeys(each.sentence for each in decision.missing))
        message.missing_functions.extend(decision.missing_functions)


def vote_messages(proposal: Proposal) -> Iterable[pb.Vote]:
    """The votes of the log; the decision, which weighed the same log in the same order, says which count."""
    weighed = proposal.decision.votes if proposal.decision is not None else ()
    for number, vote in enumerate(proposal.votes):
        counted = weighed[number] if number < len(weighed) else None
        counts = counted is not None and counted.counts
        yield pb.Vote(
            principal=vote.principal,
            function=vote.function,
            on_behalf_of=vote.on_behalf_of,
            decision=enum_numbers.VOTE_DECISION[vote.decision],
            plan_hash=vote.plan_hash,
            comment=vote.comment,
            create_time=timestamp(vote.time),
            counts=counts,
            void_reason="" if counts or counted is None else counted.reason,
        )


def standing_message(standing: Standing) -> pb.Standing:
    message = pb.Standing(
        principal=standing.principal,
        may_vote=standing.may_vote,
        mandates=[
            pb.Mandate(function=mandate.function, on_behalf_of=mandate.on_behalf_of)
            for mandate in standing.mandates
        ],
        explanation=standing.sentence,
    )
    if standing.vote is not None:
        message.decision = enum_numbers.VOTE_DECISION[standing.vote.vote.decision]
        message.vote_counts = standing.vote.counts
    return message


def ballot_message(ballot: Ballot) -> pb.Ballot:
    return pb.Ballot(
        method=enum_numbers.BALLOT_METHOD[ballot.method],
        quorum=ballot.quorum,
        majority=float(ballot.majority),
        arbiter=ballot.arbiter,
        tie_breaker=ballot.tie_breaker,
        reason=ballot.reason,
    )


def _voice(voice: Voice) -> pb.Voice:
    message = pb.Voice(
        function=voice.function, weight=voice.weight, reasons=voice.reasons, principal=voice.principal
    )
    if voice.decision is not None:
        message.decision = enum_numbers.VOTE_DECISION[voice.decision]
    return message


def _veto(veto: RaisedVeto) -> pb.Veto:
    return pb.Veto(rule=veto.rule, reason=veto.reason, lifted_by=veto.lifted_by)
