"""What a text of the policy must satisfy, and who may put it in force."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol, cast

from dedup_service.domain.errors import InvalidInput, PermissionRefused, Reason
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principal, Principals
from dedup_service.domain.records import Violation

# `policyVersions/current` is the version in force, whatever its name.
CURRENT = "current"


class _Problem(Protocol):
    """What `Rules.parse` says of one place of a text that it cannot use; `line` 0 is the whole text."""

    @property
    def line(self) -> int: ...

    @property
    def path(self) -> str: ...

    @property
    def message(self) -> str: ...


async def read_policy(parse: Callable[[str], Policy], text: str, field: str) -> Policy:
    """The policy of a text that somebody sent; read in a thread, as a long one takes its time.

    Raises:
        InvalidInput: with a violation for each problem, at the field and its line.
    """
    try:
        policy = await asyncio.to_thread(parse, text)
    except ValueError as error:
        problems = cast(Iterable[_Problem], getattr(error, "problems", ()))
        violations = [
            Violation(
                f"{field}:{problem.line}" if problem.line else field,
                f"{problem.path}: {problem.message}" if problem.path else problem.message,
            )
            for problem in problems
        ]
        raise InvalidInput(violations or [Violation(field, str(error))]) from error
    if policy.version == CURRENT:
        raise InvalidInput.at(field, f"version must not be {CURRENT}, which names the version in force")
    return policy


def check_may_update(caller: Principal, principals: Principals, policy: Policy) -> Principal:
    """The caller as the directory knows them now, if they may put a version in force."""
    function = policy.policy_function
    person = principals.find(caller.name)
    if person is None or not person.human:
        why = "is not known" if person is None else "is a service account"
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER,
            f"{caller.name} {why}: people of {function} change the policy",
            (function,),
        )
    if function not in person.functions:
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{caller.name} does not hold {function} by their own role: its people change the policy",
            (function,),
        )
    return person


def check_keeps_master(person: Principal, current: Policy, new: Policy) -> None:
    """Refuse to take the customer master out of the hands of those who keep it, unless they do so (C-2)."""
    changed = [
        f"sources.{name} would no longer be a customer master"
        for name in sorted({*current.sources, *new.sources})
        if current.source(name).customer_master and not new.source(name).customer_master
    ]
    if current.other_sources.customer_master and not new.other_sources.customer_master:
        changed.append("other_sources would no longer be a customer master")
    if new.master_function != current.master_function:
        changed.append(f"master_function would be {new.master_function}")
    if changed and current.master_function not in person.functions:
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{'; '.join(changed)}: only people of {current.master_function} change that, "
            f"and {person.name} is not one",
            (current.master_function,),
        )
