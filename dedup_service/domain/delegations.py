"""Delegation and absence: who speaks for whom, until when (domain 7.4).

A delegation gives a function on, for a time, and not further: what somebody holds by delegation they cannot
delegate. It ends by its date, when it is taken back, or when its delegator loses the function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.principals import Principals


@dataclass(frozen=True, slots=True)
class Delegation:
    """A person is away until `end_time`, and may name a delegate who votes for them meanwhile.

    It holds from `start_time` to `end_time`, the end not included.
    """

    delegation_id: str
    delegator: str
    delegate: str
    functions: tuple[str, ...]
    start_time: datetime
    end_time: datetime
    reason: str
    create_time: datetime
    revision: int = 0

    @property
    def name(self) -> str:
        return f"delegations/{self.delegation_id}"

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    def holds_at(self, now: datetime) -> bool:
        return self.start_time <= now < self.end_time


@dataclass(frozen=True, slots=True)
class Mandate:
    """A function that somebody may vote for, by their own role or `on_behalf_of` a delegator."""

    function: str
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class Roles:
    """Who holds which function at one moment: the directory, and the delegations that hold then."""

    principals: Principals
    delegations: tuple[Delegation, ...]
    now: datetime

    def mandates(self, name: str) -> tuple[Mandate, ...]:
        """All mandates of a person, their own first; none for unknown ones and services (C-5)."""
        principal = self.principals.find(name)
        if principal is None or not principal.human:
            return ()
        own = [Mandate(function) for function in sorted(principal.functions)]
        given = [
            Mandate(function, delegation.delegator)
            for delegation in self._holding()
            if delegation.delegate == name
            for function in delegation.functions
            if self._still_holds(delegation.delegator, function)
        ]
        return (*own, *sorted(given, key=lambda m: (m.function, m.on_behalf_of)))

    def functions(self, name: str) -> frozenset[str]:
        """The functions that a person may vote for."""
        return frozenset(mandate.function for mandate in self.mandates(name))

    def standing_since(self, name: str, mandate: Mandate, time: datetime) -> bool:
        """Whether a delegation that gives this mandate held at `time` already: a new one revives no vote."""
        return any(
            d.delegate == name
            and d.delegator == mandate.on_behalf_of
            and mandate.function in d.functions
            and d.start_time <= time
            for d in self._holding()
        )

    def away(self, function: str) -> bool:
        """Whether everybody of a function is away, with nobody in their place."""
        people = self.principals.people_of(function)
        absent = {d.delegator for d in self._holding()}
        covered = {f for d in self._holding() if d.delegate for f in d.functions}
        return bool(people) and function not in covered and all(name in absent for name in people)

    def _still_holds(self, name: str, function: str) -> bool:
        delegator = self.principals.find(name)
        return delegator is not None and delegator.human and function in delegator.functions

    def _holding(self) -> Iterable[Delegation]:
        return (d for d in self.delegations if d.holds_at(self.now))
