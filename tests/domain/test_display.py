"""How a golden record is shown in a list: a name, and one value that tells it from others of that name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dedup_service.domain.display import Display, display_of
from dedup_service.domain.golden import GoldenRecord, GoldenState, singleton
from dedup_service.domain.records import Record, RecordDraft, RecordState
from tests.merge_desk import POLICY, account, contact, lead

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def golden(*drafts: RecordDraft) -> GoldenRecord:
    """One golden record of these."""
    records = tuple(Record(draft, number, "g", 1, 1, _NOW, _NOW) for number, draft in enumerate(drafts))
    return replace(singleton(records[0]), members=records)


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        (contact("1", full_name="Ina Marek", given_name="Ina", company_name="Marek Ltd"), "Ina Marek"),
        (contact("1", given_name="Ina", middle_name="Ewa", family_name="Marek"), "Ina Ewa Marek"),
        (contact("1", family_name="Marek", email="i@marek.example"), "Marek"),
        (lead("1", company_name="Marek Ltd", city="Gdynia"), "Marek Ltd"),
        (account("1", company_name="Marek Ltd", full_name="Ina Marek"), "Marek Ltd"),
        (account("1", full_name="Ina Marek"), "Ina Marek"),
        (account("1", person=True, company_name="Marek Ltd", full_name="Ina Marek"), "Ina Marek"),
        (contact("1", email="i@marek.example"), ""),
        (contact("1", given_name="   ", family_name="Marek"), "Marek"),
    ],
)
def test_a_person_goes_by_their_own_name_and_a_company_by_its(draft: RecordDraft, name: str) -> None:
    """The name that its kind makes you look for; the other one where that is all there is."""
    assert display_of(golden(draft), POLICY).name == name


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"email": "i@marek.example", "phone": "+48 58 555 0101", "city": "Gdynia"}, "i@marek.example"),
        ({"secondary_email": "i@marek.example", "phone": "+48 58 555 0101"}, "i@marek.example"),
        ({"phone": "+48 58 555 0101", "city": "Gdynia"}, "+48 58 555 0101"),
        ({"mobile_phone": "+48 58 555 0102", "city": "Gdynia"}, "+48 58 555 0102"),
        ({"city": "Gdynia", "country": "PL"}, "Gdynia, PL"),
        ({"tax_id": "123"}, ""),
    ],
)
def test_the_detail_is_what_tells_most(values: dict[str, str], detail: str) -> None:
    """An e-mail before a phone before a place; no identifier and no address of a house."""
    assert display_of(golden(contact("1", **values)), POLICY).detail == detail


def test_several_members_show_what_survives() -> None:
    """The value shown is the golden record's, not that of the first of its records."""
    older = replace(contact("1", full_name="Ina M.", email="ina@old.example"), source_update_time=_NOW)
    newer = replace(
        contact("2", full_name="Ina Marek", email="ina@new.example"),
        source_update_time=datetime(2026, 6, 1, tzinfo=UTC),
    )
    assert display_of(golden(older, newer), POLICY).detail == "ina@new.example"


def test_nothing_is_shown_of_what_is_gone() -> None:
    """A golden record that was merged away, deleted or erased has no name any more."""
    there = golden(contact("1", full_name="Ina Marek"))
    assert display_of(there, POLICY).name
    for state in (GoldenState.MERGED, GoldenState.DELETED, GoldenState.ERASED):
        assert display_of(replace(there, row=replace(there.row, state=state)), POLICY) == Display()
    erased = tuple(replace(record, state=RecordState.ERASED) for record in there.members)
    assert display_of(replace(there, members=erased), POLICY) == Display()
