"""Rules of a profile file, read from their places; what is wrong is noted there and reading goes on."""

import re
from collections.abc import Mapping
from dataclasses import replace

from dedup_service.company_files.places import Place, Scalar, words
from dedup_service.domain.records import ChildKind
from dedup_service.source_profiles.columns import Columns
from dedup_service.source_profiles.rules import Condition, Form, Rule, Rules

_ANY_TEXT = re.compile(r".*", re.DOTALL)
_CURRENCY = re.compile(r"[A-Z]{3}")
_RULE_KEYS = (
    *("column", "text", "values", "otherwise", "when", "unless", "first_of", "without", "prefix", "form"),
    *("required", "currency", "currency_code", "open_children"),
)


def written_text(place: Place, rule: str) -> str:
    """A word as it is written, in quotes or not: in a profile, `true` and `1` are what a cell says.

    Lists and mappings are problems, which say the rule.
    """
    if isinstance(place.value, Scalar):
        return place.value.text
    if not place.absent:
        place.wrong(rule)
    return ""


def read_columns(place: Place) -> Columns | None:
    """Columns, or None where nothing usable stands."""
    text = written_text(place, "must be names of columns, such as Street + City | Address")
    if place.absent or not isinstance(place.value, Scalar):
        return None
    try:
        return Columns.parse(text)
    except ValueError as error:
        place.wrong(str(error))
        return None


def read_columns_list(place: Place) -> tuple[Columns, ...]:
    """A list of columns."""
    found = (read_columns(item) for item in place.items())
    return tuple(columns for columns in found if columns is not None)


def read_conditions(place: Place) -> tuple[Condition, ...]:
    """Conditions from a mapping of columns to lists of words."""
    conditions = []
    for name, wanted in _mapping(place, "must be a mapping such as {Status: [Dead]}").items():
        try:
            columns = Columns.parse(name)
        except ValueError as error:
            wanted.wrong(str(error))
            continue
        said = tuple(written_text(item, "must be a word") for item in wanted.items())
        if isinstance(wanted.value, tuple) and not said:
            wanted.wrong("must name at least one word")
        conditions.append(Condition(columns, said))
    return tuple(conditions)


def read_rules(place: Place) -> Rules:
    """One rule, or a list of them: columns alone, or a mapping that says more."""
    if isinstance(place.value, tuple):
        found = tuple(rule for item in place.items() if (rule := _rule(item)) is not None)
        if not place.value:
            place.wrong("must have at least one rule")
        return found
    rule = _rule(place)
    return () if rule is None else (rule,)


def read_rules_by_name(place: Place, known: Mapping[str, str], what: str) -> dict[str, Rules]:
    """Rules by the part of a record that they are of."""
    return {name: read_rules(each) for name, each in place.keyed(known, what).items()}


def _rule(place: Place) -> Rule | None:
    if place.absent:
        return None
    if not isinstance(place.value, Mapping):
        columns = read_columns(place)
        return None if columns is None else Rule(columns)
    keys = place.section(*_RULE_KEYS)
    rule = Rule(
        columns=read_columns(keys.get("column")),
        text=written_text(keys.get("text"), "must be text"),
        values=_values(keys.get("values")),
        when=read_conditions(keys.get("when")),
        unless=read_conditions(keys.get("unless")),
        first_of=keys.get("first_of").text(_ANY_TEXT, "must be what stands between the parts of a list"),
        without=keys.get("without").text(_ANY_TEXT, "must be how the text begins"),
        prefix=keys.get("prefix").text(_ANY_TEXT, "must be text"),
        form=keys.get("form").one_of(words(Form), "form", None),
        required=keys.get("required").flag(default=False),
        currency=read_columns(keys.get("currency")),
        currency_code=keys.get("currency_code").text(_CURRENCY, "must be a code such as EUR"),
        open_children=keys.get("open_children").one_of(words(ChildKind), "kind of child", None),
    )
    otherwise = keys.get("otherwise")
    if not otherwise.absent:
        rule = replace(rule, otherwise=written_text(otherwise, "must be text"))
    _check(place, rule)
    return rule


def _values(place: Place) -> dict[str, str]:
    entries = _mapping(place, "must be a mapping such as {Customer: true}")
    return {word: written_text(meaning, "must be text") for word, meaning in entries.items()}


def _check(place: Place, rule: Rule) -> None:
    said = [rule.columns is not None, bool(rule.text), rule.open_children is not None]
    if sum(said) != 1:
        place.wrong("must have one of column, text and open_children")
    if rule.columns is None and (rule.values or rule.otherwise is not None):
        place.wrong("values and otherwise need a column")


def _mapping(place: Place, rule: str) -> Mapping[str, Place]:
    if isinstance(place.value, Mapping):
        return place.value
    if not place.absent:
        place.wrong(rule)
    return {}
