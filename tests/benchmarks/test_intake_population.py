"""Who is stored and who is handed in, held against the truth of the sample."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache

import pytest

from benchmarks.intake.population import FORM_MIX, LIST_MIX, Population, Sort, drawn
from dedup_service.domain.records import RecordKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RESIDENTS, FORMS, LEADS = 2000, 300, 500


@cache
def population() -> Population:
    return drawn(RESIDENTS, FORMS, LEADS, NOW)


def stored_entities() -> set[str]:
    return {population().entities[record.key.name] for record in population().residents}


def test_all_are_as_many_as_were_asked_for() -> None:
    """Residents end with the last person's records; forms and leads are exact, each sort in its share."""
    assert RESIDENTS <= len(population().residents) < RESIDENTS + 10
    for handed, mix, count in ((population().forms, FORM_MIX, FORMS), (population().leads, LIST_MIX, LEADS)):
        assert Counter(one.sort for one in handed) == {sort: count * share for sort, share in mix.items()}


def test_whoever_is_known_has_a_stored_record_and_nobody_else_has() -> None:
    """The sort of those who are handed in is the truth about the store."""
    stored = stored_entities()
    for one in (*population().forms, *population().leads):
        assert (one.entity in stored) is one.sort.known, one


def test_nobody_is_handed_in_twice() -> None:
    """Whoever is new stays new until their only call."""
    entities = [one.entity for one in (*population().forms, *population().leads)]
    assert len(set(entities)) == len(entities)


def test_every_record_has_a_name_of_its_own_and_an_entity() -> None:
    """What an answer names tells who it is, of stored and handed-in records alike."""
    handed = [one.draft for one in (*population().forms, *population().leads)]
    names = [draft.key.name for draft in (*population().residents, *handed)]
    assert len(set(names)) == len(names)
    assert set(names) == set(population().entities)


def test_what_is_handed_in_says_no_more_than_a_form() -> None:
    """No owner, account or children, and of the facts only when they asked; lists come from marketing."""
    for one in (*population().forms, *population().leads):
        assert one.draft.owner is None
        assert one.draft.account is None
        assert not one.draft.children
        assert {fact.name for fact in one.draft.facts} <= {"requested"}
    assert {one.draft.key.source for one in population().leads} == {"marketing"}
    assert not any(one.must_transact for one in population().leads)
    assert any(one.must_transact for one in population().forms)


def test_a_colleague_shares_a_domain_with_a_stored_company() -> None:
    """They are new, and somebody could tell where they work."""
    domains = {
        record.values[name].rpartition("@")[2].removeprefix("https://www.")
        for record in population().residents
        if record.kind is RecordKind.ACCOUNT and not record.person_account
        for name in ("email", "website")
        if name in record.values
    }
    colleagues = [one for one in population().leads if one.sort is Sort.COLLEAGUE]
    shared = [one for one in colleagues if one.draft.values.get("email", "").rpartition("@")[2] in domains]
    assert len(shared) > len(colleagues) / 2


def test_residents_refer_to_residents_that_come_before_them() -> None:
    """No account or parent is one that is not stored when it is named."""
    seen = set()
    for record in population().residents:
        assert record.account is None or record.account in seen
        assert record.parent is None or record.parent in seen
        seen.add(record.key)


def test_some_accounts_are_named_and_some_are_called_current() -> None:
    """Their owners say so by facts, as intake asks for."""
    names = Counter(fact.name for record in population().residents for fact in record.facts)
    assert names["named_account"] > 0
    assert names["current_account"] > names["named_account"] / 2


def test_the_same_arguments_give_the_same_population() -> None:
    """Runs of two days are about the same people."""
    again = drawn(RESIDENTS, FORMS, LEADS, NOW)
    assert again.residents == population().residents
    assert again.forms == population().forms
    assert again.leads == population().leads


def test_too_few_of_a_sort_are_told() -> None:
    """A list with more known people than are stored cannot be drawn."""
    with pytest.raises(ValueError, match="person who is stored"):
        drawn(200, 100, 5000, NOW)
