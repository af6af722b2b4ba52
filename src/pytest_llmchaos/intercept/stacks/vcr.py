"""VCR.py: a cassette that is opened within the run lies beneath the faults too, and counts as all played where what it
still holds was asked for and a fault answered."""

from __future__ import annotations

import sys
from typing import Any

from ...run.beneath import let_through
from ._watched import Watched, begins, unasked

__all__ = ["STACK"]


def _excused(original: Any) -> Any:
    def all_played(cassette: Any) -> bool:
        return bool(original.fget(cassette)) or not _wanting(cassette)

    return property(all_played)


def _wanting(cassette: Any) -> bool:
    """Tell whether a recorded answer was neither played nor asked for."""
    wanting = {index for index in range(len(cassette)) if not cassette.play_counts[index]}
    for each in unasked():
        asked = sys.modules["vcr.request"].Request(each.method, each.url, each.content, dict(each.headers))
        wanting.discard(next((index for index, _ in cassette._responses(asked) if index in wanting), -1))
    return bool(wanting)


def _lets_through(original: Any) -> Any:
    def can_play_response_for(cassette: Any, request: Any) -> bool:
        if not (known := bool(original(cassette, request))):
            let_through()
        return known

    return can_play_response_for


class _Vcr(Watched):
    def install(self) -> None:
        super().install()
        cassette = sys.modules["vcr.cassette"].Cassette
        self._patches.replace(cassette, "all_played", _excused)
        self._patches.replace(cassette, "can_play_response_for", _lets_through)


STACK = _Vcr("vcr", "vcr.cassette:CassetteContextDecorator", {"__enter__": begins})
