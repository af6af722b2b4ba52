"""What checks of the app's result share: its requests, the texts in a result, what became of its calls."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UsageProblem
from ._calls import named
from ._streaks import kind

if TYPE_CHECKING:
    from ..conditions import Predicate
    from ..journal import Exchange, Journal
    from ..observed import UserRequest

__all__ = ["SET_RESULT", "broken_off", "ended", "failed", "plain", "says", "spoken", "text_of", "told"]

SET_RESULT = "tell the app's result: `with llmchaos.request(...) as request: request.result = ...`"

_DEEPEST, _MOST = 12, 10_000


def ended(journal: Journal) -> list[UserRequest]:
    """Return the requests that gave a result or raised, and whose calls are known."""
    return [
        each
        for each in journal.app.requests
        if each.ended is not None and (each.has_result or each.error is not None) and not each.strays
    ]


def told(requests: Iterable[UserRequest]) -> list[Exchange]:
    """Return the calls of some requests, as evidence."""
    return list(dict.fromkeys(call for each in requests for call in each.calls))


def says(predicate: Predicate, result: Any, request: UserRequest) -> bool:
    """Ask the user's predicate about a result.

    Raises:
        UsageProblem: it failed, so that nobody can tell.
    """
    try:
        return bool(predicate.function(result))
    except Exception as problem:
        raise UsageProblem(
            f"{predicate.name} failed on the result of {named(request.name)}: {type(problem).__name__}: {problem}"
        ) from problem


def spoken(result: Any) -> Iterator[str]:
    """Yield every text in a result, whatever it is made of: texts, lists, mappings, dataclasses, models, objects."""
    todo: list[tuple[Any, int]] = [(result, 0)]
    seen: set[int] = set()
    while todo and len(seen) < _MOST:
        value, depth = todo.pop(0)
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes | bytearray):
            yield bytes(value).decode("utf-8", "replace")
        elif value is not None and depth < _DEEPEST and id(value) not in seen:
            seen.add(id(value))
            todo += [(each, depth + 1) for each in _inner(value)]


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, bool | int | float | complex | type) or callable(value):
        return ()
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if dataclasses.is_dataclass(value):
        return [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    slots = [each for kind in type(value).__mro__ for each in _names(vars(kind).get("__slots__", ()))]
    return [*getattr(value, "__dict__", {}).values(), *(getattr(value, each, None) for each in slots)]


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else [each for each in slots if isinstance(each, str)]


def text_of(result: Any) -> str:
    """Return all that a result says, in one text."""
    return plain("\n".join(spoken(result)))


def plain(text: str) -> str:
    """Return a text with its white space made equal: apps strip and wrap."""
    return re.sub(r"\s+", " ", text).strip()


def failed(calls: Iterable[Exchange]) -> list[Exchange]:
    """Return the calls that failed; one that the app cancelled because it had another answer did not."""
    calls = list(calls)
    return [
        each
        for each in calls
        if each.failed and not (each.error == "cancelled" and not each.faults and _answered(each, calls))
    ]


def _answered(call: Exchange, calls: Iterable[Exchange]) -> bool:
    return any(each.ok and kind(each) == kind(call) and (each.ended or 0.0) <= (call.ended or 0.0) for each in calls)


def broken_off(call: Exchange) -> bool:
    """Tell whether text of an answer came, and the answer ended before it was over.

    An answer at its length limit is whole as far as the app asked for it, unless a fault made it so short.
    """
    if call.ended is None or (call.status or 599) >= 400 or call.error in ("closed", "cancelled"):
        return False
    answer = call.answer
    if not plain(answer.text):
        return False
    if call.faults and _at_its_limit(answer.finish):
        return True
    return bool(call.error or answer.error) or (call.stream and not answer.done)


def _at_its_limit(finish: str) -> bool:
    return finish.lower() in ("length", "max_tokens", "incomplete", "response.incomplete")
