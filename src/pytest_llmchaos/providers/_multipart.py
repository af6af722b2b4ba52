"""Forms with files (`multipart/form-data`), as uploads of audio and images are sent."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..core.call import HttpRequest

__all__ = ["multipart"]

_BOUNDARY = re.compile(r'\bboundary="?([^";,]+)', re.IGNORECASE)
_NAME = re.compile(rb'\bname="([^"]*)"')
_FILENAME = re.compile(rb'\bfilename="([^"]*)"')


def multipart(request: HttpRequest) -> dict[str, Any] | None:
    """Return the fields of a form; None where the request is no form.

    A file is told by its name, size in bytes and digest: equal files make equal calls, and no content is kept. A name
    that ends in `[]` gives a list, as does one that comes twice.
    """
    kind = request.header("content-type") or ""
    if not kind.lower().startswith("multipart/form-data") or (boundary := _BOUNDARY.search(kind)) is None:
        return None
    fields: dict[str, Any] = {}
    for part in request.content.split(b"--" + boundary[1].encode())[1:-1]:
        head, found, data = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not found or name is None:
            continue
        key, value = name[1].decode("utf-8", "replace"), _value(head, data.removesuffix(b"\r\n"))
        if key.endswith("[]") or key in fields:
            key = key.removesuffix("[]")
            before = fields.get(key, [])
            fields[key] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[key] = value
    return fields


def _value(head: bytes, data: bytes) -> Any:
    filename = _FILENAME.search(head)
    if filename is None:
        return data.decode("utf-8", "replace")
    digest = blake2b(data, digest_size=8).hexdigest()
    return {"filename": filename[1].decode("utf-8", "replace"), "size": len(data), "digest": digest}
