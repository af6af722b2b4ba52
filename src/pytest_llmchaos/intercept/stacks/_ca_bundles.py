"""The CA bundle of a TLS context, read when it is first needed: under chaos most clients never come to a handshake.

A client makes a context of its own, and nearly all that costs is OpenSSL reading the bundle: 140 certificates, some
30 ms. Contexts are not shared for that, as who has one may change it, and httpcore does at each handshake. Each stays
its owner's, of the very settings that it was given, and reads its bundle at its first handshake, be that after the run.

Only a bundle that OpenSSL has read before is put off, so that one that is missing or broken is told of at once, and
only by contexts of Python's own class, for clients: others may look at their certificates in ways we do not know.
"""

from __future__ import annotations

import os
import re
import ssl
from contextlib import suppress
from typing import Any

from ...core import locks

__all__ = ["default_bundle_later", "read_later"]

_SMALL = 64 * 1024  # bytes; what is smaller is read as fast as it is put off
_UNREAD = "_llmchaos_unread"

_lock = locks.rlock()
# Files that OpenSSL has read without a word, each with what tells that it is still the same, and its certificates: it
# may be gone, or another one, when a context comes to its handshake.
_read: dict[str, tuple[tuple[int, ...], str]] = {}
_CERTIFICATE = re.compile(rb"-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----.+?-----END \1-----", re.DOTALL)


_Whole: Any = ssl.SSLContext


class _Unread(ssl.SSLContext):
    """A context that reads its bundle before anything looks at it; shown as what it is for its owner."""

    __slots__ = ()
    __module__, __qualname__ = ssl.SSLContext.__module__, ssl.SSLContext.__qualname__

    def _wrap_socket(self, *args: Any, **options: Any) -> Any:
        return _complete(self)._wrap_socket(*args, **options)

    def _wrap_bio(self, *args: Any, **options: Any) -> Any:
        return _complete(self)._wrap_bio(*args, **options)

    def get_ca_certs(self, *args: Any, **options: Any) -> Any:
        return _complete(self).get_ca_certs(*args, **options)

    def cert_store_stats(self) -> dict[str, int]:
        stats: dict[str, int] = _complete(self).cert_store_stats()
        return stats


def read_later(original: Any) -> Any:
    """Return `load_verify_locations` that puts off what it can."""

    def load_verify_locations(context: Any, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        if cadata is not None or not _put_off(context, cafile, capath):
            original(context, cafile, capath, cadata)
            _has_read(cafile)

    return load_verify_locations


def default_bundle_later(original: Any) -> Any:
    """Return `set_default_verify_paths` that puts off what it can, of what the environment says now."""

    def set_default_verify_paths(context: Any) -> None:
        paths = ssl.get_default_verify_paths()
        file = os.environ.get(paths.openssl_cafile_env, paths.openssl_cafile)
        folder = os.environ.get(paths.openssl_capath_env, paths.openssl_capath)
        if not _put_off(context, file, folder, OSError):
            original(context)
            _has_read(file)

    return set_default_verify_paths


def _put_off(context: Any, file: Any, folder: Any, *ignored: type[Exception]) -> bool:
    """Have a new context of a client read a bundle later, when it has been read before and is still the same.

    Args:
        context, file, folder: what is to read where.
        ignored: errors that are nobody's then either.
    """
    if type(context) is not _Whole or context.protocol != ssl.PROTOCOL_TLS_CLIENT:
        return False
    known, kept = _read.get(file, ((), "")) if isinstance(file, str) else ((), "")
    if not known or _identity(file) != known or not (folder is None or _is_fixed(folder)):
        return False
    with _lock:
        vars(context)[_UNREAD] = (file, folder, ignored, known, kept)
        context.__class__ = _Unread
    return True


def _has_read(file: Any) -> None:
    if (same := _identity(file)) and _read.get(file, ((), ""))[0] != same:
        with suppress(OSError), open(file, "rb") as opened:
            found = b"\n".join(match[0] for match in _CERTIFICATE.finditer(opened.read()))
            if found and _identity(file) == same:
                _read[file] = same, found.decode("ascii", "replace")


def _is_fixed(place: Any) -> bool:
    return isinstance(place, str) and os.path.isabs(place)


def _identity(file: Any) -> tuple[int, ...]:
    """Return what tells that a bundle is still the same; nothing where it is small, or may be another file later."""
    if not _is_fixed(file):
        return ()
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) if found.st_size > _SMALL else ()


def _complete(context: Any) -> Any:
    """Read what was put off."""
    with _lock:  # a second thread goes on when all is read
        if type(context) is _Unread:
            file, folder, ignored, known, kept = vars(context)[_UNREAD]
            with suppress(*ignored):
                if _identity(file) == known:
                    context.load_verify_locations(file, folder)
                else:
                    context.load_verify_locations(None, folder, kept)
            context.__class__ = _Whole
            del vars(context)[_UNREAD]
    return context
