"""The company's own words: counted by the store over what it holds, and by nobody's name."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dedup_service.domain.data_entry import FieldRules, MisspellingPolicy, Spelling
from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.records import RecordDraft
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.vocabulary import VocabularyInUse
from dedup_service.workflows.vocabulary_port import CountLimits
from tests.merge_desk import Office, account, contact, lead

FIELDS = {"company_name": Spelling.WORDS, "city": Spelling.VALUES}


async def counts(office: Office, least_count: int = 1, **limits: int) -> dict[str, dict[str, int]]:
    return await office.store.read(
        lambda tx: tx.vocabulary_counts(FIELDS, CountLimits(least_count, **limits))
    )


def companies(*names: str, city: str = "Bremen", prefix: str = "c") -> list[RecordDraft]:
    return [account(f"{prefix}{number}", company_name=name, city=city) for number, name in enumerate(names)]


async def test_words_and_whole_values_are_counted_by_how_many_hold_them(office: Office) -> None:
    """A word counts once a company, however often it stands in its name; a city counts as a whole."""
    await office.put(
        *companies("Hanse Logistik, Hanse & Co", "Nordsee-Logistik (Hanse)", city="Segeberg"),
        *companies("Müller's Logistik 24", city=" Segeberg  ", prefix="d"),
    )
    assert await counts(office) == {
        "company_name": {"Logistik": 3, "Hanse": 2, "Müller's": 1, "Nordsee": 1},
        "city": {"Segeberg": 3},
    }


async def test_words_that_few_hold_are_not_counted(office: Office) -> None:
    """So that nobody is shown what one person or company alone has."""
    await office.put(*companies("Hanse Logistik", "Nordsee Logistik", "Hanse Transport"))
    assert (await counts(office, least_count=2))["company_name"] == {"Hanse": 2, "Logistik": 2}


async def test_the_most_frequent_words_of_a_field_are_kept(office: Office) -> None:
    """Memory is bounded field by field."""
    await office.put(*companies("Hanse Logistik", "Nordsee Logistik", "Hanse Logistik"))
    assert (await counts(office, words_per_field=2))["company_name"] == {"Logistik": 3, "Hanse": 2}


async def test_one_person_in_several_systems_is_one(office: Office) -> None:
    """Records that are merged count once: their word is one person's."""
    ids = await office.put(*companies("Hanse Logistik", "Hanse Logistik", "Nordsee Logistik"))
    await office.merge(*ids[:2])
    assert (await counts(office))["company_name"] == {"Logistik": 2, "Hanse": 1, "Nordsee": 1}


async def test_erasing_the_last_but_few_leaves_nothing_of_them(office: Office) -> None:
    """Erased and deleted records hold no words."""
    await office.put(*companies("Hanse Logistik", "Hanse Logistik", city="Bremen"))
    assert (await counts(office, least_count=2))["company_name"] == {"Hanse": 2, "Logistik": 2}
    await office.erase("c0")
    assert await counts(office, least_count=2) == {"company_name": {}, "city": {}}
    await office.delete("c1")
    assert await counts(office) == {"company_name": {}, "city": {}}


async def test_an_empty_store_has_no_words(office: Office) -> None:
    """Nothing is counted, and nothing fails."""
    assert await counts(office) == {"company_name": {}, "city": {}}


async def test_of_a_large_store_a_part_is_read(office: Office) -> None:
    """The share of the table that is read falls as the table grows: here to nothing at all."""
    await office.put(*companies("Hanse Logistik", "Hanse Logistik"))
    assert (await counts(office, sampled_records=2))["company_name"] == {"Hanse": 2, "Logistik": 2}
    assert (await counts(office, sampled_records=0))["company_name"] == {}


async def test_a_new_company_is_held_against_the_words_of_those_that_are_there(office: Office) -> None:
    """From records in PostgreSQL to a suggestion, with the limits of the policy."""
    await office.put(*companies(*["Hanse Logistik"] * 20))
    await office.desk.vocabulary.renew()
    draft = lead("new", company_name="Acme Logisitk", email="ann@acme.com", full_name="Ann Bo")
    (finding,) = office.desk.data_entry.findings(draft, draft.kind)
    assert (finding.rule, finding.suggested_value) == ("MISSPELLING", "Acme Logistik")


async def test_no_word_of_a_persons_name_is_held(office: Office) -> None:
    """Twenty people called Hendrik make no vocabulary."""
    await office.put(*[contact(str(n), given_name="Hendrik", family_name="Rudecki") for n in range(20)])
    await office.desk.vocabulary.renew()
    assert len(office.desk.vocabulary.current) == 0


async def test_the_words_follow_the_policy(office: Office) -> None:
    """Another field, or other limits, ask for another count; no field, for none."""
    await office.put(*companies(*["Hanse Logistik"] * 3, city="Bremen"))
    rules = office.desk.rules
    given = rules.policy

    def with_fields(**fields: FieldRules) -> None:
        data_entry = replace(given.data_entry, fields=fields, misspellings=MisspellingPolicy(2, 2))
        rules.policy = replace(given, data_entry=data_entry)

    with_fields(city=FieldRules(misspellings=Spelling.VALUES))
    await office.desk.vocabulary.renew()
    assert office.desk.vocabulary.current.count("city", "bremen") == 3
    assert len(office.desk.vocabulary.current) == 1
    with_fields()
    await office.desk.vocabulary.renew()
    assert len(office.desk.vocabulary.current) == 0


class AwayOnce:
    """A store that does not answer one of its reads, which are numbered from 1."""

    def __init__(self, store: PostgresStore, failing: int) -> None:
        self._store = store
        self._failing = failing
        self.reads_count = 0
        self.repeated = asyncio.Event()

    async def read(self, work: Any) -> Any:
        self.reads_count += 1
        if self.reads_count == self._failing:
            raise StoreUnavailable("PostgreSQL does not answer")
        if self.reads_count > self._failing:
            self.repeated.set()
        return await self._store.read(work)


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_count_that_fails_is_soon_repeated(office: Office, failing: int) -> None:
    """At the start and at any hour: the task does not wait for the next; once it has succeeded it does."""
    await office.put(*companies(*["Hanse Logistik"] * 20))
    store: Any = AwayOnce(office.store, failing)
    vocabulary = VocabularyInUse(store, office.desk.rules, look_seconds=0.02)
    for _ in range(failing - 1):
        await vocabulary.renew()
    task = asyncio.create_task(vocabulary.run())
    await asyncio.wait_for(store.repeated.wait(), timeout=20)
    await asyncio.sleep(0.3)
    assert store.reads_count == failing + 1
    assert vocabulary.current.count("company_name", "logistik") == 20
    await end_tasks([task])
