"""What is wrong with territories although each rule by itself is right: gaps, overlaps, rules never reached.

An ERROR is something that the policy says and can never do; a WARNING something that most often is a mistake;
a NOTE something that is worth knowing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.domain.principals import Principal
from dedup_service.domain.territories import (
    Rung,
    Target,
    Team,
    TerritoryException,
    TerritoryPolicy,
    TerritoryRule,
)
from dedup_service.domain.territory_coverage import Ground, apart, grounds, left_over, within

_LISTED = 5


class Severity(StrEnum):
    """How much a problem matters, the worst first."""

    ERROR = "ERROR"
    WARNING = "WARNING"
    NOTE = "NOTE"


class ProblemKind(StrEnum):
    """What sort of problem it is."""

    UNREACHABLE = "UNREACHABLE"
    MEMBER = "MEMBER"
    GAP = "GAP"
    OVERLAP = "OVERLAP"
    UNUSED_TEAM = "UNUSED_TEAM"


@dataclass(frozen=True, slots=True)
class TerritoryProblem:
    """One thing to look at; `rules` are the names of the rules, exceptions or teams that it is about.

    The one to change comes first among them; the sentence says what to do.
    """

    severity: Severity
    kind: ProblemKind
    rules: tuple[str, ...]
    sentence: str


Find = Callable[[str], Principal | None]


def check(policy: TerritoryPolicy, find: Find | None = None) -> tuple[TerritoryProblem, ...]:
    """Everything worth looking at, the worst first.

    `find` gives the principal of a name, or None when there is none; without it people are not checked.
    A rule is called unreachable only where that is certain.
    """
    ground = grounds(policy.rules)
    found = [
        *_exception_problems(policy.exceptions),
        *_rule_problems(policy.rules, ground),
        *_gaps(policy, ground),
        *_unused_teams(policy),
    ]
    if find is not None:
        found += [*_member_problems(policy.teams.values(), find), *_target_problems(policy, find)]
    order = list(Severity)
    return tuple(sorted(found, key=lambda problem: order.index(problem.severity)))


def _exception_problems(exceptions: Sequence[TerritoryException]) -> Iterator[TerritoryProblem]:
    """Exceptions whose accounts, companies and domains earlier ones name too."""
    first: dict[tuple[str, str], str] = {}
    for each in exceptions:
        named = [
            *(("account", value) for value in sorted(each.accounts)),
            *(("company", value) for value in sorted(each.companies)),
            *(("domain", value) for value in sorted(each.domains)),
        ]
        before = list(dict.fromkeys(first[key] for key in named if key in first))
        if before and all(key in first for key in named):
            yield TerritoryProblem(
                Severity.ERROR,
                ProblemKind.UNREACHABLE,
                (each.name, *before),
                f"the exception {each.name} is never reached: {_listed(before)} before it "
                f"{_verb(before, 'names', 'name')} all that it names; move it up, or take it out",
            )
        elif before:
            yield TerritoryProblem(
                Severity.WARNING,
                ProblemKind.OVERLAP,
                (each.name, *before),
                f"some of what the exception {each.name} names goes to {_listed(before)} before it: "
                "name it in one of them only",
            )
        for key in named:
            first.setdefault(key, each.name)


@dataclass(slots=True)
class _Relations:
    """What was found about the rules, by name: those that are reached, and which others go before each.

    `covering` are the first that takes all of it in some countries, or where none does, all that take a part.
    Of those on its rung with another target, `narrower` are wholly inside of it, and `crossing` only in part.
    """

    reached: set[str] = field(default_factory=set)
    covering: dict[str, list[str]] = field(default_factory=dict)
    narrower: dict[str, list[str]] = field(default_factory=dict)
    crossing: dict[str, list[str]] = field(default_factory=dict)

    def add(self, ground: Ground) -> None:
        """Look at the rules of one group of countries."""
        for number, (rule, box) in enumerate(zip(ground.rules, ground.boxes, strict=True)):
            before = [n for n in range(number) if not apart(ground.boxes[n], box)]
            if rule.name not in self.reached and left_over(box, [ground.boxes[n] for n in before]):
                self.reached.add(rule.name)
            alone = next((n for n in before if within(box, ground.boxes[n])), None)
            for n in before:
                other = ground.rules[n]
                if alone in (n, None):
                    _note(self.covering, rule, other)
                if other.rung is rule.rung and other.target != rule.target:
                    self._compare(rule, other, inside=within(ground.boxes[n], box))

    def _compare(self, rule: TerritoryRule, other: TerritoryRule, *, inside: bool) -> None:
        """Note an overlap; a rule for all countries after those for some is for the rest, and says so."""
        if not inside or (rule.countries and not other.countries <= rule.countries):
            _note(self.crossing, rule, other)
        elif rule.countries or not other.countries:
            _note(self.narrower, rule, other)


def _note(found: dict[str, list[str]], rule: TerritoryRule, other: TerritoryRule) -> None:
    names = found.setdefault(rule.name, [])
    if other.name not in names:
        names.append(other.name)


def _rule_problems(rules: Iterable[TerritoryRule], ground: Sequence[Ground]) -> Iterator[TerritoryProblem]:
    """Rules that are never reached, and rules of a rung that some data fit both."""
    relations = _Relations()
    for each in ground:
        relations.add(each)
    for rule in rules:
        if rule.name not in relations.reached:
            yield _unreachable(rule, relations.covering[rule.name])
            continue
        across = relations.crossing.get(rule.name, [])
        if across:
            yield TerritoryProblem(
                Severity.WARNING,
                ProblemKind.OVERLAP,
                (rule.name, *across),
                f"some data fit {rule.name} and also {_listed(across)} before it, on the rung {rule.rung}: "
                "the first wins; put first the one that shall win, or narrow one of them",
            )
        inside = [name for name in relations.narrower.get(rule.name, ()) if name not in across]
        if inside:
            yield TerritoryProblem(
                Severity.NOTE,
                ProblemKind.OVERLAP,
                (rule.name, *inside),
                f"{_listed(inside)} {_verb(inside, 'takes', 'take')} a part of {rule.name} first, "
                f"as {_verb(inside, 'it is', 'they are')} written before it: keep that order",
            )


def _unreachable(rule: TerritoryRule, before: Sequence[str]) -> TerritoryProblem:
    return TerritoryProblem(
        Severity.ERROR,
        ProblemKind.UNREACHABLE,
        (rule.name, *before),
        f"the rule {rule.name} is never reached: {_listed(before)} {_verb(before, 'takes', 'take')} all that "
        "fits it; move it up if they are on one rung, narrow them, or take it out",
    )


def _gaps(policy: TerritoryPolicy, ground: Sequence[Ground]) -> Iterator[TerritoryProblem]:
    """Where data of a country with rules go to the general queue, and postal codes between those named."""
    for each in ground:
        where = "countries that no rule names" if each.unnamed else _listed(each.countries)
        names = tuple(rule.name for rule in each.rules)
        whole = any(rule.rung is Rung.COUNTRY for rule in each.rules)
        if not whole:
            yield TerritoryProblem(
                Severity.WARNING,
                ProblemKind.GAP,
                names,
                f"{where}: what fits none of these rules goes to the queue {policy.general_queue}; "
                f"write a rule {'without conditions' if each.unnamed else 'for the country alone'}",
            )
        covered = 0
        local = []
        for rule, box in zip(each.rules, each.boxes, strict=True):
            if rule.rung is Rung.LOCAL_GEOGRAPHY and not rule.regions:
                covered |= box[3]
                local.append(rule.name)
        holes = [hole.written for hole in each.holes(covered, narrow=whole)]
        if holes:
            falls = "the rule for the country" if whole else f"the queue {policy.general_queue}"
            yield TerritoryProblem(
                Severity.NOTE if whole else Severity.WARNING,
                ProblemKind.GAP,
                tuple(local),
                f"{where}: no rule takes the postal codes {_listed(holes)} between those of these rules; "
                f"they go to {falls}: add them to one if that is not meant",
            )
    if policy.rules and all(rule.countries for rule in policy.rules):
        yield TerritoryProblem(
            Severity.NOTE,
            ProblemKind.GAP,
            (),
            f"countries that no rule names go to the queue {policy.general_queue}; write a rule without "
            "countries if somebody is to take them",
        )


def _unused_teams(policy: TerritoryPolicy) -> Iterator[TerritoryProblem]:
    used = {each.target.team for each in policy.exceptions} | {each.target.team for each in policy.rules}
    for name in policy.teams:
        if name not in used:
            yield TerritoryProblem(
                Severity.WARNING,
                ProblemKind.UNUSED_TEAM,
                (name,),
                f"no rule gives anything to the team {name}: name it in a rule, or take it out",
            )


def _member_problems(teams: Iterable[Team], find: Find) -> Iterator[TerritoryProblem]:
    """Members who are nobody, no person, or not of the function of their team."""
    for team in teams:
        for name in team.members:
            problem = _person_problem(find(name))
            if not problem and team.function not in _functions(find(name)):
                problem = f"does not hold the function {team.function}"
            if problem:
                yield TerritoryProblem(
                    Severity.ERROR,
                    ProblemKind.MEMBER,
                    (team.name,),
                    f"{name} of the team {team.name} {problem}: correct the team or the principals",
                )


def _target_problems(policy: TerritoryPolicy, find: Find) -> Iterator[TerritoryProblem]:
    """Rules that give leads to nobody, or to a service account."""
    targets: list[tuple[str, Target]] = [(e.name, e.target) for e in policy.exceptions]
    targets += [(rule.name, rule.target) for rule in policy.rules]
    for name, target in targets:
        if target.principal and (problem := _person_problem(find(target.principal))):
            yield TerritoryProblem(
                Severity.ERROR,
                ProblemKind.MEMBER,
                (name,),
                f"{target.principal}, to whom the rule {name} gives leads, {problem}: "
                "correct the rule or the principals",
            )


def _person_problem(principal: Principal | None) -> str:
    if principal is None:
        return "is not one of the principals"
    return "" if principal.human else "is a service account, which works no leads"


def _functions(principal: Principal | None) -> frozenset[str]:
    return principal.functions if principal else frozenset()


def _listed(names: Sequence[str]) -> str:
    """Names as a person lists them, the first few of many."""
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} others"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many
