"""Importing the exports of other systems: each file is known by its header, and refers to those before it."""

import csv
import shutil
from pathlib import Path

import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import AccountState, ChildKind, LeadClass, RecordKind
from dedup_service.v1.record_service_pb2 import GetRecordRequest, ListRecordsRequest, Record
from tests.cli.command_results import Run, json_lines
from tests.source_profiles.sample_files import SAMPLES, sample_text


def sample(folder: Path, name: str) -> str:
    """A copy of a sample, beside which rejects may be written."""
    return str(shutil.copy(SAMPLES / f"{name}.csv", folder))


def stored(client: DedupClient) -> dict[str, Record]:
    answer = client.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=1000))
    return {record.name.removeprefix("sources/"): record for record in answer.records}


def words(text: str) -> str:
    """A message without the frame and the line breaks that a terminal puts around it."""
    return " ".join(text.replace("│", " ").split())


def test_files_go_in_the_order_in_which_references_exist(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """Accounts first and leads last, however they are named; a contact finds its account by id or by name."""
    files = [sample(tmp_path, f"salesforce-{name}") for name in ("leads", "contacts", "accounts")]
    result = dedup("import", "--profile", "salesforce", *files, "--json", who="services/importer", code=1)
    told = json_lines(result)
    assert [each["what"] for each in told] == [
        f"{name} of salesforce" for name in ("accounts", "contacts", "leads")
    ]
    assert [each["written_count"] for each in told] == [5, 3, 4]
    assert [each["rejected_count"] for each in told] == [1, 1, 1]
    assert told[0]["left_out"] == {"is in the recycle bin of the source": 1}
    records = stored(client)
    by_id = records["crm/records/0035e00000AnnikAAB"]
    by_name = records["crm/records/0035e00000JorgeAAB"]
    assert by_id.account == "sources/crm/records/0015e00000KestrAAB"
    assert by_name.account == "sources/crm/records/0015e00000KestbAAB"
    assert records["crm/records/0015e00000LiekeAAB"].person_account
    assert records["crm/records/00Q5e00000WebLeEAJ"].owner.queue == "00G5e00000QueueEAB"


def test_what_a_file_says_of_its_leads_decides_their_class(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """A disqualified lead is DEAD with its reason, a bought one a NAME."""
    file = sample(tmp_path, "salesforce-leads")
    dedup("import", "--profile", "salesforce", file, who="services/importer", code=1)
    record = client.records.GetRecord
    dead = record(GetRecordRequest(name="sources/crm/records/00Q5e00000DeadlEAB"))
    bought = record(GetRecordRequest(name="sources/crm/records/00Q5e00000BoughEAB"))
    assert dead.lead_class == LeadClass.LEAD_CLASS_DEAD
    assert "Student project" in dead.lead_class_reason
    assert bought.lead_class == LeadClass.LEAD_CLASS_NAME


def test_the_orders_of_a_shop_become_provisional_accounts(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """With an order below them for each; nobody is asked."""
    file = sample(tmp_path, "shop-orders")
    dedup("import", "--profile", "shop", file, who="services/importer", code=1)
    pia = next(each for each in stored(client).values() if each.values["email"] == "pia.lund@post.example")
    assert (pia.kind, pia.person_account) == (RecordKind.RECORD_KIND_ACCOUNT, True)
    assert pia.account_state == AccountState.ACCOUNT_STATE_PROVISIONAL
    assert [(child.kind, child.child_id, child.open) for child in pia.children] == [
        (ChildKind.CHILD_KIND_ORDER, "#1004", True),
        (ChildKind.CHILD_KIND_ORDER, "#1003", False),
    ]
    assert next(child.amount.nanos for child in pia.children if child.open) == 900_000_000


def test_customers_of_the_ledger_are_mastered(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """Their source is the customer master, whose numbers count."""
    file = sample(tmp_path, "accounting-customers")
    dedup("import", "--profile", "accounting", file, who="services/importer", code=1)
    records = stored(client)
    assert {name.rpartition("/")[2] for name in records} == {"D10001", "D10002", "D10003"}
    assert {each.account_state for each in records.values()} == {AccountState.ACCOUNT_STATE_MASTERED}


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("suitecrm-accounts", "cp1252", ";"),
        ("suitecrm-accounts", "utf-8-sig", ","),
        ("ads-meta", "utf-16", "\t"),
        ("hubspot-contacts", "utf-8", "|"),
    ],
)
def test_encoding_and_delimiter_are_found_in_the_file(
    dedup: Run, client: DedupClient, tmp_path: Path, name: str, encoding: str, delimiter: str
) -> None:
    """By the mark at its beginning, or else by what its bytes can be; umlauts arrive as they were."""
    text = sample_text(name)
    old = ";" if name.startswith("suitecrm") else ","
    file = tmp_path / f"{name}.csv"
    with file.open("w", encoding=encoding, newline="") as written:
        csv.writer(written, delimiter=delimiter).writerows(csv.reader(text.splitlines(), delimiter=old))
    dedup("import", "--profile", "auto", str(file), who="services/importer", code=int(name == "ads-meta"))
    values = [each.values for each in stored(client).values()]
    assert values
    if name.startswith("suitecrm"):
        assert "Brückner Pumpen" in [each["company_name"] for each in values]


def test_a_file_that_fits_nothing_stops_all_before_anything_is_sent(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """The file is named with the columns that it lacks; the good one beside it is not written either."""
    bad = tmp_path / "people.csv"
    bad.write_text("Id,LastName,Compny,Status\n1,A,B,New\n", "utf-8")
    result = dedup(
        "import", "--profile", "salesforce", sample(tmp_path, "salesforce-accounts"), str(bad), code=1
    )
    said = words(result.stderr)
    assert f"{bad.name}: its header fits no object of the profile salesforce" in said
    assert "leads: lacks Company | Company / Account (is it Compny?)" in said
    assert stored(client) == {}


def test_a_column_that_stands_twice_and_is_read_is_refused(dedup: Run, tmp_path: Path) -> None:
    """Nobody knows which of the two is meant."""
    file = tmp_path / "targets.csv"
    file.write_text("Company,List,Domain,Domain\nA,B,a.example,b.example\n", "utf-8")
    result = dedup("import", "--profile", "targets", str(file), code=1)
    assert "Domain stands twice in the header" in words(result.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--profile", "salesforce", "--kind", "LEAD"), "does not go with --profile"),
        (("--profile", "salesforce", "--map", "Email=email"), "does not go with --profile"),
        (("--profile", "salesfroce"), "did you mean salesforce?"),
        (("--profile", "salesforce", "--time-zone", "Europe/Bern"), "no time zone that is known"),
        (("--profile", "salesforce", "--decimal-mark", ";"), "write . or ,"),
        (("--profile", "salesforce", "--encoding", "klingon"), "no encoding"),
        (("--profile", "salesforce", "--source", "The CRM"), "lower-case letters"),
        (("--kind", "LEAD", "--source", "crm", "--date-format", "%d"), "does not go with --kind"),
        (("--kind", "LEAD", "--source", "crm", "SECOND"), "several files need --profile"),
        (("--source", "crm"), "or name a --profile"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_is_sent(
    dedup: Run, client: DedupClient, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Usage errors are exit code 2."""
    file = sample(tmp_path, "salesforce-leads")
    given = [file if each == "SECOND" else each for each in arguments]
    assert said in words(dedup("import", file, *given, code=2).stderr)
    assert stored(client) == {}


def test_what_the_service_rejects_takes_all_rows_of_the_record_along(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """Each file has rejects of its own, with the lines of every row."""
    file = tmp_path / "targets.csv"
    file.write_text(
        "Company,Domain,List,Owner,Owner Function\n"
        "A,a.example,One,users/ann,astrology\nB,b.example,One,users/ann,sales\nA,a.example,Two,users/ann,\n"
    )
    dedup("import", "--profile", "targets", str(file), who="services/importer", code=1)
    assert [each.values["company_name"] for each in stored(client).values()] == ["B"]
    with (tmp_path / "targets.rejects.csv").open(encoding="utf-8") as text:
        rejects = list(csv.DictReader(text))
    assert [each["line"] for each in rejects] == ["2", "4"]
    assert rejects[1]["reasons"].startswith("owner.function: unknown function")


def test_importing_again_changes_nothing(dedup: Run, tmp_path: Path) -> None:
    """The second import finds every record stored just so, those of several rows too."""
    file = sample(tmp_path, "shop-orders")
    arguments = ("import", "--profile", "shop", file, "--json")
    dedup(*arguments, who="services/importer", code=1)
    (told,) = json_lines(dedup(*arguments, who="services/importer", code=1))
    assert (told["written_count"], told["unchanged_count"]) == (0, 3)


def test_other_dates_and_another_source_are_said(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """A report of a desk that writes the day first, of a partner's CRM."""
    file = tmp_path / "leads.csv"
    file.write_text(
        "Lead ID,Last Name,Company / Account,Lead Status,Last Modified Date\n"
        "00Q000000000001,A,B,New,31/12/2025 23:30\n"
    )
    said = ("--source", "partner", "--date-format", "%d/%m/%Y %H:%M", "--time-zone", "Europe/Berlin")
    dedup("import", "--profile", "salesforce", str(file), *said, who="services/importer")
    (record,) = stored(client).values()
    assert record.name == "sources/partner/records/00Q000000000001EAA"
    assert record.source_update_time.ToJsonString() == "2025-12-31T22:30:00Z"


def test_a_file_with_days_the_other_way_round_is_refused_as_a_whole(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """One day that is none is enough, since the others could be read both ways; the user says which way."""
    file = tmp_path / "leads.csv"
    header = "Lead ID,Last Name,Company / Account,Lead Status,Last Modified Date\n"
    file.write_text(header + "1,A,B,New,03/04/2026\n2,A,B,New,31/12/2025\n")
    arguments = ("import", "--profile", "salesforce", str(file))
    result = dedup(*arguments, who="services/importer", code=1)
    assert (
        "line 3 says 31/12/2025, which is a day only with day and month the other way round" in result.stderr
    )
    assert stored(client) == {}
    dedup(*arguments, "--date-format", "%d/%m/%Y", who="services/importer")
    assert stored(client)["crm/records/1"].source_update_time.ToJsonString() == "2026-04-03T00:00:00Z"


def test_with_route_who_is_known_is_updated_and_never_doubled(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """The same people from two systems are one record each; what intake did is counted."""
    header = "Lead ID,First Name,Last Name,Company / Account,Lead Status,Email,Phone\n"
    person = "Ylva,Strandvik,Strandvik Yard,New,ylva@strandvik.example,+47 55 50 18 60\n"
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(f"{header}1,{person}2,Noel,Bakersfield,Bakers,New,noel@bakersfield.example,\n3,short\n")
    second.write_text(f"{header}9,{person}")
    arguments = ("import", "--profile", "salesforce", "--route", "--json")
    (told,) = json_lines(dedup(*arguments, str(first), who="services/importer", code=1))
    assert (told["actions"], told["rejected_count"]) == ({"inserted": 2}, 1)
    again = dedup(*arguments, "--source", "partner", str(second), who="services/importer")
    assert json_lines(again)[0]["actions"] == {"updated": 1}
    assert set(stored(client)) == {"crm/records/1", "crm/records/2"}


def test_with_route_what_the_service_refuses_is_rejected_with_its_reason(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """As without it, by the field."""
    file = tmp_path / "targets.csv"
    file.write_text("Company,Domain,List,Owner,Owner Function\nA,a.example,One,users/ann,astrology\n")
    dedup("import", "--profile", "targets", "--route", str(file), who="services/importer", code=1)
    assert '2,"owner.function: unknown function' in (tmp_path / "targets.rejects.csv").read_text("utf-8")
    assert stored(client) == {}


def test_subsidiaries_are_routed_after_their_parents(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """However they stand in the file, so that they belong to the account that their parent turns out to be;
    a ring of parents is not waited for for ever.
    """
    known = Record(
        name="sources/crm/records/77",
        kind=RecordKind.RECORD_KIND_ACCOUNT,
        values={
            "company_name": "Firsthill Quarry",
            "website": "firsthill-quarry.example",
            "phone": "+49 431 5550191",
            "street": "Am Bruch 2",
            "city": "Kiel",
        },
    )
    list(client.ingest([known]))
    file = tmp_path / "accounts.csv"
    file.write_text(
        "Id,Name,BillingCity,BillingStreet,ParentId,Website,Phone\n3,Thirdwater Mills,Ulm,,2,,\n"
        "2,Secondbridge Foundry,Bonn,,1,,\n"
        "1,Firsthill Quarry,Kiel,Am Bruch 2,,firsthill-quarry.example,+49 431 5550191\n"
        "8,Ringwood Glass,Jena,,9,,\n9,Annularis Optics,Gera,,8,,\n"
    )
    dedup("import", "--profile", "salesforce", "--route", str(file), who="services/importer")
    records = stored(client)
    assert records["crm/records/3"].parent == "sources/crm/records/2"
    assert records["crm/records/2"].parent == known.name
    assert set(records) == {f"crm/records/{number}" for number in (2, 3, 8, 9, 77)}


def test_contacts_whose_account_is_not_among_the_files_are_told(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """They are written without it, and the names of the accounts are listed."""
    result = dedup(
        "import", "--profile", "suitecrm", sample(tmp_path, "suitecrm-contacts"), who="services/importer"
    )
    assert "3 accounts that contacts name and that no file of this import has once" in result.stdout
    assert "Unbekannt AG" in result.stdout
    assert {each.account for each in stored(client).values()} == {""}


def test_what_becomes_of_the_columns_is_told_before_the_rows(dedup: Run, tmp_path: Path) -> None:
    """Those that are left out with the reason, and where the profile is shown."""
    file = sample(tmp_path, "ads-google")
    result = dedup("import", "--profile", "ads", file, who="services/importer")
    assert "google of ads, into marketing" in result.stdout
    assert "left out: form_id, campaign_id, gcl_id: says which ad was shown" in result.stdout
    assert "What is your budget? -> custom.what_is_your_budget" in result.stdout
    assert "1 record written" in result.stdout
    assert "1 row left out: is a test of the form" in result.stdout


def test_a_profile_of_ones_own_is_taken_by_its_path(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """And what is wrong in it is told by line."""
    own = tmp_path / "own.yaml"
    text = (
        "name: own\ntitle: Own\nabout: Ours.\nsource: crm\nobjects:\n  people:\n    export: All of them.\n"
        "    recognised_by: {columns: [Nr, Nachname]}\n    kind: LEAD\n    id: Nr\n"
        "    fields: {family_name: Nachname, email: Mail}\n"
    )
    own.write_text(text, "utf-8")
    file = tmp_path / "people.csv"
    file.write_text("Nr;Nachname;Mail\n1;Ost;o@ost.example\n", "utf-8")
    dedup("import", "--profile", str(own), str(file), who="services/importer")
    assert dict(stored(client)["crm/records/1"].values) == {"family_name": "Ost", "email": "o@ost.example"}
    own.write_text(text.replace("email: Mail", "e_mail: Mail"), "utf-8")
    result = dedup("import", "--profile", str(own), str(file), code=1)
    assert 'own.yaml:11: objects.people.fields.e_mail: unknown field "e_mail"' in words(result.stderr)


def test_profiles_are_listed_and_shown(dedup: Run) -> None:
    """What each recognises, and what becomes of its columns; needs no service."""
    listed = dedup("profiles", columns=300).stdout
    assert "salesforce" in listed
    assert "CONTACT, LEAD" in listed
    shown = dedup("profiles", "show", "salesforce", columns=300).stdout
    assert "HasOptedOutOfEmail | Email Opt Out" in shown
    assert "true is false" in shown
    assert "is the company's own turnover, not what it buys from us" in shown
    assert "did you mean hubspot?" in words(dedup("profiles", "show", "hubspt", code=2).stderr)


def test_profiles_are_told_as_json(dedup: Run) -> None:
    """One object a line."""
    listed = json_lines(dedup("profiles", "--json"))
    assert {"ads", "shop"} < {each["profile"] for each in listed}
    (orders,) = json_lines(dedup("profiles", "show", "shop", "--json"))
    assert orders["kinds"] == ["person ACCOUNT"]
    assert {"becomes": "email", "from": "Email | Customer Email", "how": ""} in orders["read"]
