"""The provider as a test has it: started, told what to be, stopped."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dedup_service.company_files import load_policy, load_principals
from tests.oidc_provider.state import AUTHORITY_FILE, CERTIFICATE_FILE, SECRET, Client, Person, State

ROOT = Path(__file__).parents[2]
CONSOLE = "merge-desk-console"
# What a test signs people in with, where no browser comes back to a console.
REDIRECT_URI = "http://127.0.0.1:9/signed-in"


class Provider:
    """A provider in a process; each change of its `state` counts from the next request on."""

    secret = SECRET

    def __init__(self, directory: Path, state: State) -> None:
        self.directory = directory
        self._state = state
        self._process: subprocess.Popen[str] | None = None
        state.write(directory)

    @property
    def state(self) -> State:
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        state.write(self.directory)

    @property
    def issuer(self) -> str:
        return self._state.issuer

    @property
    def port(self) -> int:
        return int(self.issuer.rsplit(":")[-1].partition("/")[0])

    @property
    def origin(self) -> str:
        """What stands before every address of it."""
        return self.issuer.removesuffix("/o")

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """What a client of a test verifies it by."""
        authority = self.directory / AUTHORITY_FILE
        return ssl.create_default_context(cafile=authority) if authority.exists() else True

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/.well-known/jwks.json"

    def start(self) -> None:
        """Return once it answers, at the port of its issuer."""
        command = [sys.executable, "-m", "tests.oidc_provider.site", str(self.directory), str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the provider did not start"

    def stop(self) -> None:
        """Nobody answers there any more; `start` brings it back with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def rotate(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on; the old ones stay published, or are withdrawn."""
        old = self._state.keys if keep_old else ()
        self.state = replace(self._state, keys=(new_key(), *old))

    def grant(self, name: str, *roles: str) -> None:
        """Give somebody these roles in place of theirs."""
        people = [replace(one, roles=roles) if one.name == name else one for one in self._state.people]
        self.state = replace(self._state, people=tuple(people))


def new_key() -> str:
    """An RSA key as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def shipped_people() -> tuple[Person, ...]:
    """The people of the shipped principals file; their roles are their functions."""
    found = load_principals(None, load_policy(None)).principals.values()
    return tuple(
        Person(one.name.removeprefix("users/"), one.display_name, tuple(sorted(one.functions)))
        for one in found
        if one.human
    )


def shipped_services() -> tuple[str, ...]:
    """The service accounts of the shipped principals file."""
    found = load_principals(None, load_policy(None)).principals.values()
    return tuple(one.name.removeprefix("services/") for one in found if not one.human)


@contextmanager
def running_provider(
    directory: Path,
    people: tuple[Person, ...] = (),
    services: tuple[str, ...] = (),
    redirect_uris: tuple[str, ...] = (),
    authority: trustme.CA | None = None,
) -> Iterator[Provider]:
    """A provider with these people and service accounts, or the shipped ones, and the console's client.

    `redirect_uris` are those that the console may be come back to at. With an `authority` it speaks TLS, by a
    certificate of it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if authority is not None:
        authority.cert_pem.write_to_path(str(directory / AUTHORITY_FILE))
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(directory / CERTIFICATE_FILE))
    clients = [Client(name) for name in services or shipped_services()]
    state = State(
        issuer=f"{'http' if authority is None else 'https'}://127.0.0.1:{port}/o",
        keys=(new_key(),),
        people=people or shipped_people(),
        clients=(Client(CONSOLE, (REDIRECT_URI, *redirect_uris)), *clients),
    )
    provider = Provider(directory, state)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
