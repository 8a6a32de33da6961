"""How common values are among the records at hand: the term frequencies of a trained model.

A value is counted once a record. Two records that agree on a value have been counted themselves, so the
estimate leaves two out, and it is mixed with what was known before, as if `PRIOR_RECORDS` other records had
been seen:

    frequency = (max(count - 2, 0) * scale + prior_records * prior_frequency) /
                (records * scale + prior_records)

`scale` is how many records each of them stands for, where they are a sample: a value that is rare among these
is taken to be as rare among all.

What was known before says nothing of a value that a form or an import puts into every record. Where the
share of the records with a value is `COMMON_SHARE` or more, by three standard deviations, it is the least
frequency:

    frequency >= (count - 2 - 3 * sqrt(count)) / records
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from scoring.comparables import Comparable
from scoring.model_parameters import EntityParameters, LevelParameters

PRIOR_RECORDS = 5000
COMMON_SHARE = 0.2
"""From this frequency on a value is common to records that have nothing else to do with one another."""

# A value this little above the floor is left to the floor, so that tables hold what is common.
_WORTH_KEEPING = 1.5

Terms = Callable[[Comparable], Iterable[str]]


def _domains(record: Comparable) -> Iterable[str]:
    mail = (email.rpartition("@")[2] for email in record.emails + record.shared_emails)
    return {*record.domains, *mail}


def _line(record: Comparable) -> Iterable[str]:
    return (f"{record.house_number} {record.street}",) if record.street and record.house_number else ()


TERMS: dict[str, Terms] = {
    "given_name": lambda record: (record.given,),
    "family_name": lambda record: (record.family,),
    "birth_date": lambda record: (record.birth_date,),
    "birth_place": lambda record: (record.birth_place,),
    "city": lambda record: (record.city,),
    "postal_code": lambda record: (record.postal_code,),
    "email": lambda record: record.emails + record.shared_emails,
    "domain": _domains,
    "phone": lambda record: record.phones + record.shared_phones,
    "line": _line,
    "street": lambda record: (record.street,),
    "company_word": lambda record: set(record.company.split()),
    "employer": lambda record: (record.company,),
    "job_title": lambda record: (record.job_title,),
    "industry": lambda record: (record.industry,),
}
"""The values of a record that each table counts."""


# Levels of alike values: the more records, the rarer their rarest value, but not its look-alikes.
_ALIKE_LEVELS = frozenset(("nickname", "close", "part", "subset"))
_LEAST_ALIKE_FACTOR = 0.25


def floor_factor(level: LevelParameters, factors: Mapping[str, float]) -> float:
    """By how much the floor of a level moves with the table that it uses."""
    factor = factors.get(level.term_frequency, 1.0)
    return max(factor, _LEAST_ALIKE_FACTOR) if level.name in _ALIKE_LEVELS else factor


def floors(parameters: EntityParameters) -> dict[str, float]:
    """The frequency of a value that is not in the table: the least floor of the levels that use it."""
    found: dict[str, float] = {}
    for comparison in parameters.comparisons:
        for level in comparison.levels:
            if level.term_frequency:
                found[level.term_frequency] = min(level.u, found.get(level.term_frequency, 1.0))
    return found


def trained_frequencies(
    records: Sequence[Comparable],
    parameters: EntityParameters,
    prior_records: int = PRIOR_RECORDS,
    *,
    scale: float = 1.0,
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """The tables for these records, and by how much the floor of each moved (a factor)."""
    tables: dict[str, dict[str, float]] = {}
    factors: dict[str, float] = {}
    for name, floor in floors(parameters).items():
        terms = list(map(TERMS[name], records))
        counts = Counter(chain.from_iterable(terms))
        del counts[""]
        having = sum(map(any, terms))
        known = parameters.term_frequencies[name]
        unseen = known.get("", floor)
        factor = prior_records / (having * scale + prior_records)
        factors[name] = factor
        tables[name] = _table(counts, known, unseen, having, prior_records, scale)
        if "" in known:
            tables[name][""] = unseen * factor
    return tables, factors


def _table(
    counts: Mapping[str, int],
    known: Mapping[str, float],
    unseen: float,
    having: int,
    prior_records: int,
    scale: float,
) -> dict[str, float]:
    whole = having * scale + prior_records
    worth = _WORTH_KEEPING * prior_records * unseen / whole
    table = {}
    for term in sorted({*counts, *known} - {""}):
        before, count = known.get(term, unseen), counts.get(term, 0)
        frequency = (max(count - 2, 0) * scale + prior_records * before) / whole
        if count and (least := (count - 2 - 3 * math.sqrt(count)) / having) >= COMMON_SHARE:
            frequency = max(frequency, least)
        if frequency > worth:
            table[term] = float(f"{frequency:.4g}")
    return table
