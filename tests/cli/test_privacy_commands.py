"""Exporting and erasing somebody at a terminal, and checking the audit against heads kept in a file."""

from pathlib import Path

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record, RecordState
from tests.cli.command_results import Run, json_lines

NAME = "sources/crm/records/p"


def put(client: DedupClient, name: str = NAME) -> None:
    values = {"given_name": "Zoe", "family_name": "Zyxwv", "email": "zoe@zyxwv.example"}
    list(client.ingest([Record(name=name, kind=RECORD_KIND_CONTACT, values=values)]))


def test_somebody_is_exported_by_record_or_golden_record(dedup: Run, client: DedupClient) -> None:
    """One JSON object a line, the record first; the golden record stands for its members."""
    put(client)
    lines = json_lines(dedup("privacy", "export", NAME))
    assert lines[0]["record"]["values"]["family_name"] == "Zyxwv"
    golden = client.records.GetRecord(GetRecordRequest(name=NAME)).golden_record
    assert json_lines(dedup("privacy", "export", golden)) == lines


def test_erasing_asks_first_and_shows_the_certificate(dedup: Run, client: DedupClient) -> None:
    """A no leaves everything; after a yes the certificate is shown, then and later."""
    put(client)
    arguments = ("privacy", "erase", NAME, "--reason", "asked for by letter")
    dedup(*arguments, typed="n\n", code=1)
    assert client.records.GetRecord(GetRecordRequest(name=NAME)).state == RecordState.RECORD_STATE_ACTIVE
    shown = dedup(*arguments, typed="y\n").stdout
    assert f"{NAME} was erased by users/ann" in shown
    (certificate,) = json_lines(dedup("privacy", "certificate", NAME, "--json"))
    assert certificate["reason"] == "asked for by letter"
    assert certificate["digest"] in shown
    head = certificate["audit_head"]
    assert f"{head['hash']}@{head['revision']}" in shown
    dedup("audit", "verify", "--head", f"{head['hash']}@{head['revision']}")


def test_the_audit_is_held_against_heads_in_any_file(dedup: Run, client: DedupClient, tmp_path: Path) -> None:
    """What the log or a list says; a head that never was breaks the chain, and says up to where it fits."""
    put(client)
    said = dedup("audit", "verify").stdout
    head = next(line.removeprefix("head ") for line in said.splitlines() if line.startswith("head "))
    put(client, "sources/crm/records/q")
    kept = tmp_path / "log.jsonl"
    kept.write_text(f'{{"level": "INFO", "event": "audit head {head}"}}\n')
    assert "contains 1 known head" in dedup("audit", "verify", "--heads", str(kept)).stdout
    revision = int(head.rpartition("@")[2])
    broken = dedup("audit", "verify", "--heads", str(kept), "--head", f"{'0' * 64}@{revision + 1}", code=1)
    assert f"it is as it was up to revision {revision}" in broken.stderr
    kept.write_text("nothing")
    dedup("audit", "verify", "--heads", str(kept), code=2)
    dedup("audit", "verify", "--head", "nothing", code=2)
    assert dedup("audit", "heads").stdout == ""
