"""Two records to propose, and a proposal whose plan somebody changes."""

from dedup_service.domain.plan import FieldChoice
from dedup_service.domain.proposals import Proposal
from tests.merge_desk import Office, contact, key, request


async def pair(office: Office) -> tuple[str, str]:
    one, other = await office.put(contact("a"), contact("desk/b"))
    return one, other


async def changed(
    office: Office, proposal: Proposal, *, survivor: str | None = None, field: str = "", by: str = "carla"
) -> Proposal:
    choices = [FieldChoice(field, key("a"))] if field else None
    how = request("UpdateMergeProposal", by if "/" in by else f"users/{by}")
    return await office.desk.proposing.update(how, proposal.proposal_id, proposal.etag, survivor, choices)
