"""What shows that a tool ran on broken arguments: the always-on check and the named one say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from pytest_llmchaos import ToolCall
from pytest_llmchaos.checks import always_on

from .apps import MODEL, Tools, gpt, said, under, verdict

BROKEN = '{"id": 7, "reason": "la'
Run = Callable[[str], tuple[str, str]]


def agent(run: Run) -> None:
    """Ask OpenAI for a tool and give the result; `run` makes it, and the arguments for the history."""
    given: Any = {"model": MODEL, "tools": Tools.OPENAI}
    client: openai.OpenAI = gpt()
    message: Any = client.chat.completions.create(messages=said(), **given).choices[0].message
    call = message.tool_calls[0]
    result, arguments = run(call.function.arguments)
    asked = {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": arguments}}
    history = [{"role": "assistant", "tool_calls": [asked]}, {"role": "tool", "tool_call_id": call.id}]
    history[1]["content"] = result
    client.chat.completions.create(messages=[*said(), *history], **given)


def strict(text: str) -> str:
    """Return what a strict parser says of a text."""
    with pytest.raises(json.JSONDecodeError) as broken:
        json.loads(text)
    return str(broken.value)


def mended(end: str, drop: int = 0) -> Callable[[str], dict[str, Any]]:
    """Return a lenient parser that drops and adds characters."""
    return lambda text: json.loads((text[:-drop] if drop else text) + end)


def ran(parse: Callable[[str], dict[str, Any]]) -> Run:
    """Return an app that runs its tool on what a lenient parser makes of the arguments."""
    return lambda text: (f"order {parse(text)['id']}: versendet", text)


RIGHT: dict[str, Run] = {
    "the parser's words": lambda text: (strict(text), text),
    "its own words": lambda text: (f"{strict(text) and 'Bitte noch einmal'}", text),
    "words, unread": lambda text: ("no order number was given", text),
    "a flag in JSON": lambda text: (json.dumps({"error": {"what": "unlesbar"}}), text),
    "an empty object in the history": lambda text: ("Bitte die Bestellnummer nochmals senden.", "{}"),
    "another object that it reads": lambda text: (str(json.loads('{"id_of_user": 5}') and "Bitte neu"), text),
    "mended for the history, and told": lambda text: ("the arguments broke off", json.dumps(mended('"}')(text))),
}
WRONG: dict[str, Run] = {
    "closed": ran(mended('"}')),
    "dropped to the last whole member": ran(mended("}", drop=len(', "reason": "la'))),
    "mended in the history": lambda text: ("versendet", '{"id":7,"reason":"la"}'),
}


@pytest.mark.parametrize("name", [*RIGHT, *WRONG])
def test_both_checks(name):
    """No right app is accused, and what mends and runs is found by both."""
    with under() as chaos:
        chaos.replies(ToolCall("find_order", {"id": 7, "reason": "late"}, raw=BROKEN), "done")
        agent({**RIGHT, **WRONG}[name])
    found = {each.check for each in always_on.judge(chaos.journal)}
    outcome = verdict(chaos, "truncated_tool_call_not_executed").outcome
    assert (found, outcome == "violated") == (({"truncated_tool_call"}, True) if name in WRONG else (set(), False))
    assert json.JSONDecoder.decode.__module__ == "json.decoder"


@pytest.mark.parametrize(("whole", "alarm"), [(True, False), (False, True)])
def test_an_effect_of_a_whole_call_beside(whole, alarm):
    """The side effect of a whole call of the same tool does not accuse the one that was refused."""
    with under() as chaos:
        calls = [ToolCall("refund", {"order": 1})] if whole else []
        chaos.replies([*calls, ToolCall("refund", {"order": 2}, raw='{"order": ')], "done")
        client = gpt()
        given: Any = {"model": MODEL, "tools": Tools.OPENAI}
        message: Any = client.chat.completions.create(messages=said(), **given).choices[0].message
        chaos.effect("refund", 1)
        results = [{"role": "tool", "tool_call_id": each.id, "content": "gut"} for each in message.tool_calls]
        client.chat.completions.create(messages=[*said(), message.model_dump(exclude_none=True), *results], **given)
    assert bool(always_on.judge(chaos.journal)) is alarm
    expected = "violated" if alarm else "inconclusive"
    assert verdict(chaos, "truncated_tool_call_not_executed").outcome == expected
