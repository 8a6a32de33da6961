"""Looking somebody up: how what was typed is read, and what the service finds by it."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from dedup_service.console.views.search_results import Hit, hits_of, results_of
from dedup_service.console.views.searching import MAX_LENGTH, begins_like, read
from dedup_service.v1.core_pb2 import Candidate, Contribution, Fact, PairScore, RecordKind, Verdict
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord, GoldenValue
from dedup_service.v1.match_service_pb2 import Match, MatchRequest, MatchResponse, MatchWarning
from dedup_service.v1.record_service_pb2 import Record
from tests.console.scenes import account_record, contact_record
from tests.console.served_console import Answer, Console

ANN = "users/ann"


def asked_of(text: str) -> list[dict[str, str]]:
    """The values of each candidate that a text is read as."""
    return [dict(candidate.values) for candidate in read(text).candidates]


def test_a_name_may_be_that_of_a_person_or_of_a_company() -> None:
    """Words alone are asked for as both; two of them in either order, since some write the family first."""
    assert asked_of("Mina Okonkwo") == [
        {"full_name": "Mina Okonkwo"},
        {"full_name": "Okonkwo Mina"},
        {"company_name": "Mina Okonkwo"},
    ]
    assert asked_of("Mina Ada Okonkwo") == [
        {"full_name": "Mina Ada Okonkwo"},
        {"company_name": "Mina Ada Okonkwo"},
    ]


def test_what_follows_a_comma_may_be_the_company_the_town_or_the_given_name() -> None:
    """A comma divides a name from what tells more of it."""
    assert asked_of("Okonkwo, Mina") == [
        {"full_name": "Okonkwo", "company_name": "Mina"},
        {"full_name": "Okonkwo", "city": "Mina"},
        {"full_name": "Mina Okonkwo"},
        {"company_name": "Okonkwo", "city": "Mina"},
    ]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("mina@okonkwo.example", "email", "mina@okonkwo.example"),
        ("<Mina@Okonkwo.example>,", "email", "Mina@Okonkwo.example"),
        ("+49 (30) 555-0100", "phone", "+49 (30) 555-0100"),
        ("www.okonkwo.example/about", "website", "www.okonkwo.example/about"),
        ("okonkwo.example", "website", "okonkwo.example"),
    ],
)
def test_what_identifies_by_itself_is_asked_for_as_that(text: str, field: str, value: str) -> None:
    """An e-mail address, a telephone number or a website is one of a person and of a company."""
    assert [(each.kind, dict(each.values)) for each in read(text).candidates[:2]] == [
        (RecordKind.RECORD_KIND_LEAD, {field: value}),
        (RecordKind.RECORD_KIND_ACCOUNT, {field: value}),
    ]


def test_a_name_beside_an_address_narrows_it() -> None:
    """A name and an e-mail address in one line make one candidate."""
    assert asked_of("Mina Okonkwo <mina@okonkwo.example>")[0] == {
        "full_name": "Mina Okonkwo",
        "email": "mina@okonkwo.example",
    }


def test_a_street_with_its_number_is_an_address() -> None:
    """The parts after it are the postal code and the town."""
    assert (
        asked_of("Bergstr. 187, 10214 Berlin")
        == [{"street": "Bergstr. 187", "postal_code": "10214", "city": "Berlin"}] * 2
    )


def test_a_number_is_looked_up_letter_by_letter_too() -> None:
    """With and without what separates its groups."""
    assert read("DE 982 195 700").identifiers == ("DE 982 195 700", "DE982195700")
    assert read("Mina Okonkwo").identifiers == ()


@pytest.mark.parametrize(
    ("text", "name", "record"),
    [
        ("sources/crm/records/C-1", "", "sources/crm/records/C-1"),
        ("crm/C-1", "", "sources/crm/records/C-1"),
        ("goldenRecords/7f3a", "goldenRecords/7f3a", ""),
        ("mergeProposals/7f3a", "mergeProposals/7f3a", ""),
    ],
)
def test_a_resource_name_opens_what_it_names(text: str, name: str, record: str) -> None:
    """Nobody is matched by it."""
    reading = read(text)
    assert (reading.name, reading.record, reading.candidates) == (name, record, ())


def test_of_a_letter_or_of_nothing_nothing_is_asked() -> None:
    """And of a very long text only the beginning."""
    assert read("").asks_nothing
    assert read(" a ").asks_nothing
    assert len(read("word " * 1000).text) <= MAX_LENGTH


def test_a_half_typed_name_begins_like_the_whole_one() -> None:
    """Each of its words is the beginning of one."""
    assert begins_like("mistral m", ["Mistral M\u00e9canique S.A."])
    assert not begins_like("mistral x", ["Mistral M\u00e9canique S.A."])


def match(golden: str, probability: float, evidence: str = "", key: str = "", record: str = "") -> Match:
    """A match with one contribution."""
    return Match(
        record=record or f"sources/crm/records/{golden}",
        golden_record=f"goldenRecords/{golden}",
        score=PairScore(
            match_probability=probability,
            verdict=Verdict.VERDICT_REVIEW,
            contributions=[Contribution(weight_bits=5.0, evidence=evidence)],
        ),
        shared_keys=[key] if key else [],
    )


def test_members_of_one_golden_record_are_one_hit_and_the_best_counts() -> None:
    """What speaks for any of them is said of it."""
    answers = [
        MatchResponse(matches=[match("a", 0.3, "same e-mail address", "e:x", "sources/crm/records/1")]),
        MatchResponse(
            matches=[match("a", 0.9, "same name", "n:x", "sources/erp/records/2"), match("b", 0.95)],
            warnings=[MatchWarning(record="sources/erp/records/2", detail="disqualified")],
        ),
    ]
    best, second = hits_of(answers, [])
    assert best.golden_record == "goldenRecords/b"
    assert (second.probability, second.evidence, second.warnings) == (0.9, ("same name",), ("disqualified",))
    assert second.alike == ("same name", "same e-mail address")


def test_what_was_looked_up_by_its_number_comes_first() -> None:
    """However little the number alone says for the model."""
    first, _second = hits_of(
        [MatchResponse(matches=[match("b", 0.95), match("a", 0.2)])], ["goldenRecords/a"]
    )
    assert (first.golden_record, first.is_looked_up) == ("goldenRecords/a", True)


def test_hits_that_say_nothing_are_left_out_unless_the_name_begins_alike() -> None:
    """The blocking index finds more than is worth showing."""
    hits = [Hit("goldenRecords/a"), Hit("goldenRecords/b")]
    goldens = [
        GoldenRecord(
            name=hit.golden_record,
            kind=RecordKind.RECORD_KIND_ACCOUNT,
            values={"company_name": GoldenValue(value=name)},
        )
        for hit, name in zip(hits, ("Mistral Works", "Other Works"), strict=True)
    ]
    assert [result.name for result in results_of("mistral w", hits, goldens)] == ["Mistral Works"]


def written(console: Console, *records: Record) -> None:
    """Write records, and wait until the index has them."""
    (done,) = console.importer.ingest(records)
    assert done.answer.written_count == len(records), done.answer
    candidate = Candidate(kind=RecordKind.RECORD_KIND_LEAD, values={"full_name": "Nobody Atall"})
    console.importer.matches.Match(MatchRequest(candidate=candidate, min_revision=done.answer.revision))


def searched(console: Console, text: str, *, by_script: bool = False) -> Answer:
    headers = {"HX-Request": "true"} if by_script else {}
    answer = console.web.get(f"/search?q={quote(text)}", ANN, headers)
    assert answer.status in {200, 303}, answer.status
    return answer


def test_a_person_and_a_company_are_found_by_what_one_knows_of_them(console: Console) -> None:
    """By name, address, number or website, with a link to the golden record."""
    written(
        console,
        contact_record("C-1", phone="+49 431 5550177"),
        account_record("A-1", "erp", customer_number="10-4711", website="https://halden-werke.example"),
    )
    for text in ("Ada Lovelace", "Lovelace, Ada", "ada@lovelace.example", "+494315550177"):
        page = searched(console, text).text
        assert 'href="/golden-records/' in page, text
        assert "Ada Lovelace" in page, text
    for text in ("Halden Werke", "10-4711", "halden-werke.example"):
        assert "Halden Werke</bdi></a>" in searched(console, text).text, text


def test_a_dead_lead_is_a_warning_with_its_reason(console: Console) -> None:
    """Whoever looks somebody up learns why they were given up."""
    lead = contact_record("L-1")
    lead.kind = RecordKind.RECORD_KIND_LEAD
    lead.facts.append(Fact(name="disqualified_reason", text="wrong number"))
    lead.facts.append(Fact(name="disqualified"))
    lead.facts[1].time.FromSeconds(1_790_000_000)
    written(console, lead)
    page = searched(console, "Ada Lovelace").text
    assert "Dead lead." in page
    assert "wrong number" in page


def test_nobody_found_leads_to_the_form_with_what_was_typed(console: Console) -> None:
    """So that nothing is typed twice."""
    page = searched(console, "Mina Okonkwo mina@okonkwo.example").text
    assert "Nobody found" in page
    assert "/intake?kind=person&amp;full_name=Mina+Okonkwo&amp;email=mina%40okonkwo.example" in page


def test_one_word_finds_nobody_and_the_page_says_why(console: Console) -> None:
    """Blocking keys are made of given and family name together."""
    written(console, contact_record("C-1"))
    assert "type given and family name" in searched(console, "Lovelace").text


def test_the_name_of_a_record_opens_it_and_that_of_none_says_so(console: Console) -> None:
    """With a script it is a link, since nobody has said yet that they want to go there."""
    written(console, contact_record("C-1"))
    assert searched(console, "crm/C-1").location == "/records/crm/C-1"
    assert 'href="/records/crm/C-1"' in searched(console, "crm/C-1", by_script=True).text
    assert "no record of that name" in searched(console, "crm/C-2").text


def test_a_script_gets_the_results_alone(console: Console) -> None:
    """Without the frame of the page, and with the count for those who listen."""
    written(console, contact_record("C-1"))
    part = searched(console, "Ada Lovelace", by_script=True).text
    assert "<html" not in part
    assert 'id="found" hx-swap-oob="innerHTML">One found' in part


def test_results_appear_while_one_types(console: Console, page: Page) -> None:
    """And the address leads back to them."""
    written(console, contact_record("C-1"))
    console.sign_in(page, ANN)
    page.goto("/search")
    page.locator("#q").press_sequentially("Ada Lovelace")
    expect(page.locator("#results h2")).to_have_text("Ada Lovelace")
    expect(page).to_have_url(f"{console.url}/search?q=Ada%20Lovelace")


def test_the_arrow_leads_from_the_box_to_the_first_result(console: Console, page: Page) -> None:
    """And Enter opens it."""
    written(console, contact_record("C-1"))
    console.sign_in(page, ANN)
    page.goto("/search?q=Ada+Lovelace")
    page.locator("#q").press("ArrowDown")
    expect(page.locator("#results h2 a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/golden-records/*")
