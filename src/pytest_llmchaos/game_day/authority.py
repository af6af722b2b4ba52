"""Certificates for the hosts of providers, good ones and bad ones, from an authority that lives as long as the proxy.

Its key is never written anywhere, it may speak for providers' hosts alone, and it is over in a day: who trusts it for a
game-day trusts it for nothing else.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import ssl
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Authority", "Leaf"]

Leaf = Literal["good", "expired", "wrong_host"]

_DAY = dt.timedelta(days=1)
_SKEW = dt.timedelta(minutes=5)
_SOMEBODY_ELSE = "parked.invalid"
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


class Authority:
    """Issues certificates for hosts.

    Args:
        hosts: patterns of the hosts that it may speak for, as providers have them.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        name = _name("pytest-llmchaos, for one game-day")
        now = dt.datetime.now(dt.UTC)
        permitted = sorted({domain for each in (*hosts, _SOMEBODY_ELSE) if (domain := _domain(each))})
        public = self._key.public_key()
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW - 40 * _DAY)  # an expired leaf must have been good once
            .not_valid_after(now + _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.NameConstraints([x509.DNSName(each) for each in permitted], None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The certificate that clients must trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @lru_cache(maxsize=512)  # noqa: B019 - it lives as long as the process
    def context(self, host: str, leaf: Leaf = "good") -> ssl.SSLContext:
        """Return what a server shows for a host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        # `ssl` reads files alone. What is in this one is good for this host and this day.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self._issue(host, leaf) + self._leaf_pem() + self.pem)
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _issue(self, host: str, leaf: Leaf) -> bytes:
        now = dt.datetime.now(dt.UTC)
        begins, ends = (now - 32 * _DAY, now - 2 * _DAY) if leaf == "expired" else (now - _SKEW, now + _DAY - _SKEW)
        known_as = _SOMEBODY_ELSE if leaf == "wrong_host" else host
        public = self._leaf_key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(known_as[:64]))
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.SubjectAlternativeName([_alternative(known_as)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def _leaf_pem(self) -> bytes:
        return self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def write_bundle(self, folder: Path) -> Path:
        """Write what clients are to trust, the system's authorities and this one, and return where.

        Many clients take one file in place of all that they trusted before.
        """
        folder.mkdir(exist_ok=True)
        path = folder / "ca-bundle.pem"
        path.write_bytes(b"\n".join([*_of_the_system(), self.pem]))
        return path


def _of_the_system() -> list[bytes]:
    found = []
    paths = ssl.get_default_verify_paths()
    places = [paths.cafile, paths.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"]
    try:
        import certifi

        places.append(certifi.where())
    except ImportError:
        pass
    for place in places:
        if place and Path(place).is_file():
            # Nothing but certificates: the file of a test or of a company may hold keys too.
            found += _CERTIFICATE.findall(Path(place).read_bytes())
            break
    return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _domain(pattern: str) -> str:
    """Return the domain in which all hosts of a pattern stand; empty where it says nothing of one."""
    host = pattern.partition(":")[0]
    domain = host.rpartition("*")[2].partition(".")[2] if "*" in host else host
    return domain if "." in domain and not domain.replace(".", "").isdecimal() else ""


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
