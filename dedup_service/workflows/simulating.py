"""What another policy would change: open and past proposals weighed under both, nothing stored.

Everything but the policy is the same on both sides, the votes too: they count as if cast on the plan that the
other policy gives. Read a page a snapshot, so that no number of proposals holds a transaction open for long.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from dedup_service.domain.decision import Decision, decide, rebound
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.policy import Impact, Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import Violation
from dedup_service.domain.voting import Ballot, Outcome
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page
from dedup_service.workflows.policy_checks import read_policy
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Store
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.simulated_cases import SimulatedCase, simulated_cases

MAX_PAST = 10_000
MAX_SHOWN = 1_000
_PAGE = 100
_OPEN = (Condition("open", Operator.EQUALS, "true"),)
# What nobody decided, because its golden records went elsewhere, tells nothing of a policy.
_PAST = (
    Condition("open", Operator.EQUALS, "false"),
    Condition("state", Operator.NOT_EQUALS, ProposalState.SUPERSEDED),
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one policy says of a proposal.

    `functions` may vote, `vetoes` are the rules that stand, `ballot` is how the votes are counted.
    """

    impact: Impact
    outcome: Outcome
    approved: bool
    functions: tuple[str, ...]
    vetoes: tuple[str, ...]
    missing_functions: tuple[str, ...]
    ballot: Ballot


@dataclass(frozen=True, slots=True)
class Difference:
    """A proposal that the two policies weigh differently, and who would be asked now or no longer.

    Of people who hold several functions only those count whom nobody asks, or asked, for another of them.
    """

    proposal_name: str
    state: ProposalState
    before: Weighed
    after: Weighed
    newly_asked: tuple[str, ...]
    no_longer_asked: tuple[str, ...]
    people_newly_asked: tuple[str, ...]
    people_no_longer_asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a policy would change among the open and past proposals that were weighed.

    `skipped_count` are those whose golden records are no longer there to be weighed. `differences` are the
    first of `differing_count`: open ones from the oldest on, then past ones from the newest on.
    """

    version: str
    open_count: int
    past_count: int
    skipped_count: int
    differing_count: int
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Tally:
    """The counts of a simulation while it runs."""

    shown_limit: int
    weighed: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    skipped_count: int = 0
    differing_count: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, differences: Sequence[Difference]) -> None:
        self.differing_count += len(differences)
        self.differences += differences[: self.shown_limit - len(self.differences)]


class Simulating:
    """The use case that asks what a policy would change, before anybody puts it in force."""

    def __init__(self, store: Store, rules: Rules, now: ClockNow) -> None:
        self._store = store
        self._rules = rules
        self._now = now

    async def simulate(self, text: str, past_limit: int = 1000, shown_limit: int = 200) -> Simulation:
        """Weigh all open proposals, and the newest past ones, under the rules in force and under this text.

        Takes a second or two for a thousand proposals; what changes meanwhile is seen or not.

        Raises:
            InvalidInput: the text cannot be used, with a violation for each problem at ``text:LINE``.
        """
        _check_limits(past_limit, shown_limit)
        candidate = await read_policy(self._rules.parse, text, "text")
        await self._rules.renew()
        comparison = _Comparison(self._rules.policy, candidate, self._rules.principals)
        tally = _Tally(shown_limit)
        for is_open in (True, False):
            async for asked_count, cases in self._pages(is_open, past_limit, comparison.current):
                tally.weighed[is_open] += len(cases)
                tally.skipped_count += asked_count - len(cases)
                # Weighing a page takes a while: other calls are served meanwhile.
                tally.add(await asyncio.to_thread(comparison.differences, cases))
        return Simulation(
            version=candidate.version,
            open_count=tally.weighed[True],
            past_count=tally.weighed[False],
            skipped_count=tally.skipped_count,
            differing_count=tally.differing_count,
            differences=tuple(tally.differences),
        )

    async def _pages(
        self, is_open: bool, past_limit: int, policy: Policy
    ) -> AsyncIterator[tuple[int, list[SimulatedCase]]]:
        """The number of proposals on each page, and the cases of those that can be weighed."""
        after: tuple[str, ...] | None = None
        left = past_limit
        while is_open or left > 0:
            page = Page(_OPEN, after, _PAGE, order_by="create_time")
            if not is_open:
                page = Page(_PAST, after, min(_PAGE, left), order_by="create_time desc")
            asked_count, cases, after = await self._store.read(partial(self._read, page, policy))
            yield asked_count, cases
            left -= asked_count
            if after is None:
                return

    async def _read(
        self, page: Page, policy: Policy, tx: ReadTransaction
    ) -> tuple[int, list[SimulatedCase], tuple[str, ...] | None]:
        listed = await tx.list_proposals(page)
        cases = await simulated_cases(tx, listed.items, policy, self._rules.principals, self._now())
        return len(listed.items), cases, listed.next


class _Comparison:
    """Two policies side by side."""

    def __init__(self, current: Policy, candidate: Policy, principals: Principals) -> None:
        self.current = current
        self._candidate = candidate
        self._principals = principals
        self._people: dict[str, tuple[str, ...]] = {}

    def differences(self, cases: Sequence[SimulatedCase]) -> list[Difference]:
        """What the candidate weighs differently; the cases are those of the current policy."""
        found = (self._difference(each) for each in cases)
        return [difference for difference in found if difference is not None]

    def _difference(self, simulated: SimulatedCase) -> Difference | None:
        proposal, case = simulated.proposal, simulated.case
        votes = proposal.votes
        if not proposal.state.open:
            # Closed under a policy that may be long gone; of an open one such votes are void already.
            votes = rebound(votes, proposal.plan, case.plan)
        plan = replace(case.plan, policy_version=self._candidate.version)
        before = decide(case, votes)
        after = decide(replace(case, policy=self._candidate, plan=plan), rebound(votes, case.plan, plan))
        if _weighed(before) == _weighed(after) and _asked(before) == _asked(after):
            return None
        people = [self._people_asked(each, case.proposer) for each in (before, after)]
        return Difference(
            proposal_name=proposal.name,
            state=proposal.state,
            before=_weighed(before),
            after=_weighed(after),
            newly_asked=tuple(sorted(_asked(after) - _asked(before))),
            no_longer_asked=tuple(sorted(_asked(before) - _asked(after))),
            people_newly_asked=tuple(sorted(people[1] - people[0])),
            people_no_longer_asked=tuple(sorted(people[0] - people[1])),
        )

    def _people_asked(self, decision: Decision, proposer: str) -> set[str]:
        """The people of the functions asked; the proposer is not asked."""
        found: set[str] = set()
        for function in _asked(decision):
            if function not in self._people:
                self._people[function] = self._principals.people_of(function)
            found.update(self._people[function])
        return found - {proposer}


def _asked(decision: Decision) -> set[str]:
    """The functions with a voice; none where nobody needs to approve."""
    return {voice.function for voice in decision.voices} if decision.ballot.quorum else set()


def _weighed(decision: Decision) -> Weighed:
    return Weighed(
        impact=decision.impact,
        outcome=decision.outcome,
        approved=decision.approved,
        functions=decision.functions,
        vetoes=tuple(dict.fromkeys(str(veto.rule) for veto in decision.vetoes)),
        missing_functions=decision.missing_functions,
        ballot=decision.ballot,
    )


def _check_limits(past_limit: int, shown_limit: int) -> None:
    limits = (("past_limit", past_limit, MAX_PAST), ("shown_limit", shown_limit, MAX_SHOWN))
    violations = [
        Violation(name, f"must be from 0 to {most}") for name, given, most in limits if not 0 <= given <= most
    ]
    if violations:
        raise InvalidInput(violations)
