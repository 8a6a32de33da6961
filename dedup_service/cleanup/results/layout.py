"""The columns of the files that are written, and what of the user's columns survives together."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from dedup_service.cleanup.reading.gathering import RECORD_ID, SOURCE, Gathered
from dedup_service.cleanup.results.survivors import Survivorship
from scoring import Rule


@dataclass(frozen=True, slots=True)
class Rules:
    """By which rules values survive, by field or field group; `groups` name the group of each field that has
    one.
    """

    rules: Mapping[str, Rule]
    groups: Mapping[str, str]
    default_rule: Rule


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of golden records: `own` first, those that every cluster brings; then the user's.

    `names` are the user's columns as they stand in the file, `physical` the same in the Parquet file of rows.
    Those of `of_survivor` come from the survivor, all others by survivorship.
    """

    gathered: Gathered
    own: tuple[str, ...]
    names: tuple[str, ...]
    physical: tuple[str, ...]
    of_survivor: tuple[str, ...]
    how: Survivorship

    @property
    def schema(self) -> pa.Schema:
        """The columns of the file of golden records."""
        kinds = {self.own[1]: pa.int32(), self.own[2]: pa.float64()}
        return pa.schema([(name, kinds.get(name, pa.string())) for name in (*self.own, *self.names)])


_OWN = ("cluster_id", "members", "weakest_link_probability", "member_ids")


def layout_of(gathered: Gathered, rules: Rules) -> Layout:
    """How the files of these rows look."""
    columns, known = gathered.columns, gathered.columns.recognised
    names = list(columns.header)
    physical = [gathered.name_of(name) for name in names]
    of_survivor = [gathered.name_of(name) for name in (known.record_id, known.record_type) if name]
    of_survivor += [gathered.name_of(name) for name in columns.roles.columns]
    if gathered.several_sources and not columns.roles.source:
        names.insert(0, _free(SOURCE, names))
        physical.insert(0, SOURCE)
        of_survivor.append(SOURCE)
    if not known.record_id:
        names.insert(0, _free(RECORD_ID, names))
        physical.insert(0, RECORD_ID)
        of_survivor.append(RECORD_ID)
    units: dict[str, list[str]] = {}
    of_field = {
        column: rules.groups.get(field.field, field.field)
        for field in reversed(gathered.recognised.fields)
        for column in field.columns
    }
    for name in physical:
        if name not in of_survivor:
            units.setdefault(of_field.get(name, name), []).append(name)
    return Layout(
        gathered,
        tuple(_free(name, names) for name in _OWN),
        tuple(names),
        tuple(physical),
        tuple(of_survivor),
        Survivorship(units, rules.rules, rules.default_rule),
    )


def _free(name: str, taken: list[str]) -> str:
    """The name, or another one where a column of the user has it."""
    while name in taken:
        name = f"dedup_{name}"
    return name
