"""A stream ends in good order and never says that it has finished."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.plan import Chunk, End, Head, Step, Wait
from ._base import Fault
from ._documents import Editing

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["StreamUnfinished"]

_NULLED = ("finish_reason", "native_finish_reason", "stop_reason", "done_reason")
_LEFT_OUT = ("finishReason", "stopReason")  # Gemini and Bedrock leave out what they do not know


@dataclass(frozen=True)
class StreamUnfinished(Fault):
    """All the text comes and so does the terminator (`[DONE]`, `message_stop`), but no finish reason: whether the
    answer is whole, was cut at its limit or filtered cannot be told.

    Reasons are null, or missing at Gemini and Bedrock. Where the terminator itself is what tells the end (OpenAI's
    `response.completed`), it does not come. openai 3 and anthropic 2 raise nothing but where the answer is put
    together for the app (measured).
    """

    name = "stream_unfinished"
    kind = "stream"
    streams_only = True

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Take the finish reasons out of the stream."""
        return plan.shaped(_Unfinished)


class _Unfinished:
    """The step map: the last piece is held back until it is known whether a reason was found before the end."""

    def __init__(self) -> None:
        self._editing = Editing(self._take)
        self._found = False
        self._armed = False
        self._held: list[Step] = []

    def __call__(self, step: Step) -> Iterable[Step]:
        if isinstance(step, Head):
            self._armed = 200 <= step.status < 300
        if not self._armed:
            return (step,)
        return [out for each in self._editing(step) for out in self._passed(each)]

    def _passed(self, step: Step) -> Iterable[Step]:
        if isinstance(step, Wait) and self._held:
            self._held.append(step)
            return ()
        held, self._held = self._held, []
        if isinstance(step, Chunk):
            self._held = [step]
            return held
        if step == End():
            return (*(held if self._found else ()), End(error=StreamUnfinished.name))
        return (*held, step)

    def _take(self, document: Any) -> bool:
        taken = False
        for value in (
            document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
        ):
            taken = self._take(value) or taken
        if isinstance(document, dict):
            for key in _NULLED:
                if document.get(key) is not None:
                    document[key] = None
                    taken = True
            for key in _LEFT_OUT:
                taken = document.pop(key, None) is not None or taken
        self._found = self._found or taken
        return taken
