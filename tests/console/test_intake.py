"""The form of whoever is taken in, and what intake says while it is filled in."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from playwright.sync_api import Page, expect

from dedup_service.client import ServiceError, Violation
from dedup_service.console.options import Person
from dedup_service.console.views.company_rules import read_rules
from dedup_service.console.views.intake import (
    COMPANY,
    PERSON,
    Entry,
    entry_of,
    findings_of,
    inputs_of,
    refusal_of,
    refusals_of,
    request_of,
    sources_for,
)
from dedup_service.v1.golden_record_service_pb2 import LookupGoldenRecordRequest
from dedup_service.v1.intake_service_pb2 import DataEntryFinding, FindingSeverity, ListIntakesRequest
from dedup_service.v1.record_service_pb2 import ListRecordsRequest
from tests.console.scenes import contact_record
from tests.console.served_console import Console
from tests.console.test_search import written

ANN, FRIDA = "users/ann", "users/frida"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLICY = """
sources:
  erp: {function: finance, trust: 90}
  crm: {function: sales, trust: 70}
data_entry:
  fields:
    email: {format: EMAIL}
    custom.tier: {allowed_values: [Gold, Silver]}
"""
RULES = read_rules(POLICY)
MINA = {
    "kind": "person",
    "source": "crm",
    "given_name": "Mina",
    "family_name": "Okonkwo",
    "email": "mina@okonkwo-reiter.de",
}


def entered(person: Person | None = None, /, **form: str) -> Entry:
    """What a form with these fields holds."""
    return entry_of(form, RULES, sources_for(person, RULES), NOW)


def test_the_policy_says_which_sources_and_fields_there_are() -> None:
    """A field of the company's own needs nothing else to be in the form."""
    assert RULES.sources == {"erp": "finance", "crm": "sales"}
    assert RULES.custom_fields == {"custom.tier": ("Gold", "Silver")}
    tier = next(each for each in inputs_of(entered(), RULES, {}) if each.field == "custom.tier")
    assert (tier.group, tier.of, tier.choices) == ("custom", "both", ("Gold", "Silver"))


def test_sources_of_the_visitors_functions_come_first() -> None:
    """And the first of them is the one that the form begins with."""
    ann = Person(ANN, "Ann", ("sales",))
    assert [(each.name, each.is_own) for each in sources_for(ann, RULES)] == [("crm", True), ("erp", False)]
    assert entered(ann).source == "crm"
    assert entered(ann, source="erp").source == "erp"
    assert entered(ann, source="nowhere").source == "crm"


def test_what_is_not_for_the_kind_is_left_out() -> None:
    """A field that the form hides is not sent."""
    form = {"given_name": "Mina", "company_name": "Acme", "industry": "Food"}
    assert entered(kind=PERSON, **form).values == {"given_name": "Mina", "company_name": "Acme"}
    assert entered(kind=COMPANY, **form).values == {"company_name": "Acme", "industry": "Food"}


def test_a_full_name_is_taken_apart_before_its_last_word() -> None:
    """It comes from the search, and the visitor sees both parts."""
    assert entered(full_name="Ada King Lovelace").values == {
        "given_name": "Ada King",
        "family_name": "Lovelace",
    }


def test_a_request_is_the_same_however_often_it_is_sent() -> None:
    """The moment of asking is that of the page, and never one to come."""
    asked = (NOW - timedelta(minutes=1)).isoformat()
    entry = entered(given_name="Mina", has_asked="yes", asked_time=asked)
    first, second = (request_of(entry, validate_only=False, request_id="r") for _ in range(2))
    assert first == second
    assert first.record.facts[0].time.ToDatetime(UTC) == NOW - timedelta(minutes=1)
    assert entered(asked_time="2099-01-01T00:00:00+00:00").asked_time == NOW.isoformat()
    assert entered(asked_time="noon").asked_time == NOW.isoformat()


def test_findings_stand_at_the_fields_that_the_form_has() -> None:
    """A name that is missing is missed where a name is typed."""
    found = [
        DataEntryFinding(
            severity=FindingSeverity.FINDING_SEVERITY_ERROR, field="values.full_name", message="required"
        )
    ]
    assert list(findings_of(found, PERSON)) == ["family_name"]
    assert list(findings_of(found, COMPANY)) == ["company_name"]


def test_what_is_refused_stands_at_its_field_and_the_rest_above() -> None:
    """Each violation once."""
    violations = (Violation("record.values[email]", "too long"), Violation("record.name", "bad"))
    refused = refusals_of(violations, PERSON)
    assert {field: each[0].message for field, each in refused.items()} == {"email": "too long", "": "bad"}
    error = ServiceError(code=None, reason="", message="all of it", violations=violations)  # type: ignore[arg-type]  # the code says nothing here
    assert refusal_of(error, ["email"]) == ""
    assert refusal_of(error, ["email", ""]) == "all of it"


def record_count(console: Console) -> int:
    """How many records there are."""
    answer = console.importer.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=1000))
    return len(answer.records)


def test_the_answer_says_what_would_be_done_and_writes_nothing(console: Console) -> None:
    """With the step that decides, who works it, and the class of the lead."""
    answer = console.web.post("/intake/check", MINA, ANN, {"HX-Request": "true"})
    assert answer.status == 200
    assert "<html" not in answer.text
    assert "nobody like this is known" in answer.text
    assert "Who works it" in answer.text
    assert "As a lead" in answer.text
    assert record_count(console) == 0


def test_a_duplicate_is_shown_with_a_link_and_is_updated_instead(console: Console) -> None:
    """The button says so too, and the record that was there is the one that there is."""
    known = contact_record("C-1", given_name="Mina", family_name="Okonkwo", email=MINA["email"])
    written(console, known)
    page = console.web.post("/intake/check", MINA, ANN).text
    lookup = LookupGoldenRecordRequest(record=known.name)
    (golden,) = console.importer.golden_records.LookupGoldenRecord(lookup).golden_records
    address = f"/golden-records/{golden.name.partition('/')[2]}"
    assert f'href="{address}"' in page
    assert "Update the known record" in page
    done = console.web.post("/intake", {**MINA, "request_id": str(uuid4())}, ANN)
    assert (done.status, done.location) == (303, address)
    assert record_count(console) == 1


def test_a_form_that_is_sent_twice_makes_one_record(console: Console) -> None:
    """The request id is that of the page."""
    form = {**MINA, "request_id": str(uuid4()), "has_asked": "yes", "asked_time": NOW.isoformat()}
    first, second = (console.web.post("/intake", form, ANN) for _ in range(2))
    assert first.status == second.status == 303
    assert first.location == second.location
    assert len(console.importer.intake.ListIntakes(ListIntakesRequest()).intakes) == 1


def test_who_may_not_write_a_source_is_told_who_may(console: Console) -> None:
    """The answer is there all the same, and there is no button; without it nothing is written either."""
    form = {**MINA, "source": "erp"}
    page = console.web.post("/intake/check", form, ANN).text
    assert "Records of ERP are written by Finance" in page
    assert ">Create</button>" not in page
    refused = console.web.post("/intake", {**form, "request_id": str(uuid4())}, ANN)
    assert refused.status == 409
    assert record_count(console) == 0


def test_a_finding_stands_beside_its_field_with_what_to_write_instead(console: Console) -> None:
    """And the button writes it, without a script too."""
    page = console.web.post("/intake/check", {**MINA, "email": "mina@gmial.com"}, ANN).text
    assert 'name="use" value="email=mina@gmail.com"' in page
    form = {**MINA, "email": "mina@gmial.com", "use": "email=mina@gmail.com"}
    used = console.web.post("/intake/check", form, ANN).text
    assert 'value="mina@gmail.com"' in used
    assert "mina@gmial.com" not in used


def test_a_value_that_is_refused_says_so_at_its_field(console: Console) -> None:
    """Nothing is answered, and what was typed is still there."""
    refused = console.web.post("/intake/check", {**MINA, "tax_id": "7" * 300, "kind": "company"}, ANN)
    assert refused.status == 400
    assert 'id="about-tax_id" class="about"><p class="finding severity-1">' in refused.text
    assert f'value="{"7" * 300}"' in refused.text


def test_the_answer_follows_what_is_typed(console: Console, page: Page) -> None:
    """A suggestion goes into its field at once, and the finding goes."""
    console.sign_in(page, ANN)
    page.goto("/intake")
    page.get_by_label("Family name").press_sequentially("Okonkwo")
    expect(page.locator("#answer h2").first).to_contain_text("nobody like this is known")
    expect(page.get_by_role("status")).to_contain_text("nobody like this is known")
    page.get_by_label("E-mail", exact=True).press_sequentially("mina@gmial.com")
    page.get_by_role("button", name="mina@gmail.com").click()
    expect(page.get_by_label("E-mail", exact=True)).to_have_value("mina@gmail.com")
    expect(page.locator("#about-email")).not_to_contain_text("misspelt")


def test_enter_in_a_field_asks_and_does_not_create(console: Console, page: Page) -> None:
    """Nobody is made by a key that was meant to end a field."""
    console.sign_in(page, FRIDA)
    page.goto("/intake")
    page.get_by_label("Family name").fill("Okonkwo")
    page.get_by_label("Family name").press("Enter")
    expect(page).to_have_url(f"{console.url}/intake/check")
    assert record_count(console) == 0
