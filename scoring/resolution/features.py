"""What blocking looks at: short features of a record, each a hint that two records may be one.

A strong feature makes a candidate by itself, a weak one only together with another.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.company_name import acronym
from scoring.attributes.email import own_domain
from scoring.attributes.person_name import full_names_of
from scoring.blocking import sound
from scoring.comparables import Comparable, Entity

Values = Callable[[Comparable], Iterable[str]]
Codes = NDArray[np.int64]


class Feature(NamedTuple):
    """One feature: its values in a record, none where it is missing; a weak feature has one at most."""

    name: str
    values: Values
    is_strong: bool = False


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _given(record: Comparable) -> tuple[str, ...]:
    return (sound(full_names_of(record.given)[0]),) if len(record.given) > 1 else ()


def _day(record: Comparable) -> tuple[str, ...]:
    """Month and day in rising order, so that swapping them changes nothing."""
    born = record.birth_date
    return ("".join(sorted((born[5:7], born[8:]))),) if len(born) == 10 else ()


def _local(record: Comparable) -> tuple[str, ...]:
    local = record.emails[0].partition("@")[0] if record.emails else ""
    letters = "".join(filter(str.isalpha, local))
    return (letters[:8],) if len(letters) > 2 else ()


def _mail_domain(record: Comparable) -> tuple[str, ...]:
    return _one(own_domain((record.emails + record.shared_emails)[0])) if record.emails else ()


def _digits(start: int, end: int | None) -> Values:
    def values(record: Comparable) -> tuple[str, ...]:
        numbers = record.phones or record.shared_phones
        return (numbers[0][start:end],) if numbers and len(numbers[0]) > 6 else ()

    return values


def _address(record: Comparable) -> list[str]:
    if not record.street or not record.house_number:
        return []
    places = (record.postal_code, record.city)
    return [f"{record.house_number} {record.street[:6]} {place}" for place in places if place]


def _whole_name(record: Comparable) -> list[str]:
    if not record.given or not record.family:
        return []
    family = record.family.replace(" ", "")
    return [" ".join(sorted((name, family))) for name in full_names_of(record.given)[:3]]


def _sounds(record: Comparable) -> tuple[str, ...]:
    if not record.given or not record.family:
        return ()
    return (" ".join(sorted((sound(full_names_of(record.given)[0]), sound(record.family)))),)


_CONTACTS = (
    Feature("email", lambda record: record.emails + record.shared_emails, is_strong=True),
    Feature(
        "phone", lambda record: [one[-8:] for one in record.phones + record.shared_phones], is_strong=True
    ),
    Feature("address", _address, is_strong=True),
    Feature("tax_id", lambda record: _one(record.tax_id), is_strong=True),
    Feature("national_id", lambda record: record.national_ids, is_strong=True),
    Feature("registration_number", lambda record: _one(record.registration_number), is_strong=True),
    Feature("customer_number", lambda record: _one(record.customer_number), is_strong=True),
    Feature("city", lambda record: _one(record.city[:6])),
    Feature("postal_code", lambda record: _one(record.postal_code)),
    Feature("street", lambda record: _one(record.street[:6])),
    Feature("house_number", lambda record: _one(record.house_number)),
    Feature("phone_end", _digits(-4, None)),
    Feature("phone_middle", _digits(-8, -4)),
    Feature("local", _local),
    Feature("mail_domain", _mail_domain),
)
_PERSON = (
    Feature("name", _whole_name, is_strong=True),
    Feature("sounds", _sounds, is_strong=True),
    Feature("birth_date", lambda record: _one(record.birth_date), is_strong=True),
    Feature("given", _given),
    Feature("given_start", lambda record: _one(record.given[:1])),
    Feature("family", lambda record: _one(sound(record.family) if record.family else "")),
    Feature("family_start", lambda record: _one(record.family[:3])),
    Feature("family_end", lambda record: _one(record.family[-4:])),
    Feature("birth_year", lambda record: _one(record.birth_date[:4])),
    Feature("birth_day", _day),
    Feature("birth_place", lambda record: _one(record.birth_place[:6])),
    Feature("employer", lambda record: _one(record.company[:6])),
    Feature("job_title", lambda record: _one(record.job_title[:10])),
)


def _squeezed(record: Comparable) -> tuple[str, ...]:
    return _one(record.company.replace(" ", "")[:6])


def _initials(record: Comparable) -> list[str]:
    found = []
    for name in (record.company, *record.other_names):
        letters = acronym(name) or (name if " " not in name and len(name) <= 8 else "")
        if len(letters) > 1:
            found.append("".join(sorted(letters))[:12])
    return found


_COMPANY = (
    Feature("name", lambda record: _one(" ".join(sorted(record.company.split()))), is_strong=True),
    Feature("squeezed", _squeezed, is_strong=True),
    Feature("initials", _initials, is_strong=True),
    Feature("domain", lambda record: record.domains, is_strong=True),
    Feature(
        "other_name",
        lambda record: (record.company, *record.other_names) if record.other_names else (record.company,),
        is_strong=True,
    ),
)


def features(records: Sequence[Comparable], entity: Entity) -> list[tuple[Feature, Codes, NDArray[np.int32]]]:
    """For each feature the codes of its values and the positions of the records that have them."""
    found = []
    shared = list(_CONTACTS) + list(_PERSON if entity is Entity.PERSON else _COMPANY)
    if entity is Entity.COMPANY:
        shared += _word_features(records)
    for feature in shared:
        numbers: dict[str, int] = {}
        codes: list[int] = []
        owners: list[int] = []
        for at, record in enumerate(records):
            for value in feature.values(record):
                if value:
                    codes.append(numbers.setdefault(value, len(numbers)))
                    owners.append(at)
        if owners:
            found.append((feature, np.array(codes, np.int64), np.array(owners, np.int32)))
    return found


def _word_features(records: Sequence[Comparable]) -> list[Feature]:
    """The rarest words of a company name, by how often the records at hand have them."""
    counts: dict[str, int] = {}
    for record in records:
        for word in {sound(one) for one in record.company.split()}:
            counts[word] = counts.get(word, 0) + 1

    def rarest(place: int) -> Values:
        def values(record: Comparable) -> tuple[str, ...]:
            words = sorted({sound(one) for one in record.company.split()}, key=lambda one: (counts[one], one))
            return (words[place],) if len(words) > place else ()

        return values

    def words(record: Comparable) -> list[str]:
        return [sound(one) for one in record.company.split()]

    return [
        Feature("word", words, is_strong=True),
        Feature("rarest_word", rarest(0)),
        Feature("second_word", rarest(1)),
        Feature("third_word", rarest(2)),
    ]
