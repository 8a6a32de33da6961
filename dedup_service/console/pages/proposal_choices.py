"""Choosing another survivor or another value: first what it means, and then the choice.

A choice makes another plan, and another plan voids every vote. So nothing is done before that was said.
"""

import uuid

from google.protobuf.field_mask_pb2 import FieldMask
from starlette.responses import Response

from dedup_service.console.pages.proposal import proposal_of
from dedup_service.console.said import Said
from dedup_service.console.views import addresses
from dedup_service.console.views.proposal.choices import choice_of, choices_after
from dedup_service.console.visit import Visit
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import UpdateMergeProposalRequest
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record


def confirm(visit: Visit) -> Response:
    """Say what the choice would change and whose votes it would void; nothing is changed."""
    proposal = proposal_of(visit)
    field, record = visit.query.get("field", ""), visit.query.get("record", "")
    survivor = visit.query.get("survivor", "")
    held = visit.desk.records.GetRecord(GetRecordRequest(name=record)) if record else Record()
    return visit.render(
        "proposal_choices.html.jinja",
        proposal=proposal,
        choice=choice_of(proposal, field, held, survivor),
        is_stale=visit.query.get("etag", proposal.etag) != proposal.etag,
        request_id=str(uuid.uuid4()),
        queue=visit.query.get("queue", ""),
    )


def choose(visit: Visit) -> Response:
    """Make the choice, for the plan that was seen."""
    name = f"mergeProposals/{visit.path['id']}"
    survivor, field, record = visit.text("survivor", 300), visit.text("field", 300), visit.text("record", 300)
    etag = visit.text("etag", 200)
    changed = MergeProposal(name=name, etag=etag)
    if survivor:
        changed.survivor = survivor
    else:
        now = proposal_of(visit)
        changed.field_choices.update(choices_after(now.plan.field_choices, field, record))
    visit.desk.merge_proposals.UpdateMergeProposal(
        UpdateMergeProposalRequest(
            merge_proposal=changed,
            update_mask=FieldMask(paths=["survivor" if survivor else "field_choices"]),
            request_id=visit.text("request_id", 100),
        )
    )
    done = (
        visit.language("The survivor is another one now. Everybody votes on the new plan.")
        if survivor
        else visit.language("{field} is chosen. Everybody votes on the new plan.").format(
            field=visit.names.field(field)
        )
        if record
        else visit.language("{field} survives by its rule again. Everybody votes on the new plan.").format(
            field=visit.names.field(field)
        )
    )
    return visit.redirect(
        addresses.with_query(addresses.of(name), {"queue": visit.text("queue", 4000)}), Said(done)
    )
