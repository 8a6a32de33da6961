"""A company as its operator sets it up: TLS by its own authority, sign-in at its provider, a console."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from dedup_service.client import DedupClient
from dedup_service.console.options import SIGNED_IN_PATH
from tests.console.provider_console import STRANGER
from tests.e2e.running_service import (
    POLL_SECONDS,
    START_SECONDS,
    RunningService,
    free_port,
    running_service,
)
from tests.identity.asking import Door, token_environment
from tests.identity.authorities import Authority
from tests.oidc_provider import Provider, running_provider, token_of_service
from tests.oidc_provider.provider import CONSOLE, shipped_people

COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Company:
    """`directory` is for the files of callers."""

    directory: Path
    authority: Authority
    provider: Provider
    service: RunningService
    console_url: str

    @property
    def door(self) -> Door:
        """Where callers connect who trust the authority."""
        return Door(self.service.address, self.authority.credentials())

    def client(self, token: str) -> DedupClient:
        """The published client, as whoever the token names."""
        return DedupClient(self.service.address, token=token, credentials=self.authority.credentials())

    def importer(self) -> DedupClient:
        """The published client of the account that writes and proposes."""
        return self.client(token_of_service(self.provider, "importer"))

    def dedup(self, *arguments: str, token: str = "", **settings: str) -> tuple[int, str]:
        """A command in a process of its own: its exit code, and all that it wrote."""
        token_file = self.directory / "token"
        token_file.write_text(token)
        environment = {name: text for name, text in os.environ.items() if not name.startswith("DEDUP_")}
        environment |= {
            "DEDUP_ADDRESS": self.service.address,
            "DEDUP_TLS_CA": str(self.authority.authority_file),
            "DEDUP_TOKEN_FILE": str(token_file) if token else "",
            "COLUMNS": "200",
            **settings,
        }
        done = subprocess.run(
            [Path(sys.executable).with_name("dedup"), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return done.returncode, done.stdout


@contextmanager
def running_company(directory: Path) -> Iterator[Company]:
    """`dedup serve` with all of it, set by the environment alone."""
    console = f"127.0.0.1:{free_port()}"
    console_url = f"http://{console}"
    secret_file = directory / "client-secret"
    provider_ca = directory / "provider-ca.pem"
    of_the_provider = trustme.CA()
    of_the_provider.cert_pem.write_to_path(str(provider_ca))
    authority = Authority(directory)
    with running_provider(
        directory / "provider",
        people=(*shipped_people(), STRANGER),
        redirect_uris=(f"{console_url}{SIGNED_IN_PATH}",),
        authority=of_the_provider,
    ) as provider:
        secret_file.write_text(f"{provider.secret}\n")
        settings = {
            **token_environment(provider),
            "DEDUP_OIDC_CA": str(provider_ca),
            "DEDUP_OIDC_CLIENT_ID": CONSOLE,
            "DEDUP_OIDC_CLIENT_SECRET_FILE": str(secret_file),
            "DEDUP_CONSOLE_LISTEN": console,
            "DEDUP_CONSOLE_URL": console_url,
            "DEDUP_TLS_CERTIFICATE": str(authority.certificate_file),
            "DEDUP_TLS_KEY": str(authority.key_file),
            "DEDUP_TLS_CA": str(authority.authority_file),
        }
        with running_service(authority.credentials(), **settings) as service:
            _wait_for(console)
            yield Company(directory, authority, provider, service, console_url)


def _wait_for(address: str) -> None:
    """Until somebody listens there: the console is started by the service, and is up after it."""
    host, _, port = address.partition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens at {address}"
            time.sleep(POLL_SECONDS)
        else:
            return
