"""`territories check` and `territories show`: findings as a table, and ladders as people read them."""

from collections.abc import Sequence
from pathlib import Path

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.cli.territory_keys import condition_words, exception_words
from dedup_service.cli.words import plural
from dedup_service.company_files import load_policy, load_principals
from dedup_service.domain.countries import country_of
from dedup_service.domain.policy import Policy
from dedup_service.domain.territories import Rung, Team, TerritoryPolicy, TerritoryRule
from dedup_service.domain.territory_check import Find, Severity, TerritoryProblem
from dedup_service.domain.territory_check import check as problems_of
from dedup_service.domain.territory_coverage import grounds


def check(file: Path | None, principals: Path | None, as_json: bool) -> None:
    """Print what is worth looking at in the territories of a policy, the worst first.

    Raises:
        CompanyFileError: the policy or the principals cannot be used.
        CommandError: something is an error.
    """
    policy = load_policy(file)
    find = _people(file, principals, policy)
    found = problems_of(policy.territories, find)
    out = Output(as_json)
    if as_json:
        for problem in found:
            out.json(_problem_object(problem))
    else:
        _print_problems(out, found, find is not None)
    errors = sum(problem.severity is Severity.ERROR for problem in found)
    if errors:
        raise CommandError(f"{plural(errors, 'error')} in the territories of {file or 'the shipped policy'}")


def show(file: Path | None, country: str, as_json: bool) -> None:
    """Print the ladder of each country, or of one.

    Raises:
        CompanyFileError: the policy cannot be used.
        CommandError: no such country is known.
    """
    territories = load_policy(file).territories
    code = country_of(country)
    if country and not code:
        raise CommandError(f"{country} is no country that is known: say its two letters, such as DE")
    ladders = _ladders(territories, code)
    out = Output(as_json)
    if as_json:
        for where, rules in ladders:
            out.json(_ladder_object(where, rules, territories))
        return
    out.table(
        ("rule", "names", "goes to"),
        [(each.name, exception_words(each), each.target.words) for each in territories.exceptions],
        "Exceptions, whatever the country",
    )
    for where, rules in ladders:
        rows = [
            (rule.rung.words, rule.name, "; ".join(condition_words(rule)) or "all others", rule.target.words)
            for rule in rules
        ]
        if not _takes_all(rules):
            queue = f"queue {territories.general_queue}"
            rows.append((Rung.GENERAL_QUEUE.words, "", "all others", queue))
        out.table(("rung", "rule", "when", "goes to"), rows, where)
    out.table(
        ("team", "function", "method", "members"),
        [(each.name, each.function, each.method, ", ".join(each.members)) for each in _teams(territories)],
        "Teams",
    )


def _people(file: Path | None, principals: Path | None, policy: Policy) -> Find | None:
    """Where to look members up; None for a policy of one's own without its principals."""
    if file is not None and principals is None:
        return None
    return load_principals(principals, policy).find


def _print_problems(out: Output, found: Sequence[TerritoryProblem], with_people: bool) -> None:
    out.table(
        ("severity", "kind", "about", "what to do"),
        [
            (each.severity, each.kind.replace("_", " ").lower(), each.rules[:1], each.sentence)
            for each in found
        ],
    )
    if not found:
        out.line("nothing to look at in the territories", "green")
    if not with_people:
        out.line("Members were not looked up: name the principals file with --principals.")


def _problem_object(problem: TerritoryProblem) -> dict[str, object]:
    return {
        "severity": problem.severity,
        "kind": problem.kind,
        "rules": list(problem.rules),
        "sentence": problem.sentence,
    }


def _ladders(territories: TerritoryPolicy, code: str) -> list[tuple[str, tuple[TerritoryRule, ...]]]:
    """Countries in words, each with its rules from the top; of one country only when its code is given."""
    found = grounds(territories.rules)
    if code:
        rules = next((each.rules for each in found if code in each.countries), ())
        return [(code, _reached(rules))]
    named = sorted((each for each in found if not each.unnamed), key=lambda each: each.countries)
    others = [each for each in found if each.unnamed]
    ladders = [(", ".join(each.countries), _reached(each.rules)) for each in named]
    # British postal codes part the unnamed countries in two, which are one to whoever reads the ladder.
    return [*ladders, ("All other countries", _reached(others[0].rules) if others else ())]


def _reached(rules: Sequence[TerritoryRule]) -> tuple[TerritoryRule, ...]:
    """The rules down to the first for the whole country: nothing goes past that one."""
    last = next((number for number, rule in enumerate(rules) if rule.rung is Rung.COUNTRY), len(rules))
    return tuple(rules[: last + 1])


def _takes_all(rules: Sequence[TerritoryRule]) -> bool:
    return bool(rules) and rules[-1].rung is Rung.COUNTRY


def _ladder_object(
    where: str, rules: Sequence[TerritoryRule], territories: TerritoryPolicy
) -> dict[str, object]:
    return {
        "countries": where,
        "ladder": [
            {
                "rung": rule.rung,
                "rule": rule.name,
                "conditions": condition_words(rule),
                "team": rule.target.team,
                "principal": rule.target.principal,
                "queue": rule.target.queue,
                "partner": rule.target.partner,
            }
            for rule in rules
        ],
        "general_queue": "" if _takes_all(rules) else territories.general_queue,
    }


def _teams(territories: TerritoryPolicy) -> list[Team]:
    return [territories.teams[name] for name in sorted(territories.teams)]
