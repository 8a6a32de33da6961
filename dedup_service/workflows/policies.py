"""Put another version of the policy in force, by a call or from the operator's file (domain 7.3).

The policy is part of every plan hash, so a new version voids the votes of every open proposal and asks again.
From the commit on no write is decided by the version before, in whatever process: see `RulesInForce`.
"""

from dedup_service.domain.errors import EtagMismatch, InvalidInput, NotFound
from dedup_service.domain.policy import Policy
from dedup_service.domain.policy_versions import PolicyOrigin, PolicyVersion, policy_version_name
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Violation
from dedup_service.domain.validation import text_problem
from dedup_service.workflows.pages import Page
from dedup_service.workflows.policy_checks import CURRENT, check_keeps_master, check_may_update, read_policy
from dedup_service.workflows.ports import ReadTransaction, Request, Revision, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import MAX_COMMENT_CODE_POINTS
from dedup_service.workflows.rules import Rules

SERVICE = "services/policy"
_IN_FORCE = policy_version_name(CURRENT)
_PAGE = 50


class Policies:
    """The use cases on the versions of the policy."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    async def version(self, version: str = "") -> PolicyVersion:
        """A version of the policy by its name, or the one in force.

        Raises:
            NotFound: no such version was ever in force.
        """

        async def work(tx: ReadTransaction) -> PolicyVersion | None:
            return await tx.policy_version(version) if version else await tx.policy_in_force()

        found = await self._store.read(work)
        if found is None:
            raise NotFound("PolicyVersion", policy_version_name(version) if version else _IN_FORCE)
        return found

    async def update(
        self,
        request: Request,
        text: str,
        comment: str,
        expected_version: str,
        principal: Principal,
        validate_only: bool = False,
    ) -> PolicyVersion:
        """Put a text in force in place of the version that it was made from; with `validate_only` only check.

        No text can let a merge of two mastered accounts go without the master function: `decide` asks for it
        whatever the policy says (C-2). Which function that is, and which sources are the customer master, is
        the policy's to say, so only people of the master function may change that.

        Raises:
            InvalidInput: the text cannot be used (one violation a problem, at ``policy.text:LINE``), its
                version was in force before, or the comment is missing.
            PermissionRefused: the principal is no person who holds the policy function of the version in
                force by their own role, or is not of its master function where the text changes that.
            EtagMismatch: another version than the expected one is in force; says which.
        """
        policy = await self._checked(text, comment, expected_version)

        async def work(tx: WriteTransaction) -> Written[PolicyVersion]:
            # With the ledger head held, the rules of this process are those in force and stay so.
            revision = await tx.revision()
            person = check_may_update(principal, self._rules.principals, self._rules.policy)
            current = await tx.policy_in_force()
            if current is None:
                raise NotFound("PolicyVersion", _IN_FORCE)
            if current.version != expected_version:
                raise EtagMismatch(_IN_FORCE, current.version, [_who_put(current)])
            check_keeps_master(person, self._rules.policy, policy)
            if await tx.policy_version(policy.version) is not None:
                raise InvalidInput.at(
                    "policy.text",
                    f"version {policy.version} was in force before: give the text a new version",
                )
            return await _put(
                tx, revision, current, policy.version, text, PolicyOrigin.CALL, principal.name, comment
            )

        if validate_only:
            return await self._store.preview(work)
        stored = await self._store.write(request, work, PolicyVersion)
        await self._rules.renew()
        return stored

    async def _checked(self, text: str, comment: str, expected_version: str) -> Policy:
        """The policy of a text, once all that can be checked without the store is in order."""
        violations = []
        if not comment.strip():
            violations.append(Violation("policy.comment", "is required: say what changes, and why"))
        elif problem := text_problem(comment, MAX_COMMENT_CODE_POINTS):
            violations.append(Violation("policy.comment", problem))
        if not expected_version:
            violations.append(
                Violation("policy.etag", "is required: send the version that the text was made from")
            )
        try:
            policy = await read_policy(self._rules.parse, text, "policy.text")
        except InvalidInput as invalid:
            raise InvalidInput([*invalid.violations, *violations]) from invalid
        if violations:
            raise InvalidInput(violations)
        return policy

    async def seed(self, text: str, origin: PolicyOrigin) -> None:
        """Bring the shipped policy or the operator's file before the store, at each start of the service.

        The first start puts it in force. After that an operator's file takes over when its rules are others
        than those it last brought, and a shipped text when the version in force was shipped too; otherwise
        what was put in force by a call stays.

        Raises:
            InvalidInput: the text cannot be used, or its version was in force before with other rules.
        """
        policy = await read_policy(self._rules.parse, text, "policy.text")

        async def work(tx: WriteTransaction) -> Written[bool]:
            revision = await tx.revision()
            current = await tx.policy_in_force()
            if not await self._takes_over(tx, current, policy, origin):
                return Written(False)
            comment = "read from the policy file" if origin is PolicyOrigin.FILE else "shipped"
            written = await _put(tx, revision, current, policy.version, text, origin, SERVICE, comment)
            return written.told(True, written.detail)

        await self._store.write(Request(SERVICE, "SeedPolicy"), work, bool)
        await self._rules.renew()

    async def _takes_over(
        self, tx: ReadTransaction, current: PolicyVersion | None, policy: Policy, origin: PolicyOrigin
    ) -> bool:
        """Whether this text is to be put in force, as things stand."""
        if current is None:
            return True
        if origin is PolicyOrigin.SHIPPED and current.origin is not PolicyOrigin.SHIPPED:
            return False
        known = await tx.policy_version(policy.version)
        if known is None:
            return True
        if not self._same_rules(known, policy):
            raise _used_before(known, "with other rules")
        # An older release on a newer store keeps what is in force, and so does a file that says what a call
        # has put in force. A file that goes back to what was replaced is an edit, and must say so.
        if origin is PolicyOrigin.FILE and known.number < (await _last_brought(tx)).number:
            raise _used_before(known, "and was replaced")
        return False

    def _same_rules(self, known: PolicyVersion, policy: Policy) -> bool:
        """Whether a stored version says the same but for comments and layout."""
        try:
            return self._rules.parse(known.text) == policy
        except ValueError:
            # Written for an older release, which read texts that this one does not.
            return False


async def _put(
    tx: WriteTransaction,
    revision: Revision,
    current: PolicyVersion | None,
    version: str,
    text: str,
    origin: PolicyOrigin,
    author: str,
    comment: str,
) -> Written[PolicyVersion]:
    stored = PolicyVersion(
        number=current.number + 1 if current is not None else 1,
        version=version,
        text=text,
        origin=origin,
        author=author,
        comment=comment,
        create_time=revision.time,
        revision=revision.number,
    )
    await tx.insert_policy_version(stored)
    detail = f"in force after {current.name}" if current is not None else "in force, the first"
    return Written(stored, targets=(stored.name,), detail=detail)


async def _last_brought(tx: ReadTransaction) -> PolicyVersion:
    """The newest version that was shipped or came from a file."""
    page = Page(size=_PAGE)
    while True:
        listed = await tx.list_policy_versions(page)
        for version in listed.items:
            if version.origin is not PolicyOrigin.CALL:
                return version
        assert listed.next is not None, "the first version was shipped or came from a file"
        page = Page(size=_PAGE, after=listed.next)


def _who_put(current: PolicyVersion) -> str:
    return (
        f"{current.author} put version {current.version} in force on {current.create_time:%Y-%m-%d %H:%M} UTC"
    )


def _used_before(known: PolicyVersion, how: str) -> InvalidInput:
    return InvalidInput.at(
        "policy.text",
        f"version {known.version} was in force before {how}: "
        "give the policy file a new version, so that it is clear what each decision was made by",
    )
