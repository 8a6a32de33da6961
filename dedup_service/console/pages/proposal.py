"""The page on which people decide: the members side by side, and why they are thought to be the same."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.texts.sentences import say
from dedup_service.console.views import addresses
from dedup_service.console.views.deciding import decide_form
from dedup_service.console.views.mentions import linked
from dedup_service.console.views.proposal import (
    Evidence,
    columns_of,
    comparison_of,
    evidence_of,
    head_of,
    history_of,
    touched_by,
)
from dedup_service.console.views.proposal.business import business_of
from dedup_service.console.views.proposal.columns import Changing, shown_members
from dedup_service.console.views.proposal.evidence import (
    chosen_link,
    pairs_of,
    thresholds_of,
    waterfall_of,
)
from dedup_service.console.views.proposal.head import approvals_given, ballot_sentences, may_change
from dedup_service.console.visit import Visit
from dedup_service.v1.golden_record_service_pb2 import ListMembersRequest
from dedup_service.v1.match_service_pb2 import (
    BatchScoreRequest,
    ExplainMatchRequest,
    ExplainMatchResponse,
    ListScoringModelsRequest,
    Pair,
    PairSide,
)
from dedup_service.v1.merge_plan_pb2 import GoldenLink, PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest
from dedup_service.v1.record_service_pb2 import Record

# As many as one call scores; of larger golden records the first records are looked at.
MAX_PAIRS = 1_000
# Of a golden record with more records the first are compared, and the page of the golden record has all.
MAX_RECORDS = 100

_PRINCIPAL = re.compile(r"\b(?:users|services)/[A-Za-z0-9_-]+")


def show(visit: Visit) -> Response:
    """The whole page, or for a script that asks for another link the evidence alone."""
    proposal = proposal_of(visit)
    link = chosen_link(proposal, visit.query.get("link", ""))
    if visit.is_partial:
        evidence = _Asked(visit, proposal, link).evidence()
        return visit.render("parts/proposal_evidence_alone.html.jinja", evidence=evidence)
    members = shown_members(proposal, everyone=visit.query.get("members") == "all")
    asked = _Asked(visit, proposal, link)
    records = read_members(visit, [member for _, member in members])
    queue = visit.query.get("queue")
    changing = (
        Changing(addresses.of(proposal.name), proposal.etag, queue or "") if may_change(proposal) else None
    )
    columns = columns_of(proposal, members, records, changing)
    evidence = asked.evidence()
    now = datetime.now(UTC)
    return visit.render(
        "proposal.html.jinja",
        proposal=proposal,
        head=head_of(proposal, columns, asked.explained if link == proposal.weakest_link else None, now),
        columns=columns,
        hidden_count=len(proposal.plan.members) - len(columns),
        comparison=comparison_of(proposal, columns, records, changing),
        business=business_of(columns, records),
        evidence=evidence,
        ballot=ballot_sentences(proposal, visit.names, visit.formats),
        approvals=approvals_given(proposal),
        touched=touched_by(proposal),
        history=history_of(proposal),
        decide=decide_form(proposal, queue),
        linked=_told(visit),
        queue=queue,
    )


def _told(visit: Visit) -> Callable[[str], Markup]:
    """Says the service's sentences in the visitor's language, with links and people's names."""

    def show(text: str) -> Markup:
        return linked(_PRINCIPAL.sub(lambda found: visit.names.person(found[0]), text))

    return lambda text: say(text, visit.names, show)


def proposal_of(visit: Visit) -> MergeProposal:
    """The proposal of the address, as the service tells it to the visitor."""
    name = f"mergeProposals/{visit.path['id']}"
    return visit.desk.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))


def read_members(visit: Visit, members: Sequence[PlanMember]) -> dict[str, Record]:
    """The records of these members by name, asked for all at once.

    One that was merged away leads to the survivor, so that those of a proposal that is over are found too.
    """
    calls = [
        visit.desk.golden_records.ListMembers.future(
            ListMembersRequest(parent=member.golden_record, page_size=MAX_RECORDS)
        )
        for member in members
    ]
    return {record.name: record for call in calls for record in call.result().records}


@dataclass
class _Asked:
    """The explanation of one link, which is under way while the rest of the page is read."""

    visit: Visit
    proposal: MergeProposal
    link: GoldenLink | None
    explained: ExplainMatchResponse | None = None

    def __post_init__(self) -> None:
        matches = self.visit.desk.matches
        self._pairs = pairs_of(self.proposal, self.link)[:MAX_PAIRS] if self.link else []
        self._models = matches.ListScoringModels.future(ListScoringModelsRequest(page_size=1))
        self._explaining = None
        self._scoring = None
        if len(self._pairs) == 1:
            self._explaining = matches.ExplainMatch.future(_explain(self._pairs[0]))
        elif self._pairs:
            request = BatchScoreRequest(pairs=[_pair(pair) for pair in self._pairs])
            self._scoring = matches.BatchScore.future(request)

    def evidence(self) -> Evidence:
        """What was found out. A link whose records are gone has no waterfall: no problem of the page."""
        waterfall = None
        pair = None
        try:
            pair, self.explained = self._explain()
        except ServiceError as error:
            if error.unreachable:
                raise
        if pair is not None and self.explained is not None:
            models = self._models.result().scoring_models
            known = next((each for each in models if each.name == self.explained.scoring_model), None)
            limits = thresholds_of(known) if known else None
            waterfall = waterfall_of(pair, self.explained, limits, self.visit.names.verdict)
        kept = {"queue": self.visit.query.get("queue", ""), "members": self.visit.query.get("members", "")}
        return evidence_of(self.proposal, self.link, waterfall, self.visit.language, self.visit.formats, kept)

    def _explain(self) -> tuple[tuple[str, str] | None, ExplainMatchResponse | None]:
        if self._explaining is not None:
            return self._pairs[0], self._explaining.result()
        if self._scoring is None:
            return None, None
        scores = self._scoring.result().scores
        best = max(range(len(scores)), key=lambda place: scores[place].match_weight_bits)
        return self._pairs[best], self.visit.desk.matches.ExplainMatch(_explain(self._pairs[best]))


def _explain(pair: tuple[str, str]) -> ExplainMatchRequest:
    return ExplainMatchRequest(pair=_pair(pair))


def _pair(pair: tuple[str, str]) -> Pair:
    return Pair(left=PairSide(record=pair[0]), right=PairSide(record=pair[1]))
