"""Tokens as people and programs really get them, and what the service makes of them."""

import grpc
import pytest

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.audit_service_pb2 import ListAuditEntriesRequest
from dedup_service.v1.identity_service_pb2 import GetCallerRequest
from dedup_service.v1.record_service_pb2 import BatchUpdateRecordsRequest, UpdateRecordRequest
from tests.console.scenes import contact_record
from tests.identity.asking import Door, bearer, token_desk
from tests.identity.minting import minted
from tests.oidc_provider import Provider, sign_in, token_of_service


def test_a_person_and_a_program_call_by_their_tokens(
    provider: Provider, database_url: str, redis_url: str
) -> None:
    """Ann signs in with her password and the importer with its secret; the audit has their names."""
    with token_desk(provider, database_url, redis_url) as desk:
        token = token_of_service(provider, "importer")
        with DedupClient(desk.address, token=lambda: token) as importer:
            importer.records.UpdateRecord(UpdateRecordRequest(record=contact_record("1"), allow_missing=True))
            ann = importer.bearing(sign_in(provider, "ann")["access_token"])
            caller = ann.identity.GetCaller(GetCallerRequest())
            entries = ann.audit.ListAuditEntries(ListAuditEntriesRequest()).audit_entries
    assert (caller.name, list(caller.functions), caller.human) == ("users/ann", ["sales"], True)
    assert [entry.actor for entry in entries if entry.action == "UpdateRecord"] == ["services/importer"]


def test_the_token_is_asked_for_before_each_call(
    provider: Provider, database_url: str, redis_url: str
) -> None:
    """A program whose token is renewed goes on with the new one, over the connection that it has."""
    tokens = [minted(provider, "ben"), minted(provider, "ann")]
    with (
        token_desk(provider, database_url, redis_url) as desk,
        DedupClient(desk.address, token=tokens.pop) as client,
    ):
        names = [client.identity.GetCaller(GetCallerRequest()).name for _ in range(2)]
    assert names == ["users/ann", "users/ben"]


def test_an_expired_token_says_what_to_do(provider: Provider, database_url: str, redis_url: str) -> None:
    """The error has a reason of its own, and asks for proof as the header WWW-Authenticate does."""
    with token_desk(provider, database_url, redis_url) as desk:
        door = Door(desk.address)
        late = door.refused(bearer(minted(provider, exp=1)))
        none = door.refused()
    assert (late.reason, late.metadata) == (
        "TOKEN_EXPIRED",
        {"www_authenticate": 'Bearer error="invalid_token"'},
    )
    assert (none.reason, none.metadata) == ("UNAUTHENTICATED_PRINCIPAL", {"www_authenticate": "Bearer"})


def test_a_provider_that_is_away_delays_and_refuses_nobody_it_knew(
    provider: Provider, database_url: str, redis_url: str
) -> None:
    """Before its keys were ever fetched callers are told to come again; once they are known calls go on."""
    token = minted(provider)
    provider.stop()
    try:
        with token_desk(provider, database_url, redis_url) as desk:
            away = Door(desk.address).refused(bearer(token))
            assert (away.code, away.reason) == (grpc.StatusCode.UNAVAILABLE, "PROVIDER_UNAVAILABLE")
            assert away.retry_seconds
    finally:
        provider.start()
    with token_desk(provider, database_url, redis_url) as desk:
        door = Door(desk.address)
        assert door.ask(bearer(token)).name == "users/ann"
        provider.stop()
        try:
            assert door.ask(bearer(minted(provider, "fiona"))).name == "users/fiona"
        finally:
            provider.start()


def test_the_gate_asks_the_role_before_the_work(
    provider: Provider, database_url: str, redis_url: str
) -> None:
    """A service account without a source is refused a write whatever the request holds."""
    with (
        token_desk(provider, database_url, redis_url) as desk,
        DedupClient(desk.address, token=token_of_service(provider, "matcher")) as matcher,
        pytest.raises(ServiceError) as refused,
    ):
        matcher.records.BatchUpdateRecords(BatchUpdateRecordsRequest())
    assert refused.value.reason == "MISSING_ROLE"


def test_a_client_sends_no_token_in_plain_text_to_others() -> None:
    """Over plain text a token goes to this machine alone; the other machine is never called."""
    for address in ("desk.example.com:50051", "10.0.0.1:50051", "dns:///desk:1", "127.0.0.1.example.com:1"):
        with pytest.raises(ValueError, match="plain text"):
            DedupClient(address, token="t")
        with DedupClient(address) as client, pytest.raises(ValueError, match="plain text"):
            client.bearing("t")
    for address in ("127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/tmp/x", "ipv4:127.0.0.1:1"):
        DedupClient(address, token="t").close()
    DedupClient("desk.example.com:1", token="t", credentials=grpc.ssl_channel_credentials()).close()
