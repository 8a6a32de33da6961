"""The decision against a second one, written from the text: generated cells, and random vote sequences."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from dedup_service.domain.decision import Case, Decision, decide
from dedup_service.domain.delegations import Roles
from dedup_service.domain.policy import Impact, VetoRule
from dedup_service.domain.voting import BallotMethod, Outcome, Vote
from tests.domain.decision_cases import DIRECTORY, PEOPLE, PLAN_TIME, directory
from tests.domain.decision_cells import case_for, cells, some_delegations, some_vote
from tests.domain.decision_oracle import Poll, three_working_days_after
from tests.domain.oracle_rules import functions_with_stake

SEQUENCE_COUNT = 20_000
# Every so many sequences the decision is also taken after each vote, not only at the end.
STEPWISE_EVERY = 8


def compare(case: Case, votes: list[Vote], poll: Poll, where: object) -> Decision:
    """Both decisions on the same votes; they must agree in everything that anybody acts on."""
    found, expected = decide(case, votes), poll.result(case)
    ours = (
        found.outcome.value,
        found.approved,
        set(found.missing_functions),
        [each.counts for each in found.votes],
        {veto.rule.value for veto in found.vetoes},
    )
    theirs = (
        expected.outcome,
        expected.approved,
        expected.missing,
        expected.counting,
        expected.standing,
    )
    assert ours == theirs, f"{where}\n{found.ballot}\n{found.voices}\n{votes}"
    assert found.due_time == three_working_days_after(case.plan_time), where
    return found


def compare_ballots(case: Case, found: Decision, poll: Poll, where: object) -> None:
    """Both read the same stakes, impact, ballot and vetoes out of the records."""
    assert {stake.function for stake in found.stakes} == functions_with_stake(case), where
    assert found.impact == poll.impact, f"{where}\n{found.impact_reasons}"
    assert {voice.function: voice.weight for voice in found.voices} == poll.weights, where
    ballot = found.ballot
    assert (ballot.method, ballot.quorum, ballot.arbiter) == (poll.method, poll.quorum, poll.arbiter), where
    assert {veto.rule.value for veto in (*found.vetoes, *found.lifted)} == poll.vetoes, where


@pytest.mark.proof
def test_every_cell_is_decided_as_the_text_says() -> None:
    """Kinds, classes, states, weights, obstacles, functions and periods: both agree on each combination."""
    random = Random(7)
    seen: Counter[object] = Counter()
    for cell in cells(1):
        case = case_for(cell, random)
        case = replace(case, roles=replace(case.roles, delegations=some_delegations(random)))
        votes = [some_vote(case, random) for _ in range(random.choice((0, 1, 2, 3, 5, 8)))]
        poll = Poll(case)
        for each in votes:
            poll.cast(each)
        found = compare(case, votes, poll, cell)
        compare_ballots(case, found, poll, cell)
        seen.update(_kinds_of(found))
    assert seen["cells"] >= 5_000
    wanted = [*BallotMethod, *Outcome, *VetoRule, *Impact, "nobody", "lifted", "arbiter", "executed"]
    assert min(seen[each] for each in wanted) >= 40, seen


def _kinds_of(found: Decision) -> list[object]:
    """What a decision is an example of."""
    vetoes = {veto.rule for veto in (*found.vetoes, *found.lifted)}
    kinds: list[object] = ["cells", found.impact, found.ballot.method, found.outcome, *vetoes]
    kinds += ["nobody"] * (found.ballot.quorum == 0)
    kinds += ["lifted"] * bool(found.lifted)
    kinds += ["arbiter"] * bool(found.ballot.arbiter)
    kinds += ["executed"] * found.approved
    return kinds


class World:
    """A proposal in the course of some days: people come and go, time passes, the plan changes."""

    def __init__(self, case: Case, random: Random) -> None:
        self.random = random
        self.people = dict(PEOPLE)
        self.original = case.plan
        start = PLAN_TIME + timedelta(hours=random.randrange(7 * 24))
        roles = Roles(DIRECTORY, some_delegations(random, start), start)
        self.case = replace(case, plan_time=start, now=start, roles=roles)

    def goes_on(self) -> None:
        """Some hours pass, and sometimes something happens."""
        self._moved(self.case.now + timedelta(hours=self.random.choice((0, 1, 6, 12))))
        event = self.random.random()
        if event < 0.08:
            name = self.random.choice(list(PEOPLE))
            self.people[name] = self.random.choice(((), PEOPLE[name], PEOPLE[name][:1], ("operations",)))
        elif event < 0.10:
            self.people.pop(self.random.choice(list(PEOPLE)), None)
        elif event < 0.14:
            self._changed_plan()
        if event < 0.10:
            roles = replace(self.case.roles, principals=directory(self.people))
            self.case = replace(self.case, roles=roles)

    def _moved(self, now: datetime) -> None:
        self.case = replace(self.case, now=now, roles=replace(self.case.roles, now=now))

    def _changed_plan(self) -> None:
        """Another plan, or one that changed and changed back a moment ago."""
        other = replace(self.original, policy_version=f"other {self.random.random()}")
        plan = self.random.choice((other, self.original))
        self._moved(self.case.now + timedelta(seconds=1))
        self.case = replace(self.case, plan=plan, plan_time=self.case.now)


def _pool(random: Random) -> list[Case]:
    """Cases of every pair of kinds, weights and obstacles, without the others' dimensions."""
    return [case_for(cell, random) for cell in cells(1) if cell.company != "desk" and not cell.period_over]


@pytest.mark.proof
def test_random_vote_sequences_end_as_the_text_says() -> None:
    """Whoever votes, leaves, delegates or changes the plan: both agree after each vote and at the end."""
    random = Random(11)
    pool = _pool(random)
    seen: Counter[object] = Counter()
    for number in range(SEQUENCE_COUNT):
        world = World(random.choice(pool), random)
        poll, votes = Poll(world.case), list[Vote]()
        for _ in range(random.randint(0, 12)):
            votes.append(some_vote(world.case, random))
            poll.cast(votes[-1])
            if number % STEPWISE_EVERY == 0:
                compare(world.case, votes, poll, number)
            world.goes_on()
        found = compare(world.case, votes, poll, number)
        seen.update(_kinds_of(found))
        seen.update(_why_not(found))
    assert min(seen[each] for each in (*BallotMethod, *Outcome, *Impact, "arbiter", "executed")) >= 500, seen
    reasons = ("plan", "proposed", "delegation", "function", "say", "replaced", "behalf")
    assert min(seen[each] for each in reasons) >= 500, seen


def _why_not(found: Decision) -> list[str]:
    """For which reasons votes did not count, each by one word of its reason."""
    words = ("plan", "known", "proposed", "delegation", "function", "say", "replaced")
    void = [each for each in found.votes if not each.counts]
    said = [word for word in words if any(word in each.reason for each in void)]
    return said + ["behalf"] * any(each.counts and each.vote.on_behalf_of for each in found.votes)
