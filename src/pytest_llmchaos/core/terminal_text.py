"""Text for terminals: made safe, measured in cells, cut to width and coloured."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .redact import redact_text

__all__ = ["ASCII", "UNICODE", "Glyphs", "cells", "fit", "pad", "paint", "printable", "run_time", "safe"]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs that a timeline is drawn with."""

    ok: str
    failed: str
    open: str
    idle: str
    busy: str
    bar: str
    tick: str
    rule: str
    by: str
    more: str
    act: str
    dot: str


UNICODE = Glyphs("✓", "✗", "…", "┊", "┃", "━", "╸", "─", "←", "…", "»", "·")
ASCII = Glyphs("+", "x", "?", ".", "|", "=", "-", "-", "<-", "...", "*", "-")

_URL = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/?#@]*@)?(?P<place>[^\s?#]*)(?:[?#]\S*)?")
_CODES = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2", "cyan": "36"}


def safe(text: str, *, ascii: bool = False) -> str:  # noqa: A002 - the word users know from the builtin
    r"""Return text that came from anywhere fit to be shown on one line.

    Control characters, line ends, direction marks and lone surrogates are written as escapes (`\n`, `\x1b`);
    what is shaped like a key is hidden; URLs lose their credentials, query and fragment.
    """
    shown = _URL.sub(r"\g<scheme>\g<place>", redact_text(text))
    shown = printable(shown, keep="")
    return shown.encode("ascii", "backslashreplace").decode() if ascii else shown


def printable(text: str, keep: str = "\n") -> str:
    """Return text with what a terminal would obey or not show written as an escape; `keep` stays as it is."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def cells(text: str) -> int:
    """Return how many terminal columns the text takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(each) for each in text)


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, width: int, more: str = "…", *, tail: bool = False) -> str:
    """Cut the text to a width in cells; with `tail` its end is kept instead of its beginning."""
    if cells(text) <= width:
        return text
    room, kept = max(width - cells(more), 0), ""
    for each in reversed(text) if tail else text:
        if cells(kept) + _cell(each) > room:
            break
        kept = each + kept if tail else kept + each
    return (more + kept if tail else kept + more)[: max(width, 0)]


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill the text with blanks to a width in cells; `right` puts it to the right."""
    blanks = " " * max(width - cells(text), 0)
    return blanks + text if right else text + blanks


def paint(text: str, style: str, colour: bool) -> str:
    """Return the text in a style (`red`, `bold`, ...) where colour is wanted."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if colour and style and text.strip() else text


def run_time(seconds: float) -> str:
    """Write a point in run time: finer while it is small, as `0.412s`, `12.41s`, `12m10.4s`, `2h05m10s`."""
    if seconds < 9.9995:
        return f"{seconds:.3f}s"
    if seconds < 59.995:
        return f"{seconds:.2f}s"
    if seconds < 3599.95:
        minutes, tenths = divmod(round(seconds * 10), 600)
        return f"{minutes}m{tenths / 10:04.1f}s"
    hours, rest = divmod(round(seconds), 3600)
    days, hours = divmod(hours, 24)
    head = f"{days}d{hours:02}h" if days else f"{hours}h"
    return f"{head}{rest // 60:02}m{rest % 60:02}s"
