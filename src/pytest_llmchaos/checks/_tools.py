"""Whether a tool ran on half its arguments: judged by what the app did, as far as it shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..heard import Asked
    from ..journal import Exchange, Journal

__all__ = ["ran"]

# Parsers that apps read arguments with, where they are loaded; each is asked for its own words on these arguments.
_PARSERS = {
    "json": "loads", "simplejson": "loads", "orjson": "loads", "ujson": "loads", "pydantic_core": "from_json",
    "jiter": "from_json", "msgspec.json": "decode",
}  # fmt: skip
_PLACE = re.compile(r":? (?:at )?line \d+|\(char \d+\)|\(byte \d+\)")
_SHORTEST = 8  # characters of a parser's words that nobody says by chance

# Where nothing else tells, an answer that speaks of the arguments or asks for them again is none of a tool that ran.
_REFUSED = re.compile(
    r"argum|error|invalid|malform|fail|truncat|incomplete|not valid|could not|cannot|can't|unable|pars|json|again|"
    r"retry|resend|expect|missing|exception|reject|cut off|unknown|not run|skipped",
    re.IGNORECASE,
)


def ran(journal: Journal, tool: Asked, result: Mapping[str, Any], asked: Exchange, told: Exchange) -> bool:
    """Tell whether the result of a tool call with broken arguments shows that the tool ran on them.

    Args:
        journal: what else happened.
        tool: what the model asked for.
        result: what the app gave the model as its result.
        asked, told: the call whose answer asked for it, and the one that carries the result.
    """
    if any(_effect(journal, tool.name, asked.ended or asked.started, told.started)):
        return True
    if result.get("is_error") or result.get("status") == "error":
        return False
    said = str(result.get("content", result.get("output")))
    if any(words in said for words in _words(tool.arguments)):
        return False
    return not _REFUSED.search(said)


def _effect(journal: Journal, name: str, since: float, until: float) -> Iterator[bool]:
    """Yield a side effect of the tool's name that the app told of in between."""
    for request in journal.app.requests:
        yield from (True for each in request.effects if each.name == name and since <= each.at <= until)


def _words(arguments: str) -> Iterator[str]:
    """Yield what strict parsers say of these arguments, with and without the place."""
    for name, function in _PARSERS.items():
        parse = getattr(sys.modules.get(name), function, None)
        if parse is None:
            continue
        try:
            parse(arguments.encode() if name == "jiter" else arguments)
        except Exception as error:
            text = str(error)
            yield from (each for each in (text, _PLACE.split(text)[0].strip()) if len(each) >= _SHORTEST)
