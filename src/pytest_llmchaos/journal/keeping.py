"""What a run of days keeps of its calls: the newest whole, older ones without their words, the oldest as a number."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .answers import ModelAnswer, Pieces

__all__ = ["Keep", "LetGo"]


@dataclass(frozen=True, slots=True)
class Keep:
    """How much a run keeps that goes on for days.

    Of calls that are over, the newest `words` are kept whole. Older ones lose what was sent and what was answered; what
    happened to them, the counts of tokens and why the model stopped stay. Of more than `calls` the oldest go.

    A check that looks for what is gone can say nothing about it and is inconclusive: those that compare what was asked
    or said (`attempts`, `no_splice`, `fallback_well_formed`, `truncated_tool_call_not_executed` and others) on more
    calls than `words`, all on more than `calls`. The always-on checks judge the calls that are whole.
    """

    words: int = 2_000
    calls: int = 100_000


_MOST_ALIKE = 4_096


class LetGo:
    """What a journal has let go of, and whether anybody has looked for it.

    Attributes:
        words: how many calls have lost what was sent and answered.
        calls: how many calls are gone.
        missed: how often somebody has looked for words that are gone.
        pieces: stands in the place of the bytes of every answer that is gone.
    """

    __slots__ = ("_alike", "calls", "missed", "pieces", "words")

    def __init__(self) -> None:
        self.words = self.calls = self.missed = 0
        self.pieces: Pieces = _Lost(self)
        self._alike: dict[tuple[object, ...], tuple[int, ModelAnswer]] = {}

    def without_words(self, answer: ModelAnswer) -> tuple[int, ModelAnswer]:
        """Return what an exchange keeps of its answer; those that tell the same are one object."""
        if answer.dimensions or answer.told:
            return 0, _Unsaid(answer, self)
        facts = (answer.finish, answer.model, answer.prompt_tokens, answer.completion_tokens)
        alike = (*facts, answer.error, answer.done, answer.partial)
        kept = self._alike.get(alike)
        if kept is None:
            if len(self._alike) >= _MOST_ALIKE:
                self._alike.clear()
            kept = self._alike[alike] = 0, _Unsaid(answer, self)
        return kept

    def __str__(self) -> str:
        if self.calls:
            return f"the oldest {self.calls} calls are no longer kept"
        return f"what the oldest {self.words} calls asked and were answered is no longer kept"


class _Lost(Pieces):
    """The pieces of an answer that is gone."""

    __slots__ = ("_let_go",)

    def __init__(self, let_go: LetGo) -> None:
        super().__init__()
        self._let_go = let_go

    def add(self, data: bytes) -> None:
        """Nothing is kept."""

    def __iter__(self) -> Iterator[bytes]:
        self._let_go.missed += 1
        yield from ()


_WORDS = ("text", "thought", "tools")
_NO_VECTORS: set[int] = set()


class _Unsaid(ModelAnswer):
    """An answer without its words."""

    __slots__ = ("_let_go",)

    def __init__(self, answer: ModelAnswer, let_go: LetGo) -> None:
        super().__init__(
            finish=sys.intern(answer.finish),
            model=sys.intern(answer.model),
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            dimensions=answer.dimensions or _NO_VECTORS,
            error=answer.error,
            told=answer.told,
            done=answer.done,
            partial=answer.partial,
        )
        self._let_go = let_go
        for name in _WORDS:
            delattr(self, name)  # so that whoever looks for it comes to `__getattr__`

    def __getattr__(self, name: str) -> Any:
        if name not in _WORDS:
            raise AttributeError(name)
        self._let_go.missed += 1
        return [] if name == "tools" else ""
