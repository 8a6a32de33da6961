"""Importing CSV files: what is good is written, what is not is named, and nothing is half done."""

import csv
from pathlib import Path

import pytest
import typer

from dedup_service.cli.columns import LINKS, plan_columns
from dedup_service.cli.csv_rows import fact_of, flag_of, money_of, time_of
from dedup_service.client import DedupClient
from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS
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
        (("--map", "FristName=given_name"), "has no column 'FristName'; do you mean 'FirstName'?"),
        (("--map", "Email=e_mail"), "'e_mail' is no field; do you mean 'email'?"),
        (("--map", "Email"), "write column=field"),
        (("--map", "Nonsense=fact.open_cases", "--map", "Phone=fact.open_cases"), "is mapped twice"),
        (("--map", "Nonsense+Phone=owner"), "owner is one column"),
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


def planned(header: str, kind: str, *mapping: str) -> dict[str, str]:
    """What the columns of a header are, by what they are; the columns in words."""
    return {target: column for column, target in plan_columns(header.split(","), kind, mapping).taken}


def test_a_name_is_a_company_in_a_file_of_accounts() -> None:
    """What `Name` and `AccountId` mean depends on the kind."""
    assert planned("Id,Name", "ACCOUNT") == {"source_record_id": "Id", "company_name": "Name"}
    assert planned("Id,Name", "CONTACT") == {"source_record_id": "Id", "full_name": "Name"}
    assert planned("Id,Name,AccountId", "CONTACT")["account"] == "AccountId"
    assert planned("AccountId,Name", "ACCOUNT")["source_record_id"] == "AccountId"


def test_an_import_knows_the_columns_that_an_evaluation_knows() -> None:
    """One vocabulary: a German header is read, joined columns and all."""
    found = planned("nr,vorname,nachname,mail,mobil,plz,strasse,hausnummer", "CONTACT", "nr=source_record_id")
    assert found == {
        "source_record_id": "nr",
        "given_name": "vorname",
        "family_name": "nachname",
        "email": "mail",
        "mobile_phone": "mobil",
        "postal_code": "plz",
        "street": "strasse + hausnummer",
    }


def test_what_the_sample_writes_is_read_back() -> None:
    """Every field, link and fact goes by its own name, of accounts that are people too."""
    names = ["source_record_id", *FIELDS, *LINKS, *(f"fact.{name}" for name in FACTS), "custom.tier"]
    for kind in ("LEAD", "CONTACT", "ACCOUNT"):
        assert planned(",".join(names), kind) == {name: name for name in names}
    assert planned("id,full_name,person_account", "ACCOUNT")["full_name"] == "full_name"


def test_a_row_gives_the_joined_and_the_first_that_holds_something() -> None:
    """As in an evaluation; links and facts are cells as they stand."""
    plan = plan_columns(["id", "Street", "Street 2", "Phone", "Home Phone", "fact.open_cases"], "CONTACT", [])
    assert plan.cells(["7", "1 High St", "Flat 2", "", "030 1", " 3"]) == {
        "source_record_id": "7",
        "street": "1 High St Flat 2",
        "phone": "030 1",
        "fact.open_cases": " 3",
    }


def test_of_two_addresses_one_is_taken() -> None:
    """The other is left out with a reason, unless the mapping names it; so is what the mapping takes away."""
    header = ["id", "Name", "BillingCity", "ShippingCity", "Fax"]
    (city, fax) = plan_columns(header, "ACCOUNT", []).left_out
    assert (city.column, "BillingCity is read" in city.why) == ("ShippingCity", True)
    assert (fax.column, fax.why) == ("Fax", "no field goes by this name")
    assert planned(",".join(header), "ACCOUNT", "city=ShippingCity")["city"] == "ShippingCity"
    assert "city" not in planned(",".join(header), "ACCOUNT", "BillingCity=", "ShippingCity=")


def test_a_field_may_not_be_mapped_twice() -> None:
    """Two columns cannot both be the e-mail address, unless they are joined."""
    with pytest.raises(typer.BadParameter, match="twice"):
        plan_columns(["id", "a", "b"], "CONTACT", ["a=email", "b=email"])
    assert planned("id,a,b", "CONTACT", "a|b=email")["email"] == "a, or else b"


def test_records_that_nobody_could_find_are_not_imported(
    dedup: Run, client: DedupClient, tmp_path: Path
) -> None:
    """A file in which no column says who a record is is refused whole, before anything is written."""
    file = tmp_path / "towns.csv"
    file.write_text("id,town\n1,Ulm\n2,Bonn\n", "utf-8")
    result = dedup(*importing(file), code=2)
    assert "no column says who a record is" in " ".join(result.stderr.replace("│", " ").split())
    assert stored(client) == set()


def test_a_source_that_the_policy_does_not_name_is_warned_of(dedup: Run, tmp_path: Path) -> None:
    """With what becomes of it, and the source that was perhaps meant; stdout stays JSON."""
    file = in_file(tmp_path / "contacts.csv", row("1"))
    arguments = ("import", str(file), "--kind", "CONTACT", "--json")
    result = dedup(*arguments, "--source", "crn", who="services/importer")
    assert "the policy names no source crn, do you mean crm?" in result.stderr
    assert "belong to operations with a trust of 10" in result.stderr
    assert json_lines(result)[0]["written_count"] == 1
    assert "warning" not in dedup(*arguments, "--source", "crm", who="services/importer").stderr


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


@pytest.mark.parametrize("amount", ["1e999999999 EUR", "-1e30 EUR", "NaN EUR", "Infinity EUR", "1e19 EUR"])
def test_an_amount_is_looked_at_before_it_is_written_out(amount: str) -> None:
    """A dozen letters can stand for a billion digits, which no memory holds."""
    with pytest.raises(ValueError, match="write an amount"):
        money_of(amount)


def test_the_rejects_keep_the_bytes_of_the_row(dedup: Run, tmp_path: Path) -> None:
    """What could not be decoded is written as it was, so that it can be mended."""
    file = in_file(tmp_path / "contacts.csv", row("1", "\udce9"))
    dedup(*importing(file), code=1)
    assert b"\xe9" in (tmp_path / "contacts.rejects.csv").read_bytes()
