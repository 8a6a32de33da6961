"""What those without the finance function try beside the vote: records, links, policy, delegations (C-2)."""

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from dedup_service.v1.change_service_pb2 import AcknowledgeChangeRequest
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.delegation_service_pb2 import CreateDelegationRequest, Delegation, EndDelegationRequest
from dedup_service.v1.distinction_service_pb2 import (
    CreateDistinctionRequest,
    DeleteDistinctionRequest,
    Distinction,
)
from dedup_service.v1.golden_record_service_pb2 import (
    ConfirmAccountRequest,
)
from dedup_service.v1.merge_proposal_service_pb2 import (
    WithdrawMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import UndoMergeRequest
from dedup_service.v1.policy_service_pb2 import Policy, UpdatePolicyRequest
from dedup_service.v1.record_service_pb2 import (
    BatchUpdateRecordsRequest,
    DeleteRecordRequest,
    EraseRecordRequest,
    IngestRecordsRequest,
    UpdateRecordRequest,
)
from tests.rpc.api import by
from tests.rpc.attack_world import PEOPLE, Step, World, untouched


def write(actor: str) -> st.SearchStrategy[Step]:
    """Take the number away, change owner, facts or kind, or put everything back."""

    def make(number: int, how: str) -> Step:
        async def step(world: World) -> None:
            record = untouched(world.records[number])
            if how == "no number":
                record.values.pop("customer_number", None)
            elif how == "another owner":
                record.owner.function = "sales"
            elif how == "another kind":
                record.kind = RECORD_KIND_CONTACT
            elif how == "no values":
                record.values.clear()
                record.values["company_name"] = "x"
            request = UpdateRecordRequest(
                record=record, update_mask=FieldMask(paths=["*"]), allow_missing=True
            )
            await world.api.records.UpdateRecord(request, metadata=by(actor))

        return step

    how = st.sampled_from(["no number", "another owner", "another kind", "no values", "as before"])
    return st.builds(make, st.integers(0, 2), how)


def delete(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            request = DeleteRecordRequest(name=world.records[number])
            await world.api.records.DeleteRecord(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2))


def erase(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            request = EraseRecordRequest(name=world.records[number], reason="asked for")
            await world.api.records.EraseRecord(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2))


def undo(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        if world.merges:
            merge = world.merges[-1]
            request = UndoMergeRequest(name=merge.name, etag=merge.etag, reason="wrong")
            await world.api.merges.UndoMerge(request, metadata=by(actor))

    return st.just(step)


def distinguish(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        distinction = Distinction(left=[world.records[0]], right=[world.records[2]], reason="not the same")
        request = CreateDistinctionRequest(distinction=distinction)
        await world.api.distinctions.CreateDistinction(request, metadata=by(actor))

    return st.just(step)


def edit_policy(actor: str) -> st.SearchStrategy[Step]:
    """Make another function the owner of the customer master, or the ERP no customer master at all."""

    def make(old: str, new: str) -> Step:
        async def step(world: World) -> None:
            assert old in world.trusted_policy
            text = world.trusted_policy.replace(old, new).replace("version: ", "version: attack-")
            request = UpdatePolicyRequest(policy=Policy(text=text, comment="better", etag="default-4"))
            await world.api.policies.UpdatePolicy(request, metadata=by(actor))

        return step

    edits = [
        ("master_function: finance", "master_function: sales"),
        ("policy_function: finance", "policy_function: sales"),
        ("customer_master: true", "customer_master: false"),
    ]
    return st.sampled_from(edits).map(lambda edit: make(*edit))


def delegate(actor: str) -> st.SearchStrategy[Step]:
    def make(delegate: str, function: str) -> Step:
        async def step(world: World) -> None:
            delegation = Delegation(delegate=f"users/{delegate}", functions=[function] * bool(function))
            delegation.end_time.CopyFrom(Timestamp(seconds=4_000_000_000))
            request = CreateDelegationRequest(delegation=delegation)
            await world.api.delegations.CreateDelegation(request, metadata=by(actor))

        return step

    return st.builds(make, st.sampled_from(PEOPLE), st.sampled_from(["finance", "sales", ""]))


def confirm(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int, record: int) -> Step:
        async def step(world: World) -> None:
            golden = await world.golden(world.records[number])
            request = ConfirmAccountRequest(
                name=golden.name,
                etag=golden.etag,
                record=[world.records[0], f"{world.records[0]}-new"][record],
                customer_number="C-1",
            )
            await world.api.golden_records.ConfirmAccount(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2), st.integers(0, 1))


def write_in_bulk(actor: str) -> st.SearchStrategy[Step]:
    """Take the numbers of both away in one call, or in one batch of an import."""

    def make(streamed: bool) -> Step:
        async def step(world: World) -> None:
            records = [untouched(name) for name in world.records[:2]]
            for record in records:
                record.values.pop("customer_number", None)
            if streamed:
                batches = iter([IngestRecordsRequest(records=records)])
                async for _ in world.api.records.IngestRecords(batches, metadata=by(actor)):
                    pass
            else:
                updates = [UpdateRecordRequest(record=record, allow_missing=True) for record in records]
                request = BatchUpdateRecordsRequest(parent="sources/erp", requests=updates)
                await world.api.records.BatchUpdateRecords(request, metadata=by(actor))

        return step

    return st.builds(make, st.booleans())


def withdraw(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        if (proposal := await world.fresh(0)) is not None:
            request = WithdrawMergeProposalRequest(name=proposal.name, etag=proposal.etag)
            await world.api.proposals.WithdrawMergeProposal(request, metadata=by(actor))

    return st.just(step)


def draw_and_lift_a_link(actor: str) -> st.SearchStrategy[Step]:
    """Lift a not-a-match link that somebody drew between the two."""

    async def step(world: World) -> None:
        distinction = Distinction(left=[world.records[0]], right=[world.records[1]], reason="not the same")
        creation = CreateDistinctionRequest(distinction=distinction)
        drawn = await world.api.distinctions.CreateDistinction(creation, metadata=by("services/matcher"))
        request = DeleteDistinctionRequest(name=drawn.name, etag=drawn.etag)
        await world.api.distinctions.DeleteDistinction(request, metadata=by(actor))

    return st.just(step)


def end_a_delegation(actor: str) -> st.SearchStrategy[Step]:
    """End the delegation by which finance's own people are away."""

    async def step(world: World) -> None:
        delegation = Delegation()
        delegation.end_time.GetCurrentTime()
        delegation.end_time.seconds += 3600
        creation = CreateDelegationRequest(delegation=delegation)
        away = await world.api.delegations.CreateDelegation(creation, metadata=by("fiona"))
        request = EndDelegationRequest(name=away.name, etag=away.etag)
        await world.api.delegations.EndDelegation(request, metadata=by(actor))

    return st.just(step)


def acknowledge(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        request = AcknowledgeChangeRequest(name="changes/1-0", source="erp")
        await world.api.changes.AcknowledgeChange(request, metadata=by(actor))

    return st.just(step)
