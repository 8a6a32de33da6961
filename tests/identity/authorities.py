"""A certificate authority for a test, with certificates of the service and of callers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.identity.shipped import PRINCIPALS

TRUST_DOMAIN = "spiffe://example.com"


@dataclass(frozen=True)
class Leaf:
    """A certificate with its key and those up to its authority, as PEM."""

    key: bytes
    chain: bytes


def leaf_of(found: trustme.LeafCert) -> Leaf:
    """A certificate that trustme has made."""
    return Leaf(found.private_key_pem.bytes(), b"".join(each.bytes() for each in found.cert_chain_pems))


def authority_of(ca: trustme.CA) -> Leaf:
    """The authority itself, as what signs."""
    return Leaf(ca.private_key_pem.bytes(), ca.cert_pem.bytes())


def uri_of(principal: str) -> str:
    """The alternative name of a principal."""
    return f"{TRUST_DOMAIN}/{principal}"


def client_leaf(
    issuer: Leaf,
    *uris: str,
    common_name: str = "somebody",
    not_after: datetime | None = None,
) -> Leaf:
    """A certificate for a caller with these alternative names; good for a day unless it says until when."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = load_pem_private_key(issuer.key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issued_by = x509.load_pem_x509_certificate(issuer.chain)
    end = not_after or datetime.now(UTC) + timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issued_by.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=2))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if uris:
        names = [x509.UniformResourceIdentifier(uri) for uri in uris]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(signer, hashes.SHA256())
    return Leaf(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        signed.public_bytes(Encoding.PEM),
    )


class Authority:
    """The company's authority, and the files of a service that it has certified for this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = trustme.CA()
        self.server = self.issue_server()
        self.ca.cert_pem.write_to_path(str(self.authority_file))

    @property
    def authority_file(self) -> Path:
        return self.directory / "authority.pem"

    @property
    def certificate_file(self) -> Path:
        return self.directory / "server.pem"

    @property
    def key_file(self) -> Path:
        return self.directory / "server-key.pem"

    def issue_server(self, ca: trustme.CA | None = None) -> Leaf:
        """Put a new certificate of the service where it reads it, of this authority unless of another."""
        made = leaf_of((ca or self.ca).issue_cert("localhost", "127.0.0.1"))
        self.certificate_file.write_bytes(made.chain)
        self.key_file.write_bytes(made.key)
        return made

    def of(self, principal: str) -> Leaf:
        """The certificate of a principal."""
        return client_leaf(authority_of(self.ca), uri_of(principal))

    def environment(self, *ways: str) -> dict[str, str]:
        """The settings of the service, by which it takes callers in these ways."""
        return {
            "DEDUP_AUTHENTICATION": " ".join(ways),
            "DEDUP_PRINCIPALS": str(PRINCIPALS),
            "DEDUP_TLS_CERTIFICATE": str(self.certificate_file),
            "DEDUP_TLS_KEY": str(self.key_file),
            "DEDUP_TLS_CLIENT_CA": str(self.authority_file),
            # These are of a service that brings no console along.
            "DEDUP_CONSOLE_LISTEN": "none",
        }

    def credentials(
        self, caller: Leaf | None = None, trusted: trustme.CA | None = None
    ) -> grpc.ChannelCredentials:
        """What a client connects with, who trusts this authority unless another."""
        roots = (trusted or self.ca).cert_pem.bytes()
        if caller is None:
            return grpc.ssl_channel_credentials(roots)
        return grpc.ssl_channel_credentials(roots, caller.key, caller.chain)
