"""Who is who from the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dedup_service.client import DedupClient
from dedup_service.company_files import policy_text
from dedup_service.v1.core_pb2 import Fact, Owner, RecordKind
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record
from tests.cli.command_results import Run, json_lines

MINA = (
    "given_name=Mina",
    "family_name=Okonkwo-Reiter",
    "email=mina@okonkwo-reiter.example",
    "phone=+49 30 5550100",
    "country=DE",
    "postal_code=10115",
)
COMPANY = "company_name=Okonkwo-Reiter Maschinenbau GmbH"
ROUTE = ("route", "--source", "crm")
REQUESTED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
ASKED = ("--fact", f"requested={REQUESTED.isoformat()}")


def stored(client: DedupClient) -> list[Record]:
    return list(client.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=100)).records)


@pytest.fixture
def customer(client: DedupClient) -> str:
    """An account of the customer master that is on a target list too, with a representative."""
    name = "sources/erp/records/4711"
    values = {
        "company_name": "Okonkwo-Reiter Maschinenbau GmbH",
        "website": "okonkwo-reiter.example",
        "city": "Berlin",
        "country": "DE",
        "customer_number": "4711",
    }
    named = Record(
        name="sources/crm/records/A-1",
        kind=RecordKind.RECORD_KIND_ACCOUNT,
        values={key: value for key, value in values.items() if key != "customer_number"},
        facts=[Fact(name="named_account", text="Machines 2026")],
        owner=Owner(principal="users/sara", function="sales"),
    )
    master = Record(name=name, kind=RecordKind.RECORD_KIND_ACCOUNT, values=values)
    (done,) = client.ingest([named, master])
    assert done.answer.written_count == 2
    return named.name


def test_a_stranger_is_inserted_as_a_lead_and_told_why(dedup: Run, client: DedupClient) -> None:
    """The answer names the action, each step, who works the lead by which rule, class, grade and interest."""
    told = dedup(*ROUTE, "--id", "7", *ASKED, *MINA, COMPANY).stdout
    assert told.startswith("INSERT: new\n")
    assert "LEAD sources/crm/records/7, member of goldenRecords/" in told
    assert "no account is recognised" in told
    assert "assigned to users/ann of team dach (sales), by the rule dach: country" in told
    assert "lead class LIVE" in told
    assert "grade C (10 points for fit), interest 60 of 100" in told
    assert "written down as intakes/" in told
    [record] = stored(client)
    assert record.facts[0].time.ToDatetime(UTC) == REQUESTED


def test_a_preview_is_said_to_be_one_and_writes_nothing(dedup: Run, client: DedupClient) -> None:
    """--dry-run answers somebody who may write nothing, without a name that nobody could look up."""
    told = dedup(*ROUTE, "--dry-run", *MINA, who="users/carla").stdout
    assert "preview, nothing is written" in told
    assert "LEAD of sources/crm, with an id of its own" in told
    assert "written down" not in told
    assert stored(client) == []


def test_a_second_time_is_an_update_that_tells_what_differs(dedup: Run) -> None:
    """A value that is taken and one that is left are told apart, with the score of the duplicate."""
    dedup(*ROUTE, "--id", "7", *MINA, "job_title=Buyer")
    told = dedup(*ROUTE, *MINA[:3], "phone=+49 30 5550199", "job_title=Director").stdout
    assert told.startswith("UPDATE: known already, updated\n")
    assert "MATCH" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "job_title Buyer Director taken" in lines
    assert "phone +49 30 5550100 +49 30 5550199 left as it was" in lines


def test_somebody_of_a_named_account_is_a_contact_of_it(dedup: Run, customer: str) -> None:
    """The account is shown with confidence, evidence and target list; its representative works them."""
    told = dedup(*ROUTE, "--dry-run", *MINA, COMPANY, "city=Berlin").stdout
    assert "CONTACT of sources/crm" in told
    assert "->  named account" in told
    assert f"account: {customer}, confidence 0.9" in told
    assert "\n  on the target list Machines 2026\n" in told
    assert "- same company name" in told
    assert "assigned to users/sara (sales): account representative" in told


def test_an_order_makes_a_person_account(dedup: Run) -> None:
    """--must-transact makes a provisional person account of an individual."""
    (answer,) = json_lines(
        dedup(
            *("route", "--source", "shop", "--must-transact", *MINA, "--json"),
            who="services/importer",
        )
    )
    assert answer["record"]["person_account"] is True
    assert answer["record"]["account_state"] == "ACCOUNT_STATE_PROVISIONAL"
    assert answer["step"] == "INTAKE_STEP_MUST_TRANSACT"


def test_an_uncertain_duplicate_names_its_proposal(dedup: Run) -> None:
    """The record is inserted, the proposal is named with the command that shows it, and it can be shown."""
    dedup(*ROUTE, *MINA)
    again = ("given_name=M.", "family_name=Okonkwo-Reiter", "country=DE", "postal_code=10115")
    told = dedup(*ROUTE, *again).stdout
    assert told.startswith("INSERT_WITH_PROPOSAL: new, and may be a duplicate\n")
    assert "REVIEW" in told
    name = told.partition("dedup show ")[2].split()[0]
    assert "found at intake" in dedup("show", name).stdout


def test_a_match_to_a_dead_lead_is_a_warning(dedup: Run) -> None:
    """Why it died stands beside the duplicate."""
    dedup(
        *ROUTE, *MINA, "--fact", "disqualified=2026-10-01", "--fact", "disqualified_reason=left the company"
    )
    told = dedup(*ROUTE, "--dry-run", *MINA).stdout
    assert "a dead lead: disqualified on 2026-10-01: left the company" in told


def test_a_record_may_come_as_json(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """What `show --json` prints is taken from a file or standard input, under the name that it bears."""
    dedup(*ROUTE, "--id", "7", *MINA)
    (shown,) = json_lines(dedup("show", "sources/crm/records/7", "--json"))
    file = tmp_path / "record.json"
    file.write_text(json.dumps(shown | {"values": shown["values"] | {"job_title": "Buyer"}}), "utf-8")
    assert dedup("route", "--json-file", str(file)).stdout.startswith("UPDATE")
    other = json.dumps({"values": {"full_name": "Radomir Vasquez", "email": "radomir@vasquez.example"}})
    dedup("route", "--json-file", "-", "--source", "crm", "--id", "8", typed=other)
    assert {record.name: dict(record.values).get("job_title") for record in stored(client)} == {
        "sources/crm/records/7": "Buyer",
        "sources/crm/records/8": None,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        (*MINA,),
        ("--source", "crm"),
        ("--source", "crm", "e_mail=a"),
        ("--source", "crm", "email"),
        ("--source", "crm", "email=a", "--fact", "wealth=1"),
        ("--source", "crm", "email=a", "--fact", "employees=many"),
        ("--source", "crm", "email=a", "--kind", "PERSON"),
        ("--json-file", "-", "email=a"),
    ],
)
def test_words_that_describe_nobody_are_a_usage_error(dedup: Run, arguments: tuple[str, ...]) -> None:
    """A source, and values and facts that exist: all else is exit code 2 before anything is asked."""
    dedup("route", *arguments, code=2)


def test_json_that_is_no_record_is_told(dedup: Run) -> None:
    """What cannot be read is one sentence and exit code 1."""
    assert "holds no record as JSON" in dedup("route", "--json-file", "-", typed="[1]", code=1).stderr
    wrong = json.dumps({"name": "sources/crm/records/1", "colour": "red"})
    assert "colour" in dedup("route", "--json-file", "-", typed=wrong, code=1).stderr


def test_who_may_not_write_is_told(dedup: Run) -> None:
    """Support does not insert into the CRM's records."""
    assert "crm" in dedup(*ROUTE, *MINA, who="users/carla", code=1).stderr


def test_a_form_is_validated(dedup: Run) -> None:
    """Findings give the field, the rule and what to write; only an ERROR gives exit code 1."""
    told = dedup("validate", "--kind", "LEAD", "given_name=asdf", "email=none at all", code=1).stdout
    assert "PLACEHOLDER" in told
    assert "FORMAT" in told
    assert dedup("validate", "family_name=Okonkwo-Reiter").stdout == "nothing is wrong\n"
    (answer,) = json_lines(dedup("validate", "street=Bahnhofstr. 49", "--json"))
    assert answer["findings"][0]["suggested_value"] == "Bahnhofstraße 49"


def test_a_file_is_validated_row_by_row(dedup: Run, tmp_path: Path) -> None:
    """Counts by rule, the worst rows with their lines, and exit code 1; no column of ids is needed."""
    file = tmp_path / "list.csv"
    file.write_text(
        "First Name,Last Name,Email,Phone\n"
        "Mina,Okonkwo-Reiter,mina@okonkwo-reiter.com,\n"
        "asdf,Vasquez,no address,\n"
        "Radomir,Vasquez,neither,\n"
        "too,few\n",
        "utf-8",
    )
    told = dedup("validate", "--csv", str(file), "--kind", "LEAD", code=1).stdout
    assert "First Name -> given_name" in told
    assert "4 rows checked: 1 without a finding, 3 with errors" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "ERROR FORMAT email 2 3 no address" in lines
    assert "has 2 columns, the header has 4" in told
    worst = [line.split()[0] for line in lines[lines.index("the worst rows") + 2 :] if line[:1].isdigit()]
    assert worst == ["5", "3", "4"]
    *rows, summary = json_lines(dedup("validate", "--csv", str(file), "--kind", "LEAD", "--json", code=1))
    assert [row["line"] for row in rows] == [3, 4, 5]
    assert (summary["row_count"], summary["clean_count"], summary["error_row_count"]) == (4, 1, 3)


def test_more_rows_than_calls_under_way_keep_their_order(dedup: Run, tmp_path: Path) -> None:
    """Each finding is told of its own row, however many are asked about at a time."""
    file = tmp_path / "long.csv"
    rows = [f"Mina,Okonkwo-Reiter,{'wrong' if number % 7 == 0 else 'mina@acme.com'}" for number in range(100)]
    file.write_text("\n".join(["given_name,family_name,email", *rows]), "utf-8")
    *found, _ = json_lines(dedup("validate", "--csv", str(file), "--json", code=1))
    assert [row["line"] for row in found] == [number + 2 for number in range(0, 100, 7)]


def test_values_or_a_file_are_validated_and_not_both(dedup: Run, tmp_path: Path) -> None:
    """Neither, or both, is a usage error."""
    file = tmp_path / "list.csv"
    file.write_text("family_name\nVasquez\n", "utf-8")
    dedup("validate", code=2)
    dedup("validate", "family_name=Vasquez", "--csv", str(file), code=2)


def test_a_lead_is_converted_after_a_preview(dedup: Run) -> None:
    """The preview names no record that it would make; then the contact, its new account and why are told."""
    dedup(*ROUTE, "--id", "7", *ASKED, *MINA, COMPANY)
    lead = "sources/crm/records/7"
    preview = dedup("convert", lead, "--dry-run").stdout
    assert "new: CONTACT of sources/crm, with an id of its own" in preview
    assert "preview, nothing is written" in preview
    done = dedup("convert", lead, "--target", "sources/crm/records/C-7").stdout
    assert done.startswith("NEW_CONTACT: a new contact, whose history the lead is\n")
    assert "new: CONTACT sources/crm/records/C-7, member of" in done
    assert "new account: ACCOUNT sources/crm/records/" in done
    assert "no account is recognised: a provisional one is made" in done
    assert "C-7" in dedup("convert", lead, code=1).stderr


def test_intakes_are_listed_the_newest_first(dedup: Run) -> None:
    """With who asked, what was done and who works it; a filter takes some of them, a limit says that there
    are more.
    """
    dedup(*ROUTE, "--id", "7", *ASKED, *MINA)
    dedup(*ROUTE, "--id", "7", *MINA, "job_title=Buyer")
    listed = dedup("intakes").stdout
    assert listed.index("UPDATE") < listed.index("INSERT")
    assert "7 of crm" in listed
    assert "users/ann of team dach" in listed
    (inserted,) = json_lines(dedup("intakes", "--filter", "action = INSERT", "--json"))
    assert inserted["record"] == "sources/crm/records/7"
    assert "1 intake; there are more: raise --limit" in dedup("intakes", "-n", "1").stdout
    assert "colour" in dedup("intakes", "--filter", "colour = 1", code=1).stderr


def test_territories_are_tried_on_past_intakes(dedup: Run, tmp_path: Path) -> None:
    """Who would get how many, and which intake would go where, by which rule; nothing is changed."""
    dedup(*ROUTE, "--id", "7", *ASKED, *MINA)
    text = policy_text(None)
    rule = "{name: dach, countries: [DE, AT, CH, LI], team: dach}"
    assert rule in text
    file = tmp_path / "policy.yaml"
    text = text.replace(rule, "{name: berlin, countries: [DE], principal: users/sara}")
    file.write_text(text.replace("version: default-4", "version: tried"), "utf-8")
    told = dedup("territories", "simulate", str(file)).stdout
    assert "replayed 1 intake: version tried would send 1 of them elsewhere" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "team dach 1 0 -1" in lines
    assert "users/sara 0 1 +1" in lines
    assert any(line.endswith("7 of crm team dach (dach) users/sara (berlin)") for line in lines)
    (answer,) = json_lines(dedup("territories", "simulate", str(file), "--json"))
    assert answer["differing_count"] == 1
