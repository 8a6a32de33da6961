"""A connection for one command, with the errors of reaching it said in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.client import DedupClient, ServiceError

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks the service, and where the answer goes."""

    client: DedupClient
    output: Output
    principal: str


@contextmanager
def session(address: str, principal: str, as_json: bool) -> Iterator[Session]:
    """A session at an address.

    Raises:
        CommandError: nothing answers there.
    """
    if not principal:
        raise typer.BadParameter(
            "say who you are, such as --as users/ann, or set DEDUP_PRINCIPAL", param_hint="--as"
        )
    with DedupClient(address, principal=principal, deadline_seconds=DEADLINE_SECONDS) as client:
        try:
            yield Session(client, Output(as_json), principal)
        except ServiceError as error:
            if not error.unreachable:
                raise
            raise CommandError(
                f"no merge desk answers at {address}: start one with `dedup serve`, "
                "or say where it is with --address"
            ) from error
