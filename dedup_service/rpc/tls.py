"""The server's side of TLS: a certificate that is read again when its files change, and callers' authorities.

gRPC asks for the certificate at each new connection. Connections that are open keep the one they were made
with, until they are as old as a connection may be.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

LOG = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class TlsError(ValueError):
    """The files of a certificate cannot be used; says which, and why."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the chain of the server, its key and, where callers need certificates, their authorities."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def paths(self) -> tuple[Path, ...]:
        """All files that there are."""
        return tuple(path for path in (self.certificate, self.key, self.client_authority) if path is not None)


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Credentials of these files as they are at each new connection; of TLS 1.2 at least.

    Files that cannot be used, such as a certificate whose key is not written yet, leave the last ones in use.

    Raises:
        TlsError: they cannot be used now.
    """
    kept = _Kept(files)
    return grpc.dynamic_ssl_server_credentials(
        kept.configuration,
        kept.changed,  # type: ignore[arg-type]  # the stubs do not know that None is no change
        require_client_authentication=files.client_authority is not None,
    )


class _Kept:
    """The certificate in use; asked from threads of gRPC."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = Lock()
        self.configuration = _read(files)
        self._stamp = _stamp(files)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Another certificate, or None for the one in use."""
        with self._lock:
            try:
                stamp = _stamp(self._files)
                if stamp == self._stamp:
                    return None
                found = _read(self._files)
            except (OSError, TlsError) as error:
                LOG.error("the certificate stays as it was: %s", error)  # noqa: TRY400  says what to correct
                return None
            self._stamp = stamp
            LOG.info("the certificate is read again")
            return found


def _stamp(files: TlsFiles) -> Stamp:
    found = [path.stat() for path in files.paths()]
    return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)


def checked(files: TlsFiles) -> TlsFiles:
    """The files, if a server could use them; raises TlsError."""
    _read(files)
    return files


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    chain, key = _bytes(files.certificate), _bytes(files.key)
    _check_pair(files, chain, key)
    authority = _bytes(files.client_authority) if files.client_authority is not None else None
    if authority is not None and files.client_authority is not None:
        _certificates(files.client_authority, authority)
    return grpc.ssl_server_certificate_configuration([(key, chain)], root_certificates=authority)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{path} cannot be read: {error.strerror}") from error


def _check_pair(files: TlsFiles, chain: bytes, key: bytes) -> None:
    """Refuse a certificate and a key that do not belong together: gRPC would only refuse each connection."""
    first = _certificates(files.certificate, chain)[0]
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise TlsError(f"{files.key} is no private key in PEM without a password") from error
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*form) != first.public_key().public_bytes(*form):
        raise TlsError(f"{files.key} is not the key of {files.certificate}")


def _certificates(path: Path, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TlsError(f"{path} has no certificate in PEM") from error


def first_name(certificate: Path | None) -> str:
    """The first name that a certificate is for, by which its service is called at any address; or nothing."""
    if certificate is None:
        return ""
    first = _certificates(certificate, _bytes(certificate))[0]
    try:
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    return next(iter(names.get_values_for_type(x509.DNSName)), "")
