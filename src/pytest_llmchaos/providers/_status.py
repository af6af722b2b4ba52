"""The providers' public status pages, which say what somebody typed into them and not how the API is.

All of them speak the v2 API of Atlassian Statuspage; OpenAI's moved to incident.io, which keeps these paths (that its
answers have every member here is [U]). The members stand in metastatuspage.com/api. The names of components change
often and are [U].
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from ..core.draw import Draw
from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ._base import Provider, Recognised, Route
from ._cdn import cdn_page
from ._wire import cdn_headers, http_date, json_answer

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.plan import Headers
    from ..core.replies import Reply
    from ._base import ErrorKind

__all__ = ["SAYS", "StatusPage", "feed"]

SAYS = {
    "operational": ("none", "All Systems Operational", "operational"),
    "degraded": ("minor", "Partially Degraded Service", "degraded_performance"),
    "partial_outage": ("major", "Partial System Outage", "partial_outage"),
    "major_outage": ("critical", "Major System Outage", "major_outage"),
    "maintenance": ("maintenance", "Service Under Maintenance", "under_maintenance"),
}
"""What a page can say: its indicator, its headline, the status of its components."""

_PAGES = {
    "openai": ("OpenAI", ("Chat Completions", "Responses", "Embeddings")),
    "anthropic": ("Claude", ("claude.ai", "Claude API (api.anthropic.com)", "Claude Code")),
    "cohere": ("Cohere", ("api.cohere.com",)),
    "groq": ("Groq", ("API",)),
    "deepseek": ("DeepSeek", ("API Service", "Web Chat Service")),
}
_JSON = re.compile(
    r"/api/v2/(?:status|summary|components|incidents(?:/unresolved)?|scheduled-maintenances(?:/active|/upcoming)?)"
    r"\.json\Z"
)
_FEED = re.compile(r"/(?:history|feed)\.(rss|atom)\Z")


class StatusPage(Provider):
    """The status page of one provider: it has the provider's name, hosts of its own and one operation, `status`.

    Args:
        name: the provider whose page it is.
        hosts: where it stands.
    """

    dialect = "status page"

    def __init__(self, name: str, hosts: tuple[str, ...]) -> None:
        super().__init__(name, hosts)

    def route(self, method: str, path: str) -> Route | None:
        """Return `status` for the page itself, its API and its feeds."""
        known = path in ("", "/") or _JSON.fullmatch(path) or _FEED.fullmatch(path)
        return Route("status", stream=False) if method == "GET" and known else None

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return the operation; there is nothing else to read."""
        return Recognised(route.operation, None, False)

    def retry_count(self, request: HttpRequest) -> int | None:
        """Return None: no SDK calls a status page."""
        return None

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Say that all is well, however the API is."""
        return feed(call, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the page of the CDN in front: the status page is down itself, or wants fewer requests.

        Raises:
            FaultUnfit: a status page has no form for it.
        """
        if kind == "outage":
            return cdn_page(details.get("status", 503), call.host, draw, cloudflare=True)
        if kind == "rate_limit":
            return Answer(429, (*_headers(draw), ("content-type", "text/plain")), (b"Too Many Requests",), error=kind)
        raise FaultUnfit(f"a status page cannot fail with {kind!r}: use status_page, outage, rate_limit or latency")

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Raise `FaultUnfit`: a status page streams nothing."""
        raise FaultUnfit("a status page streams nothing")


def feed(call: Call, draw: Draw, says: str = "operational", incident: str | None = None) -> Answer:
    """Return what the status page answers to a call with operation `status`.

    Args:
        call: which of the page's addresses is asked.
        draw: chance and the time of day.
        says: a key of `SAYS`.
        incident: title of the incident (or maintenance) that is posted; None for none.
    """
    page = _Page(call, draw, says, incident)
    path = call.path
    if _JSON.fullmatch(path):
        return json_answer(200, _headers(draw), page.json(path))
    found = _FEED.fullmatch(path)
    kind, text = ("text/html", page.html()) if found is None else (f"application/{found[1]}+xml", page.xml(found[1]))
    return Answer(200, (*_headers(draw), ("content-type", f"{kind}; charset=utf-8")), (text.encode(),))


def _headers(draw: Draw) -> Headers:
    return (
        ("date", http_date(draw.wall)),
        *cdn_headers(draw.part("cdn")),
        ("cache-control", "max-age=0, must-revalidate"),
    )


class _Page:
    """What the page says at one moment."""

    def __init__(self, call: Call, draw: Draw, says: str, incident: str | None) -> None:
        self._name, self._parts = _PAGES.get(call.provider, (call.provider, ("API",)))
        self._url = f"https://{call.host}"
        self._says, self._incident = says, incident
        self._indicator, self._headline, self._part = SAYS[says]
        self._now = datetime.fromtimestamp(draw.wall, UTC)
        self._since = self._now - timedelta(seconds=draw.into)
        # Ids are those of the page, the same in every answer.
        self._ids = Draw(f"{call.provider} status page {incident}", 0.0)

    def json(self, path: str) -> Any:
        """Return what one of the API's paths gives."""
        page = {
            "id": self._id("page"),
            "name": self._name,
            "url": self._url,
            "time_zone": "Etc/UTC",
            "updated_at": _iso(self._now),
        }
        what = path.rpartition("/api/v2/")[2].partition(".")[0]
        incidents, maintenances = self._posts()
        members: dict[str, Any] = {
            "components": self._components(),
            "incidents": incidents,
            "scheduled_maintenances": [] if what.endswith("upcoming") else maintenances,
            "status": {"indicator": self._indicator, "description": self._headline},
        }
        if what == "summary":
            return {"page": page, **members}
        key = what.partition("/")[0].replace("-", "_")
        return {"page": page, key: members[key]}

    def html(self) -> str:
        """Return the page for people; the markup is ours."""
        posted = f"<h2>{escape(self._incident)}</h2>" if self._incident else ""
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{self._name} Status</title>'
            f"</head>\n<body><h1>{self._headline}</h1>{posted}</body>\n</html>\n"
        )

    def xml(self, kind: str) -> str:
        """Return the feed of incidents, as RSS or Atom."""
        title, link = f"{self._name} Status - Incident History", self._url
        if kind == "rss":
            item = (
                f"<item><title>{escape(self._incident)}</title><description>{self._headline}</description>"
                f"<pubDate>{format_datetime(self._since)}</pubDate><link>{link}/incidents/{self._id('incident')}</link>"
                "</item>"
                if self._incident
                else ""
            )
            return (
                '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
                f"<title>{title}</title><link>{link}</link><description>Statuspage</description>"
                f"<pubDate>{format_datetime(self._now)}</pubDate>{item}</channel></rss>\n"
            )
        entry = (
            f"<entry><id>{link}/incidents/{self._id('incident')}</id><title>{escape(self._incident)}</title>"
            f"<updated>{_iso(self._since)}</updated><content>{self._headline}</content></entry>"
            if self._incident
            else ""
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
            f'<id>{link}/history</id><title>{title}</title><link rel="alternate" href="{link}"/>'
            f"<updated>{_iso(self._now)}</updated>{entry}</feed>\n"
        )

    def _id(self, what: str) -> str:
        return self._ids.part(what).hex(12)

    def _components(self) -> list[dict[str, Any]]:
        return [
            {
                "id": self._id(name),
                "name": name,
                "status": self._part,
                "created_at": "2023-07-11T17:00:00.000Z",
                "updated_at": _iso(self._since),
                "position": place,
                "description": None,
                "showcase": False,
                "start_date": None,
                "group_id": None,
                "page_id": self._id("page"),
                "group": False,
                "only_show_if_degraded": False,
            }
            for place, name in enumerate(self._parts, start=1)
        ]

    def _posts(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the incidents and the maintenances."""
        if not self._incident:
            return [], []
        planned = self._says == "maintenance"
        status, since, identity = "in_progress" if planned else "investigating", _iso(self._since), self._id("incident")
        update = {
            "id": self._id("update"),
            "status": status,
            "body": self._incident,
            "incident_id": identity,
            "created_at": since,
            "updated_at": since,
            "display_at": since,
        }
        post = {
            "id": identity,
            "name": self._incident,
            "status": status,
            "created_at": since,
            "updated_at": since,
            "monitoring_at": None,
            "resolved_at": None,
            "impact": self._indicator,
            "shortlink": f"{self._url}/incidents/{identity}",
            "started_at": since,
            "page_id": self._id("page"),
            "incident_updates": [update],
            "components": [] if self._says == "operational" else self._components(),
        }
        return ([], [{**post, "scheduled_for": since, "scheduled_until": None}]) if planned else ([post], [])


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
