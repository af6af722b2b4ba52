"""The texts in an app's result, whatever it is made of, and the pieces of one text put together."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["plain", "readable", "spoken", "text_of", "variants"]

_DEEPEST, _MOST = 12, 10_000
_LARGEST = 4_000_000  # characters of a text that is looked at for JSON
_PACKED = "packed"

Place = tuple[str, ...]


def spoken(result: Any) -> Iterator[str]:
    """Yield every text in a result: texts, lists, mappings, dataclasses, models, objects, JSON and events of a stream.

    The pieces of a list are also yielded as the one text that they are together.
    """
    for pieces in _places(result).values():
        yield from pieces
        if len(pieces) > 1:
            yield "".join(pieces)


def variants(result: Any) -> list[str]:
    """Return what a result may be read as: the pieces of each place as one text, as lines, and all of it."""
    places = _places(result)
    found = [text for pieces in places.values() for text in ("".join(pieces), "\n".join(pieces))]
    # What was unpacked is there already, and better to read.
    found.append("\n".join("".join(pieces) for place, pieces in places.items() if place[-1:] != (_PACKED,)))
    return list(dict.fromkeys(map(plain, found)))


def text_of(result: Any) -> str:
    """Return all that a result says, in one text; what is not read together has a NUL between."""
    return "\0".join(variants(result))


def readable(result: Any) -> bool:
    """Tell whether a result can be looked at: it has a text, or is plainly nothing, as None and an empty list are."""
    if result is None or (isinstance(result, str | bytes | list | tuple | Mapping) and not result):
        return True
    return any(text.strip() for text in spoken(result))


def plain(text: str) -> str:
    """Return a text with its white space made equal: apps strip and wrap."""
    return re.sub(r"\s+", " ", text).strip()


def _places(result: Any) -> dict[Place, list[str]]:
    """Return the texts by where they stand; the items of a list stand in the same place."""
    found: dict[Place, list[str]] = {}
    todo: deque[tuple[Any, Place]] = deque([(result, ())])
    seen: set[int] = set()
    kept: list[Any] = []  # what was made here stays alive, so that no two share an id
    while todo and len(seen) < _MOST:
        value, place = todo.popleft()
        if isinstance(value, bytes | bytearray):
            value = bytes(value).decode("utf-8", "replace")
        if isinstance(value, str):
            unpacked = list(_documents(value)) if len(place) < _DEEPEST else []
            found.setdefault((*place, _PACKED) if unpacked else place, []).append(value)
            todo.extend((each, (*place, how)) for how, each in unpacked)
        elif value is not None and len(place) < _DEEPEST and id(value) not in seen:
            seen.add(id(value))
            kept.append(value)
            try:
                todo.extend((each, (*place, name)) for name, each in _inner(value))
            except Exception:  # noqa: S112 - an object that cannot be looked into has nothing to say
                continue
    return found


def _documents(text: str) -> Iterator[tuple[str, Any]]:
    """Yield what a text holds that is JSON, lines of JSON, or the events of a stream."""
    start = text.lstrip()[:1]
    if len(text) > _LARGEST or (start not in ("{", "[") and "data:" not in text):
        return
    if start in ("{", "["):
        try:
            yield "json", json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return
    for data in _events(text):
        try:
            yield "event", json.loads(data)
        except (ValueError, RecursionError):
            if data != "[DONE]":
                yield "data", data


def _events(text: str) -> Iterator[str]:
    """Yield the lines that look like JSON, and the data of each event; several `data:` lines of one are one."""
    event: list[str] = []
    for line in (*text.splitlines(), ""):
        if line.startswith("data:"):
            event.append(line.removeprefix("data:").removeprefix(" "))
        elif line.startswith(("{", "[")):
            yield line
        elif event and not line:
            yield "\n".join(event)
            event = []


def _inner(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, bool | int | float | complex | type | ModuleType):
        return ()
    if isinstance(value, FunctionType | MethodType | BuiltinFunctionType):
        return ()
    if isinstance(value, Mapping):
        return [*(("keys()", each) for each in value), *((str(name), each) for name, each in value.items())]
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [("[]", each) for each in value]
    if dataclasses.is_dataclass(value):
        return [(each.name, getattr(value, each.name, None)) for each in dataclasses.fields(value)]
    own = getattr(value, "__dict__", {})
    if "api_key" in own or ("method" in own and "url" in own):  # a client or a request: what it came from
        return ()
    slots = [each for kind in type(value).__mro__ for each in _names(vars(kind).get("__slots__", ()))]
    found = [*own.items(), *((each, getattr(value, each, None)) for each in slots if each != "__dict__")]
    if callable(getattr(type(value), "get_data", None)):  # the test client of Flask reads its answer only when asked
        found.append(("get_data()", _called(value.get_data)))
    if isinstance(value, BaseException):
        found += [("args", each) for each in value.args]
        found.append(("str()", _called(value.__str__)))
    return found


def _called(method: Callable[[], Any]) -> Any:
    try:
        return method()
    except Exception:
        return None


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else [each for each in slots if isinstance(each, str)]
