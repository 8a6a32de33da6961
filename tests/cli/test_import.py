"""Importing CSV files: what is good is written, what is not is named, and nothing is half done."""

import csv
from pathlib import Path

import pytest
import typer

from dedup_service.cli.columns import plan_columns
from dedup_service.cli.csv_rows import fact_of, flag_of, money_of, time_of
from dedup_service.client import DedupClient
from dedup_service.v1.record_service_pb2 import GetRecordRequest, ListRecordsRequest
from tests.cli.command_results import Run, json_lines

HEADER = "Id,FirstName,LastName,Email,Phone,AccountName,MailingStreet,MailingCity,PostalCode,Nonsense\n"


def row(identity: str, first: str = "Ada") -> str:
    return f"{identity},{first},Lovelace,ada@example.org,+44 20 7946 0000,Analytical,1 High St,London,N1,x\n"


def in_file(path: Path, *lines: str) -> Path:
    path.write_text(HEADER + "".join(lines), encoding="utf-8", errors="surrogateescape", newline="")
    return path


def stored(client: DedupClient) -> set[str]:
    answer = client.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=1000))
    return {record.name.rpartition("/")[2] for record in answer.records}


def importing(file: Path) -> tuple[str, ...]:
    return ("import", str(file), "--kind", "CONTACT", "--source", "crm")


def test_the_headers_of_a_common_crm_are_known(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """A file is imported without a mapping; the column that means nothing is left out and said so."""
    result = dedup(*importing(in_file(tmp_path / "contacts.csv", row("C-1"))))
    assert "1 row written" in result.stdout
    assert "left out: Nonsense" in result.stdout
    record = client.records.GetRecord(GetRecordRequest(name="sources/crm/records/C-1"))
    assert dict(record.values) == {
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": "ada@example.org",
        "phone": "+44 20 7946 0000",
        "company_name": "Analytical",
        "street": "1 High St",
        "city": "London",
        "postal_code": "N1",
    }


def test_bad_rows_are_rejected_with_line_and_every_reason(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """No bad row stops the others; each goes to the rejects with its line, reasons and cells."""
    file = in_file(
        tmp_path / "contacts.csv",
        row("good-1"),
        "short,row\n",
        row("bad encoding", "\udcff"),
        row("nul", "A\0da"),
        row("good-1"),
        row("has space", "y" * 600),
        '"quoted\nid",a,b,c,d,e,f,g,h,i\n',
        row("good-2"),
    )
    result = dedup(*importing(file), "--json", code=1)
    (told,) = json_lines(result)
    assert (told["written_count"], told["rejected_count"]) == (2, 6)
    assert stored(client) == {"good-1", "good-2"}
    with (tmp_path / "contacts.rejects.csv").open(encoding="utf-8", errors="surrogateescape") as text:
        rejects = {int(each["line"]): each["reasons"] for each in csv.DictReader(text)}
    assert sorted(rejects) == [3, 4, 5, 6, 7, 8]
    assert "has 2 columns, the header has 10" in rejects[3]
    assert "encoding" in rejects[4]
    assert "NUL" in rejects[5]
    assert "line 2 already" in rejects[6]
    assert "source_record_id" in rejects[7]
    assert "600 code points" in rejects[7]


def test_what_the_service_rejects_is_named_with_its_line(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """A rule that only the service knows, here of the owner's function, rejects its row alone."""
    file = tmp_path / "contacts.csv"
    file.write_text("id,email,owner_function\n1,a@example.org,sales\n2,b@example.org,astrology\n")
    dedup(*importing(file), code=1)
    assert stored(client) == {"1"}
    assert '\n3,"owner.function: unknown function' in (tmp_path / "contacts.rejects.csv").read_text()


def test_importing_again_changes_nothing(dedup: Run, tmp_path: Path) -> None:
    """The second import finds every row stored just so, and takes the rejects of the first away."""
    file = in_file(tmp_path / "contacts.csv", row("1"), "short\n", row("2"))
    dedup(*importing(file), code=1)
    in_file(file, row("1"), row("2"))
    (told,) = json_lines(dedup(*importing(file), "--json"))
    assert (told["written_count"], told["unchanged_count"], told["rejected_count"]) == (0, 2, 0)
    assert not (tmp_path / "contacts.rejects.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--map", "Email=source_record_id", "--map", "Id="), ""),
        (("--map", "Id="), "no column holds the ids"),
        (("--map", "Nobody=email"), "write COLUMN=FIELD"),
        (("--map", "Email=e_mail"), "e_mail is no field"),
        (("--encoding", "klingon"), "no encoding"),
        (("--delimiter", "ab"), "one character"),
    ],
)
def test_an_option_that_does_not_fit_is_told_before_anything_is_sent(
    dedup: Run, client: DedupClient, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Usage errors are exit code 2, and nothing is written."""
    file = in_file(tmp_path / "contacts.csv", row("1"))
    result = dedup(*importing(file), *arguments, code=2 if said else 0)
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert stored(client) == (set() if said else {"ada@example.org"})


def test_a_kind_that_is_none_is_a_usage_error(dedup: Run, tmp_path: Path) -> None:
    """Only the three kinds are taken."""
    file = in_file(tmp_path / "contacts.csv", row("1"))
    dedup("import", str(file), "--kind", "ROBOT", "--source", "crm", code=2)


def test_an_empty_file_is_one_clear_line(dedup: Run, tmp_path: Path) -> None:
    """A file without header is exit code 1 with a sentence."""
    (tmp_path / "empty.csv").touch()
    result = dedup(*importing(tmp_path / "empty.csv"), code=1)
    assert result.stderr.startswith("dedup: ")
    assert "is empty" in result.stderr


def test_a_name_is_a_company_in_a_file_of_accounts() -> None:
    """What `Name` and `AccountId` mean depends on the kind."""
    assert "company_name" in plan_columns(["Id", "Name"], "ACCOUNT", []).targets
    assert "full_name" in plan_columns(["Id", "Name"], "CONTACT", []).targets
    assert plan_columns(["Id", "AccountId"], "CONTACT", []).targets["account"] == 1
    assert plan_columns(["AccountId", "Name"], "ACCOUNT", []).targets["source_record_id"] == 0


def test_the_first_of_two_columns_for_a_field_is_taken() -> None:
    """The other is left out, unless the mapping names it."""
    header = ["id", "BillingCity", "City"]
    assert plan_columns(header, "ACCOUNT", []).left_out == ("City",)
    assert plan_columns(header, "ACCOUNT", ["City=city"]).targets["city"] == 2


def test_a_field_may_not_be_mapped_twice() -> None:
    """Two columns cannot both be the e-mail address."""
    with pytest.raises(typer.BadParameter, match="twice"):
        plan_columns(["id", "a", "b"], "CONTACT", ["a=email", "b=email"])


def test_cells_that_are_no_text_are_read_strictly() -> None:
    """Counts, amounts, times and flags are what they say, or an error."""
    assert fact_of("open_cases", "3").count == 3
    assert (money_of("12.50 EUR").units, money_of("12.50 EUR").nanos) == (12, 500_000_000)
    assert time_of("2026-01-31T12:00:00") == time_of("2026-01-31T13:00:00+01:00")
    assert flag_of("Yes")
    with pytest.raises(ValueError, match="whole number"):
        fact_of("open_cases", "many")
    with pytest.raises(ValueError, match="currency"):
        money_of("12")
    with pytest.raises(ValueError, match="true or false"):
        flag_of("perhaps")


def test_the_rejects_keep_the_bytes_of_the_row(dedup: Run, tmp_path: Path) -> None:
    """What could not be decoded is written as it was, so that it can be mended."""
    file = in_file(tmp_path / "contacts.csv", row("1", "\udce9"))
    dedup(*importing(file), code=1)
    assert b"\xe9" in (tmp_path / "contacts.rejects.csv").read_bytes()
