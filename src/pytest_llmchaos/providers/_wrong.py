"""What the model says when it is no good: made up to fit the request, then spoiled in one way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.replies import ToolCall
from ._say import Asked, Said, next_tool, say
from ._schema import example

if TYPE_CHECKING:
    from ..core.draw import Draw

__all__ = ["wrong"]

_FRENCH = (
    "Bonjour, je vous remercie de votre question.",
    "La réponse se trouve dans les documents que vous avez reçus hier.",
    "Veuillez vérifier les détails avant de continuer.",
    "Votre commande a été expédiée et arrivera bientôt.",
)
_STRAY = ("สวัสดี", "答案", "ありがとう", "谢谢", "คำตอบ", "そして")
_EVERY = 4  # words of English before a stray one
_TIMES = 40  # that the same words come
_PLAIN_WORDS = re.compile(r"[^\W\d_]+(?:[ ,.-]+[^\W\d_]+)*[.]?")  # no date, number or address, whose form matters


def wrong(form: str, asked: Asked, draw: Draw) -> Said:
    """Return an answer that is wrong in that form, one of `replies.WRONG`.

    Raises:
        FaultUnfit: the request asks for no tool, no structured output or no text that could be wrong so.
    """
    if form == "empty":
        return Said("", (), "stop")
    if form in ("broken_arguments", "unknown_tool"):
        return _wrong_call(form, asked, draw)
    said = say(None, asked, draw)
    if form in ("truncated", "length"):
        return _cut(said, "length" if form == "length" else "stop")
    if form == "off_schema":
        if asked.schema is None or said.text is None:
            raise FaultUnfit("it asks for no structured output, so none can be off its schema")
        return replace(said, text=_json(_misfit(asked.schema, json.loads(said.text))))
    return _spoken(said, _SPOILED[form], asked)


# --- tool calls and structured output ---------------------------------------------------------------------------


def _wrong_call(form: str, asked: Asked, draw: Draw) -> Said:
    if not asked.tools:
        raise FaultUnfit("it offers no tool, so the model cannot call one wrongly")
    tool = next_tool(asked)
    made = example(tool.schema, draw)
    arguments = made if isinstance(made, dict) else {}
    if form == "unknown_tool":
        offered = {each.name for each in asked.tools}
        name = next(each for each in _other_names(tool.name) if each not in offered)
        return Said(None, (ToolCall(name, arguments),), "stop")
    misfit = _misfit(tool.schema, arguments)
    call = ToolCall(tool.name, misfit if isinstance(misfit, dict) else {"arguments": misfit}, _half(_json(arguments)))
    return Said(None, (call,), "stop")


def _other_names(name: str) -> Iterator[str]:
    yield f"{name}_v2"
    number = 3
    while True:
        yield f"{name}_v{number}"
        number += 1


def _misfit(schema: Mapping[str, Any], value: Any) -> Any:
    """Return JSON like the value that the schema does not allow: a required member has another name, the others
    another type. Where any object will do, it is a list.
    """
    if not isinstance(value, dict):
        return {"value": value}
    if not value or not schema:
        return [value] if value else {"unexpected": True}
    required = schema.get("required")
    named = [each for each in required if each in value] if isinstance(required, list) else []
    first = named[0] if named else next(iter(value))
    return {f"{each}_value" if each == first else each: _other_type(value[each]) for each in value}


def _other_type(value: Any) -> Any:
    return 0 if value is None or isinstance(value, str) else "n/a"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- texts ------------------------------------------------------------------------------------------------------


def _cut(said: Said, finish: Any) -> Said:
    if said.calls:
        *whole, last = zip(said.calls, said.arguments(), strict=True)
        cut = replace(last[0], raw=_half(last[1]), arguments=dict(islice(last[0].arguments.items(), 1)))
        return Said(said.text, (*(each for each, _ in whole), cut), finish)
    return Said(_half(said.text or ""), (), finish)


def _half(text: str) -> str:
    return text[: max(len(text) // 2, 1)]


def _french(text: str) -> str:
    return " ".join(islice(cycle(_FRENCH), len(text) // 60 + 1))


def _strewn(text: str) -> str:
    stray = cycle(_STRAY)
    words = text.split(" ")
    return " ".join(f"{each} {next(stray)}" if at % _EVERY == 0 else each for at, each in enumerate(words))


def _repeated(text: str) -> str:
    return " ".join([" ".join(text.split()[:5])] * _TIMES)


_SPOILED: dict[str, Callable[[str], str]] = {
    "wrong_language": _french,
    "wrong_script": _strewn,
    "repeated": _repeated,
}


def _spoken(said: Said, spoil: Callable[[str], str], asked: Asked) -> Said:
    """Spoil the text; of structured output and tool calls the texts within, and none that the schema lists."""
    if said.calls:
        schemas = {each.name: each.schema for each in asked.tools}
        calls = [_within(dict(each.arguments), spoil, schemas.get(each.name)) for each in said.calls]
        made = tuple(replace(each, arguments=there) for each, there in zip(said.calls, calls, strict=True))
        return replace(said, calls=made)
    if asked.schema is None:
        return replace(said, text=spoil(said.text or ""), tokens=None)
    return replace(said, text=_json(_within(json.loads(said.text or "null"), spoil, asked.schema)))


def _within(value: Any, spoil: Callable[[str], str], schema: Any) -> Any:
    listed = set(_listed(schema))

    def spoiled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: spoiled(each) for key, each in part.items()}
        if isinstance(part, list):
            return [spoiled(each) for each in part]
        if isinstance(part, str) and part not in listed and _PLAIN_WORDS.fullmatch(part):
            return spoil(part)
        return part

    made = spoiled(value)
    if made == value:
        raise FaultUnfit("what it asks for has no text that could be in another language or script, or repeated")
    return made


def _listed(schema: Any) -> Iterator[str]:
    """Yield every text that the schema names as a value."""
    if isinstance(schema, Mapping):
        for key, each in schema.items():
            if key in ("enum", "const"):
                yield from (text for text in (each if isinstance(each, list) else [each]) if isinstance(text, str))
            else:
                yield from _listed(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _listed(each)
