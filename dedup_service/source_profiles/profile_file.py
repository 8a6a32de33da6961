"""A profile file, read whole or not at all, with all problems at once by line."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from dedup_service.company_files import CompanyFileError
from dedup_service.company_files.places import Place, words
from dedup_service.company_files.texts import file_text
from dedup_service.company_files.yaml_places import read_places
from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.fields import CUSTOM_FIELD, FIELDS
from dedup_service.domain.records import SOURCE_PATTERN, ChildKind, RecordKind
from dedup_service.source_profiles.columns import Columns
from dedup_service.source_profiles.profile import (
    ChildRule,
    KindRule,
    LoadRules,
    OwnerRules,
    ProfileObject,
    Recognition,
    SkipRule,
    SourceProfile,
)
from dedup_service.source_profiles.rule_places import (
    read_columns,
    read_columns_list,
    read_conditions,
    read_rules,
    read_rules_by_name,
    written_text,
)
from dedup_service.source_profiles.rules import Rules
from dedup_service.source_profiles.times import UNIX_MILLISECONDS, UNIX_SECONDS, TimeFormats

MAX_PROFILE_BYTES = 256 * 1024
_NAME_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
_SENTENCE = re.compile(r".{1,500}")
_SENTENCE_RULE = "must be a text of 1 to 500 characters in one line"
_PREFIX = re.compile(r"[a-z][a-z0-9_-]{0,19}")
_PREFIX_RULE = "must be 1 to 20 lower-case letters, digits, - and _"
_FORMAT = re.compile(r"unix_seconds|unix_milliseconds|.*%.*")
OBJECT_KEYS = (
    *(
        "export",
        "recognised_by",
        "kind",
        "kinds",
        "id",
        "id_from",
        "fold",
        "continued_by",
        "fields",
        "owner",
        "account",
    ),
    *("account_named", "parent", "updated", "facts", "children", "skip", "keep", "left_out", "load"),
)


def load_profile_file(path: Path) -> SourceProfile:
    """The profile of a file.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    return parse_profile(file_text(path, "", MAX_PROFILE_BYTES), str(path))


def parse_profile(text: str, where: str) -> SourceProfile:
    """The profile of a text; `where` is what problems call it.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    root = read_places(text, where, MAX_PROFILE_BYTES)
    top = root.section("name", "title", "about", "source", "times", "decimal_mark", "objects")
    objects = top["objects"].named(SOURCE_PATTERN, _NAME_RULE)
    if not objects and isinstance(top["objects"].value, Mapping):
        top["objects"].wrong("must have at least one object")
    marks = {mark: mark for mark in (".", ",")}
    profile = SourceProfile(
        name=top["name"].text(SOURCE_PATTERN, _NAME_RULE),
        title=top["title"].text(_SENTENCE, _SENTENCE_RULE),
        about=top["about"].text(_SENTENCE, _SENTENCE_RULE),
        source=top["source"].text(SOURCE_PATTERN, _NAME_RULE),
        objects={name: _object(name, place) for name, place in objects.items()},
        times=_times(top.get("times")),
        decimal_mark=top.get("decimal_mark").one_of(marks, "decimal mark", "."),
    )
    if root.problems:
        raise CompanyFileError(where, root.problems)
    return profile


def _times(place: Place) -> TimeFormats:
    times = place.section("zone", "formats")
    formats = []
    for item in times.get("formats").items():
        text = item.text(_FORMAT, "must be a format such as %d/%m/%Y, unix_seconds or unix_milliseconds")
        if text and _is_format(text):
            formats.append(text)
        elif text:
            item.wrong("is no format: a letter after % is unknown, or the day, month or year is missing")
    return TimeFormats(tuple(formats), _zone(times.get("zone")))


def _is_format(text: str) -> bool:
    if text in (UNIX_SECONDS, UNIX_MILLISECONDS):
        return True
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    try:
        return datetime.strptime(moment.strftime(text), text).date() == moment.date()  # noqa: DTZ007  a day
    except ValueError:
        return False


def _zone(place: Place) -> tzinfo:
    name = place.text(re.compile(r"[A-Za-z0-9_+/-]{1,64}"), "must be a time zone such as Europe/Berlin")
    if not name or name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        place.wrong("is no time zone that is known, such as Europe/Berlin")
        return UTC


def _object(name: str, place: Place) -> ProfileObject:
    keys = place.section(*OBJECT_KEYS)
    fields = _fields(keys.get("fields"))
    kinds = _kinds(keys.get("kind"), keys.get("kinds"), place)
    if keys.get("id").absent and keys.get("id_from").absent:
        place.wrong("needs id, id_from or both")
    facts = {fact: fact for fact in FACTS}
    found = ProfileObject(
        name=name,
        export=keys["export"].text(_SENTENCE, _SENTENCE_RULE),
        recognition=_recognition(keys["recognised_by"]),
        kinds=kinds,
        id=read_rules(keys.get("id")),
        id_from=read_columns(keys.get("id_from")),
        fold=keys.get("fold").flag(default=False),
        continued_by=read_columns(keys.get("continued_by")),
        fields=fields,
        owner=_owner(keys.get("owner")),
        account=read_rules(keys.get("account")),
        account_named=read_columns(keys.get("account_named")),
        parent=read_rules(keys.get("parent")),
        updated=read_rules(keys.get("updated")),
        facts=read_rules_by_name(keys.get("facts"), facts, "fact"),
        children=tuple(_child(item) for item in keys.get("children").items()),
        skip=tuple(_skip(item) for item in keys.get("skip").items()),
        keep=tuple(written_text(item, "must be a pattern such as *__c") for item in keys.get("keep").items()),
        left_out=_left_out(keys.get("left_out")),
        load=_load(keys.get("load")),
    )
    _check(keys.get("facts"), found)
    return found


def _check(facts: Place, found: ProfileObject) -> None:
    """Rules that only the whole object shows."""
    for name, rules in found.facts.items():
        place = facts.value[name] if isinstance(facts.value, Mapping) else facts
        counts = [rule for rule in rules if rule.open_children is not None]
        if counts and FACTS[name] is not FactType.COUNT:
            place.wrong(f"open_children gives a count, but {name} carries a {FACTS[name]}")
        kinds = [child.kind for child in found.children]
        if any(rule.open_children not in kinds for rule in counts):
            place.wrong("counts children that no rule of children reads")
        if FACTS[name] is FactType.AMOUNT and not all(_has_currency(rule) for rule in rules):
            place.wrong("needs currency, a column, or currency_code")


def _has_currency(rule: object) -> bool:
    return bool(getattr(rule, "currency", None) or getattr(rule, "currency_code", ""))


def _recognition(place: Place) -> Recognition:
    keys = place.section("columns", "absent", "distinct")
    columns = read_columns_list(keys["columns"])
    if isinstance(keys["columns"].value, tuple) and not columns:
        keys["columns"].wrong("must name at least one column")
    return Recognition(columns, read_columns_list(keys.get("absent")), read_columns(keys.get("distinct")))


def _kinds(kind: Place, kinds: Place, place: Place) -> tuple[KindRule, ...]:
    if kind.absent == kinds.absent:
        place.wrong("needs either kind or kinds")
    if not kind.absent:
        return (KindRule(kind.one_of(words(RecordKind), "kind", RecordKind.LEAD)),)
    found = tuple(_kind(item) for item in kinds.items())
    if isinstance(kinds.value, tuple) and not found:
        kinds.wrong("must have at least one kind")
    return found or (KindRule(RecordKind.LEAD),)


def _kind(place: Place) -> KindRule:
    keys = place.section("kind", "person_account", "when", "id_prefix", "fields")
    kind = keys["kind"].one_of(words(RecordKind), "kind", RecordKind.LEAD)
    person = keys.get("person_account").flag(default=False)
    if person and kind is not RecordKind.ACCOUNT:
        keys.get("person_account").wrong("only an ACCOUNT can be a person account")
    return KindRule(
        kind,
        person,
        read_conditions(keys.get("when")),
        keys.get("id_prefix").text(_PREFIX, _PREFIX_RULE),
        _fields(keys.get("fields")),
    )


def _fields(place: Place) -> dict[str, Rules]:
    known = {name: name for name in FIELDS}
    known |= {name: name for name in place.names() if CUSTOM_FIELD.fullmatch(name)}
    return read_rules_by_name(place, known, "field")


def _owner(place: Place) -> OwnerRules:
    keys = place.section("principal", "queue", "function")
    return OwnerRules(
        read_rules(keys.get("principal")),
        read_rules(keys.get("queue")),
        read_rules(keys.get("function")),
    )


def _child(place: Place) -> ChildRule:
    keys = place.section("kind", "id", "open", "amount", "owner")
    kind = keys["kind"].one_of(words(ChildKind), "kind of child", ChildKind.ORDER)
    amount = read_rules(keys.get("amount"))
    if not all(_has_currency(rule) for rule in amount):
        keys.get("amount").wrong("needs currency, a column, or currency_code")
    return ChildRule(
        kind, read_rules(keys["id"]), read_rules(keys.get("open")), amount, read_rules(keys.get("owner"))
    )


def _skip(place: Place) -> SkipRule:
    keys = place.section("when", "reason")
    return SkipRule(read_conditions(keys["when"]), keys["reason"].text(_SENTENCE, _SENTENCE_RULE))


def _load(place: Place) -> LoadRules | None:
    if place.absent:
        return None
    keys = place.section("id", "account", "parent", "required")
    rule = "must be the name of a column"
    return LoadRules(
        keys["id"].text(_SENTENCE, rule),
        keys.get("account").text(_SENTENCE, rule),
        keys.get("parent").text(_SENTENCE, rule),
        read_columns_list(keys.get("required")),
    )


def _left_out(place: Place) -> dict[Columns, str]:
    found = {}
    for name, reason in (place.value if isinstance(place.value, Mapping) else {}).items():
        try:
            found[Columns.parse(name)] = reason.text(_SENTENCE, _SENTENCE_RULE)
        except ValueError as error:
            reason.wrong(str(error))
    if not place.absent and not isinstance(place.value, Mapping):
        place.wrong("must be a mapping of columns to the reason why each is left out")
    return found
