"""What became of tool calls whose arguments came broken: judged by what the app did, as far as it shows.

A text accuses nobody: what a tool said and how an app says that it did not run it cannot be told apart. A side effect
shows that the tool ran, and so do arguments that the app mended and read.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..journal.mended_arguments import may_ask, mends
from ._bodies import asked_before, results

if TYPE_CHECKING:
    from ..journal.answers import Asked
    from ..journal.entries import Exchange, Journal

__all__ = ["Broken", "broken_tools"]

Fate = Literal["ran", "refused", "unsaid", "left"]

# Parsers that apps read arguments with, where they are loaded; each is asked for its own words on these arguments.
_PARSERS = {
    "json": "loads", "simplejson": "loads", "orjson": "loads", "ujson": "loads", "pydantic_core": "from_json",
    "jiter": "from_json", "msgspec.json": "decode",
}  # fmt: skip
_PLACE = re.compile(r":? (?:at )?line \d+|\(char \d+\)|\(byte \d+\)")
_SHORTEST = 8  # characters of a parser's words that nobody says by chance

# An answer that speaks of the arguments or asks for them again seems to be none of a tool that ran.
_REFUSING = re.compile(
    r"argum|error|invalid|malform|fail|truncat|incomplete|not valid|could not|cannot|can't|unable|pars|json|again|"
    r"retry|resend|expect|missing|exception|reject|cut off|unknown|not run|skipped",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|\d+")


@dataclass(frozen=True, slots=True)
class Broken:
    """A tool call that came with broken arguments, and what became of it.

    Attributes:
        asked: the call whose answer asked for the tool.
        tool: what the model asked for.
        fate: `ran`: it ran on them; `refused`: the model was told that it did not; `unsaid`: the model was told
            something that does not show it; `left`: it was told nothing.
        told: the call that carries what the model was told.
        how: what shows that it ran.
    """

    asked: Exchange
    tool: Asked
    fate: Fate
    told: Exchange | None = None
    how: str = ""


def broken_tools(journal: Journal) -> Iterator[Broken]:
    """Yield each tool call that came with broken arguments, with what became of it."""
    calls = list(journal.exchanges)
    for place, asked in enumerate(calls):
        if asked.ended is None or not may_ask(asked) or asked.answer.partial:
            continue
        broken = [tool for tool in asked.answer.tools if _is_broken(asked, tool)]
        yield from (_became(journal, tool, asked, calls[place + 1 :]) for tool in broken)


def _is_broken(call: Exchange, tool: Asked) -> bool:
    unsaid = not tool.arguments and call.stream and not call.answer.done
    return unsaid or not tool.whole


def _became(journal: Journal, tool: Asked, asked: Exchange, after: Sequence[Exchange]) -> Broken:
    for told in after if tool.id else ():
        result = results(told.body).get(tool.id)
        if result is not None:
            fate, how = _fate(journal, tool, result, asked, told)
            return Broken(asked, tool, fate, told, how)
        if any(one.id == tool.id and one.whole for one in told.answer.tools):
            break  # asked again under the same id, whole this time: what follows is the result of that
    return Broken(asked, tool, "left")


def _fate(
    journal: Journal, tool: Asked, result: Mapping[str, Any], asked: Exchange, told: Exchange
) -> tuple[Fate, str]:
    """Return what became of a tool call by the first result of it that a later call carries, and what shows it."""
    name = tool.name or "the tool"
    if _effects(journal, tool, asked, told.started):
        return "ran", f"the side effect of {name} was reported"
    said = result.get("content", result.get("output"))
    if _flagged(result) or _flagged(said) or any(words in str(said) for words in _words(tool.arguments)):
        return "refused", ""
    refusing = _REFUSING.search(str(said)) is not None
    if _mended(journal, tool, asked, told):
        return ("unsaid", "") if refusing else ("ran", f"the app mended the arguments of {name} before")
    return ("refused" if refusing else "unsaid"), ""


# --- what shows that it ran -------------------------------------------------------------------------------------------


def _effects(journal: Journal, tool: Asked, asked: Exchange, until: float) -> bool:
    """Tell whether the app reported a side effect of the tool that no whole call of it explains."""
    since = asked.ended or asked.started
    owner = next((each for each in journal.app.requests if asked in each.calls), None)
    reported = [effect for each in journal.app.requests if owner in (None, each) for effect in each.effects]
    effects = sum(since <= each.at <= until and _named_for(each.name, tool.name) for each in reported)
    if not effects:
        return False
    calls = [each for each in (owner.calls if owner else journal.exchanges) if each.ended is not None and may_ask(each)]
    over = {identity for each in calls if each.started <= since for identity in results(each.body)}
    whole = [one for each in calls if (each.ended or 0.0) <= until for one in each.answer.tools if one.whole]
    return effects > sum(one.name == tool.name and one.id not in over for one in whole)


def _named_for(effect: str, tool: str) -> bool:
    """Tell whether an effect is named for a tool: `charge` for `charge_card`."""
    one, other = _WORD.findall(effect), _WORD.findall(tool)
    one, other = [each.casefold() for each in one], [each.casefold() for each in other]
    return one[:1] == other[:1] and bool(one) and (set(one) <= set(other) or set(other) <= set(one))


def _mended(journal: Journal, tool: Asked, asked: Exchange, told: Exchange) -> bool:
    """Tell whether the app read, or sent on as the model's, arguments that go on where these broke off."""
    answers = [each.answer for each in journal.exchanges if each.ended is not None and may_ask(each)]
    theirs = {one.arguments for each in answers for one in each.tools}
    read = journal.app.mended.between(tool.arguments, asked.ended or asked.started, told.started)
    sent = asked_before(told.body).get(tool.id, "")
    return any(text not in theirs for text in (*read, *([sent] if mends(tool.arguments, sent) else ())))


# --- what shows that it did not ---------------------------------------------------------------------------------------


def _flagged(said: Any) -> bool:
    """Tell whether a result is marked as an error, by a flag of the provider's or one of the app's in its JSON."""
    if isinstance(said, str):
        try:
            said = json.loads(said) if said.lstrip()[:1] in ("{", "[") else None
        except ValueError:
            return False
    if isinstance(said, list):
        return any(map(_flagged, said))
    if not isinstance(said, Mapping):
        return False
    if said.get("is_error") is True or said.get("isError") is True or said.get("error"):
        return True
    failed = said.get("status") in ("error", "failed", "failure", "incomplete")
    if failed or said.get("ok", said.get("success")) is False:
        return True
    return any(_flagged(said[each]) for each in ("json", "text") if each in said)


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
