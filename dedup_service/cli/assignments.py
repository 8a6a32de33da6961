"""Words of the command line that say something of a record: `email=ann@example.org`, `employees=120`."""

from collections.abc import Iterable

import typer

from dedup_service.cli.csv_rows import fact_of
from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS, is_known_field
from dedup_service.v1.core_pb2 import Fact


def values_of(words: Iterable[str], option: str) -> dict[str, str]:
    """Values by field, from FIELD=VALUE words; of a field said twice the last counts.

    Raises:
        typer.BadParameter: a word of another form, or of no field.
    """
    values = {}
    for text in words:
        name, value = _parted(text, "field=value", option)
        if not is_known_field(name):
            raise typer.BadParameter(
                f"{name} is no field; the fields are {', '.join(FIELDS)} and custom.NAME", param_hint=option
            )
        values[name] = value
    return values


def facts_of(words: Iterable[str], option: str) -> list[Fact]:
    """Facts from NAME=VALUE words, written as in an import: `2`, `1200.50 EUR`, `true`, an ISO 8601 time.

    Raises:
        typer.BadParameter: a word of another form, of no fact, or a value that the fact does not take.
    """
    facts: dict[str, Fact] = {}
    for text in words:
        name, value = _parted(text, "name=value", option)
        if name not in FACTS:
            raise typer.BadParameter(
                f"{name} is no fact; the facts are {', '.join(sorted(FACTS))}", param_hint=option
            )
        try:
            facts[name] = fact_of(name, value.strip())
        except ValueError as error:
            raise typer.BadParameter(f"{text}: {error}", param_hint=option) from None
    return list(facts.values())


def _parted(text: str, form: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text}: write {form}", param_hint=option)
    return name, value
