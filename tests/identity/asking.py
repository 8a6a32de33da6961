"""A call that asks who one is, with whatever it carries as proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import grpc

from dedup_service.client import ServiceError, explain
from dedup_service.v1.identity_service_pb2 import Caller, GetCallerRequest
from dedup_service.v1.identity_service_pb2_grpc import IdentityServiceStub
from tests.identity.minting import NAME_CLAIM
from tests.identity.shipped import PRINCIPALS
from tests.oidc_provider import Provider
from tests.served_desk import ServedDesk, served_desk

Metadata = tuple[tuple[str, str | bytes], ...]


def bearer(token: str) -> Metadata:
    """The metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)


@dataclass(frozen=True)
class Door:
    """An address at which a service asks who one is."""

    address: str
    credentials: grpc.ChannelCredentials | None = None
    open_channel: grpc.Channel | None = None

    @contextmanager
    def held(self) -> Iterator["Door"]:
        """The same door through one connection that is kept open."""
        with self.channel() as channel:
            yield replace(self, open_channel=channel)

    @contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        """The connection that is kept open, or one of its own."""
        if self.open_channel is not None:
            yield self.open_channel
            return
        made = (
            grpc.insecure_channel(self.address)
            if self.credentials is None
            else grpc.secure_channel(self.address, self.credentials)
        )
        with made as channel:
            yield channel

    def ask(self, metadata: Metadata = ()) -> Caller:
        """Who the service takes the caller for; raises ServiceError."""
        with self.channel() as channel:
            try:
                return IdentityServiceStub(channel).GetCaller(
                    GetCallerRequest(), metadata=metadata, timeout=10
                )
            except grpc.RpcError as error:
                raise explain(error) from error

    def refused(self, metadata: Metadata = ()) -> ServiceError:
        """Why the service takes the caller for nobody; anything else fails the test."""
        try:
            caller = self.ask(metadata)
        except ServiceError as error:
            return error
        raise AssertionError(f"the call was answered, as one of {caller.name}")

    def refuses(self, metadata: Metadata, why: str) -> None:
        """Assert that the caller is nobody, for this reason, and hears nothing of what was sent."""
        error = self.refused(metadata)
        assert error.code is grpc.StatusCode.UNAUTHENTICATED, error
        assert why in error.message, error.message
        for _, sent in metadata:
            secret = (sent if isinstance(sent, str) else sent.decode("latin-1")).removeprefix("Bearer ")
            assert len(secret) < 40 or secret[:40] not in error.message


def token_environment(provider: Provider, **more: str) -> dict[str, str]:
    """The settings of a service that takes the provider's tokens."""
    return {
        "DEDUP_AUTHENTICATION": "tokens",
        "DEDUP_PRINCIPALS": str(PRINCIPALS),
        "DEDUP_OIDC_ISSUER": provider.issuer,
        "DEDUP_OIDC_AUDIENCE": provider.state.audience,
        "DEDUP_OIDC_NAME_CLAIM": NAME_CLAIM,
        **more,
    }


@contextmanager
def token_desk(provider: Provider, database_url: str, redis_url: str, **more: str) -> Iterator[ServedDesk]:
    """A served desk that takes the provider's tokens and nothing else."""
    with served_desk(database_url, redis_url, token_environment(provider, **more)) as served:
        yield served
