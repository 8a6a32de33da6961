"""The JSON Schema for editors says what the reader says, as far as a schema can."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from dedup_service.company_files import parse_policy
from tests.company_files.changed_texts import SHIPPED, changed, problems

SCHEMA: dict[str, Any] = json.loads(
    (resources.files("dedup_service.defaults") / "policy.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
STRANGE = "STRANGE_WORD"
Path = tuple[str | int, ...]


def document(text: str) -> Any:
    """What an editor sees: dates are text in JSON."""
    return json.loads(json.dumps(yaml.load(text, yaml.CSafeLoader), default=str))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def parts(schema: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every schema of a value with the path of such a value; made-up names take one that the policy has."""
    schema = resolved(schema)
    yield path, schema
    for key, below in schema.get("properties", {}).items():
        yield from parts(below, (*path, key))
    if "items" in schema:
        yield from parts(schema["items"], (*path, 0))
    for each in schema.get("oneOf", ()):
        yield from parts(each, path)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from parts(schema["additionalProperties"], (*path, "erp" if path == ("sources",) else "USD"))


def with_value(path: Path, value: Any) -> str:
    """The shipped policy with another value at a path; lists and mappings on the way are made as needed."""
    root = document(SHIPPED)
    here = root
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            del here[:]
            here.append(empty)
        elif not isinstance(here.get(step), type(empty)):
            here[step] = empty
        here = here[step]
    if isinstance(path[-1], int):
        here[:] = [value]
    else:
        here[path[-1]] = value
    return yaml.safe_dump(root)


def words_known_to_the_reader(path: Path, value: Any) -> list[str]:
    """What the reader says that it knows, when it meets a word that it does not know."""
    said = [each.message for each in problems(with_value(path, value)) if STRANGE in each.message]
    return re.split(r"[Kk]nown are ", said[0])[1].split(", ")


OBJECTS = [(path, each) for path, each in parts(SCHEMA) if "properties" in each]
ENUMS = [(path, each) for path, each in parts(SCHEMA) if "enum" in each]


def test_the_schema_is_one() -> None:
    """It keeps the rules of JSON Schema 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_policy_keeps_the_schema_and_names_it() -> None:
    """An editor that knows the comment of the first line shows no error."""
    assert list(VALIDATOR.iter_errors(document(SHIPPED))) == []
    assert SHIPPED.startswith("# yaml-language-server: $schema=policy.schema.json\n")


@pytest.mark.parametrize(("path", "schema"), OBJECTS, ids=lambda value: str(value)[:60])
def test_the_reader_and_the_schema_know_the_same_keys(path: Path, schema: dict[str, Any]) -> None:
    """Key by key, in the same order, for every mapping of the file."""
    assert words_known_to_the_reader((*path, STRANGE), 1) == sorted_like_reader(path, schema)


def sorted_like_reader(path: Path, schema: dict[str, Any]) -> list[str]:
    """Survivorship units are sorted by the reader, and include the fields that survive with a group."""
    keys = list(schema["properties"])
    if path != ("survivorship", "rules"):
        return keys
    grouped = {"given_name", "middle_name", "family_name", "full_name", "suffix"}
    return sorted({*keys, *grouped, "street", "city", "region", "postal_code", "country"})


@pytest.mark.parametrize(("path", "schema"), ENUMS, ids=lambda value: str(value)[:60])
def test_the_reader_and_the_schema_know_the_same_words(path: Path, schema: dict[str, Any]) -> None:
    """Word by word, for every value that is one of several."""
    assert words_known_to_the_reader(path, STRANGE) == schema["enum"]


def test_every_part_of_the_schema_is_described() -> None:
    """An editor shows what each key means."""
    missing = [path for path, each in parts(SCHEMA) if "description" not in each and "enum" not in each]
    assert [path for path in missing if path and isinstance(path[-1], str) and path[-1] != "USD"] == []


BAD = [
    ("version: default-4", "version: 2"),
    ("version: default-4", "version: a/b"),
    ("functions: [sales, ", "functions: [sales, sales, "),
    ("functions: [sales, ", "functions: [Sales, "),
    ("master_function: finance\n", ""),
    ("trust: 90", "trust: 101"),
    ("trust: 90", "trust: 9.5"),
    ("trust: 90", 'trust: "90"'),
    ("trust: 90, ", ""),
    ("  erp: {", "  ERP: {"),
    ("customer_master: true", "customer_master: 1"),
    ("    open_cases: support", "    open_case: support"),
    ("CASE: [support]", "CASE: []"),
    ("CASE: [support]", "CASE: support"),
    ("    LIVE: {", "    LUKEWARM: {"),
    ("currency: EUR", "currency: euro"),
    ("USD: 0.92", "usd: 0.92"),
    ("USD: 0.92", "USD: 0"),
    ("medium: 10000,", "medium: -1,"),
    ("{medium: 3, high: 5}", "{}"),
    ("[DIFFERENT_OPPORTUNITY_OWNERS, ", "[LEGAL_HOLD, "),
    ("- {kind: LEAD, ", "- {kind: CONTACT, "),
    ("minimum_probability: 0.99", "minimum_probability: 1.01"),
    ("method: WEIGHTS", "method: VOICES"),
    ("      weights: {sales: 2, support: 2, marketing: 1}\n", ""),
    ("weights: {sales: 2, support: 2, marketing: 1}", "weights: {}"),
    ("final_arbiter: finance", "weights: {finance: 1}"),
    ("  - LEGAL_HOLD", "  - LEGAL"),
    ("  - LEGAL_HOLD", "  - DEAD_SURVIVOR"),
    ("  - LEGAL_HOLD", "  - {rule: LEGAL_HOLD, lifted: finance}"),
    ("  - LEGAL_HOLD", "  - {lifted_by: finance}"),
    ("voting_working_days: 3", "voting_working_days: 0"),
    ("[SATURDAY, SUNDAY]", "[MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]"),
    ("holidays: []", "holidays: [christmas]"),
    ("holidays: []", 'holidays: ["2026-02-30"]'),
    ("dormant_days: 180", "dormant_days: 0"),
    ("service_level_hours: 24", "service_level_hours: 0"),
    ("  default: MOST_TRUSTED", "  default: BEST"),
    ("    email: MOST", "    city: MOST"),
    ("    email: MOST", "    custom.Big: MOST"),
]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_a_bad_policy_is_refused_by_the_reader_and_by_the_schema(old: str, new: str) -> None:
    """What a schema can say, it says as the reader does."""
    text = changed((old, new))
    assert problems(text)
    assert not VALIDATOR.is_valid(document(text))


@pytest.mark.parametrize("majority", [0.49, 1, 1.5])
def test_a_bad_majority_is_refused_by_both(majority: float) -> None:
    """From a half to below one."""
    text = with_value(("approval", "HIGH", "LEAD", "majority"), majority)
    assert [each.path for each in problems(text)] == ["approval.HIGH.LEAD.majority"]
    assert not VALIDATOR.is_valid(document(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{medium: 3, high: 5}", "{high: 5.5}"),
        ("  - LEGAL_HOLD", "  - {rule: LEGAL_HOLD}"),
        ("holidays: []", "holidays: [2026-12-25]"),
        ("  service_level_hours: 24\n", ""),
        ("    email: MOST", "    custom.size: MOST"),
        ("  children: {}", "  children: {ORDER: {medium: 20}}"),
        ("final_arbiter: finance", "quorum: 2\n      tie_breaker: sales"),
        ("      - {kind: LEAD, lead_class: NAME, ", "      - {kind: CONTACT, "),
    ],
)
def test_a_good_policy_is_taken_by_both(old: str, new: str) -> None:
    """What the reader takes, an editor does not mark."""
    text = changed((old, new))
    assert parse_policy(text).version == "default-4"
    assert list(VALIDATOR.iter_errors(document(text))) == []
