"""From what single columns are called to the columns of each field."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from scoring.column_names import ColumnName
from scoring.comparables import Entity

PERSON_FIELDS = (
    *("title", "given_name", "middle_name", "family_name", "full_name", "suffix", "maiden_name"),
    *("gender", "birth_date", "birth_place", "job_title", "national_id"),
)
"""Fields of people alone."""
ADDRESS_FIELDS = ("street", "city", "region", "postal_code", "country")
FIELDS = (
    *PERSON_FIELDS,
    *("other_name", "company_name", "email", "secondary_email", "phone", "mobile_phone", "website"),
    *ADDRESS_FIELDS,
    *("tax_id", "registration_number", "customer_number", "industry", "lead_source"),
)
"""Every field that a column may be."""

_SEPARATORS = {"other_name": "; ", "birth_date": "-"}
_IN_FILE_ORDER = ("number", "number_suffix", "direction", "type", "")
_PART_ORDER = {
    "street": (*_IN_FILE_ORDER, "second", "third", "unit"),
    "family_name": ("prefix", "", "first", "second"),
    "birth_date": ("year", "month", "day"),
}


@dataclass(frozen=True, slots=True)
class FieldColumns:
    """The columns of one field: the first of `alternatives` that holds something, its columns joined."""

    field: str
    alternatives: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the field reads, each once."""
        return tuple(dict.fromkeys(column for joined in self.alternatives for column in joined))

    @property
    def mapping(self) -> str:
        """As a user would write it: 'street=number+street|address'."""
        return f"{self.field}=" + "|".join("+".join(joined) for joined in self.alternatives)

    @property
    def words(self) -> str:
        """As it is told to people: 'number + street, or else address'."""
        return ", or else ".join(" + ".join(joined) for joined in self.alternatives)

    def value(self, row: Mapping[str, str]) -> str:
        """The value of a row; empty where no column holds any.

        Columns are joined by a space; names of `other_name` by a semicolon; year, month and day by a hyphen,
        as far as they are known.
        """
        separator = _SEPARATORS.get(self.field, " ")
        for joined in self.alternatives:
            texts = [(row.get(column) or "").strip() for column in joined]
            parts = takewhile(bool, texts) if separator == "-" else filter(None, texts)
            if text := separator.join(parts):
                return text
        return ""


@dataclass(frozen=True, slots=True)
class _Place:
    """One column: where it stands, and what its name says."""

    at: int
    column: str
    name: ColumnName

    @property
    def part(self) -> str:
        return self.name.role.partition(".")[2]


def settle_names(
    header: Sequence[str],
    named: Mapping[str, ColumnName],
    roles: Iterable[str],
    entity: Entity,
    *,
    mixed: bool,
) -> dict[str, ColumnName]:
    """Columns whose meaning depends on the others: a name of nothing in particular, and a title.

    `roles` are those that the file has, the user's own included; `mixed` files hold people and companies.
    """
    present = {role.partition(".")[0] for role in roles if role != "title.or_job"}
    settled = dict(named)
    for at, column in enumerate(header):
        if (name := named.get(column)) is None:
            continue
        if name.role in ("name", "name.or_given"):
            settled[column] = name._replace(role=_role_of_name(name.role, present, entity, mixed=mixed))
        elif (
            name.role == "full_name"
            and entity is Entity.COMPANY
            and not mixed
            and "company_name" not in present
        ):
            settled[column] = name._replace(role="company_name")
        elif name.role == "title.or_job":
            after = named.get(header[at + 1]) if at + 1 < len(header) else None
            before_name = after is not None and after.role.partition(".")[0] in _NAME_ROLES
            is_title = before_name or ("title" not in present and "job_title" in present) or column == "title"
            settled[column] = name._replace(role="title" if is_title else "job_title")
    return settled


_NAME_ROLES = ("given_name", "full_name", "name", "family_name", "middle_name")


def _role_of_name(role: str, present: set[str], entity: Entity, *, mixed: bool) -> str:
    if mixed:
        # `prepare` takes the full name of a company for its name.
        return "full_name"
    if entity is Entity.COMPANY:
        return "company_name"
    missing, other = (
        ("given_name", "family_name") if role == "name.or_given" else ("family_name", "given_name")
    )
    return missing if other in present and missing not in present else "full_name"


def gather_fields(
    header: Sequence[str], named: Mapping[str, ColumnName]
) -> tuple[list[FieldColumns], dict[str, str]]:
    """The columns of each field, and the columns that a further address has, with why they are ignored."""
    of_field: dict[str, list[_Place]] = defaultdict(list)
    for at, column in enumerate(header):
        if column in named and (field := named[column].role.partition(".")[0]) in FIELDS:
            of_field[field].append(_Place(at, column, named[column]))
    left_out = _one_address(of_field)
    _spread_emails(of_field)
    found = [
        FieldColumns(field, _alternatives(field, of_field[field])) for field in FIELDS if of_field[field]
    ]
    return found, left_out


def _one_address(of_field: dict[str, list[_Place]]) -> dict[str, str]:
    """Keep one address: the parts of two would make a third. Parts that it lacks come from columns that say
    of no address which it is.
    """
    fields_of: dict[str, set[str]] = defaultdict(set)
    rank_of: dict[str, tuple[int, int]] = {}
    for field in ADDRESS_FIELDS:
        for place in of_field[field]:
            kind = place.name.kind
            fields_of[kind].add(field)
            rank_of[kind] = min(rank_of.get(kind, (place.name.rank, place.at)), (place.name.rank, place.at))
    if not fields_of:
        return {}
    kept = min(fields_of, key=lambda kind: (-len(fields_of[kind]), rank_of[kind]))
    first = min((p for field in ADDRESS_FIELDS for p in of_field[field] if p.name.kind == kept), key=_place)
    why = f"another address; that of {first.column} is read"
    left_out: dict[str, str] = {}
    for field in ADDRESS_FIELDS:
        wanted = kept if field in fields_of[kept] else ""
        left_out |= {place.column: why for place in of_field[field] if place.name.kind != wanted}
        of_field[field] = [place for place in of_field[field] if place.name.kind == wanted]
    return left_out


def _spread_emails(of_field: dict[str, list[_Place]]) -> None:
    """A record may carry two addresses: a second column of them is the secondary one."""
    ranked = sorted(of_field["email"], key=lambda place: (place.name.rank, place.at))
    of_field["email"] = ranked[:1]
    of_field["secondary_email"] = ranked[1:] + of_field["secondary_email"]
    if not of_field["email"]:
        of_field["email"], of_field["secondary_email"] = of_field["secondary_email"], []


def _place(place: _Place) -> int:
    return place.at


def _alternatives(field: str, places: list[_Place]) -> tuple[tuple[str, ...], ...]:
    ranked = sorted(places, key=lambda place: (place.name.rank, place.at))
    if field == "other_name":
        return (tuple(place.column for place in sorted(places, key=lambda place: place.at)),)
    parts = _PART_ORDER.get(field)
    if parts is None:
        return tuple((place.column,) for place in ranked)
    first_of: dict[str, _Place] = {}
    for place in ranked:
        first_of.setdefault(place.part, place)
    if field == "street" and "" not in first_of and "full" in first_of:
        first_of[""] = first_of.pop("full")
    joined = [first_of[part] for part in parts if part in first_of]
    if field == "street":
        joined.sort(key=lambda place: (place.part not in (*_IN_FILE_ORDER, "full"), place.at))
    rest = [(place.column,) for place in ranked if place not in joined and place.part in ("", "full")]
    whole = (tuple(place.column for place in joined),) if joined else ()
    # A date in one column is better than its parts.
    return (*rest, *whole) if field == "birth_date" else (*whole, *rest)
