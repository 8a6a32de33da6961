"""Why two records were merged, or why they were not."""

from dataclasses import dataclass
from typing import Any

import grpc
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.pages.findings import find, side_of
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.sentences import say_plainly
from dedup_service.console.views.mentions import short_name
from dedup_service.console.views.proposal.evidence import thresholds_of, waterfall_of
from dedup_service.console.views.subjects import subject_of
from dedup_service.console.views.togetherness import Findings, Side, answer_of
from dedup_service.console.views.values import texts_of, title_of
from dedup_service.console.visit import Visit
from dedup_service.v1.match_service_pb2 import GetScoringModelRequest
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest

_MOST_TYPED = 500
_NOT_FOUND = _("There is no {name}. It may be mistyped, or it was never sent here.")


@dataclass(frozen=True, slots=True)
class Titled:
    """A side by its resource name and by the name that people know it by."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Field:
    """What was typed into one of the two fields, what it stands for, and what is wrong with it."""

    text: str
    side: Side | None = None
    problem: str = ""


def show(visit: Visit) -> Response:
    """The two fields, and once both are filled the answer: first in one sentence, then the reasons."""
    left, right = _field(visit, "left"), _field(visit, "right")
    found = None
    if left.side is not None and right.side is not None:
        if left.side.name == right.side.name:
            found = Findings(left.side, right.side)
        else:
            found = find(visit.desk, left.side, right.side)
    is_asked = bool(visit.query.get("left") and visit.query.get("right"))
    return visit.render(
        "why.html.jinja",
        left=left,
        right=right,
        is_asked=is_asked,
        found=found,
        **(_told(visit, found) if found is not None else {}),
    )


def _told(visit: Visit, found: Findings) -> dict[str, Any]:
    """What the answer is made of beside what was found."""
    explained = found.explanation
    told: dict[str, Any] = {
        "answer": answer_of(found),
        "sides": (_titled(found.left), _titled(found.right)),
        "decided": None,
        "waterfall": None,
        "shared_keys": [],
        "left_keys": [],
        "right_keys": [],
    }
    if found.joining is not None:
        told["decided"] = visit.desk.merge_proposals.GetMergeProposal(
            GetMergeProposalRequest(name=found.joining.proposal)
        )
    if explained is not None:
        model = visit.desk.matches.GetScoringModel(GetScoringModelRequest(name=explained.scoring_model))
        told["waterfall"] = waterfall_of(found.pair, explained, thresholds_of(model), visit.names.verdict)
        shared = set(explained.shared_keys)
        told["shared_keys"] = [key for key in explained.left_keys if key.key in shared]
        told["left_keys"] = [key for key in explained.left_keys if key.key not in shared]
        told["right_keys"] = [key for key in explained.right_keys if key.key not in shared]
    return told


def _titled(side: Side) -> Titled:
    values = side.record.values if side.record is not None else texts_of(side.golden)
    return Titled(side.name, title_of(values) or short_name(side.name))


def _field(visit: Visit, name: str) -> Field:
    if not visit.query.get(name):
        return Field("")
    text = visit.query[name][:_MOST_TYPED]
    meant = subject_of(text)
    if meant.problem:
        return Field(text, problem=visit.language(meant.problem))
    try:
        return Field(text, side_of(visit.desk, meant.name))
    except ServiceError as error:
        if error.code is grpc.StatusCode.NOT_FOUND:
            return Field(text, problem=visit.language(_NOT_FOUND).format(name=meant.name))
        if error.code is grpc.StatusCode.INVALID_ARGUMENT:
            return Field(text, problem=say_plainly(error.message, visit.names))
        raise
