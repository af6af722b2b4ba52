"""The error of Python's own `ssl` when it refuses a server's certificate; each stack wraps it in its own way.

Measured with CPython 3.11 and OpenSSL 3.0 against a loopback server whose certificate had expired, or was another
host's.
"""

from __future__ import annotations

import ssl

__all__ = ["CERTIFICATES", "certificate_error"]

CERTIFICATES = ("certificate_expired", "certificate_wrong_host")
"""The failures in which a certificate is refused."""

_EXPIRED, _WRONG_HOST = 10, 62  # OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED and X509_V_ERR_HOSTNAME_MISMATCH
_RAISED_IN = "_ssl.c:1006"  # the line is that of CPython 3.11


def certificate_error(kind: str, host: str) -> ssl.SSLCertVerificationError:
    """Return the error of the handshake with that host."""
    code, why = _EXPIRED, "certificate has expired"
    if kind == "certificate_wrong_host":
        code, why = _WRONG_HOST, f"Hostname mismatch, certificate is not valid for {host!r}."
    text = f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why} ({_RAISED_IN})"
    error = ssl.SSLCertVerificationError(int(ssl.SSL_ERROR_SSL), text)
    error.verify_code, error.verify_message = code, why
    error.library, error.reason = "SSL", "CERTIFICATE_VERIFY_FAILED"
    return error
