"""What `dedup doctor` says of links that others could read, or answer on."""

from pathlib import Path

import pytest

from dedup_service.cli.findings import State
from dedup_service.cli.link_findings import link_findings
from dedup_service.settings import Settings
from tests.identity.test_doctor import found

POSTGRES, INDEX = "link to PostgreSQL", "link to the index server"
FAR = "postgresql://dedup:secret@db.example.com/dedup"
FAR_INDEX = "redis://:secret@index.example.com:6379/0"


def said_of(url: str, index_url: str = "", **environ: str) -> dict[str, State]:
    """What is found of these two."""
    settings = Settings.from_environment({"DEDUP_DATABASE_URL": url, "DEDUP_REDIS_URL": index_url})
    findings = list(link_findings(settings, environ))
    assert not [each for each in findings if "secret" in f"{each.text}{each.advice}"]
    assert all(bool(each.advice) == (each.state is State.NOTE) for each in findings)
    return {each.subject: each.state for each in findings}


@pytest.mark.parametrize(
    ("url", "environ", "state"),
    [
        (FAR, {}, State.NOTE),
        (f"{FAR}?sslmode=require", {}, State.NOTE),
        (f"{FAR}?sslmode=verify-ca", {}, State.NOTE),
        (f"{FAR}?sslmode=verify-full", {}, State.OK),
        (FAR, {"PGSSLMODE": "verify-full"}, State.OK),
        ("postgresql://localhost,db.example.com/dedup", {}, State.NOTE),
        ("postgresql:///dedup", {"PGHOST": "db.example.com"}, State.NOTE),
    ],
)
def test_a_database_elsewhere_has_to_prove_who_it_is(url: str, environ: dict[str, str], state: State) -> None:
    """Anything less than its certificate for its host is a note."""
    assert said_of(url, **environ) == {POSTGRES: state}


@pytest.mark.parametrize(
    ("url", "state"),
    [
        (FAR_INDEX, State.NOTE),
        (FAR_INDEX.replace("redis", "rediss"), State.OK),
        (f"{FAR_INDEX.replace('redis', 'rediss')}?ssl_cert_reqs=none&ssl_check_hostname=false", State.NOTE),
        (f"{FAR_INDEX.replace('redis', 'rediss')}?ssl_check_hostname=false", State.NOTE),
        ("redis+sentinel://index.example.com/service", State.NOTE),
    ],
)
def test_an_index_server_elsewhere_has_to_prove_who_it_is(url: str, state: State) -> None:
    """Plain text, and TLS with whoever answers, are notes."""
    assert said_of("", url) == {INDEX: state}


@pytest.mark.parametrize("url", ["", "postgresql://127.0.0.1/dedup", "postgresql:///dedup?host=/run"])
@pytest.mark.parametrize("index_url", ["", "redis://localhost:6379", "unix:///run/valkey.sock"])
def test_servers_of_this_machine_are_not_spoken_of(url: str, index_url: str) -> None:
    """There is no way between on which somebody else could be."""
    assert said_of(url, index_url) == {}


def test_the_doctor_looks_at_the_links(tmp_path: Path) -> None:
    """Each is a finding of its own."""
    environment = {
        "DEDUP_DATABASE_URL": "postgresql://192.0.2.1:1/x?connect_timeout=2",
        "DEDUP_REDIS_URL": "",
    }
    assert found(tmp_path, environment)[POSTGRES]["state"] == "NOTE"
