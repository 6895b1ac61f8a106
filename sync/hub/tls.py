"""Where does a hub's certificate come from, when nobody bought one? From a CA of its own.

The CA is made once and kept in the hub's home; benches are told its pin and believe it alone. The
certificate itself is made anew at each start, for the names that the machine has then.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

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

CA_FILE = "hub-ca.pem"
"""Key and certificate of the CA, in the hub's home; readable by its owner alone."""
SERVED_FILE = "hub-tls.pem"
"""Key, certificate and CA that are served with."""
CA_DAYS = 20 * 365
SERVED_DAYS = 2 * 365
"""A hub is started again more often than that."""
BACKWARDS = timedelta(days=1)
"""A bench's clock may be behind: what was signed a moment ago must be good there as well."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its certificate, and the key that it signs with."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate, as benches are given it."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def pin(self) -> str:
        """SHA-256 of the certificate's DER, in hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def authority(home: Path) -> Authority:
    """Give the CA of that home, which is made if it is not there."""
    path = home / CA_FILE
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        # Linked whole, as sync.hub.vault has it: of several hubs the first one's is all hubs'.
        with NamedTemporaryFile(dir=home, prefix=f".{CA_FILE}.") as file:
            file.write(_new_authority())
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    pem = path.read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(x509.load_pem_x509_certificate(pem), key)


def found(home: Path) -> Authority | None:
    """Give the CA of that home; None where none was made."""
    return authority(home) if (home / CA_FILE).exists() else None


def serve_with(home: Path, names: Iterable[str]) -> Path:
    """Make a certificate for those names; give the file that holds everything to serve with."""
    signed_by = authority(home)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        _certificate("Packbench hub", signed_by.certificate.subject, key.public_key())
        .not_valid_before(now - BACKWARDS)
        .not_valid_after(now + timedelta(days=SERVED_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.key.public_key()),
            critical=False,
        )
        .sign(signed_by.key, hashes.SHA256())
    )
    with NamedTemporaryFile(dir=home, prefix=f".{SERVED_FILE}.", delete=False) as file:
        file.write(_secret(key) + certificate.public_bytes(Encoding.PEM) + signed_by.pem)
    Path(file.name).replace(home / SERVED_FILE)
    return home / SERVED_FILE


def names_of_here(*more: str) -> tuple[str, ...]:
    """Name this machine in every way that a bench may call it by, and those given."""
    found = {"localhost", "127.0.0.1", "::1", socket.gethostname(), *more}
    with suppress(OSError):
        found |= {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None)}
    # Of the addresses that listen everywhere none is a name.
    return tuple(sorted(found - {"0.0.0.0", "::", ""}))  # noqa: S104 -- taken out


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    called = f"Packbench hub CA {now:%Y-%m-%d}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _certificate(called, subject, key.public_key())
        .not_valid_before(now - BACKWARDS)
        .not_valid_after(now + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _secret(key) + certificate.public_bytes(Encoding.PEM)


def _certificate(
    called: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return x509.DNSName(text)


def _secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
