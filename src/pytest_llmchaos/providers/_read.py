"""Recognising a call by its JSON body, the same for every provider whose requests name their model in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from ._base import Provider, Recognised, Route
from ._multipart import multipart

if TYPE_CHECKING:
    from ..core.call import HttpRequest

__all__ = ["JsonProvider", "Routes", "compiled", "find_route", "mapping", "mappings", "positive", "read_json", "word"]

# What the members in a route's `needs` look like: a foreign API may use the same words for other things.
_SHAPES: dict[str, Any] = {
    "model": str,
    "model_id": str,
    "messages": list,
    "input": (str, list),
    "inputs": list,
    "prompt": (str, list),
    "max_tokens": int,
    "contents": list,
    "requests": list,
    "anthropic_version": str,
    "query": str,
    "documents": list,
    "file": Mapping,
    "image": (Mapping, list),
    "voice": (str, Mapping),
    "embedding_types": list,
}


Routes = tuple[tuple[str, str, Route], ...]
"""Verb, a regular expression of what the path must have, and the route that this is; the first that fits counts."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern, compiled when it is first wanted: of all providers' paths an app asks for few."""
    return re.compile(pattern)


class JsonProvider(Provider):
    """Base of the providers that are called with JSON at fixed paths.

    Attributes:
        routes: what its paths ask for.
    """

    routes: ClassVar[Routes]

    def route(self, method: str, path: str) -> Route | None:
        """Return what this path asks for, behind a gateway's prefix too; None where it is no LLM call."""
        return find_route(self.routes, method, path)

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for; None at a host nobody named whose body is not of this dialect."""
        return read_json(self, route, request)


def find_route(routes: Routes, method: str, path: str) -> Route | None:
    """Return the first route whose method and path fit; a group `model` in its pattern gives the model."""
    for verb, pattern, route in routes:
        if verb == method.upper() and (match := compiled(pattern).search(path)):
            model = match.groupdict().get("model")
            return Route(route.operation, model, route.stream, route.needs) if model else route
    return None


def read_json(provider: Provider, route: Route, request: HttpRequest) -> Recognised | None:
    """Return what the request asks for; None at a host nobody named whose body is no LLM call.

    A form with files is read as well: its fields, and of each file what is known of it but its content.
    """
    form = multipart(request)
    body = (_parse(request.content) if form is None else form) or {}
    # A provider that was made up for a host bears the host's name; nobody said that an LLM answers there.
    guessed = provider.name == request.host and provider.hosts == (request.host,)
    doubtful = provider.doubts(request.host)
    if (guessed or doubtful) and not all(_fits(body, need) for need in route.needs):
        return None
    if doubtful and not route.needs:
        return None
    model = route.model or word(body.get("model"))
    stream = body.get("stream") in (True, "true") if route.stream is None else route.stream
    return Recognised(route.operation, model, stream, body)


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        # What json would find out by looking: the encoding. It may be another one where the object begins otherwise.
        plain = content.startswith((b'{"', b"{ ", b"{\n"))
        body = json.loads(content.decode("utf-8", "surrogatepass") if plain else content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _fits(body: Mapping[str, Any], need: str) -> bool:
    value = body.get(need)
    if need in ("model", "model_id") and not value:
        return False
    return isinstance(value, _SHAPES[need]) and not isinstance(value, bool)


# --- careful looks into a body that may hold anything -------------------------------------------------------


def mapping(value: Any) -> Mapping[str, Any]:
    """Return the value if it is a JSON object, else an empty one."""
    return value if type(value) is dict or (value is not None and isinstance(value, Mapping)) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the JSON objects in the value if it is a list, else none."""
    found = value if isinstance(value, list) else ()
    return [each for each in found if type(each) is dict or isinstance(each, Mapping)]


def word(value: Any) -> str | None:
    """Return the value if it is a text with something in it."""
    return value if isinstance(value, str) and value else None


def positive(value: Any) -> int | None:
    """Return the value if it is a whole number above zero."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
