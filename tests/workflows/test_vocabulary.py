"""The company's own words: counted by the store over what it holds, and by nobody's name."""

import asyncio
from dataclasses import replace

import pytest

from dedup_service.domain.data_entry import FieldRules, MisspellingPolicy, Spelling
from dedup_service.domain.records import RecordDraft
from dedup_service.store.vocabulary import SAMPLED_RECORDS
from dedup_service.workflows.vocabulary import VocabularyInUse
from tests.merge_desk import Office, account, contact, lead

FIELDS = {"company_name": Spelling.WORDS, "city": Spelling.VALUES}


async def counts(office: Office, least_count: int = 1, limit: int = 100) -> dict[str, dict[str, int]]:
    return await office.store.read(lambda tx: tx.vocabulary_counts(FIELDS, least_count, limit))


def companies(*names: str, city: str = "") -> list[RecordDraft]:
    return [
        account(f"{city}-{number}", company_name=name, **({"city": city} if city else {}))
        for number, name in enumerate(names)
    ]


async def test_words_and_whole_values_are_counted_by_how_many_hold_them(office: Office) -> None:
    """A word counts once a company, however often it stands in its name; a city counts as a whole."""
    await office.put(
        *companies("Hanse Logistik, Hanse & Co", "Nordsee-Logistik (Hanse)", city="Bad Segeberg"),
        *companies("Müller's Logistik 24", city=" Bad Segeberg "),
    )
    assert await counts(office) == {
        "company_name": {"Logistik": 3, "Hanse": 2, "Müller's": 1, "Nordsee": 1},
        "city": {"Bad Segeberg": 3},
    }


async def test_words_that_few_hold_are_not_counted(office: Office) -> None:
    """So that nobody is shown what one person or company alone has."""
    await office.put(*companies("Hanse Logistik", "Nordsee Logistik", "Hanse Transport"))
    assert (await counts(office, least_count=2))["company_name"] == {"Hanse": 2, "Logistik": 2}


async def test_the_most_frequent_words_of_a_field_are_kept(office: Office) -> None:
    """Memory is bounded field by field."""
    await office.put(*companies("Hanse Logistik", "Nordsee Logistik", "Hanse Logistik"))
    assert (await counts(office, limit=2))["company_name"] == {"Logistik": 3, "Hanse": 2}


async def test_one_person_in_several_systems_is_one(office: Office) -> None:
    """Records that are merged count once: their word is one person's."""
    ids = await office.put(*companies("Hanse Logistik", "Hanse Logistik", "Nordsee Logistik"))
    await office.merge(*ids[:2])
    assert (await counts(office))["company_name"] == {"Logistik": 2, "Hanse": 1, "Nordsee": 1}


async def test_erasing_the_last_but_few_leaves_nothing_of_them(office: Office) -> None:
    """Erased and deleted records hold no words."""
    await office.put(*companies("Hanse Logistik", "Hanse Logistik", city="Bremen"))
    assert (await counts(office, least_count=2))["company_name"] == {"Hanse": 2, "Logistik": 2}
    await office.erase("Bremen-0")
    assert await counts(office, least_count=2) == {"company_name": {}, "city": {}}
    await office.delete("Bremen-1")
    assert await counts(office) == {"company_name": {}, "city": {}}


async def test_an_empty_store_has_no_words(office: Office) -> None:
    """Nothing is counted, and nothing fails."""
    assert await counts(office) == {"company_name": {}, "city": {}}


async def test_of_a_large_store_a_part_is_counted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The share of the table that is read falls as the table grows, so that the cost does not."""
    await office.put(*companies("Hanse Logistik", "Hanse Logistik"))
    assert SAMPLED_RECORDS == 100_000
    monkeypatch.setattr("dedup_service.store.vocabulary.SAMPLED_RECORDS", 0)
    assert (await counts(office))["company_name"] in ({}, {"Hanse": 2, "Logistik": 2})


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


async def test_a_count_that_fails_is_repeated_soon(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task goes on, and does not wait an hour for its next try."""
    monkeypatch.setattr("dedup_service.workflows.vocabulary._LOOK_SECONDS", 0.01)
    await office.put(*companies(*["Hanse Logistik"] * 20))
    vocabulary = VocabularyInUse(office.store, office.desk.rules)
    await office.store.close()
    task = asyncio.create_task(vocabulary.run())
    await asyncio.sleep(0.1)
    assert not task.done()
    assert len(vocabulary.current) == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
