"""Scripted healthy answers: what the model says, the same for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from . import locks
from .call import Target
from .errors import UsageProblem

if TYPE_CHECKING:
    from .call import Call

__all__ = ["WRONG", "Replies", "Reply", "ToolCall"]

Finish = Literal["stop", "length", "content_filter", "refusal"]

WRONG = (
    "empty",
    "truncated",
    "length",
    "wrong_language",
    "wrong_script",
    "repeated",
    "off_schema",
    "broken_arguments",
    "unknown_tool",
)
"""The ways in which a reply can be no good; `faults.wrong_output` tells what they are."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is what its JSON will hold; `raw` is sent in its place by providers that
    send arguments as a text, which need not be JSON at all.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says: text, structured output (`data`) or tool calls, and how it finishes.

    With `wrong`, one of `WRONG`, it is made up to fit the request but for that; the other members are not looked at.
    """

    text: str | None = None
    data: Any = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    wrong: str | None = None

    @classmethod
    def of(cls, value: Any) -> Reply:
        """Read what a test scripts: text, a dict or list (structured output), a `ToolCall`, several, or a `Reply`.

        Raises:
            UsageProblem: it is none of these.
        """
        if isinstance(value, Reply):
            return value
        if isinstance(value, str):
            return cls(text=value)
        if isinstance(value, ToolCall):
            return cls(tool_calls=(value,))
        if isinstance(value, list | tuple) and value and all(isinstance(each, ToolCall) for each in value):
            return cls(tool_calls=tuple(value))
        if isinstance(value, Mapping | list):
            return cls(data=value)
        raise UsageProblem(
            f"{value!r} cannot be a reply: give text, a dict or list for structured output, a ToolCall or a Reply"
        )


class Replies:
    """Scripted replies in order, per target; the last one of a script repeats."""

    def __init__(self) -> None:
        self._lock = locks.lock()
        self._scripts: list[tuple[Target, list[Reply]]] = []

    def add(self, replies: tuple[Any, ...], target: str | Target = "*") -> None:
        """Script replies for the calls that the target names; a later script goes before an earlier one.

        Raises:
            UsageProblem: no reply given, or one that cannot be a reply.
        """
        if not replies:
            raise UsageProblem("replies() needs at least one reply")
        script = [Reply.of(each) for each in replies]
        with self._lock:
            self._scripts.insert(0, (Target.parse(target), script))

    def next(self, call: Call) -> Reply | None:
        """Take the next scripted reply for the call, None where nothing is scripted."""
        with self._lock:
            for target, script in self._scripts:
                if target.matches(call):
                    return script.pop(0) if len(script) > 1 else script[0]
        return None
