"""Confirm a provisional account: from now on finance's books know it (domain 4.3).

The customer master's record joins the golden record as a new member; no record that is there is touched.
An account that the books know already under another number is not confirmed but proposed for merging.
"""

from dataclasses import replace

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.delegations import Roles
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
)
from dedup_service.domain.golden import GoldenRecord, GoldenState, golden_name, image_of, survivorship
from dedup_service.domain.leads import account_state
from dedup_service.domain.matching import NewRecord, comparable_of
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principal, check_may_write
from dedup_service.domain.records import (
    AccountState,
    Record,
    RecordDraft,
    RecordKey,
    RecordKind,
    RecordState,
    Violation,
)
from dedup_service.domain.validation import draft_violations
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.ports import ReadTransaction, Request, Store, WriteTransaction, Written
from dedup_service.workflows.replan import Replanning

# Records of one customer number looked at; each source numbers its own customers.
_MOST_LOOKED_AT = 1000


class Confirming:
    """The use case by which an account becomes mastered."""

    def __init__(self, store: Store, assessment: Assessment, replanning: Replanning) -> None:
        self._store = store
        self._assessment = assessment
        self._replanning = replanning

    async def confirm(
        self,
        request: Request,
        golden_id: str,
        etag: str,
        record: RecordKey,
        customer_number: str,
        principal: Principal,
    ) -> Record:
        """Write the customer master's record of a provisional account; the record, now its member.

        Raises:
            InvalidInput: no source of the customer master, or no customer number or etag, all at once.
            PermissionRefused: for others than finance and service accounts of that source.
            NotFound: no such golden record.
            StateNotAllowed: it is no live provisional account, or the record or number is another's already.
            EtagMismatch: it was written since the caller saw it.
        """

        async def work(tx: WriteTransaction) -> Written[Record]:
            return await self._confirm(tx, golden_id, etag, record, customer_number, principal)

        return await self._store.write(request, work, Record)

    async def _confirm(
        self,
        tx: WriteTransaction,
        golden_id: str,
        etag: str,
        key: RecordKey,
        customer_number: str,
        principal: Principal,
    ) -> Written[Record]:
        policy = self._assessment.policy
        _check_input(key, customer_number, etag, policy)
        golden = (await tx.lock_goldens([golden_id])).get(golden_id)
        if golden is None:
            raise NotFound("GoldenRecord", golden_name(golden_id))
        proposals = await self._replanning.lock(tx, [golden_id])
        draft = _draft_of(golden, key, customer_number, policy)
        # Prepared before the ledger head is taken, so that others may commit meanwhile.
        comparable = comparable_of(draft)
        revision = await tx.revision()
        self._check_may_confirm(principal, key, await self._assessment.roles(tx, revision.time))
        _check_provisional(golden, policy)
        if etag != golden.row.etag:
            raise EtagMismatch(golden.name, golden.row.etag, [f"it is at version {golden.row.version}"])
        await _check_new(tx, golden, key, customer_number)
        record = await tx.insert_member(NewRecord(draft, comparable, golden_id), revision)
        row = replace(golden.row, version=golden.row.version + 1, revision=revision.number)
        after = GoldenRecord(row, (*golden.members, record))
        await tx.update_goldens([row])
        subjects = tuple(sorted(r.name for r in after.members if r.state is not RecordState.ERASED))
        change = ChangeDraft(
            ChangeType.RECORD_CREATED,
            record=record.name,
            before=(image_of(golden, policy),),
            after=(image_of(after, policy),),
            record_nos=(record.record_no,),
            subjects=subjects,
        )
        return Written(
            record,
            changes=(change, *await self._replanning.replan(tx, proposals, revision)),
            targets=(record.name, golden.name),
            detail=f"confirmed {golden.name}",
            index_inserts=(IndexEntry(record.record_no, record.kind, comparable),),
            # The answer shows a value of theirs, the company's name.
            subjects=subjects,
        )

    def _check_may_confirm(self, principal: Principal, key: RecordKey, roles: Roles) -> None:
        """Finance decides what an account is (domain 4.2); its systems may say what it has decided."""
        policy = self._assessment.policy
        found = roles.principals.find(principal.name)
        if found is not None and not found.human:
            check_may_write(roles.principals, principal.name, [(key.source, RecordKind.ACCOUNT)], policy)
        elif policy.master_function not in roles.functions(principal.name):
            raise PermissionRefused(
                Reason.MISSING_ROLE,
                f"{principal.name} may not confirm accounts: people of {policy.master_function} "
                f"and the service accounts of {key.source} may",
                (policy.master_function,),
            )


def _check_input(key: RecordKey, customer_number: str, etag: str, policy: Policy) -> None:
    draft = RecordDraft(key, RecordKind.ACCOUNT, {"customer_number": customer_number})
    problems = draft_violations(draft, policy.functions)
    if not policy.source(key.source).customer_master:
        masters = sorted(name for name, source in policy.sources.items() if source.customer_master)
        known = ", ".join(masters) or "none; the policy names them"
        problems.append(Violation("record.name", f"{key.source} is not of the customer master: {known}"))
    if not customer_number.strip():
        problems.append(Violation("customer_number", "is required: the number of the account in the books"))
    if not etag:
        problems.append(Violation("etag", "is required: send the etag of the golden record as you saw it"))
    if problems:
        raise InvalidInput(problems)


def _draft_of(golden: GoldenRecord, key: RecordKey, customer_number: str, policy: Policy) -> RecordDraft:
    """The customer master's record: the number, and the company as it is called so far."""
    values = {"customer_number": customer_number}
    shown = survivorship(golden.members, golden.row.choices, policy).get("company_name")
    if shown is not None:
        values["company_name"] = shown.value
    return RecordDraft(key, RecordKind.ACCOUNT, values, person_account=golden.person_account)


def _check_provisional(golden: GoldenRecord, policy: Policy) -> None:
    """Only a live provisional account is confirmed; says what the golden record is instead."""
    row = golden.row
    state = account_state(golden.members, policy)
    if row.state is not GoldenState.LIVE:
        where = f": it lives on in {golden_name(row.successor_id)}" if row.successor_id else ""
        raise StateNotAllowed(golden.name, row.state, f"{golden.name} is {row.state}{where}")
    if row.kind is not RecordKind.ACCOUNT:
        why = f"{golden.name} is a {row.kind}: only accounts are confirmed"
        raise StateNotAllowed(golden.name, row.kind, why)
    if state is None:
        why = f"no source holds {golden.name} as an account any more"
        raise StateNotAllowed(golden.name, "NO_ACCOUNT", why)
    if state is not AccountState.PROVISIONAL:
        raise StateNotAllowed(golden.name, state, f"{golden.name} is {state} already")


async def _check_new(tx: ReadTransaction, golden: GoldenRecord, key: RecordKey, number: str) -> None:
    """What the books hold already is another golden record: that it is the same is decided by a merge."""
    known = (await tx.records([key])).get(key)
    if known is None:
        of_number = await tx.find_records("customer_number", number, _MOST_LOOKED_AT)
        known = next((record for record in of_number if record.key.source == key.source), None)
    if known is None:
        return
    if known.state is RecordState.ERASED:
        raise InvalidInput.at("record.name", "was erased on request; this id takes no values again")
    if known.golden_id == golden.golden_id:
        what = f"a member of {golden.name}: write its customer number instead"
    else:
        what = f"a member of {golden_name(known.golden_id)}: propose to merge {golden.name} into that"
    raise StateNotAllowed(known.name, known.state, f"{known.name} is there already, {what}")
