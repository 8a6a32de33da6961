"""A connection for one command, with the errors of reaching it said in words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.cli.proof import Proof, proof_of
from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.identity_service_pb2 import GetCallerRequest

DEADLINE_SECONDS = 20.0
# What stands for a value that the caller may not read.
HIDDEN = "(hidden)"


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
        CommandError: nothing answers there, or a token would have to be sent there in plain text.
    """
    proof = proof_of(os.environ)
    if not (principal or proof.names_caller):
        raise typer.BadParameter(
            "say who you are, such as --as users/ann, or set DEDUP_PRINCIPAL; a service that wants proof "
            "takes DEDUP_TOKEN_FILE",
            param_hint="--as",
        )
    with _connected(address, principal, proof) as client:
        try:
            known = principal or client.identity.GetCaller(GetCallerRequest()).name
            yield Session(client, Output(as_json), known)
        except ServiceError as error:
            if not error.unreachable:
                raise
            raise CommandError(_unreachable(address, error, proof)) from error


# What gRPC says where TLS, and not the way to the service, is what is wrong.
_NOT_BY_THAT_AUTHORITY = "CERTIFICATE_VERIFY_FAILED"
_ANOTHER_NAME = "Hostname Verification"
_NOT_TLS = "WRONG_VERSION_NUMBER"
_HUNG_UP = "Socket closed"


def _unreachable(address: str, error: ServiceError, proof: Proof) -> str:
    """Why nothing was reached, and what to do."""
    if _NOT_BY_THAT_AUTHORITY in error.message:
        return f"the certificate shown at {address} is not trusted: DEDUP_TLS_CA names another authority"
    if _ANOTHER_NAME in error.message:
        return f"the certificate shown at {address} is of another name: say which with DEDUP_TLS_SERVER_NAME"
    if _NOT_TLS in error.message:
        return f"what answers at {address} speaks no TLS: leave DEDUP_TLS_CA out, or say where with --address"
    if _HUNG_UP in error.message and proof.credentials is None:
        return f"what answers at {address} takes no plain text: name its authority with DEDUP_TLS_CA"
    return (
        f"no merge desk answers at {address}: start one with `dedup serve`, or say where it is with --address"
    )


def _connected(address: str, principal: str, proof: Proof) -> DedupClient:
    try:
        return DedupClient(
            address,
            principal=principal,
            token=proof.token,
            deadline_seconds=DEADLINE_SECONDS,
            credentials=proof.credentials,
            server_name=proof.server_name,
            mark=lambda _: HIDDEN,
        )
    except ValueError as error:
        raise CommandError(f"{error}; DEDUP_TLS_CA says whose certificate to trust") from error
