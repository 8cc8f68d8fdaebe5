"""TLS certificates for the tests: a certificate authority, and server certificates that it signed or did not."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only `trusting` trusts."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS context that trusts only this authority."""
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)


def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _unsigned("an authority", key, DAY).issuer_name(_named("an authority"))
    certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # noqa: FBT003
    certificate = certificate.add_extension(usage, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return Authority(key, certificate.add_extension(identifier, critical=False).sign(key, hashes.SHA256()))


def serving(folder: Path, host: str, signer: Authority | None, expires_in: dt.timedelta = DAY) -> ssl.SSLContext:
    """A server's TLS context with a certificate for `host`, self-signed if there is no `signer`."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _unsigned(host, key, expires_in).issuer_name(signer.certificate.subject if signer else _named(host))
    certificate = certificate.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    signing_key = signer.key if signer else key
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
    signed = certificate.add_extension(identifier, critical=False).sign(signing_key, hashes.SHA256())
    pem = folder / f"{host}.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _unsigned(name: str, key: ec.EllipticCurvePrivateKey, expires_in: dt.timedelta) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + expires_in)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
