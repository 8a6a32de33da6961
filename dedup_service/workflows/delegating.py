"""Give a function to somebody else for a time, or be away without anybody in one's place (domain 7.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dedup_service.domain.delegations import Delegation
from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound, PermissionRefused, Reason
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Violation
from dedup_service.domain.validation import text_problem
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.ports import Ids, Request, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import MAX_COMMENT_CODE_POINTS

# Between a caller's clock and the store's; further back, a delegation would rewrite what was so.
_CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DelegationDraft:
    """What somebody delegates, and until when; it starts now where `start_time` is None.

    An empty `delegate` is an absence alone, empty `functions` are all that the delegator holds.
    """

    delegate: str
    functions: tuple[str, ...]
    start_time: datetime | None
    end_time: datetime
    reason: str


class Delegating:
    """The use cases on delegations and absences."""

    def __init__(self, store: Store, assessment: Assessment, new_id: Ids) -> None:
        self._store = store
        self._assessment = assessment
        self._new_id = new_id

    async def create(
        self, request: Request, draft: DelegationDraft, principal: Principal, validate_only: bool = False
    ) -> Delegation:
        """Delegate the caller's own functions; with `validate_only` only show what the delegation would be.

        Raises:
            InvalidInput: with everything that is wrong: a delegate who is no other known person, functions
                that the caller does not hold by their own role, times past, in the wrong order or too long.
            PermissionRefused: the caller is no person.
        """

        async def work(tx: WriteTransaction) -> Written[Delegation]:
            revision = await tx.revision()
            delegator = self._delegator(principal)
            violations = list(self._violations(delegator, draft, revision.time))
            if violations:
                raise InvalidInput(violations)
            delegation = Delegation(
                delegation_id=self._new_id(),
                delegator=delegator.name,
                delegate=draft.delegate,
                functions=tuple(sorted(set(draft.functions) or delegator.functions)),
                start_time=draft.start_time or revision.time,
                end_time=draft.end_time,
                reason=draft.reason,
                create_time=revision.time,
                revision=revision.number,
            )
            await tx.save_delegation(delegation)
            return Written(delegation, targets=(delegation.name,), detail=_detail(delegation))

        if validate_only:
            return await self._store.preview(work)
        return await self._store.write(request, work, Delegation)

    def _delegator(self, caller: Principal) -> Principal:
        """The caller as the directory knows them now."""
        found = self._assessment.principals.find(caller.name)
        if found is None or not found.human:
            why = "is not known" if found is None else "is a service account"
            raise PermissionRefused(
                Reason.NOT_AN_APPROVER, f"{caller.name} {why}: people delegate what they vote for"
            )
        return found

    def _violations(self, delegator: Principal, draft: DelegationDraft, now: datetime) -> Iterator[Violation]:
        if draft.delegate:
            yield from self._delegate_violations(delegator, draft.delegate)
        own = ", ".join(sorted(delegator.functions))
        known = self._assessment.policy.functions
        for function in sorted(set(draft.functions) - delegator.functions):
            # A word that is no function may be anything: errors repeat none.
            what = function if function in known else "a function of a name that the policy does not know"
            yield Violation(
                "delegation.functions",
                f"{delegator.name} does not hold {what} by their own role; they hold {own or 'none'}",
            )
        if not draft.functions and not own:
            yield Violation("delegation.functions", f"{delegator.name} holds no function to delegate")
        yield from self._time_violations(draft, now)
        if problem := text_problem(draft.reason, MAX_COMMENT_CODE_POINTS):
            yield Violation("delegation.reason", problem)

    def _delegate_violations(self, delegator: Principal, delegate: str) -> Iterator[Violation]:
        found = self._assessment.principals.find(delegate)
        if delegate == delegator.name:
            yield Violation("delegation.delegate", "must be somebody else")
        elif found is None:
            yield Violation("delegation.delegate", "is not known: name a person such as users/ann")
        elif not found.human:
            yield Violation("delegation.delegate", f"{delegate} is a service account, which never votes")

    def _time_violations(self, draft: DelegationDraft, now: datetime) -> Iterator[Violation]:
        start = draft.start_time or now
        longest = self._assessment.policy.periods.longest_delegation
        if start < now - _CLOCK_TOLERANCE:
            yield Violation("delegation.start_time", "is in the past: leave it out to start now")
        if draft.end_time <= start:
            yield Violation("delegation.end_time", "must be after start_time")
        elif draft.end_time <= now:
            yield Violation("delegation.end_time", "is in the past")
        elif draft.end_time - start > longest:
            yield Violation(
                "delegation.end_time", f"must be at most {longest.days} days after start_time (the policy)"
            )

    async def end(self, request: Request, delegation_id: str, etag: str, principal: Principal) -> Delegation:
        """End a delegation now, whether it has begun or not; one that is over stays as it is.

        Raises:
            PermissionRefused: for others than its delegator and its delegate.
            EtagMismatch: the delegation is not as the caller saw it.
        """

        async def work(tx: WriteTransaction) -> Written[Delegation]:
            revision = await tx.revision()
            found = await tx.delegation(delegation_id)
            if found is None:
                raise _unknown(delegation_id)
            if principal.name not in (found.delegator, found.delegate):
                raise PermissionRefused(
                    Reason.NOT_AN_APPROVER,
                    f"only {' and '.join(n for n in (found.delegator, found.delegate) if n)} "
                    f"may end {found.name}",
                )
            if found.end_time <= revision.time:
                return Written(found)
            if not etag:
                raise InvalidInput.at("etag", "is required: send the etag of the delegation as you saw it")
            if etag != found.etag:
                raise EtagMismatch(found.name, found.etag)
            ended = replace(found, end_time=revision.time, revision=revision.number)
            await tx.save_delegation(ended)
            return Written(ended, targets=(ended.name,), detail="ended")

        return await self._store.write(request, work, Delegation)

    async def delegation(self, delegation_id: str) -> Delegation:
        """A delegation as it is now.

        Raises:
            NotFound: no such delegation was ever made.
        """
        found = await self._store.read(lambda tx: tx.delegation(delegation_id))
        if found is None:
            raise _unknown(delegation_id)
        return found


def _unknown(delegation_id: str) -> NotFound:
    return NotFound("Delegation", f"delegations/{delegation_id}")


def _detail(delegation: Delegation) -> str:
    whom = f"to {delegation.delegate}" if delegation.delegate else "absence"
    return f"{whom}: {', '.join(delegation.functions)} until {delegation.end_time:%Y-%m-%d %H:%M} UTC"
