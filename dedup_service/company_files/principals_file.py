"""The principals file: the people and service accounts that the service knows."""

import re
from itertools import dropwhile
from pathlib import Path

from dedup_service.company_files.places import Place
from dedup_service.company_files.problems import CompanyFileError
from dedup_service.company_files.texts import file_text, place_of
from dedup_service.company_files.yaml_places import read_places
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import EVERY_SOURCE, Directory, Principal, PrincipalType
from dedup_service.domain.records import SOURCE_PATTERN

SHIPPED_PRINCIPALS = "principals.yaml"
MAX_PRINCIPALS_BYTES = 4 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}")
_NAME_RULE = "must be 1 to 200 letters, digits and . _ @ + -, beginning with a letter or digit"
_TEAM_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
_DISPLAY_NAME = re.compile(r"[^\t\n\r]{1,200}")
_DISPLAY_NAME_RULE = "must be a name of 1 to 200 characters in one line"
_SOURCE = re.compile(rf"{SOURCE_PATTERN.pattern}|{re.escape(EVERY_SOURCE)}")
_ROLE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_ROLE_RULE = "must be the name of a role, of 1 to 200 characters in one line"
_SOURCE_RULE = f'must be the name of a source, or "{EVERY_SOURCE}" for all'


def load_principals(path: Path | None, policy: Policy) -> Directory:
    """The principals of a file, or the sample ones that are shipped.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    text = file_text(path, SHIPPED_PRINCIPALS, MAX_PRINCIPALS_BYTES)
    return parse_principals(text, policy, place_of(path, SHIPPED_PRINCIPALS))


def parse_principals(text: str, policy: Policy, where: str = SHIPPED_PRINCIPALS) -> Directory:
    """The principals of a text, with functions of this policy; `where` is what problems call it.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    root = read_places(text, where, MAX_PRINCIPALS_BYTES)
    top = root.section("users", "services", "roles")
    people = _people(top["users"], policy)
    services = _services(top.get("services"), policy)
    roles = _roles(top.get("roles"), policy)
    if root.problems:
        raise CompanyFileError(where, root.problems)
    return Directory({**people, **services}, roles)


def _people(place: Place, policy: Policy) -> dict[str, Principal]:
    found: dict[str, Principal] = {}
    managers: dict[str, Place] = {}
    for short, entry in place.named(_NAME, _NAME_RULE).items():
        person = entry.section("functions", "display_name", "teams", "manager")
        name = f"users/{short}"
        managers[name] = person.get("manager")
        found[name] = Principal(
            name=name,
            type=PrincipalType.HUMAN,
            functions=_functions(person.get("functions"), policy),
            display_name=person.get("display_name").text(_DISPLAY_NAME, _DISPLAY_NAME_RULE),
            teams=frozenset(team.text(SOURCE_PATTERN, _TEAM_RULE) for team in person.get("teams").items()),
            manager=managers[name].text(re.compile(r"users/.+"), "must be a person such as users/ann"),
        )
    _check_managers(found, managers)
    return found


def _check_managers(people: dict[str, Principal], managers: dict[str, Place]) -> None:
    """Note managers whom nobody knows, and people who would in the end manage themselves."""
    cleared: set[str] = set()
    for name, person in people.items():
        if person.manager and person.manager not in people:
            managers[name].wrong(f"{person.manager} is not one of users")
        above: dict[str, None] = {}
        each = name
        while each in people and each not in cleared and each not in above:
            above[each] = None
            each = people[each].manager
        if each in above:
            ring = [*dropwhile(each.__ne__, above), each]
            managers[each].wrong(f"nobody manages themselves: {' -> '.join(ring[:10])}")
        cleared.update(above)


def _services(place: Place, policy: Policy) -> dict[str, Principal]:
    found = {}
    for short, entry in place.named(_NAME, _NAME_RULE).items():
        service = entry.section("functions", "display_name", "sources")
        name = f"services/{short}"
        found[name] = Principal(
            name=name,
            type=PrincipalType.SERVICE,
            functions=_functions(service.get("functions"), policy),
            display_name=service.get("display_name").text(_DISPLAY_NAME, _DISPLAY_NAME_RULE),
            sources=frozenset(
                source.text(_SOURCE, _SOURCE_RULE) for source in service.get("sources").items()
            ),
        )
    return found


def _functions(place: Place, policy: Policy) -> frozenset[str]:
    return frozenset(place.choices({name: name for name in sorted(policy.functions)}, "function"))


def _roles(place: Place, policy: Policy) -> dict[str, frozenset[str]]:
    """By function, the roles of tokens that give it."""
    by_function = place.keyed({name: name for name in sorted(policy.functions)}, "function")
    return {
        function: frozenset(role.text(_ROLE, _ROLE_RULE) for role in listed.items())
        for function, listed in by_function.items()
    }
