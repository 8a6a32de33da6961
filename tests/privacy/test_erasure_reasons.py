"""The reason for an erasure stays: it names nobody, and is no way to try values unseen (E-4)."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import psycopg
import pytest

from dedup_service.domain.erasure import ERASED_TEXT
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.v1.audit_service_pb2 import ListAuditEntriesRequest
from dedup_service.v1.privacy_service_pb2 import ErasureCertificate, GetErasureCertificateRequest
from dedup_service.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from tests.merge_desk import Office, contact
from tests.privacy.scanning import Forms, in_database
from tests.rpc.api import ANN, IMPORTER, Api, refused, served
from tests.rpc.sight_world import NATIONAL_ID, SALARY, sight_office

SEEN = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com", "city": "Bonn"}
MASKED = {"national_id": NATIONAL_ID, "custom.salary": SALARY}
GROUND = "asked for by letter 2027-3"


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """The desk on which Ann reads no salary and no identity number, and the importer reads all."""
    async with sight_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def api(office: Office) -> AsyncIterator[Api]:
    """The desk, served."""
    async with served(office) as api:
        yield api


async def erase(api: Api, who: Any, record: str, reason: str, request_id: str = "") -> pb.Record:
    asked = pb.EraseRecordRequest(name=f"sources/crm/records/{record}", reason=reason, request_id=request_id)
    return await api.records.EraseRecord(asked, metadata=who)


async def certificate(api: Api, record: str) -> ErasureCertificate:
    name = f"sources/crm/records/{record}/erasureCertificate"
    stub = PrivacyServiceStub(api.channel)
    found = await stub.GetErasureCertificate(GetErasureCertificateRequest(name=name), metadata=IMPORTER)
    assert isinstance(found, ErasureCertificate)
    return found


async def test_a_right_guess_of_a_masked_value_is_answered_like_a_wrong_one(api: Api) -> None:
    """Neither the answer nor the certificate tells what Ann may not read."""
    await api.office.put(contact("right", **SEEN, **MASKED), contact("wrong", **SEEN, **MASKED))
    told = []
    for record, guess in (("right", NATIONAL_ID), ("wrong", "ZQ9999999Y")):
        answer = await erase(api, ANN, record, f"number {guess}")
        assert answer.state == pb.RECORD_STATE_ERASED
        told.append((await certificate(api, record)).reason)
    assert told == [ERASED_TEXT, ERASED_TEXT]


async def test_a_masked_value_of_before_cannot_be_tried_either(api: Api) -> None:
    """The history says that there was one; no reason says what it was."""
    await api.office.put(contact("p", **SEEN, **MASKED))
    await api.office.put(contact("p", **SEEN))
    await erase(api, ANN, "p", f"number {NATIONAL_ID}")
    assert (await certificate(api, "p")).reason == ERASED_TEXT


async def test_what_the_caller_may_read_is_refused(api: Api) -> None:
    """A name that stands on Ann's screen says whose data it was, now and in what the record said before."""
    await api.office.put(contact("p", **{**SEEN, "family_name": "Formerly"}, **MASKED))
    await api.office.put(contact("p", **SEEN, **MASKED))
    for reason in ("Mr Quux wrote", "Mr Formerly wrote"):
        for who in (ANN, IMPORTER):
            assert (await refused(erase(api, who, "p", reason))).fields == ["reason"]
    assert (await refused(erase(api, IMPORTER, "p", f"number {NATIONAL_ID}"))).fields == ["reason"]
    assert (await api.office.record("p")).active


async def test_the_ground_is_kept_of_those_who_read_all_of_the_record(api: Api) -> None:
    """The importer reads every field, and Ann all that this person has."""
    await api.office.put(contact("all", **SEEN, **MASKED), contact("hers", **SEEN))
    await erase(api, IMPORTER, "all", GROUND)
    await erase(api, ANN, "hers", GROUND)
    assert [(await certificate(api, record)).reason for record in ("all", "hers")] == [GROUND, GROUND]


async def test_nothing_that_was_sent_with_an_erasure_is_left(api: Api, database_url: str) -> None:
    """Neither the reason nor a digest of the request by which a guess of it could be tried."""
    await api.office.put(contact("p", **SEEN, **MASKED))
    asked = pb.EraseRecordRequest(
        name="sources/crm/records/p", reason=f"number {NATIONAL_ID}", request_id=str(uuid.uuid4())
    )
    await api.records.EraseRecord(asked, metadata=ANN)
    sent = asked.SerializeToString(deterministic=True)
    forms = Forms.of((NATIONAL_ID,), contact("p", **MASKED), sent)
    await api.office.store.tidy_after_erasures()
    assert in_database(database_url, forms) == set()
    entries = await api.audit.ListAuditEntries(ListAuditEntriesRequest(), metadata=ANN)
    assert not forms.found_in(entries.SerializeToString())


async def test_an_erasure_is_repeated_by_a_uuid_alone(api: Api) -> None:
    """An id that somebody made up may name the person, and stays; a repetition is one erasure."""
    await api.office.put(contact("p", **SEEN))
    made_up = await refused(erase(api, IMPORTER, "p", GROUND, "erase-quux"))
    assert (made_up.code, made_up.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request_id"])
    same = str(uuid.uuid4())
    assert await erase(api, IMPORTER, "p", GROUND, same) == await erase(api, IMPORTER, "p", GROUND, same)


async def test_a_reason_that_names_somebody_else_is_told_when_they_are_erased(
    api: Api, database_url: str
) -> None:
    """The audit stands on it, so it stays; the certificate says where to look."""
    await api.office.put(contact("first", **SEEN), contact("other", family_name="Zyxwvson"))
    await erase(api, IMPORTER, "first", "the same as Zyxwvson, who asked")
    await erase(api, IMPORTER, "other", GROUND)
    [left] = (await certificate(api, "other")).left
    assert "sources/crm/records/first/erasureCertificate" in left
    with psycopg.connect(database_url) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM erasure_certificates WHERE body ->> 'reason' LIKE '%Zyxwvson%'"
        ).fetchall()
    assert count == 1
    assert (await api.office.store.read(lambda tx: tx.verify_audit(0, ""))).holds
