"""The section `visibility` of a policy: who alone may read which fields, and read or write which records."""

import re
from collections.abc import Mapping

from dedup_service.company_files.places import Place, Section, words
from dedup_service.domain.fields import CUSTOM_FIELD, FIELDS
from dedup_service.domain.records import SOURCE_PATTERN, RecordKind
from dedup_service.domain.visibility import EVERY_KIND, Audience, SourceRule, VisibilityPolicy

MAX_FIELDS = 200
MAX_SOURCES = 500
MAX_SERVICES = 100
_SERVICE = re.compile(r"services/[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_SERVICE_RULE = "must be a service account such as services/payroll"
_SOURCE_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"


def read_visibility(place: Place, functions: Mapping[str, str]) -> VisibilityPolicy:
    """The rules, of these functions only; without the section everybody reads everything."""
    top = place.section("fields", "sources")
    return VisibilityPolicy(
        fields=_fields(top.get("fields"), functions), sources=_sources(top.get("sources"), functions)
    )


def _fields(place: Place, functions: Mapping[str, str]) -> dict[str, Audience]:
    custom = {name: name for name in place.names() if CUSTOM_FIELD.fullmatch(name)}
    found = place.keyed({name: name for name in FIELDS} | custom, "field")
    if len(found) > MAX_FIELDS:
        place.wrong(f"must name at most {MAX_FIELDS} fields, not {len(found)}")
    return {name: _audience(each, functions) for name, each in found.items()}


def _sources(place: Place, functions: Mapping[str, str]) -> tuple[SourceRule, ...]:
    items = place.items()
    if len(items) > MAX_SOURCES:
        place.wrong(f"must have at most {MAX_SOURCES} rules, not {len(items)}")
    taken: set[tuple[str, RecordKind]] = set()
    return tuple(_source(item, functions, taken) for item in items[:MAX_SOURCES])


def _source(place: Place, functions: Mapping[str, str], taken: set[tuple[str, RecordKind]]) -> SourceRule:
    entry = place.section("source", "kinds", "read", "write")
    source = entry["source"].text(SOURCE_PATTERN, _SOURCE_RULE)
    named = entry.get("kinds").choices(words(RecordKind), "kind", least=1)
    kinds = frozenset(named) or EVERY_KIND
    twice = sorted(kind for kind in kinds if (source, kind) in taken)
    if source and twice:
        entry["source"].wrong(f"has a rule for {', '.join(twice)} already: keep one")
    taken.update((source, kind) for kind in kinds)
    if isinstance(place.value, Mapping) and entry.get("read").absent and entry.get("write").absent:
        place.wrong("must say who alone may read or write: read: {functions: [a]}")
    return SourceRule(source, kinds, _told(entry, "read", functions), _told(entry, "write", functions))


def _told(entry: Section, key: str, functions: Mapping[str, str]) -> Audience | None:
    place = entry.get(key)
    return None if place.absent else _audience(place, functions)


def _audience(place: Place, functions: Mapping[str, str]) -> Audience:
    """Those whom a rule lets; it may name nobody, but has to say so."""
    said = place.section("functions", "services")
    if said.empty:
        place.wrong("must say whom it lets: functions: [], services: [] lets nobody")
    services: list[str] = []
    for item in said.get("services").items()[:MAX_SERVICES]:
        name = item.text(_SERVICE, _SERVICE_RULE)
        if name in services:
            item.wrong("is named twice: keep one")
        services.append(name)
    if len(said.get("services").items()) > MAX_SERVICES:
        place.wrong(f"must name at most {MAX_SERVICES} service accounts")
    return Audience(
        functions=frozenset(said.get("functions").choices(functions, "function")),
        services=frozenset(filter(None, services)),
    )
