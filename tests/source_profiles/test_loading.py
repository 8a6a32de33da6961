"""Rows for another system: what a profile writes, the same profile reads back as it was."""

import pytest

from dedup_service.domain.records import Fact, RecordKind
from dedup_service.source_profiles import Header, profile_named, shipped_profiles
from dedup_service.source_profiles.columns import Cells
from dedup_service.source_profiles.loading import Links, LoadFile, load_file
from dedup_service.source_profiles.rules import first_text

VALUES = {
    "title": "Dr.",
    "given_name": "Ines",
    "family_name": "Quint",
    "job_title": "Buyer",
    "company_name": "Quint AG",
    "email": "ines@quint.example",
    "secondary_email": "iq@quint.example",
    "phone": "+49 30 5550190",
    "mobile_phone": "+49 170 5550190",
    "website": "quint.example",
    "birth_date": "1980-05-06",
    "street": "Am Wall 3",
    "city": "Bonn",
    "region": "NW",
    "postal_code": "53111",
    "country": "Germany",
    "industry": "Optics",
    "lead_source": "Web",
}
LINKS = Links("old-1", "old-2", "old-3")
FILES = [
    (profile.name, LoadFile(rules, kind, rules.load))
    for profile in shipped_profiles()
    for rules in profile.objects.values()
    for kind in rules.kinds
    if rules.load is not None
]


@pytest.mark.parametrize(
    "file", [file for _, file in FILES], ids=[f"{name}-{f.rules.name}-{f.kind.words}" for name, f in FILES]
)
def test_what_is_written_is_read_back(file: LoadFile) -> None:
    """Every value is where the profile reads it from, or told as lost; the kind is the same."""
    row = file.row(VALUES, {}, LINKS)
    cells = Cells(Header(tuple(row.cells)), list(row.cells.values()))
    fields = {**file.rules.fields, **file.kind.fields}
    read = {name: first_text(fields.get(name, ()), cells) for name in VALUES}
    assert {name: text for name, text in read.items() if text} == {
        name: text for name, text in VALUES.items() if name not in row.lost
    }
    kind = next(each for each in file.rules.kinds if all(c.holds(cells) for c in each.when))
    assert (kind.kind, kind.person_account) == (file.kind.kind, file.kind.person_account)
    assert row.missing == ()
    assert row.cells[file.load.id] == "old-1"


def salesforce(kind: RecordKind, *, person: bool = False) -> LoadFile:
    file = load_file(profile_named("salesforce"), kind, person_account=person)
    assert file is not None
    return file


def test_people_and_companies_have_columns_of_their_own() -> None:
    """A person account has a first and a last name, an account one name; both say their parent."""
    person = salesforce(RecordKind.ACCOUNT, person=True).row(VALUES, {}, LINKS)
    company = salesforce(RecordKind.ACCOUNT).row(VALUES, {}, LINKS)
    assert (person.cells["LastName"], person.cells["IsPersonAccount"]) == ("Quint", "true")
    assert "Name" not in person.cells
    assert (company.cells["Name"], company.cells["Parent.Legacy_Id__c"]) == ("Quint AG", "old-3")
    assert {"given_name", "email"} <= set(company.lost)


def test_a_name_in_one_piece_goes_where_the_system_has_it_in_one_piece() -> None:
    """Beside its parts it is not written, and not told as lost either."""
    whole = salesforce(RecordKind.LEAD).row({"full_name": "Ines Quint", "company_name": "Q"}, {}, LINKS)
    both = salesforce(RecordKind.LEAD).row({**VALUES, "full_name": "Ines Quint"}, {}, LINKS)
    assert (whole.cells["Name"], whole.missing) == ("Ines Quint", ("LastName",))
    assert "Name" not in both.cells
    contact = salesforce(RecordKind.CONTACT)
    assert "full_name" not in contact.row({**VALUES, "full_name": "Ines Quint"}, {}, LINKS).lost
    assert contact.row({"full_name": "Ines Quint"}, {}, LINKS).lost == ("full_name",)


def test_facts_of_yes_and_no_and_counts_are_written_in_the_words_of_the_system() -> None:
    """Consent taken back is an opt-out; for consent given the system has no word."""
    lead = salesforce(RecordKind.LEAD)
    taken_back = {"marketing_consent": Fact("marketing_consent", flag=False)}
    given = {"marketing_consent": Fact("marketing_consent", flag=True)}
    count = {"employees": Fact("employees", count=40)}
    assert lead.row({}, taken_back, LINKS).cells["HasOptedOutOfEmail"] == "true"
    assert "HasOptedOutOfEmail" not in lead.row({}, given, LINKS).cells
    assert lead.row({}, count, LINKS).cells["NumberOfEmployees"] == "40"
    customer = {"current_account": Fact("current_account", flag=True)}
    assert "Type" not in salesforce(RecordKind.ACCOUNT).row({}, customer, LINKS).cells


def test_what_the_system_insists_on_and_nobody_has_is_told() -> None:
    """Such a row would stop the load."""
    row = salesforce(RecordKind.LEAD).row({"email": "x@y.example"}, {}, LINKS)
    assert row.missing == ("LastName", "Company")


def test_custom_fields_stay_behind() -> None:
    """What they say is in the words of the old system, even where a column of the new one has their name."""
    row = salesforce(RecordKind.LEAD).row({"custom.lead_status": "Dead"}, {}, LINKS)
    assert row.lost == ("custom.lead_status",)


def test_a_system_without_an_object_writes_no_file() -> None:
    """SuiteCRM has no person accounts, and a shop takes nobody in."""
    assert load_file(profile_named("suitecrm"), RecordKind.ACCOUNT, person_account=True) is None
    assert load_file(profile_named("shop"), RecordKind.ACCOUNT, person_account=True) is None
