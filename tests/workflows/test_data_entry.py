"""Findings stop a write only of the sources that the policy names, and then by every way of writing."""

from dataclasses import replace
from typing import Any

import pytest

from dedup_service.domain.data_entry import Finding, Severity
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import RecordDraft
from dedup_service.workflows.record_writes import RecordWrite
from tests.merge_desk import Office, contact, lead, request

BAD = {"full_name": "Ann Bo", "email": "ann", "city": "xxx"}
REASON = ("record.values.email", "is no e-mail address: write it such as name@acme.com")


def stop(office: Office, *sources: str) -> None:
    """Let errors stop the writes of these sources."""
    rules = office.desk.rules
    data_entry = replace(rules.policy.data_entry, errors_stop=frozenset(sources))
    rules.policy = replace(rules.policy, data_entry=data_entry)


def reasons(violations: Any) -> list[tuple[str, str]]:
    return [(violation.field, violation.description) for violation in violations]


async def batch(office: Office, *drafts: RecordDraft) -> list[tuple[int, list[tuple[str, str]]]]:
    result = await office.desk.records.write_batch(request("IngestRecords"), drafts)
    return [(rejected.index, reasons(rejected.violations)) for rejected in result.rejected]


async def test_as_shipped_nothing_is_stopped(office: Office) -> None:
    """Whatever is found, the record is written."""
    assert await batch(office, contact("a", **BAD)) == []
    assert (await office.record("a")).draft.values == BAD


async def test_errors_stop_the_rows_of_a_named_source(office: Office) -> None:
    """The bad row is named with field and reason; warnings stop nothing, nor do other sources' errors."""
    stop(office, "crm")
    right = BAD | {"email": "ann@acme.com"}
    bad_rows = await batch(
        office, contact("desk/a", **BAD), contact("b", **BAD), contact("c", **right), lead("d", city="Bremen")
    )
    assert bad_rows[0] == (1, [REASON])
    assert [field for field, _ in bad_rows[1][1]] == ["record.values.email", "record.values.full_name"]
    assert bad_rows[1][1][0][1].startswith("one of email, phone, mobile_phone is required")
    assert (await office.record("desk/a")).draft.values == BAD


async def test_errors_stop_a_write_of_one_and_of_many(office: Office) -> None:
    """Each path is below the write that it belongs to, beside what else is wrong with it."""
    stop(office, "crm")
    with pytest.raises(InvalidInput) as one:
        await office.write(contact("a", **BAD))
    assert reasons(one.value.violations) == [REASON]
    wrong = contact("b", **BAD, shoe_size="43")
    writes = [RecordWrite(contact("a", email="ann@acme.com", full_name="Ann Bo")), RecordWrite(wrong)]
    with pytest.raises(InvalidInput) as many:
        await office.desk.records.write_many(request("BatchUpdateRecords"), writes)
    assert [violation.field for violation in many.value.violations] == [
        "requests[1].record.values",
        "requests[1].record.values.email",
    ]


async def test_what_is_stored_already_is_left_alone_until_it_is_written(office: Office) -> None:
    """A record that was taken in before can be deleted, and written once it is right."""
    await office.put(contact("a", **BAD), contact("b", **BAD))
    stop(office, "crm")
    with pytest.raises(InvalidInput):
        await office.write(contact("a", city="Bremen"), update_mask=("values.city",))
    await office.write(contact("a", email="ann@acme.com"), update_mask=("values.email",))
    await office.delete("b")


async def test_a_draft_says_whether_it_would_be_stopped(office: Office) -> None:
    """`stops` is true of an ERROR of a named source, and of nothing else."""
    stop(office, "crm")
    data_entry = office.desk.data_entry
    draft = contact("a", **BAD)
    findings = data_entry.findings(draft, draft.kind)
    assert [finding.severity for finding in findings] == [Severity.ERROR, Severity.WARNING]
    assert data_entry.stops(findings, "crm")
    assert not data_entry.stops(findings, "desk")
    assert not data_entry.stops(findings[1:], "crm")


async def test_a_form_is_checked_before_its_kind_is_known(office: Office) -> None:
    """Then nothing is missing yet, but what is wrong is wrong."""
    draft = lead("a", email="ann")

    def fields(found: tuple[Finding, ...]) -> list[str]:
        return [finding.field for finding in found]

    assert fields(office.desk.data_entry.findings(draft, None)) == ["values.email"]
    assert fields(office.desk.data_entry.findings(draft, draft.kind)) == ["values.email", "values.full_name"]
