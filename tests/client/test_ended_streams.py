"""How the streams of the client end, as the service's log has it."""

import logging

import pytest

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.record_service_pb2 import Record


def test_an_import_that_went_well_is_no_cancelled_call(
    client: DedupClient, caplog: pytest.LogCaptureFixture
) -> None:
    """When all batches are answered the client lets the service end the call, which is then OK."""
    records = [
        Record(
            name=f"sources/crm/records/{number}",
            kind=RECORD_KIND_CONTACT,
            values={"email": f"{number}@example.com"},
        )
        for number in range(3)
    ]
    with caplog.at_level(logging.INFO, "dedup_service.rpc.call_log"):
        done = list(client.ingest(records, batch_size=1))
    assert [each.answer.written_count for each in done] == [1, 1, 1]
    (call,) = [each for each in caplog.records if getattr(each, "method", "").endswith("/IngestRecords")]
    assert getattr(call, "code", "") == "OK"
