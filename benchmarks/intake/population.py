"""Who is stored and who is handed in: one sample CRM, of which some records are held out, with the truth.

Every person and company is handed in at most once in a run: who is stored is known from the start.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from dedup_service.domain.records import Fact, RecordDraft, RecordKey, RecordKind
from dedup_service.sample import generate

SEED = 11
# A third of the companies is stored with its people; somebody of the others is nobody's customer yet.
STORED_COMPANIES = 1 / 3
# Of their people and of consumers most; the others are whom a stored company has that nobody has met.
_STORED_PEOPLE = 0.75
NAMED_SHARE = 0.06
CURRENT_SHARE = 0.10
_TARGET_LIST = "enterprise"
# What the sample makes, roughly: people and companies a stored record, and the share of its people who work
# at a company that is stored, or at none that is not; with some to spare.
_PEOPLE_A_RECORD = 0.47
_COMPANIES_A_RECORD = 0.1
_COLLEAGUES_SHARE = 0.2
_STORABLE_SHARE = 0.5
_NEW_SHARE = 0.5
_SPARE = 1.2


class Sort(StrEnum):
    """Who is handed in, as the truth knows it."""

    KNOWN_PERSON = "person who is stored"
    KNOWN_COMPANY = "company that is stored"
    COLLEAGUE = "new person of a stored company"
    NEW_PERSON = "new person"
    NEW_COMPANY = "new company"

    @property
    def known(self) -> bool:
        return self in {Sort.KNOWN_PERSON, Sort.KNOWN_COMPANY}


# Of 100 calls of a form, a shop or a clerk; one in ten of the people orders something.
FORM_MIX: Mapping[Sort, float] = {
    Sort.KNOWN_PERSON: 0.40,
    Sort.COLLEAGUE: 0.20,
    Sort.NEW_PERSON: 0.30,
    Sort.KNOWN_COMPANY: 0.06,
    Sort.NEW_COMPANY: 0.04,
}
ORDER_SHARE = 0.1
# Of 100 lines of a list that was bought.
LIST_MIX: Mapping[Sort, float] = {
    Sort.KNOWN_PERSON: 0.10,
    Sort.COLLEAGUE: 0.08,
    Sort.NEW_PERSON: 0.82,
}


@dataclass(frozen=True, slots=True)
class Handed:
    """Somebody who is handed in: their record under a name of its own, and who they truly are."""

    draft: RecordDraft
    entity: str
    sort: Sort
    must_transact: bool = False


@dataclass(slots=True)
class Population:
    """The records to store, those to hand in by form and by list, and the entity that each stands for."""

    residents: list[RecordDraft]
    forms: list[Handed]
    leads: list[Handed]
    entities: dict[str, str] = field(default_factory=dict)


def drawn(resident_count: int, form_count: int, lead_count: int, now: datetime) -> Population:
    """A population of these sizes, the same for the same arguments.

    Raises:
        ValueError: the sample holds too few of some sort.
    """
    dice = random.Random(SEED)
    sample = generate(
        SEED,
        people=_people_count(resident_count, form_count, lead_count),
        companies=int(resident_count * _COMPANIES_A_RECORD / STORED_COMPANIES) + form_count // 10,
        now=now,
    )
    pools = _Pools(dice, sample.records, sample.truth, resident_count)
    population = Population(pools.residents(), [], [])
    numbers = iter(range(form_count + lead_count))
    for mix, count, into in (
        (FORM_MIX, form_count, population.forms),
        (LIST_MIX, lead_count, population.leads),
    ):
        into.extend(pools.handed(mix, count, numbers, by_form=mix is FORM_MIX))
        dice.shuffle(into)
    population.entities = {r.key.name: sample.truth[r.key] for r in population.residents}
    population.entities.update((h.draft.key.name, h.entity) for h in (*population.forms, *population.leads))
    return population


def _people_count(resident_count: int, form_count: int, lead_count: int) -> int:
    """How many people the sample must have, so that there are enough of every sort."""

    def wanted(sort: Sort) -> float:
        return form_count * FORM_MIX.get(sort, 0) + lead_count * LIST_MIX.get(sort, 0)

    stored = max(resident_count * _PEOPLE_A_RECORD, wanted(Sort.KNOWN_PERSON) * 2.5)
    either = stored / (_STORABLE_SHARE * _STORED_PEOPLE) + wanted(Sort.COLLEAGUE) / _COLLEAGUES_SHARE
    return int(max(either, wanted(Sort.NEW_PERSON) / _NEW_SHARE) * _SPARE)


class _Pools:
    """Sorts a sample: what is stored, and by sort the records held out."""

    def __init__(
        self,
        dice: random.Random,
        records: Iterable[RecordDraft],
        truth: Mapping[RecordKey, str],
        resident_count: int,
    ) -> None:
        self._dice = dice
        self._by_entity: dict[str, list[RecordDraft]] = {}
        for record in records:
            self._by_entity.setdefault(truth[record.key], []).append(record)
        companies = [entity for entity in self._by_entity if entity.startswith("company:")]
        self._stored_companies = set(dice.sample(companies, round(len(companies) * STORED_COMPANIES)))
        self._employer_of_domain = {
            domain: entity
            for entity in companies
            for record in self._by_entity[entity]
            for domain in _domains(record)
        }
        self._stored: list[RecordDraft] = []
        self._held: dict[Sort, list[tuple[str, RecordDraft]]] = {sort: [] for sort in Sort}
        self._sort_out(companies, resident_count)

    def _sort_out(self, companies: Iterable[str], resident_count: int) -> None:
        for entity in companies:
            known = entity in self._stored_companies
            self._take(entity, known, Sort.KNOWN_COMPANY if known else Sort.NEW_COMPANY)
        people = [entity for entity in self._by_entity if entity.startswith("person:")]
        self._dice.shuffle(people)
        for entity in people:
            employer = self._employer(entity)
            may_be_stored = employer is None or employer in self._stored_companies
            full = len(self._stored) >= resident_count
            if may_be_stored and not full and self._dice.random() < _STORED_PEOPLE:
                self._take(entity, True, Sort.KNOWN_PERSON)
            else:
                self._take(entity, False, Sort.COLLEAGUE if employer and may_be_stored else Sort.NEW_PERSON)
        if len(self._stored) < resident_count:
            raise ValueError(f"the sample has only {len(self._stored)} of {resident_count} records to store")

    def _take(self, entity: str, known: bool, sort: Sort) -> None:
        records = self._by_entity[entity]
        if not known:
            self._held[sort].append((entity, self._dice.choice(records)))
        elif len(records) > 1:
            held = self._dice.choice(records[1:])
            self._held[sort].append((entity, held))
            self._stored.extend(record for record in records if record is not held)
        else:
            self._stored.extend(records)

    def _employer(self, entity: str) -> str | None:
        for record in self._by_entity[entity]:
            for domain in _domains(record):
                if domain in self._employer_of_domain:
                    return self._employer_of_domain[domain]
        return None

    def residents(self) -> list[RecordDraft]:
        """The stored records, companies first, so that whatever one refers to is there."""
        keys = {record.key for record in self._stored}
        return [self._resident(record, keys) for record in self._stored]

    def _resident(self, draft: RecordDraft, keys: set[RecordKey]) -> RecordDraft:
        facts = draft.facts
        if draft.kind is RecordKind.ACCOUNT and not draft.person_account and draft.key.source == "crm":
            if self._dice.random() < NAMED_SHARE:
                facts += (Fact("named_account", text=_TARGET_LIST),)
            if self._dice.random() < CURRENT_SHARE:
                facts += (Fact("current_account", flag=True),)
        return replace(
            draft,
            facts=facts,
            account=draft.account if draft.account in keys else None,
            parent=draft.parent if draft.parent in keys else None,
        )

    def handed(
        self, mix: Mapping[Sort, float], count: int, numbers: Iterator[int], *, by_form: bool
    ) -> list[Handed]:
        """So many held-out records in these shares, each under a name of its own."""
        found: list[Handed] = []
        for sort, share in mix.items():
            wanted, pool = round(count * share), self._held[sort]
            if wanted > len(pool):
                raise ValueError(f"the sample has only {len(pool)} of {wanted} of the sort {sort.value}")
            for entity, draft in pool[:wanted]:
                orders = by_form and sort is not Sort.KNOWN_COMPANY and self._dice.random() < ORDER_SHARE
                source = draft.key.source if by_form else "marketing"
                found.append(Handed(_asked(draft, source, next(numbers)), entity, sort, orders))
            del pool[:wanted]
        return found


def _asked(draft: RecordDraft, source: str, number: int) -> RecordDraft:
    """A record as somebody hands it in: what they typed and when they asked, nothing that was found since."""
    kept = tuple(fact for fact in draft.facts if fact.name == "requested")
    return RecordDraft(RecordKey(source, f"in-{number}"), RecordKind.LEAD, dict(draft.values), facts=kept)


def _domains(record: RecordDraft) -> Iterator[str]:
    """The domains of the e-mail address and the website, as the sample writes them."""
    yield from filter(
        None,
        (
            record.values.get("email", "").rpartition("@")[2].lower(),
            record.values.get("website", "").removeprefix("https://www."),
        ),
    )
