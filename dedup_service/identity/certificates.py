"""Client certificates: TLS has verified that the caller has the key, and that the authority is ours.

Whose certificate it is stands in one URI among its alternative names, such as `spiffe://example.com/users/ann`,
whose path is the principal; without any URI the common name is, such as `services/importer`.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from dedup_service.domain.errors import Unauthenticated

_NAME = r"((?:users|services)/[A-Za-z0-9][A-Za-z0-9._@+-]{0,199})"
_COMMON_NAME = re.compile(_NAME, re.ASCII)
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._-]+/{_NAME}", re.ASCII)
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class CertificateClaims:
    """Of whom a certificate is, and its times in seconds since 1970."""

    principal_name: str
    start_seconds: float
    end_seconds: float


class Certificates:
    """Reads the certificates of callers; a connection may outlive the one it was made with."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._read = lru_cache(_REMEMBERED)(_claims)

    def claims(self, pem: bytes) -> CertificateClaims:
        """What a certificate says.

        Raises:
            Unauthenticated: it names no principal, or more than one, or its time is over.
        """
        found = self._read(pem)
        if not found.start_seconds <= self._clock() <= found.end_seconds:
            raise Unauthenticated("the certificate of the connection has expired: connect with a new one")
        return found


def _claims(pem: bytes) -> CertificateClaims:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        name = _principal_name(certificate)
    except ValueError:
        raise Unauthenticated("the certificate of the connection cannot be read") from None
    return CertificateClaims(
        name,
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
    )


def _principal_name(certificate: x509.Certificate) -> str:
    form, names = _URI, _uris(certificate)
    if not names:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        form, names = _COMMON_NAME, [str(attribute.value) for attribute in common]
    found = form.fullmatch(names[0]) if len(names) == 1 else None
    if found is None:
        raise Unauthenticated(
            "the certificate of the connection names no single principal: one URI among its alternative "
            "names ends in users/NAME or services/NAME"
        )
    return found[1]


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)
