"""The comparison: one row a field, the survivor as it will be, and how each member differs from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from markupsafe import Markup

from dedup_service.console.texts.differences import Change, Reading, alike, marked
from dedup_service.console.texts.marks import is_hidden, shown
from dedup_service.console.views import addresses
from dedup_service.console.views.proposal.columns import Changing, Column
from dedup_service.console.views.proposal.fields import reading_of, sections_of, unit_of
from dedup_service.v1.golden_record_service_pb2 import GoldenValue
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.record_service_pb2 import Record

# A column is narrow: of longer values the rest opens when asked for.
MAX_SHOWN = 120


class Agreement(StrEnum):
    """How the members stand to each other in a field, from worst to best."""

    DIFFERENT = "different"
    SOFT = "soft"
    PARTIAL = "partial"
    SAME = "same"


_RANK = {agreement: place for place, agreement in enumerate(Agreement)}


@dataclass(frozen=True, slots=True)
class CellValue:
    """A value of a member, marked where it differs from the survivor's, and the records that hold it.

    `survives` says that the survivor will have this text, `gives` that it is taken from here. `choose_url` is
    where it can be made the winner, empty where it cannot.
    """

    shown: Markup
    records: tuple[str, ...]
    survives: bool
    gives: bool
    choose_url: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that hold it, each once."""
        return tuple(dict.fromkeys(addresses.source_of(record) for record in self.records))


@dataclass(frozen=True, slots=True)
class Row:
    """One field. `survivor` is the value that will survive; None where none does, or the proposal is over.

    `forget_url` takes back a steward's choice that made it survive.
    """

    field: str
    unit: str
    agreement: Agreement
    survivor: GoldenValue | None
    survivor_shown: Markup
    cells: tuple[tuple[CellValue, ...], ...]
    forget_url: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comparison, its title in English as catalogues know it."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sections` hold what is not the same everywhere, `same` the rest."""

    sections: tuple[Section, ...]
    same: tuple[Row, ...] = field(default=())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many fields there are by how they agree."""
        rows = [row for section in self.sections for row in section.rows] + list(self.same)
        return {each.value: sum(row.agreement is each for row in rows) for each in Agreement}


def comparison_of(
    proposal: MergeProposal,
    columns: Sequence[Column],
    records: Mapping[str, Record],
    changing: Changing | None,
) -> Comparison:
    """Compare the members in every field that one of them has; in each part those that differ come first."""
    held = [
        [records[each.name] for each in column.records if each.is_active and each.name in records]
        for column in columns
    ]
    fields = {
        name for each in held for record in each for name, text in record.values.items() if text.strip()
    }
    rows = {name: _row(proposal, name, columns, held, changing) for name in fields}
    sections = [
        (title, sorted((rows[name] for name in names), key=lambda row: _RANK[row.agreement]))
        for title, names in sections_of(fields)
    ]
    return Comparison(
        sections=tuple(
            Section(title, tuple(different))
            for title, each in sections
            if (different := [row for row in each if row.agreement is not Agreement.SAME])
        ),
        same=tuple(row for _, each in sections for row in each if row.agreement is Agreement.SAME),
    )


def _row(
    proposal: MergeProposal,
    name: str,
    columns: Sequence[Column],
    held: Sequence[Sequence[Record]],
    changing: Changing | None,
) -> Row:
    texts = [_holders(records, name) for records in held]
    unit = unit_of(name)
    survivor = _survivor_of(proposal, name)
    agreement = agreement_of([list(each) for each in texts], reading_of(name))
    base = survivor.value if survivor else _first_text(columns, texts)
    cells = tuple(
        tuple(
            CellValue(
                shown=_shown(text, base, name),
                records=tuple(holders),
                survives=survivor is not None and survivor.value == text,
                gives=survivor is not None and survivor.record in holders and survivor.value == text,
                choose_url=(
                    changing.value_url(unit, holders[0])
                    if changing is not None
                    and not is_hidden(text)
                    and (survivor is None or survivor.value != text)
                    else ""
                ),
            )
            for text, holders in each.items()
        )
        for each in texts
    )
    chosen = next((key for key in (name, unit) if key in proposal.plan.field_choices), "")
    return Row(
        field=name,
        unit=unit,
        agreement=agreement,
        survivor=survivor,
        survivor_shown=shown(survivor.value, MAX_SHOWN) if survivor else Markup(""),
        cells=cells,
        forget_url=changing.value_url(chosen, "") if chosen and changing is not None else "",
    )


def _shown(text: str, base: str, name: str) -> Markup:
    if text == base and not is_hidden(text):
        return shown(text, MAX_SHOWN)
    return marked(text, base, reading_of(name), MAX_SHOWN)


def _survivor_of(proposal: MergeProposal, name: str) -> GoldenValue | None:
    """What will survive in a field; a field whose values all lose is in the plan too."""
    value = proposal.plan.values[name].value if name in proposal.plan.values else None
    return value if value is not None and (value.record or value.masked_tag) else None


def agreement_of(texts: Sequence[Sequence[str]], reading: Reading) -> Agreement:
    """How members agree that have these values of a field; one that has none does not contradict."""
    found = [text for each in texts for text in each]
    changes = {alike(text, found[0], reading) for text in found}
    if Change.DIFFERENT in changes:
        return Agreement.DIFFERENT
    if Change.SOFT in changes:
        return Agreement.SOFT
    return Agreement.SAME if all(texts) else Agreement.PARTIAL


def _holders(records: Iterable[Record], name: str) -> dict[str, list[str]]:
    """The different texts of a field, each with the records that hold it."""
    found: dict[str, list[str]] = {}
    for record in records:
        text = record.values.get(name, "")
        if text.strip():
            found.setdefault(text, []).append(record.name)
    return found


def _first_text(columns: Sequence[Column], texts: Sequence[Mapping[str, object]]) -> str:
    """What to compare with where nothing survives: what the survivor has, or else the first that has any."""
    ranked = sorted(zip(columns, texts, strict=True), key=lambda pair: not pair[0].is_survivor)
    return next((text for _, each in ranked for text in each), "")
