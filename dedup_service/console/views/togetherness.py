"""What stands between two records, or holds them together, and the one reason that answers why."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.client import ServiceError
from dedup_service.v1.core_pb2 import Verdict
from dedup_service.v1.distinction_service_pb2 import Distinction
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.match_service_pb2 import ExplainMatchResponse
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import Record


class Answer(StrEnum):
    """The reason that comes first: what was decided before what the model says."""

    SAME = "same"
    MERGED = "merged"
    ONE_FROM_THE_START = "one_from_the_start"
    UNDONE = "undone"
    DISTINCT = "distinct"
    OPEN = "open"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NO_MATCH = "no_match"
    NOT_COMPARED = "not_compared"
    NOT_PROPOSED = "not_proposed"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what was named, the golden record it is or is in, and the records that speak for it.

    `record` is None where a golden record was named. `members` are the active ones.
    """

    name: str
    golden: GoldenRecord
    record: Record | None
    members: tuple[Record, ...]

    @property
    def chain(self) -> tuple[str, ...]:
        """The names from the golden record that was named to the one that stands."""
        return (*self.golden.redirect_chain, self.golden.name)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the service knows of two of them.

    `preview` is the proposal as it would be, or else `refusal` says why there can be none. `pair` are the
    records that were compared: of golden records the two that match best.
    """

    left: Side
    right: Side
    joining: Merge | None = None
    undone: tuple[Merge, ...] = ()
    distinctions: tuple[Distinction, ...] = ()
    proposals: tuple[MergeProposal, ...] = ()
    preview: MergeProposal | None = None
    refusal: ServiceError | None = None
    explanation: ExplainMatchResponse | None = None
    pair: tuple[str, str] = field(default=("", ""))

    @property
    def are_one(self) -> bool:
        return self.left.golden.name == self.right.golden.name

    @property
    def open_proposal(self) -> MergeProposal | None:
        return next((each for each in self.proposals if is_open(each)), None)

    @property
    def last_proposal(self) -> MergeProposal | None:
        """The newest that was decided otherwise than by merging."""
        return next((each for each in self.proposals if each.state in _ENDED), None)


_ENDED = {
    MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED: Answer.REJECTED,
    MergeProposalState.MERGE_PROPOSAL_STATE_WITHDRAWN: Answer.WITHDRAWN,
    MergeProposalState.MERGE_PROPOSAL_STATE_EXPIRED: Answer.EXPIRED,
}
_OPEN = {
    MergeProposalState.MERGE_PROPOSAL_STATE_PENDING,
    MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED,
}


def is_open(proposal: MergeProposal) -> bool:
    """Whether it may still come to a merge."""
    return proposal.state in _OPEN


def answer_of(found: Findings) -> Answer:
    """The one reason to name first."""
    last = found.last_proposal
    ranked = (
        (found.left.name == found.right.name, Answer.SAME),
        (found.are_one and found.joining is not None, Answer.MERGED),
        (found.are_one, Answer.ONE_FROM_THE_START),
        (found.open_proposal is not None, Answer.OPEN),
        (bool(found.undone), Answer.UNDONE),
        (bool(found.distinctions), Answer.DISTINCT),
        (last is not None, _ENDED[last.state] if last is not None else Answer.UNKNOWN),
        (found.refusal is not None, Answer.REFUSED),
        (True, _by_score(found.explanation)),
    )
    return next(answer for applies, answer in ranked if applies)


def _by_score(explanation: ExplainMatchResponse | None) -> Answer:
    if explanation is None:
        return Answer.UNKNOWN
    if explanation.score.verdict == Verdict.VERDICT_NO_MATCH:
        return Answer.NO_MATCH
    return Answer.NOT_PROPOSED if explanation.was_candidate else Answer.NOT_COMPARED


def origin_in(merge: Merge, record: str) -> str:
    """The golden record that a member of a merge was of before; empty where the merge knows nothing of it."""
    for away in merge.merged_golden_records:
        if record in away.records:
            return away.golden_record
    return next((each.image.name for each in merge.before if record in each.image.members), "")


def joined_both(merge: Merge, left: Collection[str], right: Collection[str]) -> bool:
    """Whether this merge brought a record of the left together with one of the right."""
    lefts = {origin_in(merge, record) for record in left} - {""}
    rights = {origin_in(merge, record) for record in right} - {""}
    return bool(lefts and rights) and (lefts != rights or len(lefts) > 1)


def earlier_golden(merge: Merge, left: str, right: str) -> str:
    """The golden record that was merged away with both in it already; empty where there is none."""
    one, other = origin_in(merge, left), origin_in(merge, right)
    return one if one == other and one != merge.survivor else ""


def meeting(left: Sequence[str], right: Sequence[str]) -> tuple[str, list[str]]:
    """Where two redirect chains meet, and the names of each just before; empty where they never do."""
    meet = next((name for name in left if name in right), "")
    if not meet:
        return "", []
    return meet, [chain[chain.index(meet) - 1] for chain in (left, right) if chain[0] != meet]


def parting(
    found: Iterable[Distinction], left: Collection[str], right: Collection[str]
) -> tuple[Distinction, ...]:
    """The links with one of the left on one side and one of the right on the other, each once."""
    lefts, rights = set(left), set(right)
    parting_links = {
        each.name: each
        for each in found
        if (lefts & set(each.left) and rights & set(each.right))
        or (rights & set(each.left) and lefts & set(each.right))
    }
    return tuple(parting_links.values())
