"""Why you: whether somebody's vote on a proposal counts, for which function, and why (domain 7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from dedup_service.domain.delegations import Mandate
from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.voting import CountedVote, Electorate, Voice


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a principal stands on a proposal: the mandates that they may vote by, and a sentence why.

    `vote` is their last vote with whether it counts.
    """

    principal: str
    mandates: tuple[Mandate, ...]
    sentence: str
    vote: CountedVote | None

    @property
    def may_vote(self) -> bool:
        return bool(self.mandates)


def standing(
    principal: str, electorate: Electorate, voices: Sequence[Voice], votes: Sequence[CountedVote]
) -> Standing:
    """Where this principal stands."""
    vote = next((v for v in reversed(votes) if v.vote.principal == principal), None)
    try:
        mandates = mandates_for(principal, electorate)
    except PermissionRefused as refused:
        return Standing(principal, (), str(refused), vote)
    why = {voice.function: voice.why for voice in voices}
    said = [_because(mandate, why[mandate.function]) for mandate in mandates]
    return Standing(principal, mandates, "; ".join(said), vote)


def mandates_for(principal: str, electorate: Electorate) -> tuple[Mandate, ...]:
    """The mandates by which this principal may vote.

    Raises:
        PermissionRefused: NOT_AN_APPROVER for a service account, SELF_APPROVAL for the proposer,
            MISSING_ROLE for somebody of no function that may vote.
    """
    functions = electorate.functions
    found = electorate.roles.principals.find(principal)
    if found is None or not found.human:
        why = "is not known" if found is None else "is a service account: it may propose, not approve"
        raise PermissionRefused(Reason.NOT_AN_APPROVER, f"{principal} {why}", functions)
    if principal == electorate.proposer:
        raise PermissionRefused(
            Reason.SELF_APPROVAL, f"{principal} proposed this and does not decide it", functions
        )
    held = tuple(
        mandate
        for mandate in electorate.roles.mandates(principal)
        if mandate.function in functions and mandate.on_behalf_of != electorate.proposer
    )
    if not held:
        own = ", ".join(sorted(found.functions)) or "no function"
        asked = ", ".join(functions) or "none: no function has a stake"
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal} has no say in this: they hold {own}, and asked are {asked}",
            functions,
        )
    return held


def check_involved(principal: str, electorate: Electorate, *, services: bool = False) -> None:
    """Refuse who has nothing to do with a proposal: its proposer and those who may vote on it have.

    Raises:
        PermissionRefused: for everybody else; service accounts are let through where `services` says so.
    """
    found = electorate.roles.principals.find(principal)
    if principal == electorate.proposer or (services and found is not None and not found.human):
        return
    mandates_for(principal, electorate)


def mandate_for_vote(
    principal: str, electorate: Electorate, voices: Sequence[Voice], function: str = ""
) -> Mandate:
    """The mandate by which a vote is cast: of the function named, or else one that has not spoken yet.

    One person counts once: who holds several functions votes for one of them.

    Raises:
        PermissionRefused: the vote would not count; MISSING_ROLE also for a function named but not held.
    """
    held = mandates_for(principal, electorate)
    if function:
        held = tuple(mandate for mandate in held if mandate.function == function)
        if not held:
            raise PermissionRefused(
                Reason.MISSING_ROLE, f"{principal} may not vote for {function} here", electorate.functions
            )
    # Who votes again changes what they said, and does not take it away from that function.
    own = {voice.function for voice in voices if voice.principal == principal}
    silent = {voice.function for voice in voices if voice.decision is None}
    return min(held, key=lambda mandate: (mandate.function not in own, mandate.function not in silent))


def _because(mandate: Mandate, why: str) -> str:
    whose = f" on behalf of {mandate.on_behalf_of}" if mandate.on_behalf_of else ""
    return f"you vote for {mandate.function}{whose}: {why}"
