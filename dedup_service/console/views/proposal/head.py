"""The head of the page: whom it is about, how sure the model is, and what is asked of the visitor."""

from dataclasses import dataclass
from datetime import datetime

from dedup_service.console.texts.formats import Formats, time_of
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.views.proposal.columns import Column
from dedup_service.v1.core_pb2 import Verdict
from dedup_service.v1.match_service_pb2 import ExplainMatchResponse
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import BallotMethod, VoteDecision

MAX_NAMES = 3
OPEN_STATES = (
    MergeProposalState.MERGE_PROPOSAL_STATE_PENDING,
    MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED,
)
# What the service says itself where nobody else has proposed.
SWEPT = "found by a sweep"
# From the surest down: the least probability, and what people call it.
_CERTAINTIES = (
    (0.999, _("as good as certain")),
    (0.99, _("almost certain")),
    (0.9, _("very likely")),
    (0.65, _("likely")),
    (0.35, _("as likely as not")),
    (0.1, _("unlikely")),
    (0.0, _("very unlikely")),
)


@dataclass(frozen=True, slots=True)
class Head:
    """`names` are the different ones, at most three, and `more_count` how many there are besides.

    `certainty` says the probability of the weakest link in words; `mistaken_of` in how many such pairs one is
    wrong, 0 where that says nothing. `functions` are those that the visitor speaks for, `reasons` why those.
    """

    names: tuple[str, ...]
    more_count: int
    verdict: "Verdict.ValueType"
    certainty: str
    mistaken_of: int
    is_open: bool
    is_overdue: bool
    is_by_sweep: bool
    functions: tuple[str, ...]
    on_behalf_of: tuple[str, ...]
    reasons: tuple[str, ...]
    may_change: bool
    merge_url: str


def is_open(proposal: MergeProposal) -> bool:
    """Whether it is still to be decided or carried out."""
    return proposal.state in OPEN_STATES


def may_change(proposal: MergeProposal) -> bool:
    """Whether the visitor may choose another survivor or value: the proposer and those who may vote may."""
    standing = proposal.standing
    return is_open(proposal) and (standing.may_vote or standing.principal == proposal.proposer)


def head_of(
    proposal: MergeProposal,
    columns: tuple[Column, ...],
    explained: ExplainMatchResponse | None,
    now: datetime,
) -> Head:
    """The head. `explained` is that of the weakest link, for proposals that do not say their verdict."""
    names = tuple(dict.fromkeys(column.name for column in columns))
    probability = proposal.weakest_link.match_probability
    verdict = proposal.verdict or (explained.score.verdict if explained else Verdict.VERDICT_UNSPECIFIED)
    functions = tuple(dict.fromkeys(mandate.function for mandate in proposal.standing.mandates))
    return Head(
        names=names[:MAX_NAMES],
        more_count=len(names) - MAX_NAMES if len(names) > MAX_NAMES else 0,
        verdict=verdict,
        certainty=certainty_of(probability) if proposal.HasField("weakest_link") else "",
        mistaken_of=_mistaken_of(probability) if proposal.HasField("weakest_link") else 0,
        is_open=is_open(proposal),
        is_overdue=proposal.HasField("due_time") and time_of(proposal.due_time) <= now,
        is_by_sweep=proposal.comment == SWEPT,
        functions=functions,
        on_behalf_of=tuple(
            dict.fromkeys(m.on_behalf_of for m in proposal.standing.mandates if m.on_behalf_of)
        ),
        reasons=tuple(
            reason for voice in proposal.voices if voice.function in functions for reason in voice.reasons
        ),
        may_change=may_change(proposal),
        merge_url=addresses.of(proposal.merge) if proposal.merge else "",
    )


def certainty_of(probability: float) -> str:
    """A probability in words, in English as the catalogues know them."""
    return next(words for least, words in _CERTAINTIES if probability >= least)


def ballot_sentences(proposal: MergeProposal, names: Names, formats: Formats) -> list[str]:
    """How the votes are counted."""
    ballot, language = proposal.ballot, names.language
    if ballot.method == BallotMethod.BALLOT_METHOD_PEOPLE:
        if not ballot.quorum:
            return [language("Nobody needs to vote.")]
        told = language.count(
            "{count} person approves, of any function that may vote. One refusal rejects.",
            "{count} different people approve, of any functions that may vote. One refusal rejects.",
            ballot.quorum,
        )
        return [told.format(count=ballot.quorum)]
    weights = sum(voice.weight for voice in proposal.voices)
    share = formats.percent(ballot.majority)
    if ballot.method == BallotMethod.BALLOT_METHOD_VOICES:
        told = language.count(
            "Each function has one voice; more than {share} of {count} voice carries.",
            "Each function has one voice; more than {share} of all {count} voices carries.",
            weights,
        )
    else:
        told = language("Functions have different weight; more than {share} of all {count} carries.")
    sentences = [told.format(share=share, count=weights)]
    if ballot.arbiter:
        sentences.append(
            language(
                "{function} decides last: once the others have voted or the voting period is over. "
                "It may refuse at any time."
            ).format(function=names.function(ballot.arbiter))
        )
    if ballot.tie_breaker:
        sentences.append(
            language("In a tie {function} decides.").format(function=names.function(ballot.tie_breaker))
        )
    if ballot.quorum > 1:
        told = language.count(
            "At least {count} person must approve.", "At least {count} people must approve.", ballot.quorum
        )
        sentences.append(told.format(count=ballot.quorum))
    return sentences


def approvals_given(proposal: MergeProposal) -> int:
    """How much of what is counted says yes so far: people, or the weight of their functions."""
    approving = VoteDecision.VOTE_DECISION_APPROVE
    if proposal.ballot.method == BallotMethod.BALLOT_METHOD_PEOPLE:
        return len({vote.principal for vote in proposal.votes if vote.counts and vote.decision == approving})
    return sum(voice.weight for voice in proposal.voices if voice.decision == approving)


def _mistaken_of(probability: float) -> int:
    if not 0.5 < probability < 1 - 1e-9:
        return 0
    exact = 1 / (1 - probability)
    digits: int = 10 ** max(0, len(str(int(exact))) - 2)
    return round(exact / digits) * digits
