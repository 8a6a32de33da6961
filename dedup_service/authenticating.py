"""Wires who is known and who is believed, from the settings: for the service and for its workers alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from dedup_service.company_files import load_principals
from dedup_service.domain.policy import Policy
from dedup_service.identity.authentication import ProvenCallers
from dedup_service.identity.certificates import Certificates
from dedup_service.identity.claims import ClaimedRoles
from dedup_service.identity.directory import KnownPrincipals, WatchedFile
from dedup_service.identity.provider import Provider
from dedup_service.identity.signing_keys import SigningKeys
from dedup_service.identity.tokens import BearerTokens, TokenRules
from dedup_service.identity_settings import CERTIFICATES, DEMO, TOKENS
from dedup_service.rpc.callers import BelievedCallers
from dedup_service.rpc.tls import TlsFiles
from dedup_service.settings import Settings
from dedup_service.store.principal_roles import PostgresPrincipalRoles
from dedup_service.workflows.authentication import Authentication
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.rules import Rules


class Identity:
    """Who is known to this process, kept true while `running`, and how callers prove to be one of them."""

    def __init__(self, settings: Settings, policy: Policy, database_url: str) -> None:
        """Reads the principals; raises CompanyFileError."""
        self._settings = settings
        self._store: PostgresPrincipalRoles | None = None
        self._claimed: ClaimedRoles | None = None
        if TOKENS in settings.authentication and settings.oidc_functions_claim:
            self._store = PostgresPrincipalRoles(database_url)
            self._claimed = ClaimedRoles(self._store, settings.oidc_claims_seconds)
        self.principals = KnownPrincipals(load_principals(settings.principals, policy), self._claimed)

    def authentication(self) -> Authentication:
        """How callers prove who they are."""
        settings = self._settings
        if DEMO in settings.authentication:
            return BelievedCallers(self.principals)
        tokens = _tokens(settings) if TOKENS in settings.authentication else None
        certificates = Certificates() if CERTIFICATES in settings.authentication else None
        return ProvenCallers(self.principals, tokens, certificates, self._claimed)

    @asynccontextmanager
    async def running(self, rules: Rules) -> AsyncIterator[None]:
        """Follow the principals file and the roles of callers, for as long as the context lasts.

        Raises:
            StoreUnavailable: the roles of callers cannot be read.
        """
        self.principals.functions = lambda: rules.policy.functions
        async with AsyncExitStack() as stack:
            path = self._settings.principals
            if path is not None:
                # By the policy of that moment: it says which functions there are.
                watched = WatchedFile(path, lambda: load_principals(path, rules.policy), self.principals)
                stack.push_async_callback(
                    end_tasks, [asyncio.create_task(watched.run(), name="principals file")]
                )
            if self._store is not None and self._claimed is not None:
                await self._store.open()
                stack.push_async_callback(self._store.close)
                await self._claimed.look()
                stack.push_async_callback(
                    end_tasks, [asyncio.create_task(self._claimed.run(), name="roles of callers")]
                )
            yield


def tls_files(settings: Settings) -> TlsFiles | None:
    """The files of the server's certificate; None for plain text."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    # Who is asked for a certificate must have one: not where callers prove who they are by tokens alone.
    authority = settings.tls_client_ca if CERTIFICATES in settings.authentication else None
    return TlsFiles(settings.tls_certificate, settings.tls_key, authority)


def _tokens(settings: Settings) -> BearerTokens:
    rules = TokenRules(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        name_claim=settings.oidc_name_claim,
        service_claim=settings.oidc_service_claim,
        functions_claim=settings.oidc_functions_claim,
        scope=settings.oidc_required_scope,
    )
    provider = Provider(settings.oidc_issuer, settings.oidc_jwks_url, settings.oidc_ca)
    return BearerTokens(rules, SigningKeys(provider.keys))
