"""What checks of the app's result share: its requests, and what became of their calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageProblem
from ._asks import later, same_place
from ._calls import named
from ._said import plain, spoken, text_of
from ._streaks import kind

if TYPE_CHECKING:
    from ..core.conditions import Predicate
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = [
    "NO_TEXT",
    "SET_RESULT",
    "broken_off",
    "came_to_its_end",
    "cured",
    "ended",
    "failed",
    "half",
    "how_it_broke",
    "mark",
    "says",
    "set_result",
    "shows_half",
    "told",
]

SET_RESULT = "tell the app's result: `with llmchaos.request(...) as request: request.result = ...`"

NO_TEXT = "the request's result has no text that could be looked at: give `request.result` what its user gets to read"

_SURE = 24  # characters that two texts do not share by chance


def ended(journal: Journal) -> list[UserRequest]:
    """Return the requests that gave a result or raised, and whose calls are known."""
    return [
        each
        for each in journal.app.requests
        if each.ended is not None and (each.has_result or each.error is not None) and not each.strays
    ]


def set_result(journal: Journal) -> str:
    """Write what makes results known: telling them, or knowing whose the calls are."""
    return _threads(journal) or SET_RESULT


def mark(journal: Journal) -> str:
    """Write what makes known whose the calls are."""
    return _threads(journal) or "mark the ask with `with llmchaos.request(...):`"


def _threads(journal: Journal) -> str:
    lost = next((each for each in journal.app.marked if each.strays), None)
    if lost is None:
        return ""
    return (
        f"let threads carry the context of {named(lost.name)}, whose calls are not all known: start them with "
        "asyncio.to_thread(...) or contextvars.copy_context().run"
    )


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


def cured(call: Exchange, calls: Iterable[Exchange]) -> bool:
    """Tell whether another try of the same model made up for a failed call: it ended well when that had failed."""
    end = call.ended or 0.0
    good = (each for each in calls if each.ok and (each.ended or 0.0) >= end)
    return any(same_place(each, call) and kind(each) == kind(call) for each in good)


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
    return not call.ok or answer.error or (call.stream and not came_to_its_end(call))


def how_it_broke(call: Exchange) -> str:
    """Write how an answer came to its end before it was over; a clean close is none that the status tells."""
    return "closed without its terminator" if call.ok else call.outcome


def half(call: Exchange) -> bool:
    """Tell whether an answer broke off before its own end came.

    One that said why it stopped is whole for all that the app can know, even if the connection was lost behind that.
    """
    answer = call.answer
    if came_to_its_end(call) and not (call.faults and _at_its_limit(answer.finish)):
        return False
    return broken_off(call)


def came_to_its_end(call: Exchange) -> bool:
    """Tell whether an answer said why it stopped, and was neither an error nor stopped by the provider."""
    answer = call.answer
    return answer.done and not answer.error and not answer.aborted


def shows_half(request: UserRequest, call: Exchange) -> bool:
    """Tell whether the result of a request is what came of a broken answer, and not of a whole one."""
    broken = plain(call.answer.text)
    if not broken:
        return False
    if len(broken) < 8:  # a few letters may stand anywhere; alone they are the answer
        return any(plain(text) == broken for text in spoken(request.result))
    # Apps drop half a word or half a sentence at the end; so much of its beginning is no chance.
    broken = broken[: max(_SURE, len(broken) * 3 // 5)]
    shown = text_of(request.result)
    return broken in shown and not any(text in shown for text in _instead(request, call, broken))


def _instead(request: UserRequest, call: Exchange, broken: str) -> Iterator[str]:
    """Yield the whole answers that may be what the result shows: one that begins alike, or that came after it."""
    after = later(call, request.calls)
    for each in request.calls:
        text = plain(each.answer.text)
        if each.ok and not half(each) and text and (broken in text or (each in after and kind(each) == kind(call))):
            yield text


def _at_its_limit(finish: str) -> bool:
    return finish.lower() in ("length", "max_tokens", "incomplete", "response.incomplete")
