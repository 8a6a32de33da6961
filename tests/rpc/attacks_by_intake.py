"""What those without the finance function try by intake, which joins what it recognises (C-2)."""

from hypothesis import strategies as st

from dedup_service.v1.core_pb2 import RECORD_KIND_LEAD
from dedup_service.v1.intake_service_pb2 import (
    ConvertLeadRequest,
    RouteItem,
    RouteRecordsRequest,
    RouteRequest,
)
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest
from tests.rpc.api import by
from tests.rpc.attack_world import Step, World, let_happen, untouched

_PLACES = st.integers(0, 2)


def route(actor: str) -> st.SearchStrategy[Step]:
    """Bring in one of the accounts with the values of another, or both, under its name or a new one."""

    def make(number: int, other: int, is_new: bool, must_transact: bool, together: bool) -> Step:
        async def step(world: World) -> None:
            record = untouched(world.records[other])
            record.name = world.records[number]
            if is_new:
                record.name = f"{record.name.rpartition('/')[0]}/-"
            record.ClearField("kind")
            if together:
                items = [RouteItem(record=record, must_transact=must_transact)]
                items.append(RouteItem(record=untouched(world.records[number])))
                stream = world.api.intake.RouteRecords(metadata=by(actor))
                await stream.write(RouteRecordsRequest(items=items))
                await stream.done_writing()
                await let_happen(stream.read())
            else:
                one = RouteRequest(record=record, must_transact=must_transact)
                await let_happen(world.api.intake.Route(one, metadata=by(actor)))
            await _take_up(world, actor)

        return step

    return st.builds(make, _PLACES, _PLACES, st.booleans(), st.booleans(), st.booleans())


def convert(actor: str) -> st.SearchStrategy[Step]:
    """Convert a lead that looks like one of the accounts into another of them."""

    def make(alike: int, account: int | None, target: int | None, person: bool, anyway: bool) -> Step:
        async def step(world: World) -> None:
            like = untouched(world.records[alike])
            name = f"{world.records[2]}-lead{alike}"
            lead = Record(name=name, kind=RECORD_KIND_LEAD, values=like.values)
            written = UpdateRecordRequest(record=lead, allow_missing=True)
            await let_happen(world.api.records.UpdateRecord(written, metadata=by(actor)))
            request = ConvertLeadRequest(name=name, insert_duplicate=anyway)
            if account is not None:
                request.account = world.records[account]
            else:
                # A person is an account of their own, of no company.
                request.person_account = person
            if target is not None:
                request.target = world.records[target]
            await let_happen(world.api.intake.ConvertLead(request, metadata=by(actor)))
            await _take_up(world, actor)

        return step

    target = st.sampled_from([None, None, None, 0, 1, 2])
    return st.builds(make, _PLACES, st.none() | _PLACES, target, st.booleans(), st.booleans())


async def _take_up(world: World, actor: str) -> None:
    """Go on with what was proposed of the accounts."""
    known = {each.name for each in world.proposals}
    for golden in set(world.goldens.values()):
        asked = ListMergeProposalsRequest(filter=f'open = true AND golden_record:"{golden}"')
        found = await world.api.proposals.ListMergeProposals(asked, metadata=by(actor))
        world.proposals += [each for each in found.merge_proposals if each.name not in known]
        known |= {each.name for each in found.merge_proposals}
