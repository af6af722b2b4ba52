"""The error page of the CDN or gateway in front of a provider, for when the API itself was not reached.

The markup is our own, in that style; status, headers and content type are those of the real thing.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING

from ..core.plan import Answer
from ._wire import cdn_headers, http_date

if TYPE_CHECKING:
    from ..core.draw import Draw

__all__ = ["CDN_STATUSES", "cdn_page", "reason"]

CDN_STATUSES = {
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
    530: "Origin DNS error",
}
"""Cloudflare's own statuses, which no provider sends from its API."""

_PAGE = """<!DOCTYPE html>
<html lang="en-US">
<head>
<title>{host} | {status}: {reason}</title>
<meta charset="UTF-8">
<meta name="robots" content="noindex, nofollow">
</head>
<body>
<div id="wrapper">
<h1><span>{reason}</span> <span>Error code {status}</span></h1>
<p>{date}</p>
<h2>What happened?</h2>
<p>The edge network answered, but the web server of {host} did not give it a valid response.</p>
<h2>What can I do?</h2>
<p>Please try again in a few minutes.</p>
<p>{mark}</p>
</div>
</body>
</html>
"""


def reason(status: int) -> str:
    """Return the status in words."""
    if status in CDN_STATUSES:
        return CDN_STATUSES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown error"


def cdn_page(status: int, host: str, draw: Draw, *, cloudflare: bool) -> Answer:
    """Return the error page.

    Args:
        status: what the edge answers with.
        host: the host that was asked.
        draw: for the ray id.
        cloudflare: whether the host stands behind Cloudflare; else a gateway that names no product.
    """
    date = http_date(draw.wall)
    cdn = cdn_headers(draw.part("cdn")) if cloudflare else ()
    if status == 524:  # this one may come as plain text
        headers = (("date", date), *cdn, ("content-type", "text/plain; charset=UTF-8"))
        return Answer(status, headers, (b"error code: 524",))
    ray = dict(cdn).get("cf-ray", "").partition("-")[0]
    page = _PAGE.format(
        host=escape(host),
        status=status,
        reason=reason(status),
        date=date,
        mark=f"Ray ID: {ray}" if ray else "",
    )
    headers = (("date", date), *cdn, ("content-type", "text/html; charset=UTF-8"))
    return Answer(status, headers, (page.encode(),))
