"""The sample exports beside this module, read by their profiles, and what became of them in plain text."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup_service.domain.records import Fact, RecordDraft
from dedup_service.source_profiles import (
    AccountNames,
    FileRecord,
    Header,
    RecordFile,
    profile_named,
    recognise,
    shipped_profiles,
)

SAMPLES = Path(__file__).parent / "samples"
BECOMES = Path(__file__).parent / "becomes"
NAMES = sorted(file.stem for file in SAMPLES.glob("*.csv"))


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as an import reads it."""

    line: int
    cells: Sequence[str]
    problems: tuple[str, ...] = ()


def sample_text(name: str) -> str:
    """A sample as it stands, such as that of salesforce-leads."""
    return (SAMPLES / f"{name}.csv").read_text("utf-8")


def rows_of(text: str) -> tuple[Header, list[SampleRow]]:
    """The header of a text, and its rows, each with its line."""
    delimiter = max(",;", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = Header(next(reader))
    rows = []
    line = reader.line_num + 1
    for cells in reader:
        rows.append(SampleRow(line, cells))
        line = reader.line_num + 1
    return header, rows


def record_file(text: str, profile: str = "", accounts: AccountNames | None = None) -> RecordFile:
    """A text as a file of a profile, or of the one that its header fits."""
    profiles = [profile_named(profile)] if profile else shipped_profiles()
    header, _ = rows_of(text)
    found = recognise(header, profiles)
    return RecordFile(
        found.profile,
        found.rules,
        header,
        found.profile.source,
        found.profile.times,
        accounts if accounts is not None else AccountNames(),
    )


def records_of(text: str, profile: str = "", accounts: AccountNames | None = None) -> list[FileRecord]:
    """What becomes of each row of a text."""
    return list(record_file(text, profile, accounts).records(rows_of(text)[1]))


def drafts_of(text: str, profile: str = "") -> dict[str, RecordDraft]:
    """The drafts of a text by their ids."""
    drafts = [each.draft for each in records_of(text, profile) if each.draft is not None]
    return {draft.key.source_record_id: draft for draft in drafts}


def becomes(name: str) -> str:
    """What a sample becomes, as the files of the folder `becomes` have it.

    Contacts find their accounts in the sample of accounts of the same profile, as in one import.
    """
    accounts = AccountNames()
    profile = name.partition("-")[0]
    if name.endswith("-contacts"):
        for other in ("accounts", "companies"):
            if (SAMPLES / f"{profile}-{other}.csv").exists():
                records_of(sample_text(f"{profile}-{other}"), profile, accounts)
    records = records_of(sample_text(name), profile, accounts)
    return "\n".join("\n".join(_lines(record)) for record in records) + "\n"


def _lines(record: FileRecord) -> Iterator[str]:
    lines = ", ".join(str(row.line) for row in record.rows)
    at = f"line{'s' if len(record.rows) > 1 else ''} {lines}"
    if record.left_out:
        yield f"{at}: left out, {record.left_out}"
    elif record.draft is None:
        yield f"{at}: rejected, {'; '.join(record.problems)}"
    else:
        person = "person " if record.draft.person_account else ""
        yield f"{at}: {person}{record.draft.kind} {record.draft.key.name}"
        yield from (f"    {part}" for part in _parts(record.draft))


def _parts(draft: RecordDraft) -> Iterator[str]:
    yield from (f"{name}: {text}" for name, text in draft.values.items())
    if draft.owner is not None:
        words = [draft.owner.principal, draft.owner.queue and f"queue {draft.owner.queue}"]
        yield f"owner: {' '.join(filter(None, words))} ({draft.owner.function})"
    if draft.account is not None:
        yield f"account: {draft.account.name}"
    if draft.parent is not None:
        yield f"parent: {draft.parent.name}"
    if draft.source_update_time is not None:
        yield f"source_update_time: {draft.source_update_time.isoformat()}"
    yield from (f"fact.{fact.name}: {_fact(fact)}" for fact in draft.facts)
    for child in draft.children:
        amount = f" of {child.amount.units} {child.amount.currency}" if child.amount else ""
        yield f"child: {'open' if child.open else 'closed'} {child.kind} {child.child_id}{amount}"


def _fact(fact: Fact) -> str:
    if fact.amount is not None:
        return f"{fact.amount.units} {fact.amount.currency}"
    if fact.time is not None:
        return fact.time.isoformat()
    if fact.flag is not None:
        return "yes" if fact.flag else "no"
    return fact.text if fact.text is not None else str(fact.count)
