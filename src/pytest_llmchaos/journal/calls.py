"""LLM calls as a sequence that can be narrowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, overload

from ..core.call import BESIDE, Target

if TYPE_CHECKING:
    from .entries import Exchange

__all__ = ["Calls"]


class Calls(Sequence["Exchange"]):
    """A sequence of LLM calls that can be narrowed.

    What the app asks a provider's status page, or a server about its health, is no LLM call and answers nobody, so it
    is not in the sequence: only a target that names it, as in `.to("openai:status")`, gives it.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = [each for each in exchanges if each.operation not in BESIDE]
        self._polls = [each for each in exchanges if each.operation in BESIDE]

    @overload
    def __getitem__(self, index: int) -> Exchange: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: int | slice) -> Exchange | Calls:
        if isinstance(index, slice):
            return self._cut(self._exchanges[index])
        return self._exchanges[index]

    def __len__(self) -> int:
        return len(self._exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._exchanges))

    def _cut(self, exchanges: Sequence[Exchange]) -> Calls:
        return Calls([*exchanges, *self._polls])

    def where(self, predicate: Callable[[Exchange], bool]) -> Calls:
        """Return the exchanges that satisfy the predicate."""
        return Calls([each for each in (*self._exchanges, *self._polls) if predicate(each)])

    def to(self, target: str | Target) -> Calls:
        """Return the calls that a target names: `.to("anthropic")`, `.to("openai/gpt-4*:chat")`.

        Raises:
            ParameterError: it is not a target.
        """
        wanted = Target.parse(target)
        if wanted.operation in BESIDE:
            return _Polls([each for each in self._polls if wanted.matches(each)])
        return self.where(wanted.matches)

    @property
    def failed(self) -> Calls:
        """The calls that came to a bad end."""
        return self.where(lambda exchange: exchange.failed)

    @property
    def ok(self) -> Calls:
        """The calls that gave the app a whole, usable answer."""
        return self.where(lambda exchange: exchange.ok)

    def __repr__(self) -> str:
        return f"<{len(self)} calls: {', '.join(f'{each.label} {each.outcome}' for each in self)}>"


class _Polls(Calls):
    """Requests to status pages, which are the sequence here."""

    def __init__(self, polls: Sequence[Exchange]) -> None:
        self._exchanges = self._polls = list(polls)

    def _cut(self, exchanges: Sequence[Exchange]) -> Calls:
        return _Polls(exchanges)

    def where(self, predicate: Callable[[Exchange], bool]) -> Calls:
        """Return the requests that satisfy the predicate."""
        return _Polls([each for each in self if predicate(each)])
