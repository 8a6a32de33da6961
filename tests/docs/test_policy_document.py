"""docs/policy.md says what the shipped policy says, about each of its keys and about no others."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
DEFAULTS = resources.files("dedup_service.defaults")
POLICY: dict[str, Any] = yaml.safe_load((DEFAULTS / "policy.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads((DEFAULTS / "policy.schema.json").read_text("utf-8"))

# Lists of rules that have a table of their own, held against the file by a test of their own.
LISTED = {
    "vetoes",
    "territories.exceptions",
    "territories.rules",
    "lead_scoring.fit.rules",
    "lead_scoring.interest.rules",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A row on a key: its path, the default quoted, and in `cells` the rule, what it does and the rest."""

    path: str
    default: str
    cells: tuple[str, ...]


def rows(header: str) -> Iterator[tuple[str, ...]]:
    """The rows of every table of the page whose first column is called so, without backticks around cells."""
    inside = False
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        if inside and not cells[0].startswith("---"):
            yield cells
        inside = inside or cells[0] == header


EXPLAINED = [Explained(cells[0], cells[1], cells[2:]) for cells in rows("key")]


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all values that are no mappings with keys; a list is one value."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    else:
        yield path


def shipped(path: str) -> Any:
    value: Any = POLICY
    for step in path.split("."):
        value = value[step]
    return value


def schemas(path: str) -> list[dict[str, Any]]:
    """The schemas of the values that a path means; none for one that no policy may have."""
    found = [SCHEMA]
    for step in path.replace("[]", ".[]").split("."):
        found = [below for each in found for below in _below(each, step)]
    return found


def _below(schema: dict[str, Any], step: str) -> list[dict[str, Any]]:
    parts = [_resolved(each) for each in (schema, *schema.get("oneOf", ()))]
    found = []
    for part in parts:
        named = part.get("properties", {})
        if step == "[]":
            found += [part["items"]] if "items" in part else []
        elif step == "*":
            found += named.values()
        elif step in named:
            found.append(named[step])
        made_up = part.get("additionalProperties")
        if isinstance(made_up, dict) and step not in named:
            found.append(made_up)
    return [_resolved(each) for each in found]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def general(path: str) -> bool:
    """Whether a path stands for several values rather than for one of the shipped file."""
    return "*" in path or "[]" in path


def test_every_key_is_explained() -> None:
    """Each value of the shipped policy has a row, or is part of a row's default; lists have tables."""
    explained = {each.path for each in EXPLAINED} | LISTED
    missing = [
        path
        for path in leaves(POLICY)
        if not any(path == known or path.startswith(f"{known}.") for known in explained)
    ]
    assert missing == []


def test_every_row_explains() -> None:
    """Each row names its rule and says what the key does."""
    thin = [
        each.path for each in EXPLAINED if not re.match(r"\d+\.\d|10$", each.cells[0]) or not each.cells[1]
    ]
    assert thin == []


def test_no_key_stands_twice() -> None:
    """Each key has one row."""
    paths = [each.path for each in EXPLAINED]
    assert sorted(set(paths)) == sorted(paths)


def test_defaults_are_those_of_the_file() -> None:
    """Each default quoted is what the shipped policy says there, word for word."""
    wrong = {
        each.path: each.default
        for each in EXPLAINED
        if not general(each.path) and yaml.safe_load(each.default) != shipped(each.path)
    }
    assert wrong == {}


def test_defaults_of_keys_left_out_are_the_readers() -> None:
    """What is quoted for a key that may be left out is what the schema says a policy then has."""
    wrong = {
        each.path: each.default
        for each in EXPLAINED
        if general(each.path)
        and each.default
        and any(yaml.safe_load(each.default) != schema.get("default") for schema in schemas(each.path))
    }
    assert wrong == {}


def test_no_key_is_named_that_does_not_exist() -> None:
    """Every path on the page, in a row or in a sentence, is one that a policy may have."""
    tops = "|".join(SCHEMA["properties"])
    named = set(re.findall(rf"`((?:{tops})(?:\[\]|\.)[\w.*\[\]]+)`", PAGE))
    unknown = [path for path in sorted(named | {each.path for each in EXPLAINED}) if not schemas(path)]
    assert unknown == []


def test_vetoes_are_those_of_the_file() -> None:
    """The table of the veto rules has the shipped ones in their order, with the functions that lift them."""
    said = [(cells[0], "" if cells[1] == "nobody" else cells[1]) for cells in rows("veto rule")]
    in_file = [
        (veto, "") if isinstance(veto, str) else (veto["rule"], veto["lifted_by"])
        for veto in POLICY["vetoes"]
    ]
    assert said == in_file
