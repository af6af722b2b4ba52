"""JSON documents with gaps: what is the same in all answers of a kind is written once, as to write it each time is what
a plain answer costs most.
"""

from __future__ import annotations

from itertools import chain
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING, Any

from ._wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GAP", "Template"]

GAP: Any = "\ufdd0"
"""Stands in a document for a text or a whole number that differs; a character that no text of ours has."""


class Template:
    """A document that was written as JSON but for its gaps.

    Args:
        document: what `dump` takes, with `GAP` for each value that is filled in.
    """

    def __init__(self, document: Any) -> None:
        told = dump(document).decode().replace('"\\ufdd0"', f'"{GAP}"')  # where all is escaped, for half a character
        self._parts = told.split(f'"{GAP}"')

    def filled(self, *values: str | int) -> bytes:
        """Return the JSON with these values in the gaps, in the order in which they stand there."""
        try:
            return self._text(values, encode_basestring).encode()
        except UnicodeEncodeError:  # see `dump`
            return self._text(values, encode_basestring_ascii).encode()

    def _text(self, values: tuple[str | int, ...], quoted: Callable[[str], str]) -> str:
        told = [str(each) if isinstance(each, int) else quoted(each) for each in values]
        return "".join(chain.from_iterable(zip(self._parts, (*told, ""), strict=True)))
