"""Columns of files from anywhere become our fields, and none is dropped without a word."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.domain.fields import FIELDS as SERVICE_FIELDS
from scoring import Entity
from scoring.column_fields import FIELDS, PERSON_FIELDS
from scoring.column_names import role_of
from scoring.columns import ROLES, ColumnError, Recognised, recognise

HEADERS = {
    "Salesforce contacts": """
        Id; AccountId; Salutation; FirstName; LastName; MailingStreet; MailingCity; MailingState;
        OtherStreet; OtherCity; Phone; HomePhone; MobilePhone; Email; Title; LeadSource; Birthdate;
        OwnerId; VAT__c
        =>
        record_id=Id; title=Salutation; given_name=FirstName; family_name=LastName;
        birth_date=Birthdate; job_title=Title; email=Email; phone=Phone|HomePhone;
        mobile_phone=MobilePhone; street=MailingStreet; city=MailingCity; region=MailingState;
        tax_id=VAT__c; lead_source=LeadSource
    """,
    "Salesforce accounts": """
        Account ID; Account Name; Type; Parent Account; Billing Street; Billing Zip/Postal Code;
        Shipping Street; Phone; Website; Industry; Account Number
        =>
        record_id=Account ID; company_name=Account Name; phone=Phone; website=Website;
        street=Billing Street; postal_code=Billing Zip/Postal Code; customer_number=Account Number;
        industry=Industry
    """,
    "HubSpot companies": """
        Record ID - Company; Company name; Company Domain Name; Phone Number; Street Address;
        Street Address 2; State/Region; Country/Region; Company owner
        =>
        record_id=Record ID - Company; company_name=Company name; phone=Phone Number;
        website=Company Domain Name; street=Street Address+Street Address 2; region=State/Region;
        country=Country/Region
    """,
    "Dynamics contacts": """
        (Do Not Modify) Contact; (Do Not Modify) Row Checksum; Full Name; First Name; Last Name;
        Business Phone; Address 1: Street 1; Address 1: Street 2; Address 1: ZIP/Postal Code;
        Address 2: City
        =>
        record_id=(Do Not Modify) Contact; given_name=First Name; family_name=Last Name;
        full_name=Full Name; phone=Business Phone; street=Address 1: Street 1+Address 1: Street 2;
        postal_code=Address 1: ZIP/Postal Code
    """,
    "Dynamics accounts by their programming names": """
        accountid; name; accountnumber; emailaddress1; telephone1; address1_line1; address1_line2;
        address1_city
        =>
        record_id=accountid; company_name=name; email=emailaddress1; phone=telephone1;
        street=address1_line1+address1_line2; city=address1_city; customer_number=accountnumber
    """,
    "Google contacts": """
        First Name; Last Name; Nickname; Organization Name; Organization Title; E-mail 1 - Value;
        E-mail 2 - Value; Phone 1 - Value; Address 1 - Street; Address 1 - City
        =>
        given_name=First Name; family_name=Last Name; job_title=Organization Title; other_name=Nickname;
        company_name=Organization Name; email=E-mail 1 - Value; secondary_email=E-mail 2 - Value;
        phone=Phone 1 - Value; street=Address 1 - Street; city=Address 1 - City
    """,
    "FEBRL": """
        rec_id; given_name; surname; street_number; address_1; suburb; postcode; state; date_of_birth;
        soc_sec_id
        =>
        record_id=rec_id; given_name=given_name; family_name=surname; birth_date=date_of_birth;
        street=street_number+address_1; city=suburb; region=state; postal_code=postcode;
        tax_id=soc_sec_id
    """,
    "words in another order": """
        primary_name_last; primary_name_first; native_name_full; addr_line1; addr_full; ssn_number;
        passport_number; employer
        =>
        given_name=primary_name_first; family_name=primary_name_last; national_id=passport_number;
        other_name=native_name_full; company_name=employer; street=addr_line1|addr_full;
        tax_id=ssn_number
    """,
    "German people": """
        Kundennummer; Anrede; Name; Vorname; Geburtsname; Geb.-Datum; Straße; Hausnummer; PLZ; Wohnort;
        Tel.; Handy; E-Mail-Adresse
        =>
        title=Anrede; given_name=Vorname; family_name=Name; maiden_name=Geburtsname;
        birth_date=Geb.-Datum; email=E-Mail-Adresse; phone=Tel.; mobile_phone=Handy;
        street=Straße+Hausnummer; city=Wohnort; postal_code=PLZ; customer_number=Kundennummer
    """,
    "German companies": """
        Firmenname; Webseite; Straße Nr.; PLZ; Ort; USt-IdNr.; Handelsregisternummer; Branche
        =>
        company_name=Firmenname; website=Webseite; street=Straße Nr.; city=Ort; postal_code=PLZ;
        tax_id=USt-IdNr.; registration_number=Handelsregisternummer; industry=Branche
    """,
    "French people": """
        Civilité; Nom; Prénom; Date de naissance; Nom de jeune fille; Code postal; Ville;
        Téléphone portable
        =>
        title=Civilité; given_name=Prénom; family_name=Nom; maiden_name=Nom de jeune fille;
        birth_date=Date de naissance; mobile_phone=Téléphone portable; city=Ville;
        postal_code=Code postal
    """,
    "Spanish people": """
        Nombre; Primer apellido; Segundo apellido; Fecha de nacimiento; DNI; Dirección;
        Correo electrónico
        =>
        given_name=Nombre; family_name=Primer apellido+Segundo apellido; birth_date=Fecha de nacimiento;
        national_id=DNI; email=Correo electrónico; street=Dirección
    """,
    "Dutch people": """
        Voornaam; Tussenvoegsel; Achternaam; Straat; Huisnummer; Postcode; Woonplaats; BSN
        =>
        given_name=Voornaam; family_name=Tussenvoegsel+Achternaam; national_id=BSN;
        street=Straat+Huisnummer; city=Woonplaats; postal_code=Postcode
    """,
    "Italian companies": """
        Ragione sociale; Partita IVA; Indirizzo; CAP; Comune
        =>
        company_name=Ragione sociale; street=Indirizzo; city=Comune; postal_code=CAP; tax_id=Partita IVA
    """,
}


def listed(text: str) -> list[str]:
    """What stands between semicolons."""
    return [" ".join(part.split()) for part in text.split(";")]


ANY_COLUMN = st.sampled_from(
    sorted({column for text in HEADERS.values() for column in listed(text.partition("=>")[0])})
) | st.text(max_size=12)


def mappings(found: Recognised) -> set[str]:
    """What was recognised, as a user would write it."""
    ids = {f"record_id={found.record_id}"} if found.record_id else set()
    return ids | {one.mapping for one in found.fields}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_the_world_are_known(name: str) -> None:
    """Each column is the field that a person would take it for, and those of no field are ignored."""
    header, _, expected = HEADERS[name].partition("=>")
    assert mappings(recognise(listed(header))) == set(listed(expected))


@given(st.lists(ANY_COLUMN, min_size=1, max_size=25, unique=True), st.sampled_from([None, *Entity]))
def test_no_column_is_dropped_without_a_word(header: list[str], entity: Entity | None) -> None:
    """Every column is an id, a record type, of a field, or ignored with a reason; and only one of them."""
    try:
        found = recognise(header, entity)
    except ColumnError:
        return
    read = {found.record_id, found.record_type} | {column for one in found.fields for column in one.columns}
    ignored = Counter(one.column for one in found.ignored)
    assert all(count == 1 for count in ignored.values())
    assert set(ignored) == set(header) - read
    assert all(one.why for one in found.ignored)


def test_every_field_goes_by_its_own_name() -> None:
    """A file that we wrote is read back: the fields of the service are the fields here."""
    assert set(FIELDS) == set(SERVICE_FIELDS)
    found = recognise(["source_record_id", *SERVICE_FIELDS], Entity.PERSON)
    assert mappings(found) == {
        "record_id=source_record_id",
        *(f"{field}={field}" for field in SERVICE_FIELDS),
    }


@pytest.mark.parametrize(
    ("header", "entity", "because"),
    [
        (["id", "Surname", "phone"], Entity.PERSON, "Surname"),
        (["id", "name", "dob"], Entity.PERSON, "dob"),
        (["id", "name", "phone"], Entity.COMPANY, "no column"),
        (["Nombre", "Empresa"], Entity.PERSON, "Nombre"),
    ],
)
def test_what_records_describe_is_guessed_from_the_header(
    header: list[str], entity: Entity, because: str
) -> None:
    """People where a column names a person or a birth, else companies; and it is said why."""
    found = recognise(header)
    assert (found.entity, because in found.entity_why) == (entity, True)


@pytest.mark.parametrize(
    ("entity", "field"), [(Entity.PERSON, "full_name"), (Entity.COMPANY, "company_name")]
)
def test_a_plain_name_is_of_what_is_asked_for(entity: Entity, field: str) -> None:
    """'name' is a person's or a company's, as given."""
    found = recognise(["id", "name"], entity)
    assert found.fields[0].mapping == f"{field}=name"
    assert not found.entity_why


def test_a_record_type_says_it_row_by_row() -> None:
    """People and companies in one file; a type that is not known leaves it at the guess."""
    found = recognise(["record_type", "name", "first_name"])
    rows = [{"record_type": said} for said in ("PERSON", "Organization", "Vessel", "")]
    assert [found.entity_of(row) for row in rows] == [
        *(Entity.PERSON, Entity.COMPANY, Entity.PERSON, Entity.PERSON)
    ]
    given = recognise(["record_type", "name"], Entity.COMPANY)
    assert given.entity_of({"record_type": "PERSON"}) is Entity.COMPANY
    assert mappings(given) == {"company_name=name"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        (["Title", "First Name", "Last Name"], "title"),
        (["First Name", "Last Name", "Title"], "job_title"),
        (["Salutation", "Title", "First Name"], "title"),
        (["First Name", "Title", "Job Title"], "title"),
    ],
)
def test_a_title_before_a_name_is_how_somebody_is_addressed(header: list[str], field: str) -> None:
    """Elsewhere it is what somebody does, unless another column says that."""
    found = {one.field: one.columns for one in recognise(header).fields}
    assert "Title" in found[field]


def test_a_second_mailbox_is_the_secondary_one() -> None:
    """A record carries two; a third is read where the second is empty."""
    found = recognise(["id", "Work Email", "Email", "Personal Email"], Entity.PERSON)
    assert mappings(found) == {*("record_id=id", "email=Email", "secondary_email=Personal Email|Work Email")}


def test_values_are_joined_as_said() -> None:
    """Parts by a space, other names by a semicolon, dates by a hyphen; then the first that holds anything."""
    found = recognise(
        [*("house_number", "street", "full_address", "alias", "brand_name"), "birth_year", "birth_month"],
        Entity.PERSON,
    )
    assert [one.mapping for one in found.fields] == [
        "birth_date=birth_year+birth_month",
        "other_name=alias+brand_name",
        "street=house_number+street|full_address",
    ]
    row = {"house_number": " 12 ", "street": "High St", "full_address": "elsewhere", "alias": "Bob"}
    row |= {"birth_year": "", "birth_month": "3", "brand_name": "Bobby's"}
    assert found.values(row) == {"street": "12 High St", "other_name": "Bob; Bobby's"}
    assert found.values({"full_address": "1 Low St", "birth_year": "1980", "birth_month": "3"}) == {
        "street": "1 Low St",
        "birth_date": "1980-3",
    }


def test_one_address_is_kept_whole() -> None:
    """The parts of two addresses never make a third; what the fuller one lacks comes from plain columns."""
    header = ["Home Street", "Home City", "Business Street", "Business City", "Business Zip", "Country"]
    found = recognise(header, Entity.PERSON)
    assert [one.mapping for one in found.fields] == [
        *("street=Business Street", "city=Business City", "postal_code=Business Zip", "country=Country")
    ]
    assert {one.column for one in found.ignored} == {"Home Street", "Home City"}
    assert "Business Street is read" in found.ignored[0].why


def test_labels_are_never_compared() -> None:
    """The truth beside the values is ignored, and it is said why."""
    found = recognise(["unique_id", "surname", "cluster", "hardness"])
    assert {one.column: one.why for one in found.ignored} == dict.fromkeys(
        ("cluster", "hardness"), "a label: never compared"
    )


def test_companies_are_not_compared_by_what_people_have() -> None:
    """A contact person in a file of companies is ignored, and it is said why."""
    found = recognise(["company", "Contact First Name", "dob"], Entity.COMPANY)
    assert {one.why for one in found.ignored} == {"companies are not compared by it"}
    assert all(one.field not in PERSON_FIELDS for one in found.fields)


def test_companies_keep_the_fields_of_people_where_they_are_only_stored() -> None:
    """With `keep_all` a contact's name stays, and a plain name is still the company's."""
    found = recognise(["name", "Contact First Name", "dob"], Entity.COMPANY, keep_all=True)
    assert mappings(found) == {"company_name=name", "given_name=Contact First Name", "birth_date=dob"}


@pytest.mark.parametrize(
    ("header", "said"), [(["x", "y"], "no column is known"), (["name", "name"], "two columns")]
)
def test_a_header_that_cannot_be_read_is_refused(header: list[str], said: str) -> None:
    """With what to do about it."""
    with pytest.raises(ColumnError, match=said):
        recognise(header)


def test_no_name_has_two_meanings() -> None:
    """Each name in the vocabulary leads to the role under which it stands."""
    from importlib.resources import files  # noqa: PLC0415 -- the vocabulary is looked at here alone

    text = files("scoring.vocabulary").joinpath("columns.txt").read_text("utf-8")
    lines = [line.split(": ", 1) for line in text.splitlines() if line and line[0] != "#"]
    names = [(role, name) for role, listed in lines if role != "kind" for name in listed.split(", ")]
    assert {role.partition(".")[0] for role, _ in names} - {"name", "truth"} == {*FIELDS, *ROLES}
    found = {(role, name): role_of(name) for role, name in names}
    assert [key for key, name in found.items() if name is None or name.role != key[0]] == []
