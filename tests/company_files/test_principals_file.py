"""Everything that can be wrong in a principals file is found, with its line."""

import pytest

from dedup_service.company_files import CompanyFileError, load_policy, parse_principals
from dedup_service.domain.principals import PrincipalType

POLICY = load_policy(None)


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(CompanyFileError) as caught:
        parse_principals(text, POLICY)
    return [(each.line, each.path, each.message) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("entry", "path", "message"),
    [
        ("users: {ann: {functions: [slaes]}}", "users.ann.functions[0]", "did you mean sales?"),
        ("users: {ann: {functions: sales}}", "users.ann.functions", "must be a list"),
        ("users: {ann: {function: [sales]}}", "users.ann.function", "did you mean functions?"),
        ("users: {ann: {sources: [crm]}}", "users.ann.sources", "unknown key"),
        ("users: {ann: {manager: sara}}", "users.ann.manager", "must be a person such as users/ann"),
        ("users: {ann: {manager: users/zoe}}", "users.ann.manager", "users/zoe is not one of users"),
        ("users: {ann: {manager: services/matcher}}", "users.ann.manager", "must be a person"),
        ("users: {ann: {manager: users/ann}}", "users.ann.manager", "nobody manages themselves"),
        ("users: {ann: {teams: [The Team]}}", "users.ann.teams[0]", "must be 1 to 63 lower-case letters"),
        ("users: {ann: {display_name: [Ann]}}", "users.ann.display_name", "must be a name"),
        ("users: {ann: sales}", "users.ann", "must be a mapping"),
        ("users: {a/b: {}}", "users.a/b", "the name must be 1 to 200 letters"),
        ("users: {}\nservices: {s: {teams: [a]}}", "services.s.teams", "unknown key"),
        ('users: {}\nservices: {s: {sources: ["C R M"]}}', "services.s.sources[0]", "name of a source"),
        ("users: {}\npeople: {}", "people", "unknown key"),
        ("services: {}", "users", "is missing"),
    ],
)
def test_a_wrong_entry_is_named_with_its_path_and_what_to_write(entry: str, path: str, message: str) -> None:
    """Each kind of mistake is one problem, in its line."""
    ((line, found_path, found),) = problems(f"# people\n{entry}\n")
    assert (line, found_path) == (3 if "users: {}" in entry else 2, path)
    assert message in found


def test_managers_in_a_ring_are_named_once_with_the_whole_ring() -> None:
    """Nobody manages themselves in the end, however many people are between."""
    text = "users:\n  new: {manager: users/a}\n  a: {manager: users/b}\n  b: {manager: users/c}\n"
    text += "  c: {manager: users/a}\n  free: {}\n"
    ring = "nobody manages themselves: users/a -> users/b -> users/c -> users/a"
    assert problems(text) == [(3, "users.a.manager", ring)]


def test_a_person_given_twice_is_a_problem() -> None:
    """Otherwise the second entry would quietly take the functions of the first away."""
    assert problems("users:\n  ann: {functions: [sales]}\n  ann: {}\n") == [
        (3, "users.ann", "is given twice, first in line 2: keep one")
    ]


def test_all_problems_are_said_at_once() -> None:
    """Nobody corrects a file one error at a time."""
    text = "users:\n  ann: {functions: [x]}\n  ben: {manager: users/zoe}\nservices:\n  s: {source: [crm]}\n"
    assert [line for line, _, _ in problems(text)] == [2, 3, 5]


def test_names_of_directories_and_services_with_sources_are_taken() -> None:
    """An e-mail address is a name, "*" is every source, and a service with functions is no person."""
    text = "users: {ann.abel@example.com: {}}\nservices: {s: {sources: ['*', crm], functions: [sales]}}"
    found = parse_principals(text, POLICY).principals
    assert found["users/ann.abel@example.com"].functions == frozenset()
    assert found["services/s"].sources == frozenset({"*", "crm"})
    assert found["services/s"].type is PrincipalType.SERVICE


def test_thousands_of_people_are_read() -> None:
    """A large company fits into one file, in chains of managers of any length."""
    lines = [f"  p{i}: {{functions: [sales], manager: users/p{i + 1}}}" for i in range(20_000)]
    text = "\n".join(["users:", *lines, "  p20000: {}"])
    assert len(parse_principals(text, POLICY).principals) == 20_001
