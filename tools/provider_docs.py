"""Write what the providers' code says into docs/providers.md, between its two marks.

python tools/provider_docs.py            # writes
python tools/provider_docs.py --check    # tells whether it would change anything
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_llmchaos.core.call import OPERATIONS, Call, HttpRequest
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Answer
from pytest_llmchaos.providers import Provider, Providers, dialects

PAGE = Path(__file__).parents[1] / "docs" / "providers.md"
COMMAND = "python tools/provider_docs.py"
_BEGIN, _END = f"<!-- from here on made by {COMMAND} -->\n", "<!-- to here -->\n"
_WALL = 1_795_342_800.0

_FAILURES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("outage(status=500)", "outage", {"status": 500}),
    ("outage()", "outage", {"status": 503}),
    ("overloaded()", "overloaded", {}),
    ("rate_limit()", "rate_limit", {"retry_after": 7.0}),
    ("quota_exhausted()", "quota_exhausted", {}),
    ("auth_revoked()", "auth_revoked", {}),
    ("region_blocked()", "region_blocked", {}),
    ("model_retired()", "model_retired", {}),
    ("policy_refusal()", "policy_refusal", {"form": "error"}),
    ('policy_refusal(form="finish")', "policy_refusal", {"form": "finish"}),
    ('policy_refusal(form="refusal")', "policy_refusal", {"form": "refusal"}),
)
_STREAM_ERROR = "stream_error()"
_IN_BAND = ("code", "status", "blockReason", "finish_reason", "finishReason", "stop_reason", "stopReason")
_KINDS = ("type", "error_type", "__type", "reason", "name", "title", *_IN_BAND)
_TEXTS = ("message", "detail", "error", "errors", "msg")
_LONGEST = 110


@dataclass(frozen=True, slots=True)
class Form:
    """How one failure looks: status, what names it in the body, what it says."""

    status: str
    kind: str = ""
    text: str = ""


def sample(provider: Provider, *, stream: bool) -> Call | None:
    """Return a call of the provider; None where it has no stream.

    Raises:
        LookupError: it shows no call, or one that it does not know itself.
    """
    shown = provider.sample
    if shown is None:
        raise LookupError(f"{type(provider).__module__}: {provider.name} needs a `sample` for {PAGE.name}")
    path = shown.streamed if stream and shown.streamed is not None else shown.path
    if not path:
        return None
    sent = {**shown.body, **({"stream": True} if stream else {})}
    route = provider.route("POST", path)
    if route is None:
        raise LookupError(f"{type(provider).__module__}: {provider.name} does not know its own `sample`, {path}")
    host = next(iter(provider.hosts)).replace("*:", "localhost:").replace("*", "example")
    request = HttpRequest("POST", f"https://{host}{path}", (), json.dumps(sent).encode())
    call = Providers().recognise((provider, route), request)
    return call if call is not None and call.stream == stream else None


def forms(provider: Provider, call: Call, streaming: Call | None) -> Iterator[tuple[str, Form]]:
    """Yield each failure, as users write its fault, with its form at the provider."""
    for name, kind, details in _FAILURES:
        draw = Draw("docs", _WALL)
        try:
            answer = provider.error(kind, call, draw, **details)  # type: ignore[arg-type] # the names are all kinds
        except FaultUnfit:
            yield name, Form("none")
            continue
        status = str(answer.status) if answer.status >= 400 else f"{answer.status}, in band"
        yield name, Form(status, *_told(answer))
    if streaming is not None:
        event = provider.stream_error(streaming, Draw("docs", _WALL))
        yield _STREAM_ERROR, Form("200, in band", *_named(_in_event(event), _KINDS))


def _told(answer: Answer) -> tuple[str, str]:
    body = b"".join(answer.chunks)
    head = {name.lower(): value for name, value in answer.headers}
    kind = head.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        return "", "a page"
    if not kind.endswith("json"):  # an image, whose headers tell what became of it
        reason = head.get("finish-reason")
        return f"`finish-reason: {reason}`" if reason else "", f"({kind})"
    found = json.loads(body)
    kind, text = _named(found, _KINDS if answer.status >= 400 else _IN_BAND, but=answer.status)
    named = head.get("x-amzn-errortype", "").partition(":")[0]
    return ", ".join(filter(None, (f"`{named}`" if named else "", kind))), text


def _in_event(event: bytes) -> Any:
    """Return the JSON in an event of whatever kind, with the name that AWS puts beside it."""
    text = event.decode("utf-8", "replace")
    start = text.index("{")
    found, _ = json.JSONDecoder().raw_decode(text[start:])
    if named := re.search(r":exception-type\x07..(\w+?)\r", text[:start], re.DOTALL):
        found = {"type": named[1], **found}
    return found


def _named(body: Any, keys: tuple[str, ...], but: int = 0) -> tuple[str, str]:
    """Return the words that name a failure in its body, but for its status, and the sentence that tells it."""
    kinds: list[str] = []
    texts: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                walk(each)
        if not isinstance(value, dict):
            return
        for key, inner in value.items():
            plain = isinstance(inner, str | int) and not isinstance(inner, bool)
            if key in keys and plain and inner not in (but, "error", ""):
                shown = f"`{key}: {inner}`"
                kinds.extend([] if shown in kinds else [shown])
            if key in _TEXTS and isinstance(inner, str):
                texts.append(inner)
            if key in _TEXTS and isinstance(inner, list) and inner and isinstance(inner[0], str):
                texts.append(inner[0])
            walk(inner)

    walk(body)
    return ", ".join(kinds), max(texts, key=len, default="")


def page(providers: list[Provider]) -> str:
    """Return the made part of the page."""
    return "\n".join(_lines(providers)) + "\n"


def _lines(providers: list[Provider]) -> Iterator[str]:
    found = {}
    for each in providers:
        named = each if each.hosts else type(each)(hosts=("localhost:8000",))
        call, streaming = sample(named, stream=False), sample(named, stream=True)
        assert call is not None  # noqa: S101 # only a stream may be missing
        found[each.name] = call, streaming, dict(forms(named, call, streaming))
    yield "## All at a glance\n"
    short = [name for name, _, _ in _FAILURES if "=" not in name]
    yield "| provider | " + " | ".join(f"`{name.removesuffix('()')}`" for name in short) + " |"
    yield "| --- |" + " --- |" * len(short)
    for each in providers:
        table = found[each.name][2]
        yield f"| [{each.name}](#{each.name}) | " + " | ".join(table[name].status for name in short) + " |"
    yield ""
    for each in providers:
        yield from _section(each, *found[each.name])


def _section(provider: Provider, call: Call, streaming: Call | None, table: dict[str, Form]) -> Iterator[str]:
    yield f"## {provider.name}\n"
    about = re.split(r"\n(?=Args:|Attributes:)", inspect.getdoc(type(provider)) or "")[0]
    about = re.sub(r"\b(is|are)\s+\[U\]", r"\1 unconfirmed", about.strip())
    yield re.sub(r" ?\[U\]", " (unconfirmed)", about) + "\n"
    hosts = ", ".join(f"`{each}`" for each in provider.hosts) or "none of its own; named in `[tool.llmchaos.providers]`"
    yield f"- Hosts: {hosts}"
    yield f"- Operations: {', '.join(f'`{each}`' for each in _operations(provider))}"
    if streaming is not None:
        head = dict(provider.answer(streaming, None, Draw("docs", _WALL)).headers)
        yield f"- Streams as: `{head['content-type']}`"
    yield f"- Dialect for hosts of your own: `{provider.dialect}`\n"
    yield f"Its failures, when asked for `{call.operation}`:\n"
    yield "| fault | status | named | says |"
    yield "| --- | --- | --- | --- |"
    for name, form in table.items():
        yield f"| `{name}` | {form.status} | {_cell(form.kind)} | {_cell(_shortened(form.text))} |"
    yield ""


def _operations(provider: Provider) -> list[str]:
    routes = (*getattr(provider, "native", ()), *getattr(provider, "routes", ()))
    known = {route.operation for _, _, route in routes}
    for path in provider.sample.also if provider.sample else ():
        sent = HttpRequest("POST", f"https://example{path}", (), b"{}")
        route = provider.route("POST", path)
        if route is not None and route.model and (found := provider.read(route, sent)):
            known.add(found.operation)
    return [each for each in OPERATIONS if each in known]


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else words[:_LONGEST].rsplit(" ", 1)[0] + " …"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def fresh(text: str) -> str:
    """Return the page with its made part made anew.

    Raises:
        ValueError: a mark is missing.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has lost the marks of its made part")
    return before + begin + page([each() for _, each in sorted(dialects().items())]) + end + after


def main(arguments: list[str]) -> int:
    """Write the page, or tell whether it is fresh."""
    text = PAGE.read_text("utf-8")
    made = fresh(text)
    if arguments == ["--check"]:
        return int(made != text)
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
