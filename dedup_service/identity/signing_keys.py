"""The keys that a provider signs with, as long as it publishes them.

A key that is not known may be a new one: it is asked for, at most every few seconds however many tokens name
it. All are fetched anew every few minutes, and those no longer published count no more. While the provider is
away its keys go on for an hour.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from dedup_service.domain.errors import ProviderUnavailable, Unauthenticated
from dedup_service.identity.provider import FetchError

LOG = logging.getLogger(__name__)

RENEW_SECONDS = 300.0
# Older keys are fetched anew before they are used, not beside it.
STALE_SECONDS = 600.0
KEEP_SECONDS = 3600.0
AGAIN_SECONDS = 10.0
MAX_KEYS = 100
_LEAST_RSA_BITS = 2048
# What a key must be for an algorithm: its type and, where it has one, its curve. Nothing that is not in
# here is ever taken: no "none", and no algorithm by which a published key would be a shared secret.
ALGORITHMS: Mapping[str, tuple[str, str]] = {
    **{f"{family}{bits}": ("RSA", "") for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}

Fetch = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A published key; equal to another where it is the very same key."""

    kid: str
    kty: str
    curve: str
    algorithm: str
    public: Any = field(compare=False, repr=False)
    material: tuple[str, ...] = field(repr=False)

    def suits(self, algorithm: str) -> bool:
        """Whether tokens of this algorithm may be signed with it."""
        kty, curve = ALGORITHMS[algorithm]
        return self.kty == kty and self.curve == curve and self.algorithm in ("", algorithm)


class SigningKeys:
    """The keys of one provider, in the memory of this process."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched_seconds: float | None = None
        self._asked_seconds: float | None = None
        self._away = False
        self._renewing: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> SigningKey:
        """The key that a token names.

        Raises:
            Unauthenticated: the provider publishes none of that name for that algorithm.
            ProviderUnavailable: it cannot be asked.
        """
        age = self._age()
        # Calls do not wait again and again for a provider that is away.
        if age is None or (age > STALE_SECONDS and not self._away):
            await self._renew()
        elif age > RENEW_SECONDS and self._may_ask():
            self._begin()
        found = self._known(kid, algorithm)
        if found is None:
            await self._renew()
            found = self._known(kid, algorithm)
        if found is None:
            if self._away:
                raise ProviderUnavailable("the provider of the token cannot be asked for its keys")
            raise Unauthenticated("the token is signed with a key that its provider does not publish")
        return found

    def _known(self, kid: str, algorithm: str) -> SigningKey | None:
        age = self._age()
        if age is None or age > KEEP_SECONDS:
            return None
        return next((key for key in self._keys if key.kid == kid and key.suits(algorithm)), None)

    def _age(self) -> float | None:
        return None if self._fetched_seconds is None else self._clock() - self._fetched_seconds

    def _may_ask(self) -> bool:
        return self._asked_seconds is None or self._clock() - self._asked_seconds >= AGAIN_SECONDS

    async def _renew(self) -> None:
        """Fetch, or wait for who is fetching; returns at once where it was done a moment ago."""
        if self._renewing is None and not self._may_ask():
            return
        # The fetch is of all who wait for it: one of them who is cancelled does not end it.
        await asyncio.shield(self._begin())

    def _begin(self) -> "asyncio.Task[None]":
        if self._renewing is None:
            self._asked_seconds = self._clock()
            self._renewing = asyncio.create_task(self._fetched(), name="signing keys")
            self._renewing.add_done_callback(self._done)
        return self._renewing

    def _done(self, _: "asyncio.Task[None]") -> None:
        self._renewing = None

    async def _fetched(self) -> None:
        try:
            published = await self._fetch()
        except FetchError as error:
            self._away = True
            LOG.warning("the keys of the provider stay as they are: %s", error)
            return
        self._away = False
        self._keys = tuple(key for each in published[:MAX_KEYS] if (key := _read(each)) is not None)
        self._fetched_seconds = self._clock()


def _read(published: Mapping[str, Any]) -> SigningKey | None:
    """A key that tokens may be signed with; None for any other that is published beside it."""
    if published.get("use", "sig") != "sig" or not isinstance(published.get("kid"), str):
        return None
    kty, curve = str(published.get("kty", "")), str(published.get("crv", ""))
    if (kty, curve) not in ALGORITHMS.values() or "d" in published:
        return None
    # A key says which algorithm it is for, or is tried with one of its type.
    algorithm = published.get("alg", "")
    usual = next(name for name, wanted in ALGORITHMS.items() if wanted == (kty, curve))
    if algorithm and algorithm not in ALGORITHMS:
        return None
    try:
        public = jwt.PyJWK(dict(published), algorithm or usual).key
    except (PyJWTError, ValueError, TypeError):
        return None
    if kty == "RSA" and public.key_size < _LEAST_RSA_BITS:
        return None
    material = tuple(str(published.get(part, "")) for part in ("n", "e", "x", "y"))
    return SigningKey(published["kid"], kty, curve, algorithm, public, material)
