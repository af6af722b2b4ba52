"""What a blocking client sees of a reset connection over TLS, which is a matter of the Python.

Before 3.13, `ssl` takes a reset for the end of the connection (cpython#115627, mended in 3.13.0a6 and told in no
changelog of 3.11 or 3.12). Async clients read their sockets themselves and see every reset.

Measured with CPython 3.11.7, 3.12.1 and 3.13.0 on Linux (OpenSSL 3.0) against a loopback server that resets the
connection once it has read the request:

| before the head, https | 3.11, 3.12 | 3.13 |
| --- | --- | --- |
| httpx 0.28, httpx2 2.16 | RemoteProtocolError("Server disconnected without sending a response.") | ReadError |
| urllib3 2.8, requests 2.34, botocore 1.44 | RemoteDisconnected | ConnectionResetError |
| httpx and httpx2 async | ReadError | ReadError |
| aiohttp 3.14 | ClientOSError | ClientOSError |

Within the body the old ones see an early end, as of a stream that is cut. Over plain http every Python shows a reset.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.plan import FailKind

__all__ = ["seen_by_blocking"]

_SHOWN = sys.version_info >= (3, 13)


def seen_by_blocking(kind: FailKind, scheme: str, *, in_body: bool) -> FailKind:
    """Return as which failure a blocking client of this Python sees that one.

    Args:
        kind: what happens to the connection.
        scheme: of the URL.
        in_body: whether status and headers have arrived.
    """
    if kind != "connection_reset" or scheme != "https" or _SHOWN:
        return kind
    return "stream_cut" if in_body else "server_disconnected"
