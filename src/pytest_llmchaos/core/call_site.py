"""Finds the app's own line that made a call: the innermost frame outside of libraries, the interpreter and us."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType

__all__ = ["call_site"]

_OURS = str(Path(__file__).resolve().parents[1])
_FOREIGN = (*{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}, "<")
_MARKS = ("site-packages", "dist-packages")


@lru_cache(maxsize=4096)
def _shown(filename: str) -> str | None:
    """Return the file as reports show it, None where it is not the app's."""
    if filename.startswith(_FOREIGN) or any(mark in filename for mark in _MARKS):
        return None
    if filename.startswith(_OURS) and f"{_OURS}/cli/_examples" not in filename:
        return None
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return Path(filename).name


def call_site() -> str | None:
    """Return `file:line` of the app code that is making the current call, None where there is none on the stack."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        shown = _shown(frame.f_code.co_filename)
        if shown is not None:
            return f"{shown}:{frame.f_lineno}"
        frame = frame.f_back
    return None
