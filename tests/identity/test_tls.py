"""TLS at the service's own port: certificates that change as it serves, callers known by theirs, commands."""

from pathlib import Path

import grpc
import pytest
import trustme
from typer.testing import CliRunner

from dedup_service.cli.main import app
from dedup_service.client import DedupClient
from dedup_service.rpc.tls import TlsError, TlsFiles, first_name, server_credentials
from dedup_service.v1.identity_service_pb2 import GetCallerRequest
from tests.identity.asking import Door, bearer, token_environment
from tests.identity.authorities import Authority, authority_of, client_leaf
from tests.identity.minting import minted
from tests.oidc_provider import Provider, token_of_service
from tests.served_desk import served_desk


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The company's authority, with the service's certificate."""
    return Authority(tmp_path)


def by_tokens_over_tls(authority: Authority, provider: Provider) -> dict[str, str]:
    """The settings of a service with a certificate that takes tokens."""
    found = {**authority.environment("tokens"), **token_environment(provider)}
    return {**found, "DEDUP_CONSOLE_LISTEN": "none"}


def test_a_new_certificate_is_used_without_a_restart(
    authority: Authority, provider: Provider, database_url: str, redis_url: str
) -> None:
    """New connections get the new certificate; a key that is not its own leaves the old one in use; and a
    connection that is open goes on.
    """
    token = bearer(minted(provider))
    with served_desk(database_url, redis_url, by_tokens_over_tls(authority, provider)) as desk:
        old = Door(desk.address, authority.credentials())
        with old.held() as held:
            assert held.ask(token).name == "users/ann"
            renewed = trustme.CA()
            key = authority.key_file.read_bytes()
            authority.issue_server(renewed)
            fresh_key = authority.key_file.read_bytes()
            authority.key_file.write_bytes(key)
            assert old.ask(token).name == "users/ann"
            authority.key_file.write_bytes(fresh_key)
            new = Door(desk.address, authority.credentials(trusted=renewed))
            assert new.ask(token).name == "users/ann"
            assert old.refused(token).code is grpc.StatusCode.UNAVAILABLE
            assert held.ask(token).name == "users/ann"


def test_another_authority_of_callers_counts_without_a_restart(
    authority: Authority, database_url: str, redis_url: str
) -> None:
    """Certificates of an authority that was taken out open no connection, those of the new one do."""
    other = trustme.CA()
    strangers = authority.credentials(client_leaf(authority_of(other), "spiffe://example.com/users/fiona"))
    environment = {**authority.environment("certificates"), "DEDUP_CONSOLE_LISTEN": "none"}
    with served_desk(database_url, redis_url, environment) as desk:
        own = Door(desk.address, authority.credentials(authority.of("users/ann")))
        assert own.ask().name == "users/ann"
        assert Door(desk.address, strangers).refused().code is grpc.StatusCode.UNAVAILABLE
        other.cert_pem.write_to_path(str(authority.authority_file))
        assert Door(desk.address, strangers).ask().name == "users/fiona"
        assert own.refused().code is grpc.StatusCode.UNAVAILABLE


def test_names_of_people_and_programs_stand_in_certificates(
    authority: Authority, database_url: str, redis_url: str
) -> None:
    """By an alternative name, or by the common name where there is no other; who left is nobody at once."""
    environment = {**authority.environment("certificates"), "DEDUP_CONSOLE_LISTEN": "none"}
    named = client_leaf(authority_of(authority.ca), common_name="services/importer")
    with served_desk(database_url, redis_url, environment) as desk:
        found = [
            Door(desk.address, authority.credentials(leaf)).ask().name
            for leaf in (authority.of("users/fiona"), authority.of("services/matcher"), named)
        ]
    assert found == ["users/fiona", "services/matcher", "services/importer"]


def test_a_token_names_the_caller_over_a_programs_certificate(
    authority: Authority, provider: Provider, database_url: str, redis_url: str
) -> None:
    """With both ways a program connects by its certificate and carries tokens of people."""
    environment = {
        **authority.environment("certificates", "tokens"),
        **token_environment(provider),
        "DEDUP_AUTHENTICATION": "certificates tokens",
        "DEDUP_CONSOLE_LISTEN": "none",
    }
    with served_desk(database_url, redis_url, environment) as desk:
        door = Door(desk.address, authority.credentials(authority.of("services/matcher")))
        assert door.ask().name == "services/matcher"
        assert door.ask(bearer(minted(provider))).name == "users/ann"
        door.refuses(bearer(minted(provider, exp=1)), "has expired")
        without = Door(desk.address, authority.credentials())
        assert without.refused(bearer(minted(provider))).code is grpc.StatusCode.UNAVAILABLE


def test_commands_call_by_tls_with_a_token_file(
    authority: Authority, provider: Provider, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """`dedup` reads the token for each call; one of somebody else than --as, or none, is told in words."""
    token_file = tmp_path / "token"
    token_file.write_text(f"{token_of_service(provider, 'importer')}\n")
    with served_desk(database_url, redis_url, by_tokens_over_tls(authority, provider)) as desk:
        environment = {
            "DEDUP_ADDRESS": desk.address,
            "DEDUP_PRINCIPAL": "",
            "DEDUP_TOKEN_FILE": str(token_file),
            "DEDUP_TLS_CA": str(authority.authority_file),
            "COLUMNS": "200",
        }

        def dedup(**more: str) -> tuple[int, str]:
            result = CliRunner().invoke(app, ["inbox"], env={**environment, **more})
            return result.exit_code, result.output

        code, said = dedup()
        assert (code, "waits for services/importer" in said) == (0, True), said
        token_file.write_text(minted(provider, "ann"))
        code, said = dedup()
        assert (code, "waits for users/ann" in said) == (0, True), said
        code, said = dedup(DEDUP_PRINCIPAL="users/fiona")
        assert (code, "another principal" in said) == (1, True), said
        token_file.unlink()
        code, said = dedup()
        assert (code, "DEDUP_TOKEN_FILE" in said) == (1, True), said
        code, said = dedup(DEDUP_TOKEN_FILE="", DEDUP_PRINCIPAL="users/ann")
        assert (code, "carries no token" in said) == (1, True), said


def test_commands_send_no_token_in_plain_text(tmp_path: Path) -> None:
    """To another machine without TLS a command does not even try."""
    (tmp_path / "token").write_text("t")
    environment = {
        "DEDUP_ADDRESS": "desk.example.com:50051",
        "DEDUP_TOKEN_FILE": str(tmp_path / "token"),
        "DEDUP_TLS_CA": "",
    }
    result = CliRunner().invoke(app, ["inbox"], env=environment)
    said = result.stderr
    assert (result.exit_code, "in plain text" in said, "DEDUP_TLS_CA" in said) == (
        1,
        True,
        True,
    )


def test_commands_call_by_their_certificate(
    authority: Authority, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """A certificate says who calls, and a name in the certificate of the service may be told."""
    ann = authority.of("users/ann")
    (tmp_path / "ann.pem").write_bytes(ann.chain)
    (tmp_path / "ann-key.pem").write_bytes(ann.key)
    environment = {**authority.environment("certificates"), "DEDUP_CONSOLE_LISTEN": "none"}
    with served_desk(database_url, redis_url, environment) as desk:
        asked = {
            "DEDUP_ADDRESS": desk.address,
            "DEDUP_PRINCIPAL": "",
            "DEDUP_TLS_CA": str(authority.authority_file),
            "DEDUP_TLS_CLIENT_CERTIFICATE": str(tmp_path / "ann.pem"),
            "DEDUP_TLS_CLIENT_KEY": str(tmp_path / "ann-key.pem"),
            "DEDUP_TLS_SERVER_NAME": first_name(authority.certificate_file),
            "COLUMNS": "200",
        }
        result = CliRunner().invoke(app, ["inbox"], env=asked)
        assert (result.exit_code, "waits for users/ann" in result.output) == (0, True), result.output
        with DedupClient(
            desk.address, credentials=authority.credentials(ann), server_name="localhost"
        ) as client:
            assert client.identity.GetCaller(GetCallerRequest()).name == "users/ann"


def test_files_that_are_no_certificate_stop_the_start(authority: Authority, tmp_path: Path) -> None:
    """Each file is named, with what is wrong in it."""
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    good = authority.certificate_file, authority.key_file
    for files, said in (
        (TlsFiles(nothing, good[1]), "no certificate"),
        (TlsFiles(good[0], nothing), "no private key"),
        (TlsFiles(good[0], Authority(elsewhere).key_file), "is not the key of"),
        (TlsFiles(*good, nothing), "no certificate"),
        (TlsFiles(tmp_path / "missing.pem", good[1]), "cannot be read"),
    ):
        with pytest.raises(TlsError, match=said):
            server_credentials(files)
