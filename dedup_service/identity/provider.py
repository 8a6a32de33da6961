"""Where a provider publishes its keys, and how they are fetched: few bytes, soon, and from nowhere else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from dedup_service.provider_trust import UnreadableAuthorityError, distrust, trusted

TIMEOUT_SECONDS = 5.0
MAX_DOCUMENT_BYTES = 256 * 1024
_DISCOVERY = "/.well-known/openid-configuration"
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class FetchError(Exception):
    """The provider does not answer as one; says what it did, and nothing that it sent."""


class Provider:
    """Fetches the keys of one issuer; with a `jwks_url` its discovery document is not asked.

    `authority` is what its certificate is of, as in `provider_trust.trusted`.
    """

    def __init__(self, issuer: str, jwks_url: str = "", authority: Path | str | None = None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._authority = authority

    async def keys(self) -> list[Mapping[str, Any]]:
        """The keys that it publishes now, as they are written there.

        Raises:
            FetchError: nobody answers, or not as a provider does.
        """
        url = self._jwks_url or await self._discovered()
        found = (await _document(url, self._authority)).get("keys")
        if not isinstance(found, list):
            raise FetchError("the key set has no list of keys")
        return [key for key in found if isinstance(key, dict)]

    async def _discovered(self) -> str:
        document = await _document(f"{self._issuer.rstrip('/')}{_DISCOVERY}", self._authority)
        if document.get("issuer") != self._issuer:
            raise FetchError("the discovery document is of another issuer")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not _is_safe(url, self._issuer):
            raise FetchError("the discovery document names no address of keys that begins with https://")
        return url


def _is_safe(url: str, issuer: str) -> bool:
    """Whether nobody on the way changes what is fetched: https, or this machine where the issuer is too."""
    parts = urlsplit(url)
    here = urlsplit(issuer).hostname in _LOOPBACK_HOSTS and parts.hostname in _LOOPBACK_HOSTS
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


async def _document(url: str, authority: Path | str | None) -> Mapping[str, Any]:
    # A proxy of the network is no way to this machine.
    through_proxy = urlsplit(url).hostname not in _LOOPBACK_HOSTS
    try:
        async with (
            httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, trust_env=through_proxy, verify=trusted(authority)
            ) as client,
            client.stream("GET", url, follow_redirects=False) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise FetchError(f"the provider answers with status {answer.status_code}")
            data = bytearray()
            async for chunk in answer.aiter_bytes():
                data += chunk
                if len(data) > MAX_DOCUMENT_BYTES:
                    raise FetchError(f"the provider sends more than {MAX_DOCUMENT_BYTES} bytes")
        found = json.loads(data)
    except UnreadableAuthorityError as error:
        raise FetchError(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        why = distrust(error) or f"the provider does not answer ({type(error).__name__})"
        raise FetchError(why) from error
    except ValueError as error:
        raise FetchError("the provider does not answer with JSON") from error
    if not isinstance(found, dict):
        raise FetchError("the provider does not answer with an object")
    return found
