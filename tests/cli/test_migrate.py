"""Moving from one CRM to another: one of each arrives, and what does not is told with the reason."""

import csv
import shutil
from pathlib import Path

import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.merge_proposal_service_pb2 import (
    ListMergeProposalsRequest,
    WithdrawMergeProposalRequest,
)
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record
from tests.cli.command_results import Run, json_lines
from tests.source_profiles.sample_files import SAMPLES

GRETE = "sources/crm/records/8d2e1c63-2222-4a6b-9a10-000000000001"
GRETES_LEAD = "sources/crm/records/9e3f2d74-3333-4a6b-9a10-000000000003"
PUMPS, SERVICE, WORKS = (f"7c1f0d52-1111-4a6b-9a10-00000000000{number}" for number in (1, 2, 3))
MIGRATE = ("migrate", "--from", "suitecrm", "--to", "salesforce")


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder with the exports of a CRM, and one file that is none."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for file in SAMPLES.glob("suitecrm-*.csv"):
        shutil.copy(file, folder)
    shutil.copy(SAMPLES / "ads-meta.csv", folder)
    return folder


def stored(client: DedupClient) -> set[str]:
    answer = client.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=1000))
    return {record.name for record in answer.records}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def migrated(exports: Path) -> dict[str, dict[str, str]]:
    """The line of each old record."""
    return {row["old_record"]: row for row in rows(exports / "to-salesforce" / "records.csv")}


def test_what_arrives_is_one_of_each(dedup: Run, client: DedupClient, exports: Path) -> None:
    """The converted lead of the old system joins the contact that it became, and makes no second person."""
    dedup(*MIGRATE, str(exports), who="services/importer")
    lead = migrated(exports)[GRETES_LEAD]
    assert (lead["action"], lead["became"]) == ("merged into one that is known", GRETE)
    assert GRETES_LEAD not in stored(client)
    people = rows(exports / "to-salesforce" / "contacts.csv")
    assert [row["Email"] for row in people].count("grete.hollmann@brueckner-pumpen.example") == 1


def test_the_files_have_the_columns_and_links_of_the_new_system(dedup: Run, exports: Path) -> None:
    """Contacts and subsidiaries find their accounts by the old ids, and who opted out has opted out."""
    dedup(*MIGRATE, str(exports), who="services/importer")
    folder = exports / "to-salesforce"
    accounts = {row["Legacy_Id__c"]: row for row in rows(folder / "accounts.csv")}
    assert set(accounts) == {PUMPS, SERVICE, WORKS}
    assert accounts[SERVICE]["Parent.Legacy_Id__c"] == PUMPS
    assert accounts[PUMPS]["NumberOfEmployees"] == "62"
    udo = next(row for row in rows(folder / "contacts.csv") if row["LastName"] == "Rettich")
    assert (udo["Account.Legacy_Id__c"], udo["HasOptedOutOfEmail"]) == (SERVICE, "true")


def test_what_is_in_no_file_is_told_with_the_reason(dedup: Run, exports: Path) -> None:
    """Dead leads, what the new system refuses, rows and files left out, and values without column."""
    (told,) = json_lines(dedup(*MIGRATE, str(exports), "--json", who="services/importer"))
    assert told["held_back"] == {
        "is a dead lead, which stays here as evidence": 1,
        "Salesforce does not take it without Company": 2,
    }
    assert list(told["not_read"]) == [str(exports / "ads-meta.csv")]
    assert told["files"][0]["left_out"] == {"is deleted in the source": 1}
    assert told["values_without_column"]["secondary_email"] == 2
    assert told["notes"][0].startswith("1 account that contacts name")
    report = (exports / "to-salesforce" / "migration.md").read_text("utf-8")
    for heading in ("What was left out, and why", "Who works on it", "Held back from these files"):
        assert f"## {heading}\n" in report


def test_a_trial_writes_no_record(dedup: Run, client: DedupClient, exports: Path) -> None:
    """It reads a sample of each file, and reports what would be done."""
    arguments = (*MIGRATE, str(exports), "--dry-run", "--sample", "2", "--json")
    (told,) = json_lines(dedup(*arguments, who="services/importer"))
    assert stored(client) == set()
    assert [sum(each["actions"].values()) for each in told["files"]] == [2, 2, 2, 2]
    assert told["loaded"] == {}
    assert sorted(file.name for file in (exports / "to-salesforce").iterdir()) == [
        "migration.md",
        "records.csv",
    ]


def test_what_waits_for_a_decision_is_held_back_until_it_is_decided(
    dedup: Run, client: DedupClient, exports: Path
) -> None:
    """Who may be known is inserted with a proposal; when that is decided, the next run loads them."""
    known = Record(
        name="sources/desk/records/U-1",
        kind=RecordKind.RECORD_KIND_CONTACT,
        values={"given_name": "Udo", "family_name": "Rettich", "email": "udo.r@else.example"},
    )
    list(client.ingest([known]))
    udo = "sources/crm/records/8d2e1c63-2222-4a6b-9a10-000000000002"
    dedup(*MIGRATE, str(exports), who="services/importer")
    line = migrated(exports)[udo]
    assert line["action"] == "waits for a decision"
    assert line["left_out"] == "waits for a decision on a merge proposal"
    assert "Rettich" not in [row["LastName"] for row in rows(exports / "to-salesforce" / "contacts.csv")]
    (proposal,) = client.merge_proposals.ListMergeProposals(
        ListMergeProposalsRequest(filter="open = true")
    ).merge_proposals
    assert proposal.name == line["merge_proposal"]
    client.merge_proposals.WithdrawMergeProposal(
        WithdrawMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    )
    dedup(*MIGRATE, str(exports), who="services/importer")
    assert migrated(exports)[udo]["action"] == "known from a run before"
    assert "Rettich" in [row["LastName"] for row in rows(exports / "to-salesforce" / "contacts.csv")]


def test_what_belongs_to_an_account_that_waits_is_held_back_with_it(
    dedup: Run, client: DedupClient, exports: Path
) -> None:
    """An old account that the ledger has waits for finance; its contacts and subsidiaries would refer to
    nothing. Once they are one, all are loaded under the old id.
    """
    ledger = Record(
        name="sources/erp/records/4711",
        kind=RecordKind.RECORD_KIND_ACCOUNT,
        values={
            "company_name": "Brückner Pumpen",
            "website": "brueckner-pumpen.example",
            "phone": "+49 221 5550110",
            "email": "info@brueckner-pumpen.example",
            "street": "Dürener Str. 7",
            "city": "Köln",
            "postal_code": "50931",
            "country": "DE",
            "customer_number": "4711",
        },
    )
    list(client.ingest([ledger]))
    dedup(*MIGRATE, str(exports), who="services/importer")
    lines = migrated(exports)
    belongs = "belongs to an account that waits for a decision on a merge proposal"
    assert lines[f"sources/crm/records/{PUMPS}"]["left_out"] == "waits for a decision on a merge proposal"
    assert lines[GRETE]["left_out"] == belongs
    assert lines[f"sources/crm/records/{SERVICE}"]["left_out"] == belongs
    assert [row["Legacy_Id__c"] for row in rows(exports / "to-salesforce" / "accounts.csv")] == [WORKS]
    proposal = lines[f"sources/crm/records/{PUMPS}"]["merge_proposal"]
    dedup("approve", proposal, who="users/fiona")
    dedup("execute", proposal, who="users/fiona")
    dedup(*MIGRATE, str(exports), who="services/importer")
    contacts = rows(exports / "to-salesforce" / "contacts.csv")
    assert next(row for row in contacts if row["LastName"] == "Hollmann")["Account.Legacy_Id__c"] == PUMPS
    accounts = {row["Legacy_Id__c"]: row for row in rows(exports / "to-salesforce" / "accounts.csv")}
    assert accounts[SERVICE]["Parent.Legacy_Id__c"] == PUMPS


def test_rows_that_are_rejected_are_told_and_the_others_go_on(dedup: Run, exports: Path) -> None:
    """Exit code 1, with the rejects beside their file, which the next run does not take for an export."""
    file = exports / "suitecrm-leads.csv"
    file.write_text(file.read_text("utf-8").replace("2026-11-19 22:10:00", "last night"), "utf-8")
    result = dedup(*MIGRATE, str(exports), who="services/importer", code=1)
    assert "suitecrm-leads.csv: 1 record rejected, with reasons in its rejects" in result.stdout
    assert "fact.requested: is no time" in (exports / "suitecrm-leads.rejects.csv").read_text("utf-8")
    dedup(*MIGRATE, str(exports), who="services/importer", code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "suitecrm", "--to", "shop"), "shop says nothing of files to load"),
        (("--from", "auto", "--to", "salesforce"), "name one profile"),
        (("--from", "suitcrm", "--to", "salesforce"), "did you mean suitecrm?"),
    ],
)
def test_profiles_that_do_not_fit_are_usage_errors(
    dedup: Run, exports: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Before anything is sent."""
    result = dedup("migrate", *arguments, str(exports), code=2)
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_folder_without_exports_is_told(dedup: Run, tmp_path: Path) -> None:
    """With what its files lack."""
    shutil.copy(SAMPLES / "ads-meta.csv", tmp_path)
    result = dedup(*MIGRATE, str(tmp_path), code=1)
    assert "has no file of SuiteCRM: ads-meta.csv: its header fits no object" in " ".join(
        result.stderr.split()
    )
