"""Convert a lead: it becomes a contact of an account, or joins the contact that it duplicates (domain 9).

The same questions are asked as at intake. A new contact becomes a member of the lead's own golden record, so
that the lead stays behind as its history; joining somebody who is there is a merge, and their owners decide.
"""

from collections.abc import Sequence
from dataclasses import replace

from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.intake.answers import Conversion, ConversionAction, Duplicate
from dedup_service.domain.principals import Principal, check_may_write
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record, RecordDraft, RecordKey, RecordKind, RecordState
from dedup_service.domain.validation import draft_violations
from dedup_service.workflows.assessment import proposal_change
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.intake.becoming import Becoming, subjects_of
from dedup_service.workflows.intake.conversions import (
    ConversionRequest,
    account_draft,
    check_request,
    target_draft,
)
from dedup_service.workflows.intake.items import Entry, Item, item_of
from dedup_service.workflows.intake.planning import Planned, Planning
from dedup_service.workflows.ports import Ids, Request, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import ProposalDraft, Proposing
from dedup_service.workflows.rules import Rules


class Converting:
    """The use case by which a lead becomes a contact or a person account."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        planning: Planning,
        becoming: Becoming,
        proposing: Proposing,
        data_entry: DataEntry,
        new_id: Ids,
    ) -> None:
        self._store = store
        self._rules = rules
        self._planning = planning
        self._becoming = becoming
        self._proposing = proposing
        self._data_entry = data_entry
        self._new_id = new_id

    async def convert(
        self, request: Request, asked: ConversionRequest, caller: Principal, validate_only: bool = False
    ) -> Conversion:
        """Convert a lead, or say what converting it would do.

        Raises:
            InvalidInput: a request that contradicts itself, or no company is named.
            NotFound: no such lead or account.
            StateNotAllowed: it is no lead, is deleted, was converted before, or the target exists.
            EtagMismatch: it was written since the caller saw it.
            PermissionRefused: the caller may not write records of the lead's source or of the target's.
        """
        check_request(asked)
        target = asked.target or RecordKey(asked.lead.source, self._new_id())
        account = RecordKey(target.source, self._new_id())
        kind = RecordKind.ACCOUNT if asked.person_account else RecordKind.CONTACT
        targets = {(asked.lead.source, RecordKind.LEAD), (target.source, kind)}
        check_may_write(self._rules.principals, caller.name, targets, self._rules.policy)

        async def work(tx: WriteTransaction) -> Written[Conversion]:
            return await self._converted(tx, replace(asked, target=target), account, caller)

        if validate_only:
            told = await self._store.preview(work)
            waiting = await self._store.read(lambda tx: tx.proposal(told.proposal_name.rpartition("/")[2]))
            # A proposal that the conversion would make has no name yet.
            return replace(told, revision=0, proposal_name=told.proposal_name if waiting else "")
        return await self._store.write(request, work, Conversion)

    async def _converted(
        self, tx: WriteTransaction, asked: ConversionRequest, account_key: RecordKey, caller: Principal
    ) -> Written[Conversion]:
        lead, golden = await self._lead(tx, asked)
        target_key = asked.target
        assert target_key is not None, "convert() has chosen one"
        draft = target_draft(asked, target_key, golden, self._rules.policy)
        item = self._item(0, draft)
        found = await self._planning.planned(tx, [item], caller.name)
        duplicates = tuple(each for each in item.duplicates if each.golden_id != golden.golden_id)
        item.target, item.merge_with, item.duplicates = None, (), duplicates
        same = _to_join(duplicates, draft)
        if same is not None and not asked.insert_duplicate:
            joined = await self._joined(tx, lead, golden, same, item, caller)
            return replace(joined, subjects=(*joined.subjects, *item.quoted))
        account = await self._account(tx, asked, item)
        items, drafts = [item], [draft]
        if not asked.person_account and account is None:
            company = self._item(1, account_draft(draft, account_key))
            found = await self._with_company(tx, found, company, caller)
            account = company.target
            if account is None:
                items.append(company)
                drafts.append(company.draft)
        problems = [each for one in drafts for each in draft_violations(one, self._functions, "lead")]
        problems += [each for one in drafts for each in self._data_entry.violations(one, "lead")]
        if problems:
            raise InvalidInput(problems)
        found = replace(found, items=tuple(items))
        made = await self._becoming.become(tx, found, lead, golden, account, drafts, caller)
        return replace(made, subjects=(*made.subjects, *item.quoted))

    async def _with_company(
        self, tx: WriteTransaction, found: Planned, company: Item, caller: Principal
    ) -> Planned:
        """Look the company up as if it were handed in; its target is the account that it certainly is."""
        looked_up = await self._planning.planned(tx, [company], caller.name)
        certain = [d for d in company.duplicates if d.certain and d.kind is RecordKind.ACCOUNT]
        records = await tx.records([duplicate.record for duplicate in certain])
        companies = [records[d.record] for d in certain if not records[d.record].draft.person_account]
        company.target = companies[0] if companies else None
        # The account may have been made between the two looks: what came after the first counts as late.
        return replace(found, head=min(found.head, looked_up.head))

    @property
    def _functions(self) -> frozenset[str]:
        return self._rules.policy.functions

    def _item(self, place: int, draft: RecordDraft) -> Item:
        return item_of(place, Entry(draft, draft.kind), self._rules.policy.intake.shared_domains)

    async def _lead(self, tx: WriteTransaction, asked: ConversionRequest) -> tuple[Record, GoldenRecord]:
        """The lead and its golden record, when it can be converted; they are locked with all else."""
        lead = (await tx.records([asked.lead])).get(asked.lead)
        if lead is None:
            raise NotFound("Record", asked.lead.name)
        if asked.etag and asked.etag != lead.etag:
            raise EtagMismatch(lead.name, lead.etag, [f"it is at version {lead.version}"])
        if lead.kind is not RecordKind.LEAD or not lead.active:
            what = lead.state if not lead.active else f"a {lead.kind}"
            raise StateNotAllowed(lead.name, lead.state, f"{lead.name} is {what}: only active leads convert")
        golden = (await tx.goldens([lead.golden_id]))[lead.golden_id]
        # One that was deleted may come back, and would then stand beside a second.
        others = [
            record.name
            for record in golden.members
            if record.kind is not RecordKind.LEAD and record.state is not RecordState.ERASED
        ]
        if others:
            raise StateNotAllowed(
                lead.name, "CONVERTED", f"{lead.name} was converted already: it is the history of {others[0]}"
            )
        if asked.target is not None and (await tx.records([asked.target])):
            raise StateNotAllowed(asked.target.name, "EXISTS", f"{asked.target.name} is there already")
        return lead, golden

    async def _account(self, tx: WriteTransaction, asked: ConversionRequest, item: Item) -> Record | None:
        """The account that the contact shall belong to: the one asked for, or the one recognised."""
        if asked.person_account:
            return None
        if asked.account is not None:
            record = (await tx.records([asked.account])).get(asked.account)
            if record is None:
                raise NotFound("Record", asked.account.name)
            if not record.active or record.kind is not RecordKind.ACCOUNT or record.draft.person_account:
                raise InvalidInput.at("account", "must be an active account of a company")
            return record
        if item.account is None or not item.account.recognised:
            return None
        return (await tx.records([item.account.record])).get(item.account.record)

    async def _joined(
        self,
        tx: WriteTransaction,
        lead: Record,
        golden: GoldenRecord,
        same: Duplicate,
        item: Item,
        caller: Principal,
    ) -> Written[Conversion]:
        """Propose that the lead joins the contact or account that it certainly is."""
        target = (await tx.records([same.record]))[same.record]
        ids = tuple(sorted((golden.golden_id, target.golden_id)))
        waiting = await tx.open_proposal_for(ids)
        proposal: Proposal | None = None
        if not waiting:
            draft = ProposalDraft(golden_ids=ids, comment="a lead was converted")
            proposal = (await self._proposing.create_within(tx, draft, caller)).result
        # A proposal that waits already is no write, and makes no revision.
        number = proposal.revision if proposal is not None else await tx.head_revision()
        account = target.draft.account
        of_target = (await tx.records([account])).get(account) if account is not None else None
        conversion = Conversion(
            action=ConversionAction.JOIN,
            lead=lead,
            target=target,
            account=of_target,
            new_account=False,
            recognised=item.account,
            duplicates=item.duplicates,
            proposal_name=proposal.name if proposal is not None else f"mergeProposals/{waiting}",
            reasons=(
                f"{target.name} certainly is the same ({same.match_probability:.4f}): its owners decide",
            ),
            findings=(),
            incomplete=item.incomplete,
            revision=number,
        )
        return Written(
            conversion,
            changes=(proposal_change(proposal),) if proposal is not None else (),
            targets=(proposal.name, lead.name) if proposal is not None else (),
            detail=f"conversion of {lead.name} proposed",
            subjects=subjects_of(lead, target, of_target),
        )


def _to_join(duplicates: Sequence[Duplicate], draft: RecordDraft) -> Duplicate | None:
    """The contact or account that certainly is the same and that a record of this kind may join."""
    kinds = {RecordKind.ACCOUNT, RecordKind.CONTACT} if draft.kind is RecordKind.CONTACT else {draft.kind}
    return next((each for each in duplicates if each.certain and each.kind in kinds), None)
