"""All that is held about somebody, for whoever answers them."""

import grpc
import pytest

from dedup_service.v1.privacy_service_pb2 import ExportRecordRequest, ExportRecordResponse
from dedup_service.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from tests.privacy.scanning import Forms
from tests.privacy.somebody import MARKERS, NAME, WORD, Life
from tests.rpc.api import ANN, IMPORTER, Api, by, contact, refusal_of


async def exported(api: Api, name: str = NAME) -> dict[str, list[ExportRecordResponse]]:
    """What was answered, by its sort."""
    found: dict[str, list[ExportRecordResponse]] = {}
    stub = PrivacyServiceStub(api.channel)
    async for message in stub.ExportRecord(ExportRecordRequest(name=name), metadata=IMPORTER):
        found.setdefault(message.WhichOneof("held") or "", []).append(message)
    return found


async def test_everything_that_refers_to_her_is_answered(api: Api) -> None:
    """The record first, and what her life has left of her in every table."""
    await Life(api).live()
    found = await exported(api)
    assert next(iter(found)) == "record"
    assert found["record"][0].record.values["family_name"] == WORD
    assert found["golden_record"][0].golden_record.members == [NAME]
    assert len(found["change"]) > 5
    assert {each.proposal.comment for each in found["proposal"]} == {f"is it {WORD}?"}
    assert len(found["proposal"]) == 3
    assert found["merge"][0].merge.undo_reason == f"{WORD} is somebody else"
    assert len(found["distinction"]) == 1
    assert len(found["intake"]) == 1
    assert {each.audit_entry.action for each in found["audit_entry"]} >= {"UpdateRecord", "IngestRecords"}
    texts = {each.text.place.partition(":")[0] for each in found["text"]}
    assert texts >= {"delegation reasons", "policy comments", "cleanup job names", "blocking index"}
    assert any(place.startswith("kept answer to UpdateRecord") for place in texts)


async def test_of_somebody_erased_the_names_alone_are_left(api: Api) -> None:
    """The export of an erased record holds its certificate and no value of hers."""
    await Life(api).live()
    forms = Forms.of(MARKERS, (await api.office.record("p")).draft)
    await api.office.erase("p")
    found = await exported(api)
    assert len(found["erasure_certificate"]) == 1
    held = [message.SerializeToString() for messages in found.values() for message in messages]
    assert not any(map(forms.found_in, held))


async def test_who_may_not_write_the_record_exports_nothing(api: Api) -> None:
    """It is for whoever answers for the source, and of records that there are."""
    await api.put(contact("p"))
    stub = PrivacyServiceStub(api.channel)
    for name, who, code in (
        (NAME, by("carla"), grpc.StatusCode.PERMISSION_DENIED),
        ("sources/crm/records/none", ANN, grpc.StatusCode.NOT_FOUND),
        ("p", ANN, grpc.StatusCode.INVALID_ARGUMENT),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            [_ async for _ in stub.ExportRecord(ExportRecordRequest(name=name), metadata=who)]
        assert refusal_of(raised.value).code is code
