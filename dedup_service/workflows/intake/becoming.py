"""What a lead becomes: a contact or person account, as a new member of the lead's own golden record."""

from collections.abc import Sequence
from dataclasses import replace

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.errors import InvalidInput, StateNotAllowed
from dedup_service.domain.golden import GoldenRecord, golden_kind, golden_name, image_of
from dedup_service.domain.intake.answers import Conversion, ConversionAction
from dedup_service.domain.matching import NewRecord, comparable_of
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record, RecordDraft, RecordKind
from dedup_service.workflows.assessment import proposal_change
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.intake.claiming import Claiming
from dedup_service.workflows.intake.conversions import in_account
from dedup_service.workflows.intake.items import Item
from dedup_service.workflows.intake.planning import Planned
from dedup_service.workflows.ports import Revision, WriteTransaction, Written
from dedup_service.workflows.proposing import ProposalDraft, Proposing
from dedup_service.workflows.races import RacedError
from dedup_service.workflows.record_changes import RecordChanges
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules


class Becoming:
    """Writes the record that a lead is converted to, within the write of the conversion."""

    def __init__(
        self,
        rules: Rules,
        claiming: Claiming,
        changes: RecordChanges,
        replanning: Replanning,
        proposing: Proposing,
        data_entry: DataEntry,
    ) -> None:
        self._rules = rules
        self._claiming = claiming
        self._changes = changes
        self._replanning = replanning
        self._proposing = proposing
        self._data_entry = data_entry

    async def become(
        self,
        tx: WriteTransaction,
        found: Planned,
        lead: Record,
        golden: GoldenRecord,
        account: Record | None,
        drafts: Sequence[RecordDraft],
        caller: Principal,
    ) -> Written[Conversion]:
        """Write the new contact into the lead's golden record, and its account where there is none.

        The first draft is the contact's, a second one the account's, and `account` one that is there.

        Raises:
            RacedError: what was asked before holds no longer.
        """
        item = found.items[0]
        uncertain = [d for d in item.duplicates if d.kind is not RecordKind.LEAD]
        item.merge_with = tuple(dict.fromkeys(d.golden_id for d in uncertain[:1]))
        revision, golden = await self._claimed(tx, found, golden, caller)
        new_account: Record | None = None
        entries: tuple[IndexEntry, ...] = ()
        changes: list[ChangeDraft] = []
        if len(drafts) > 1:
            prepared = await self._changes.prepared([drafts[1]])
            [new_account], changes, entries = await self._changes.insert(tx, prepared)
        belongs_to = account or new_account
        draft = in_account(drafts[0], belongs_to.key) if belongs_to is not None else drafts[0]
        target, written = await self._member(tx, draft, golden, revision)
        proposals = await self._proposals(tx, found.items, target, new_account, caller)
        kept = self._data_entry.findings(draft, draft.kind)
        conversion = Conversion(
            action=_action(draft),
            lead=lead,
            target=target,
            account=belongs_to,
            new_account=new_account is not None,
            recognised=item.account,
            duplicates=item.duplicates,
            proposal_name=proposals[0].name if proposals else "",
            reasons=_reasons(item, account, new_account),
            findings=kept,
            incomplete=item.incomplete,
            revision=revision.number,
        )
        return Written(
            conversion,
            changes=(*changes, *written.changes, *map(proposal_change, proposals)),
            targets=(
                *written.targets,
                *((new_account.name,) if new_account is not None else ()),
                *(proposal.name for proposal in proposals),
            ),
            detail=f"converted {lead.name}",
            index_inserts=(*entries, *written.index_inserts),
            subjects=tuple(dict.fromkeys((*subjects_of(lead, target, belongs_to), *written.subjects))),
        )

    async def _claimed(
        self, tx: WriteTransaction, found: Planned, golden: GoldenRecord, caller: Principal
    ) -> tuple[Revision, GoldenRecord]:
        """The revision of this write and the lead's golden record, locked and as it was seen."""
        claim = await self._claiming.claimed(tx, found, caller.name, [golden.golden_id])
        if claim.again:
            # Somebody alike is there by now: the conversion asks its questions once more.
            raise RacedError
        locked = claim.locked.goldens[golden.golden_id]
        if locked.row.version != golden.row.version:
            raise RacedError
        return claim.revision, locked

    async def _member(
        self, tx: WriteTransaction, draft: RecordDraft, golden: GoldenRecord, revision: Revision
    ) -> tuple[Record, Written[None]]:
        """The new record as a member of the lead's golden record, which becomes of its kind."""
        policy = self._rules.policy
        proposals = await self._replanning.lock(tx, [golden.golden_id])
        comparable = comparable_of(draft)
        record = await tx.insert_member(NewRecord(draft, comparable, golden.golden_id), revision)
        members = (*golden.members, record)
        row = replace(
            golden.row,
            kind=golden_kind(members, golden.kind),
            version=golden.row.version + 1,
            revision=revision.number,
        )
        after = GoldenRecord(row, members)
        await tx.update_goldens([row])
        subjects = tuple(sorted(r.name for r in after.active_members))
        change = ChangeDraft(
            ChangeType.RECORD_CREATED,
            record=record.name,
            before=(image_of(golden, policy),),
            after=(image_of(after, policy),),
            record_nos=(record.record_no,),
            subjects=subjects,
        )
        return record, Written(
            None,
            changes=(change, *await self._replanning.replan(tx, proposals, revision)),
            targets=(record.name, golden_name(golden.golden_id)),
            index_inserts=(IndexEntry(record.record_no, record.kind, comparable),),
            subjects=subjects,
        )

    async def _proposals(
        self,
        tx: WriteTransaction,
        items: Sequence[Item],
        target: Record,
        account: Record | None,
        caller: Principal,
    ) -> list[Proposal]:
        """Proposals for those that may be the same as the new contact, and as its new account."""
        proposals = []
        for item, record in zip(items, (target, account), strict=False):
            others = [golden_id for golden_id in item.merge_with if record and golden_id != record.golden_id]
            if record is None or not others:
                continue
            draft = ProposalDraft(golden_ids=(record.golden_id, *others), comment="found at a conversion")
            try:
                proposals.append((await self._proposing.create_within(tx, draft, caller)).result)
            except (InvalidInput, StateNotAllowed):
                # Kinds that do not go together, or proposed before.
                continue
        return proposals


def _reasons(item: Item, account: Record | None, new_account: Record | None) -> tuple[str, ...]:
    if new_account is not None:
        return ("no account is recognised: a provisional one is made",)
    if account is None:
        return ()
    said = "asked for" if item.account is None or account.key != item.account.record else "recognised"
    return (f"{account.name} was {said}",)


def _action(draft: RecordDraft) -> ConversionAction:
    return ConversionAction.NEW_PERSON_ACCOUNT if draft.person_account else ConversionAction.NEW_CONTACT


def subjects_of(*records: Record | None) -> tuple[str, ...]:
    """The names of those that there are, each once: erasure removes answers by them."""
    return tuple(dict.fromkeys(record.name for record in records if record is not None))
