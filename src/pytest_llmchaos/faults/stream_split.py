"""The events of a stream come in pieces that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ._base import Fault
from ._pieces import in_pieces

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["StreamSplit"]

_FOLLOWS = 0b1000_0000  # of a byte within a character of UTF-8, but its first: 10xx_xxxx


@dataclass(frozen=True)
class StreamSplit(Fault):
    """Every event is spread over several pieces of the body, as networks and proxies do it; joined they are the same.

    SDKs put them together again (measured). A reader of one's own that takes each piece for an event, or decodes it
    by itself, breaks over it.

    Args:
        at: where each event is cut: `character` within its first character of several bytes, or in the middle where
            it has none (script a reply with other letters than English ones); `line` between the two ends of line
            that finish it; `byte` after every byte.
    """

    name = "stream_split"
    kind = "stream"
    streams_only = True

    at: str = param(choice("character", "line", "byte"), default="character")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Cut the events."""
        return plan.shaped(lambda: in_pieces(_CUTS[self.at]))


def _within_a_character(data: bytes) -> Iterator[bytes]:
    place = next((at for at, byte in enumerate(data) if byte & 0b1100_0000 == _FOLLOWS), len(data) // 2)
    return _two(data, place)


def _before_the_last_byte(data: bytes) -> Iterator[bytes]:
    return _two(data, len(data) - 1)


def _every_byte(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def _two(data: bytes, place: int) -> Iterator[bytes]:
    return iter(each for each in (data[:place], data[place:]) if each)


_CUTS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "character": _within_a_character,
    "line": _before_the_last_byte,
    "byte": _every_byte,
}
