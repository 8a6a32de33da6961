"""The form that decides a proposal: who may say what, whether that merges, and which names are typed."""

import hashlib
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dedup_service.console.texts.marks import is_invisible
from dedup_service.console.views import addresses
from dedup_service.v1.merge_plan_pb2 import Impact, PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import BallotMethod, Mandate, Voice, VoteDecision

# Nobody should have to type a name of 500 characters to say that they have read it.
MAX_TYPED = 60
_APPROVE = VoteDecision.VOTE_DECISION_APPROVE
_REJECT = VoteDecision.VOTE_DECISION_REJECT


@dataclass(frozen=True, slots=True)
class NameToType:
    """A name that is typed to say that it was read: `text` is what to type, `field` where.

    `detail` tells it from another of that name, and is not typed.
    """

    field: str
    text: str
    detail: str = ""
    typed: str = ""
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class DecideForm:
    """What `parts/decide.html.jinja` shows.

    `queue` is the query string of the list that the visitor goes through, None when they came from elsewhere.
    `merges` says whether the visitor's approval is the last one needed. `parted` are the names of the two
    that "not a duplicate" is said of where there are more than two. `said` is the visitor's vote that counts.
    """

    url: str
    etag: str
    request_id: str
    queue: str | None
    may_vote: bool
    may_merge: bool
    may_withdraw: bool
    merges: bool
    mandates: tuple[Mandate, ...]
    names: tuple[NameToType, ...]
    parted: tuple[str, str] | None
    said: int
    explanation: str
    comment: str = ""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing for anybody to say here."""
        return not (self.may_vote or self.may_merge or self.may_withdraw)


def decide_form(
    proposal: MergeProposal, queue: str | None = None, *, request_id: str = "", comment: str = ""
) -> DecideForm:
    """The form for the visitor whom `proposal.standing` is about."""
    standing = proposal.standing
    is_pending = proposal.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    is_approved = proposal.state == MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED
    is_open = is_pending or is_approved
    is_proposer = bool(standing.principal) and standing.principal == proposal.proposer
    ends = parted_ends(proposal)
    return DecideForm(
        url=addresses.of(proposal.name),
        etag=proposal.etag,
        request_id=request_id or str(uuid.uuid4()),
        queue=queue,
        may_vote=is_open and standing.may_vote,
        may_merge=is_approved and (standing.may_vote or is_proposer),
        may_withdraw=is_open and is_proposer,
        merges=is_pending and approval_merges(proposal),
        mandates=tuple(standing.mandates),
        names=names_to_type(proposal),
        parted=(_told(ends[0]), _told(ends[1])) if ends and len(proposal.plan.members) > 2 else None,
        said=standing.decision if standing.vote_counts else 0,
        explanation=standing.explanation,
        comment=comment,
    )


def name_of(member: PlanMember) -> str:
    """What a golden record is called: its name, else its telling detail, else its id."""
    named = (text for text in (member.display_name, member.display_detail) if visible(text))
    return next(named, addresses.id_of(member.golden_record))


def detail_of(member: PlanMember) -> str:
    """What tells it from another of its name; empty where that is its name."""
    return "" if member.display_detail == name_of(member) else member.display_detail


def _told(member: PlanMember) -> str:
    detail = detail_of(member)
    return f"{name_of(member)} ({detail})" if detail else name_of(member)


def title_of(proposal: MergeProposal) -> str:
    """What a proposal is called: the survivor."""
    members = survivor_first(proposal)
    return name_of(members[0]) if members else addresses.id_of(proposal.name)


def survivor_first(proposal: MergeProposal) -> list[PlanMember]:
    """The golden records of the plan, the one that remains before the others."""
    survivor = proposal.plan.survivor or proposal.survivor
    return sorted(proposal.plan.members, key=lambda member: member.golden_record != survivor)


def parted_ends(proposal: MergeProposal) -> tuple[PlanMember, PlanMember] | None:
    """The two that "not a duplicate" says to be different: both, or of more the ends of the weakest link.

    Whoever doubts a larger set doubts that link first, and has said nothing of the others.
    """
    members = survivor_first(proposal)
    if len(members) == 2:
        return members[0], members[1]
    link = proposal.weakest_link
    ends = [member for member in members if member.golden_record in {link.left, link.right}]
    return (ends[0], ends[1]) if len(ends) == 2 else None


def names_to_type(proposal: MergeProposal) -> tuple[NameToType, ...]:
    """The two names that a merge of HIGH impact asks to type; none for others."""
    if proposal.impact != Impact.IMPACT_HIGH:
        return ()
    ends = parted_ends(proposal) or tuple(survivor_first(proposal)[:2])
    fields = ("typed_left", "typed_right")
    return tuple(
        NameToType(field, shown_to_type(name_of(end)), detail_of(end))
        for field, end in zip(fields, ends, strict=False)
    )


def shown_to_type(name: str) -> str:
    """What of a name is to be typed: its visible characters, and of a long one the first."""
    return visible(name)[:MAX_TYPED].rstrip()


def checked_names(names: Iterable[NameToType], typed: Iterable[str]) -> tuple[NameToType, ...]:
    """The names with what was typed for each, and whether that is wrong."""
    return tuple(
        replace(name, typed=text, is_wrong=not is_typed(name.text, text))
        for name, text in zip(names, typed, strict=True)
    )


def is_typed(name: str, typed: str) -> bool:
    """Whether this is that name, however its letters are composed and whatever their case."""
    # Cut before their case is folded, as what is shown is: a folded letter may be two.
    forms = (visible(typed), shown_to_type(typed))
    return visible(name).casefold() in [form.casefold() for form in forms]


def visible(text: str) -> str:
    """The characters that can be seen, composed, with single spaces between words."""
    spaced = "".join(
        " " if character.isspace() else "" if is_invisible(character) else character for character in text
    )
    return unicodedata.normalize("NFC", " ".join(spaced.split()))


def effect_id(request_id: str, *content: str) -> str:
    """The request id of one of the calls that a form leads to: the same for the same form and content alone.

    So a double click is one effect, and who goes back and says something else is not refused as a repetition.
    """
    digest = hashlib.sha256("\0".join((request_id, *content)).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def approval_merges(proposal: MergeProposal) -> bool:
    """Whether nothing would be missing once the visitor approved.

    The service alone decides that: this is for what a button says beforehand.
    """
    standing = proposal.standing
    if not standing.may_vote:
        return False
    mine = function_of_vote(proposal)
    if any(veto.lifted_by != mine for veto in proposal.vetoes):
        return False
    voices = [
        _approving(voice, standing.principal) if voice.function == mine else voice
        for voice in proposal.voices
    ]
    counts = {v.function for v in voices if v.weight or v.function == proposal.ballot.arbiter}
    approving = {
        vote.principal
        for vote in proposal.votes
        if vote.counts and vote.decision == _APPROVE and vote.function in counts
    }
    approving |= {standing.principal} if mine in counts else set()
    return len(approving) >= proposal.ballot.quorum and _carries(proposal, voices)


def function_of_vote(proposal: MergeProposal) -> str:
    """The function that the visitor's next vote would speak for, as the service chooses it."""
    voices = {voice.function: voice for voice in proposal.voices}
    principal = proposal.standing.principal

    def order(function: str) -> tuple[bool, bool]:
        voice = voices.get(function, Voice())
        return voice.principal != principal, bool(voice.decision)

    return min((mandate.function for mandate in proposal.standing.mandates), key=order, default="")


def _approving(voice: Voice, principal: str) -> Voice:
    return Voice(function=voice.function, weight=voice.weight, decision=_APPROVE, principal=principal)


def _carries(proposal: MergeProposal, voices: Iterable[Voice]) -> bool:
    ballot, spoken = proposal.ballot, list(voices)
    approving = sum(voice.weight for voice in spoken if voice.decision == _APPROVE)
    refusing = sum(voice.weight for voice in spoken if voice.decision == _REJECT)
    if ballot.method == BallotMethod.BALLOT_METHOD_PEOPLE:
        return not refusing
    if ballot.arbiter:
        waiting = [v for v in spoken if not v.decision and (v.weight or v.function == ballot.arbiter)]
        return not waiting and (approving > ballot.majority * (approving + refusing) or approving == refusing)
    whole = sum(voice.weight for voice in spoken)
    tie = approving == refusing and approving + refusing == whole
    breaks = any(v.function == ballot.tie_breaker and v.decision == _APPROVE for v in spoken)
    return approving > ballot.majority * whole or (tie and breaks)
