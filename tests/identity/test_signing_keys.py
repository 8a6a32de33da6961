"""How long a provider's keys count, and how often it is asked for them; by a clock that the tests move."""

from collections.abc import Mapping
from typing import Any

import pytest

from dedup_service.domain.errors import ProviderUnavailable, Unauthenticated
from dedup_service.identity.provider import FetchError
from dedup_service.identity.provider import Provider as Publisher
from dedup_service.identity.signing_keys import (
    AGAIN_SECONDS,
    KEEP_SECONDS,
    RENEW_SECONDS,
    STALE_SECONDS,
    SigningKeys,
)
from dedup_service.identity.tokens import BearerTokens
from tests.identity.key_sets import Clock, FromProvider, rules_of
from tests.identity.minting import kid_of, minted
from tests.oidc_provider import Provider


async def test_a_new_key_is_asked_for_when_a_token_names_it(provider: Provider) -> None:
    """After a rotation new tokens count at once, unless the provider was asked seconds before."""
    clock = Clock()
    fetching = FromProvider(provider)
    tokens = BearerTokens(rules_of(provider), SigningKeys(fetching.keys, clock))
    assert (await tokens.claims(minted(provider))).principal_name == "users/ann"
    provider.rotate()
    with pytest.raises(Unauthenticated):
        await tokens.claims(minted(provider))
    clock.seconds += AGAIN_SECONDS
    assert (await tokens.claims(minted(provider))).principal_name == "users/ann"
    assert fetching.asked == 2


async def test_remembered_tokens_cost_no_fetch(provider: Provider) -> None:
    """A token that was verified is not asked about again before the keys are due."""
    clock = Clock()
    fetching = FromProvider(provider)
    tokens = BearerTokens(rules_of(provider), SigningKeys(fetching.keys, clock))
    token = minted(provider)
    for _ in range(100):
        clock.seconds += (RENEW_SECONDS - 1) / 100
        await tokens.claims(token)
    assert fetching.asked == 1


async def test_a_remembered_token_expires(provider: Provider) -> None:
    """What was verified once counts until its own end, and not a second longer than the clocks may differ."""
    clock = Clock()
    now = Clock()
    tokens = BearerTokens(rules_of(provider), SigningKeys(FromProvider(provider).keys, clock), now)
    token = minted(provider)
    found = await tokens.claims(token)
    now.seconds = found.end_seconds
    await tokens.claims(token)
    now.seconds = found.end_seconds + 0.1
    with pytest.raises(Unauthenticated, match="expired"):
        await tokens.claims(token)


class Sometimes:
    """A provider that answers, until it is `away`."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.away = False
        self.asked = 0

    async def keys(self) -> list[Mapping[str, Any]]:
        self.asked += 1
        if self.away:
            raise FetchError("the provider does not answer")
        return [{**ED25519, "kid": kid} for kid in self.kids]


# The public half of RFC 8037, appendix A.
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


async def test_keys_go_on_for_a_bounded_time_while_the_provider_is_away() -> None:
    """They count for an hour without it, whoever asks; then callers are told to come again."""
    clock, source = Clock(), Sometimes("a")
    keys = SigningKeys(source.keys, clock)
    assert (await keys.find("a", "EdDSA")).kid == "a"
    source.away = True
    for seconds in (RENEW_SECONDS + 1, STALE_SECONDS + 1, KEEP_SECONDS):
        clock.seconds = seconds
        assert (await keys.find("a", "EdDSA")).kid == "a"
    clock.seconds = KEEP_SECONDS + AGAIN_SECONDS + 1
    with pytest.raises(ProviderUnavailable):
        await keys.find("a", "EdDSA")
    source.away = False
    clock.seconds += AGAIN_SECONDS
    assert (await keys.find("a", "EdDSA")).kid == "a"


async def test_an_unknown_key_is_no_forgery_while_the_provider_is_away() -> None:
    """It may be a new one: the caller is told to come again, and the provider is not asked for each call."""
    clock, source = Clock(), Sometimes("a")
    keys = SigningKeys(source.keys, clock)
    await keys.find("a", "EdDSA")
    source.away = True
    clock.seconds = AGAIN_SECONDS
    for _ in range(50):
        with pytest.raises(ProviderUnavailable):
            await keys.find("b", "EdDSA")
    assert source.asked == 2


async def test_a_withdrawn_key_counts_no_more_after_a_refresh() -> None:
    """Keys are fetched anew before they are used once they are old, though nobody names an unknown one."""
    clock, source = Clock(), Sometimes("a", "b")
    keys = SigningKeys(source.keys, clock)
    await keys.find("a", "EdDSA")
    source.kids = ("b",)
    clock.seconds = STALE_SECONDS + 1
    with pytest.raises(Unauthenticated):
        await keys.find("a", "EdDSA")
    assert (await keys.find("b", "EdDSA")).kid == "b"


async def test_the_discovery_document_must_be_of_the_issuer(provider: Provider) -> None:
    """A document of another issuer is not followed, and keys may be published where the settings say."""
    with pytest.raises(FetchError, match="another issuer"):
        await Publisher(f"{provider.issuer}/").keys()
    found = await Publisher("https://unreachable.invalid", provider.jwks_url).keys()
    assert found[0]["kid"] == kid_of(provider.state.keys[0])
    with pytest.raises(FetchError, match="status 404"):
        await Publisher(provider.issuer, f"{provider.issuer}/nothing").keys()
