"""Merges as messages, with every golden record as it was before."""

from collections.abc import Sequence

from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.golden import GoldenImage, GoldenState, golden_name
from dedup_service.domain.merges import BeforeGolden, Merge, merge_name
from dedup_service.domain.proposals import proposal_name
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.golden_record_conversion import image_message
from dedup_service.rpc.quantities import timestamp
from dedup_service.v1 import merge_service_pb2 as pb
from dedup_service.workflows.ports import ReadTransaction


class MergeMessages:
    """Makes the messages of merges; values of the time before stand in the change of each merge."""

    def __init__(self, edge: Edge) -> None:
        self._store = edge.desk.store
        self._tokens = edge.tokens

    async def read_one(self, merge: Merge) -> pb.Merge:
        return await self._store.read(lambda tx: self.one(tx, merge))

    async def one(self, tx: ReadTransaction, merge: Merge) -> pb.Merge:
        images = _images(merge, await tx.changes_of(merge.revision))
        message = pb.Merge(
            name=merge.name,
            proposal=proposal_name(merge.proposal_id),
            survivor=golden_name(merge.survivor_id),
            merged_golden_records=[
                pb.MergedGoldenRecord(
                    golden_record=golden_name(before.golden_id), records=[key.name for key in before.records]
                )
                for before in merge.before
                if before.golden_id != merge.survivor_id
            ],
            before=[_before(before, images) for before in merge.before],
            state=enum_numbers.MERGE_STATE[merge.state],
            executor=merge.executor,
            execute_time=timestamp(merge.execute_time),
            undo_reason=merge.undo_reason,
            undo_principal=merge.undo_principal,
            etag=merge.etag,
            revision=self._tokens.message(merge.undo_revision or merge.revision),
        )
        if merge.undo_time is not None:
            message.undo_time.CopyFrom(timestamp(merge.undo_time))
        for conflict in merge.conflicts:
            message.conflicts.add(
                field=conflict.field,
                record=conflict.record.name,
                merge=merge_name(conflict.merge_id),
                explanation=conflict.explanation,
            )
        return message


def _images(merge: Merge, changes: Sequence[Change]) -> dict[str, GoldenImage]:
    """The images before the merge by name; none once an erasure has emptied its change."""
    return {
        image.name: image
        for change in changes
        if change.draft.type is ChangeType.MERGED and change.draft.merge == merge.name
        for image in change.draft.before
    }


def _before(before: BeforeGolden, images: dict[str, GoldenImage]) -> pb.BeforeImage:
    name = golden_name(before.golden_id)
    image = images.get(name) or GoldenImage(
        name=name,
        kind=before.kind,
        state=GoldenState.LIVE,
        successor="",
        values={},
        members=tuple(key.name for key in before.records),
        children=(),
    )
    return pb.BeforeImage(
        image=image_message(image),
        field_choices={choice.field: choice.record.name for choice in before.choices},
    )
