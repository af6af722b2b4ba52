"""Providers that share OpenAI's dialect, with their own hosts, headers and errors: mostly tables.

A provider of this kind is a subclass of `OpenAILike` in a file of its own. Texts of failures come from answers that
users pasted in public repositories, from SDK sources or from the provider's documentation, as each file says; a
comment `[U]` marks what is recalled and unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ..core.tokens import request_tokens
from . import _openai_errors as errors
from ._cdn import reason
from ._forms import Form, fill
from ._openai_wire import REQUESTS_A_MINUTE, TOKENS_A_MINUTE, span
from ._read import Routes, find_route
from ._sse import event
from ._wire import cdn_headers, http_date, json_answer, nearest_denial, retry_after_headers
from .openai import OpenAI

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Headers
    from ._base import Route

__all__ = ["OpenAILike", "Routes", "openai_error", "paths"]


def paths(*routes: tuple[str, str, Route]) -> Routes:
    """Return routes from method, regular expression that the path ends in, and what is asked for there."""
    return tuple((verb, rf"{path}/*\Z", route) for verb, path, route in routes)


def openai_error(message: str, kind: str | None, code: str | int | None = None, param: str | None = None) -> Any:
    """Return an error body of OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


class OpenAILike(OpenAI):
    """A provider that shares OpenAI's dialect.

    Attributes:
        forms: its failures, by kind; `kind detail` goes before `kind`, where the detail is the operation, the status
            of an outage or that asked for of a retirement, or the reason why access is denied. Kinds left out take
            the form in `FORMS`.
        in_band: JSON of the failure within a started stream; `in_band_end` is what comes after it.
        head: headers of every answer, with `{names}`; the date comes of itself.
        request_id: how its ids of requests look, with `{names}`.
        cloudflare: whether its own hosts stand behind Cloudflare.
        native: routes of its own beside OpenAI's; those with `needs` are recognised at hosts nobody named.
        served: names of models in its list.
        refuses: whether its messages have a member `refusal`; else a refusal is plain text.
        ends: members of a listed model that tell of its end, with `{on}` and `{successor}`.
        dated: whether answers name dated snapshots behind aliases, as OpenAI's do.

    Names in forms and headers: `model`, `status`, `reason` (the status in words), `request_id`, `uuid`, `hex16`,
    `hex32`, `token26` (letters and digits), `seconds` and `span` (until there is room again), `now` (epoch seconds),
    and `limit_requests`, `left_requests`, `reset_requests` and the same with `_tokens`.
    """

    default_hosts: ClassVar[tuple[str, ...]] = ()
    status_hosts: ClassVar[tuple[str, ...]] = ()
    base_url_variables: ClassVar[Mapping[str, str]] = {}  # OpenAI's is its own
    forms: ClassVar[Mapping[str, Form]] = {}
    in_band: ClassVar[Any] = openai_error("The server had an error while processing your request", "server_error")
    in_band_end: ClassVar[bytes] = b""
    head: ClassVar[tuple[tuple[str, str], ...]] = (("x-request-id", "{request_id}"),)
    request_id: ClassVar[str] = "{uuid}"
    cloudflare: ClassVar[bool] = False
    native: ClassVar[Routes] = ()
    served: ClassVar[tuple[str, ...]] = ("default",)
    refuses: ClassVar[bool] = False
    dated: ClassVar[bool] = False
    ends: ClassVar[Mapping[str, str]] = {}

    # --- recognising --------------------------------------------------------------------------------------------

    def route(self, method: str, path: str) -> Route | None:
        """Return what this path asks for, by the provider's own paths first."""
        return find_route(self.native, method, path) or super().route(method, path)

    def guess(self, method: str, path: str) -> Route | None:
        """Return what one of the provider's own paths asks for: the shared ones say no more than `openai`."""
        route = find_route(self.native, method, path)
        return route if route and route.needs else None

    def at_home(self, call: Call) -> bool:
        """Tell whether the call goes to the vendor's own hosts, not through somebody's gateway."""
        host = call.host.partition(":")[0]
        return any(fnmatchcase(each, pattern) for pattern in self.default_hosts for each in (host, call.host))

    # --- failing ------------------------------------------------------------------------------------------------

    def fail(
        self,
        kind: str,
        call: Call,
        draw: Draw,
        *,
        status: int | None = None,
        page: str = "json",
        retry_after: float | None = None,
        form: str = "seconds",
        **details: Any,
    ) -> Answer:
        """Return the error answer of that kind; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        edge = self.cloudflare and self.at_home(call)
        told_as = status if kind == "model_retired" else None
        status = 503 if status is None else status
        if kind == "outage" and (told := errors.gateway(call, draw, status, page, cloudflare=edge)):
            return told
        found = self._form(kind, call, {"outage": status, "access_denied": details.get("reason")}.get(kind, told_as))
        errors.check_fit(kind, call)
        full = None
        if kind == "rate_limit":  # when there is room again is told even where no retry-after header asks for it
            full = draw.part("reset").whole(1, 20) if retry_after is None else retry_after
        values = {**self._values(call, draw, full), "status": told_as or found.status or status}
        values["reason"] = reason(values["status"])
        headers = (
            *self.headers(call, draw, exhausted_for=full),
            *((name, str(fill(value, values))) for name, value in found.headers),
            *retry_after_headers(retry_after, form, draw.wall),
        )
        body = self.shape(call, values["status"], fill(found.body, values))
        if isinstance(body, str):  # a page of the server in front
            page_head = (*headers, ("content-type", "text/html"))
            return Answer(values["status"], page_head, (body.encode(),))
        return json_answer(values["status"], headers, body)

    def table(self, call: Call) -> Mapping[str, Form]:
        """Return the failures of what the call goes to; a provider with several kinds of host has several."""
        return self.forms

    def shape(self, call: Call, status: int, body: Any) -> Any:
        """Return the body of an error as the call's own dialect has it, where the provider speaks several."""
        return body

    def _form(self, kind: str, call: Call, detail: int | str | None) -> Form:
        table = {**FORMS, **self.table(call)}
        found = table.get(f"{kind} {detail}") or table.get(f"{kind} {call.operation}") or table.get(kind)
        if found is None and kind == "access_denied":
            found = table[nearest_denial(str(detail))]
        if found is None:
            raise FaultUnfit(f"the {self.dialect} dialect has no form for {kind!r}")
        return found

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band error event: the provider's own, for the Responses API the one that all share."""
        if call.path.rstrip("/").endswith("/responses"):
            return super().stream_error(call, draw)
        values = {**self._values(call, draw, None), "status": 500, "reason": reason(500)}
        return event(self.shape(call, 500, fill(self.in_band, values))) + self.in_band_end

    # --- answering ----------------------------------------------------------------------------------------------

    def headers(self, call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
        """Return the headers of every answer; those of the CDN come from the vendor's own hosts alone."""
        values = self._values(call, draw, exhausted_for)
        own = ((name, str(fill(value, values))) for name, value in self.head)
        cdn = cdn_headers(draw.part("cdn")) if self.cloudflare and self.at_home(call) else ()
        return (("date", http_date(draw.wall)), *own, *cdn)

    def dates_models(self, call: Call) -> bool:
        """Tell whether the answer names the dated snapshot behind an alias."""
        return self.dated

    def retires(self, call: Call) -> Mapping[str, str]:
        """Return the members of a listed model that tell of its end."""
        return self.ends

    def models(self, call: Call) -> list[dict[str, Any]]:
        """Return the model that the call asks for, or all that are listed."""
        return [self.described(each) for each in ((call.model,) if call.model else self.served)]

    def described(self, name: str) -> dict[str, Any]:
        """Return one model as the list of models has it."""
        return {"id": name, "object": "model", "created": 1735689600, "owned_by": self.dialect}

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return a healthy answer's body without what OpenAI alone has in it."""
        return self.trimmed(body) if "choices" in body else body

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks of a healthy stream without what OpenAI alone has in them."""
        return map(self.trimmed, chunks)

    def trimmed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a chat answer or chunk without what OpenAI alone has in it."""
        rest = {key: value for key, value in body.items() if key != "service_tier"}
        if usage := body.get("usage"):
            rest["usage"] = {key: usage[key] for key in ("prompt_tokens", "completion_tokens", "total_tokens")}
        rest["choices"] = [self._choice(each) for each in body["choices"]]
        return rest

    def _choice(self, choice: dict[str, Any]) -> dict[str, Any]:
        choice = dict(choice)
        for part in ("message", "delta"):
            if part in choice:
                said = {key: value for key, value in choice[part].items() if key not in ("annotations", "refusal")}
                refused = choice[part].get("refusal")
                if refused is not None:
                    said["refusal" if self.refuses else "content"] = refused
                choice[part] = said
        return choice

    def _values(self, call: Call, draw: Draw, exhausted_for: float | None) -> dict[str, Any]:
        """Return what the names in forms and headers stand for; the same draw gives the same ids."""
        head = draw.part("head")
        used = request_tokens(call.body)
        whole = head.hex(32)
        wait = 60 / REQUESTS_A_MINUTE if exhausted_for is None else exhausted_for
        values = {
            "model": call.model or "",
            "uuid": f"{whole[:8]}-{whole[8:12]}-4{whole[13:16]}-a{whole[17:20]}-{whole[20:]}",
            "hex16": whole[:16],
            "hex32": whole,
            "token26": head.token(26).lower(),
            "now": int(draw.wall),
            "seconds": max(round(wait), 1),
            "span": span(wait),
            "limit_requests": REQUESTS_A_MINUTE,
            "left_requests": REQUESTS_A_MINUTE - 1 if exhausted_for is None else 0,
            "reset_requests": span(wait),
            "limit_tokens": TOKENS_A_MINUTE,
            "left_tokens": max(TOKENS_A_MINUTE - used, 0),
            "reset_tokens": span(60 * used / TOKENS_A_MINUTE),
        }
        return {**values, "request_id": fill(self.request_id, values)}


FORMS: Mapping[str, Form] = {
    "outage": Form(None, openai_error("{reason}", "server_error")),
    "overloaded": Form(503, openai_error("The server is overloaded. Please try again later.", "server_error")),
    "rate_limit": Form(429, openai_error("Rate limit exceeded. Please try again in {span}.", "rate_limit_error")),
    "quota_exhausted": Form(402, openai_error("Insufficient credits.", "insufficient_quota")),
    "auth_revoked": Form(401, openai_error("Invalid API key", "invalid_request_error", "invalid_api_key")),
    "region_blocked": Form(403, openai_error("Country, region, or territory not supported", "permission_error")),
    "model_retired": Form(
        404, openai_error("The model `{model}` does not exist", "invalid_request_error", "model_not_found")
    ),
    "policy_refusal": Form(
        400, openai_error("The request was rejected by the content filter", "invalid_request_error", "content_filter")
    ),
}
"""What stands in for a failure whose form at a provider is not known [U]: the nearest form of the shared dialect."""
