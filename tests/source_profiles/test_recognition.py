"""Which file is which: field names and labels, order and spelling, and what is told when nothing fits."""

import pytest

from dedup_service.source_profiles import (
    Header,
    NotRecognised,
    profile_named,
    recognise,
    shipped_profiles,
)

HEADERS = [
    ("Id,Name,BillingCity,Type,OwnerId", "salesforce", "accounts"),
    ("Account ID,Account Name,Billing City,Account Owner", "salesforce", "accounts"),
    ("Id,AccountId,FirstName,LastName,Email,OwnerId", "salesforce", "contacts"),
    ("Contact ID,First Name,Last Name,Account Name,Mailing City", "salesforce", "contacts"),
    ("Id,LastName,Company,Status,Email", "salesforce", "leads"),
    ("Lead ID,First Name,Last Name,Company / Account,Lead Status", "salesforce", "leads"),
    ("last name,LEAD_ID,lead-status,company/account", "salesforce", "leads"),
    ("id,name,billing_address_city,account_type,date_modified", "suitecrm", "accounts"),
    ("id,name,billing_address_city,account_type,date_modified,team_id", "sugarcrm", "accounts"),
    ("first_name,last_name,id,primary_address_city,phone_home", "suitecrm", "contacts"),
    ("first_name,last_name,id,status,refered_by", "suitecrm", "leads"),
    ("hs_object_id,name,domain,phone", "hubspot", "companies"),
    ("hs_object_id,firstname,lastname,email,hs_lead_status", "hubspot", "contacts"),
    ("(Do Not Modify) Account,(Do Not Modify) Modified On,Account Name", "dynamics", "accounts"),
    ("contactid,fullname,emailaddress1", "dynamics", "contacts"),
    ("leadid,fullname,emailaddress1,statecode", "dynamics", "leads"),
    ("Customer Number,Customer Name,Tax ID", "accounting", "customers"),
    ("number,displayName,taxRegistrationNumber,blocked", "accounting", "customers"),
    ("Email Address,First Name,Last Name,LAST_CHANGED", "marketing", "members"),
    ("Id,First Name,Email Address,Unsubscribed", "marketing", "people"),
    ("id,created_time,form_name,full_name,phone_number", "ads", "meta"),
    ("Company Name,Website,List Name", "targets", "companies"),
]


@pytest.mark.parametrize(("header", "profile", "name"), HEADERS)
def test_a_header_is_known_among_all_profiles(header: str, profile: str, name: str) -> None:
    """By field names as the API has them, and by labels as reports do."""
    found = recognise(Header(header.split(",")), shipped_profiles())
    assert (found.profile.name, found.rules.name) == (profile, name)


@pytest.mark.parametrize(("header", "profile", "name"), HEADERS)
def test_a_header_is_known_to_its_own_profile(header: str, profile: str, name: str) -> None:
    """Named, a profile finds the same object, in whatever order the columns stand."""
    found = recognise(Header(header.split(",")[::-1]), [profile_named(profile)])
    assert found.rules.name == name


def test_what_fits_nothing_is_told_with_the_columns_that_it_lacks() -> None:
    """The nearest objects are named with what is missing, and what the header has."""
    with pytest.raises(NotRecognised) as caught:
        recognise(Header(["Id", "LastName", "Compny", "Status"]), [profile_named("salesforce")])
    said = str(caught.value)
    assert "fits no object of the profile salesforce" in said
    assert "leads: lacks Company | Company / Account" in said
    assert "its columns are Id, LastName, Compny, Status" in said


def test_a_slip_in_a_name_is_pointed_at() -> None:
    """The column that was probably meant stands beside the one that is missing."""
    with pytest.raises(NotRecognised, match=r"lacks form_id \| form_name \(is it form_nam\?\)"):
        recognise(Header(["id", "created_time", "email", "form_nam"]), [profile_named("ads")])


def test_what_such_a_file_has_not_is_told() -> None:
    """A file of two objects at once is of neither."""
    header = Header(["Lead ID", "Contact ID", "Last Name", "Company", "Lead Status", "Account Name"])
    with pytest.raises(NotRecognised, match="leads: has Contact ID, which such a file has not"):
        recognise(header, [profile_named("salesforce")])


def test_a_header_that_fits_two_objects_is_refused() -> None:
    """Both are named, and what to do."""
    header = Header(["id", "created_time", "form_id", "email", "First Name", "Last Name", "Lead ID"])
    two = [profile_named("ads"), profile_named("ads")]
    with pytest.raises(NotRecognised, match="fits meta of ads and meta of ads: name the profile"):
        recognise(header, two)


def test_systems_that_look_alike_are_told_apart_only_when_none_is_named() -> None:
    """SugarCRM is known by its teams; asked for it, a file without them is read all the same."""
    header = ["id", "name", "billing_address_city", "date_modified"]
    assert recognise(Header(header), shipped_profiles()).profile.name == "suitecrm"
    assert recognise(Header(header), [profile_named("sugarcrm")]).profile.name == "sugarcrm"


def test_a_column_that_stands_twice_is_not_guessed() -> None:
    """Neither of the two is read; what is asked for and stands twice is noted."""
    header = Header(["Email", "Notes", "Notes", "E-Mail"])
    assert header.place("Notes") is None
    assert header.repeated == {"Notes"}
    assert header.place("email") == 0
    assert header.place("E-Mail") == 3
