"""What every provider's HTTP answers are built from: JSON bytes, dates, headers of the CDN and of waiting."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.plan import Answer, Headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = [
    "JSON",
    "cdn_headers",
    "dispatch",
    "dump",
    "http_date",
    "json_answer",
    "nearest_denial",
    "retry_after_headers",
    "rfc3339",
]

# Airports of Cloudflare's data centres, as the suffix of `cf-ray` names them.
_COLOS = ("AMS", "CDG", "FRA", "IAD", "LHR", "NRT", "ORD", "SJC", "SYD")
_CDN = (("server", "cloudflare"), ("cf-cache-status", "DYNAMIC"))


JSON = ("content-type", "application/json")
"""The header of a whole JSON answer."""

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dispatch(kinds: Mapping[str, Callable[..., Answer]], kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind from a provider's own forms.

    A retirement under another status than the usual is the form `model_retired STATUS`, else the usual body under that
    status. Access denied, where the provider has no form for it, is that of a blocked region or of a revoked key.

    Raises:
        FaultUnfit: the provider has no form for it, or the form does not fit the call.
    """
    if kind == "model_retired" and (status := details.pop("status", None)) is not None:
        if own := kinds.get(f"{kind} {status}"):
            return own(call, draw, **details)
        return replace(kinds[kind](call, draw, **details), status=status)
    if kind == "access_denied" and kind not in kinds:
        kind = nearest_denial(details.pop("reason", ""))
    if kind not in kinds:
        raise FaultUnfit(f"the {call.speaks.dialect} dialect has no form for {kind!r}")
    return kinds[kind](call, draw, **details)


def nearest_denial(reason: str) -> str:
    """Return the failure that is nearest to access denied for that reason, where a provider's own form is not known."""
    return "region_blocked" if reason in ("ownership", "residency") else "auth_revoked"


def dump(value: Any) -> bytes:
    """Return compact JSON as UTF-8, with other scripts unescaped as the providers send them."""
    try:
        return _COMPACT(value).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form and can only be escaped
        return json.dumps(value, separators=(",", ":")).encode()


def json_answer(status: int, headers: Headers, body: Any, *, error: str | None = None) -> Answer:
    """Return a whole JSON answer."""
    return Answer(status, (*headers, JSON), (dump(body),), error=error)


def http_date(epoch: float) -> str:
    """Return the time as `date` headers write it, in the seconds that have begun."""
    return _http_date(math.floor(epoch))


@lru_cache(maxsize=16)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


def rfc3339(epoch: float) -> str:
    """Return the time as RFC 3339 in UTC, rounded up to whole seconds."""
    return datetime.fromtimestamp(math.ceil(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cdn_headers(draw: Draw) -> Headers:
    """Return what Cloudflare, which fronts both vendors, adds to each answer."""
    return (("cf-ray", f"{draw.hex(16)}-{_COLOS[draw.bytes(1)[0] % len(_COLOS)]}"), *_CDN)


def retry_after_headers(retry_after: float | None, form: str, wall: float) -> Headers:
    """Return the headers that ask the client to wait.

    Args:
        retry_after: seconds to wait; None asks for nothing and gives no header.
        form: `seconds`, `ms` (the vendors' own `retry-after-ms`, which never comes without the plain one) or
            `date`.
        wall: the app's time of day in epoch seconds.

    RFC 9110 knows whole seconds only, so both plain forms round up: never before the time that was asked for.
    """
    if retry_after is None:
        return ()
    if form == "date":
        return (("retry-after", http_date(math.ceil(wall + retry_after))),)
    seconds = ("retry-after", str(math.ceil(retry_after)))
    milliseconds = math.ceil(round(retry_after * 1000, 6))  # 0.7 s is 700.0000000000001 ms to a float
    return (("retry-after-ms", str(milliseconds)), seconds) if form == "ms" else (seconds,)
