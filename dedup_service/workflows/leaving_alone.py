"""Why golden records that were found to be the same are not proposed, by a sweep or by a cleanup job."""

from collections.abc import Sequence
from datetime import datetime

from dedup_service.domain.cleanup.runs import SkipReason
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.leads import golden_lead_class
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import LeadClass
from dedup_service.workflows.ports import ReadTransaction


async def reason_to_leave(
    tx: ReadTransaction, goldens: Sequence[GoldenRecord], policy: Policy, now: datetime
) -> SkipReason | None:
    """Why nobody should be asked about merging these; None when somebody should."""
    members = frozenset(golden.golden_id for golden in goldens)
    if members in await tx.rejected_member_sets(members):
        return SkipReason.REJECTED_BEFORE
    if await tx.distinctions_between([r.key for golden in goldens for r in golden.members]):
        return SkipReason.NOT_A_MATCH
    classes = [golden_lead_class(golden.members, policy, now) for golden in goldens]
    if all(found is not None and found[0] is LeadClass.DEAD for found in classes):
        # Two dead leads stay as they are (domain 2.4).
        return SkipReason.DEAD_LEADS_ONLY
    return None
