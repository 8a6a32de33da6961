"""Whose certificates are believed when the OpenID provider is called, by the service and by its console."""

import ssl
from pathlib import Path

from dedup_service.setting_values import SYSTEM


class UnreadableAuthorityError(Exception):
    """The file of authorities is gone, or holds no certificate any more."""


def trusted(authority: Path | str | None) -> ssl.SSLContext | bool:
    """What httpx verifies the provider by: a file of authorities, `system`, or those of the libraries.

    It is made anew for each connection, so that a file that was changed counts.

    Raises:
        UnreadableAuthorityError: the file cannot be read as certificates.
    """
    if authority is None:
        return True
    if authority == SYSTEM:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=authority)
    # An error of TLS is one of them too.
    except OSError as error:
        raise UnreadableAuthorityError("the file DEDUP_OIDC_CA cannot be read as certificates") from error


def distrust(error: BaseException) -> str:
    """Why TLS did not believe whoever answered; empty where something else went wrong."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the provider's certificate is not trusted: {seen.verify_message} (see DEDUP_OIDC_CA)"
        seen = seen.__cause__ or seen.__context__
    return ""
