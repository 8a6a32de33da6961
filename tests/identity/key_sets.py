"""Keys as the real provider publishes them, by a clock that a test moves."""

from collections.abc import Mapping
from typing import Any

from dedup_service.identity.provider import Provider as Publisher
from dedup_service.identity.tokens import TokenRules
from tests.identity.minting import NAME_CLAIM
from tests.oidc_provider import Provider


class Clock:
    """Stands still until it is moved."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


class FromProvider:
    """Fetches the keys over the wire, and counts how often."""

    def __init__(self, provider: Provider) -> None:
        self._publisher = Publisher(provider.issuer)
        self.asked = 0

    async def keys(self) -> list[Mapping[str, Any]]:
        self.asked += 1
        return await self._publisher.keys()


def rules_of(provider: Provider, functions_claim: str = "") -> TokenRules:
    """What the tokens of a provider must say."""
    return TokenRules(provider.issuer, provider.state.audience, NAME_CLAIM, functions_claim=functions_claim)
