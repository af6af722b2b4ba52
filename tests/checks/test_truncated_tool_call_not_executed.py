"""truncated_tool_call_not_executed."""

from __future__ import annotations

import json

import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.checks import always_on
from pytest_llmchaos.journal.app_behaviour import Effect

from .apps import CLAUDE, MODEL, Tools, claude, gpt, said, under, verdict
from .journals import journal

CHECK = checks.find("truncated_tool_call_not_executed").build()


def judge(arguments, result, status="200", *, ran=True):
    """Return the outcome for a tool call with these arguments, and a later call that carries this message."""
    made = journal(f"0 openai {status} +1s", "2 openai 200")
    call = {"id": "call_1", "function": {"name": "cancel_order", "arguments": arguments}}
    body = {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    made.exchanges[0].pieces.add(json.dumps(body).encode())
    made.exchanges[0].chunks = 1
    made.exchanges[1].body = {"messages": [result] if result else []}
    if ran:
        made.app.of(None).effects.append(Effect("cancel_order", None, 1.5))
    return CHECK.judge(made).outcome


DONE = {"role": "tool", "tool_call_id": "call_1", "content": "cancelled"}


@pytest.mark.parametrize(
    ("arguments", "result", "outcome"),
    [
        ('{"id": "7', DONE, "violated"),
        ('["7"]', DONE, "violated"),
        ('{"id": "7', {"type": "function_call_output", "call_id": "call_1", "output": "cancelled"}, "violated"),
        (
            '{"id": "7',
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "ok"}]},
            "violated",
        ),
        ('{"id": "7', {"content": [{"toolResult": {"toolUseId": "call_1", "content": []}}]}, "violated"),
        ('{"id": "7', {**DONE, "tool_call_id": "call_2"}, "held"),
        ('{"id": "7', None, "held"),
        ('{"id": "7"}', DONE, "inconclusive"),
        ("", DONE, "inconclusive"),
    ],
)
def test_results(arguments, result, outcome):
    """A result of a call with broken arguments after the tool's side effect is found, in whichever dialect."""
    assert judge(arguments, result) == outcome


def anthropic(**more):
    """Return a result as Anthropic has it."""
    return {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "bitte neu", **more}],
    }


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({**DONE, "content": "Error: the arguments are not JSON"}, "held"),
        ({**DONE, "content": "Unterminated string starting at: line 1 column 8 (char 7)"}, "held"),
        ({**DONE, "content": '{"ok": false, "message": "bitte noch einmal"}'}, "held"),
        (anthropic(is_error=True), "held"),
        ({"content": [{"toolResult": {"toolUseId": "call_1", "status": "error", "content": []}}]}, "held"),
        (DONE, "inconclusive"),
        ({**DONE, "content": "Bitte noch einmal."}, "inconclusive"),
        (anthropic(), "inconclusive"),
    ],
)
def test_what_a_text_shows(result, outcome):
    """Where nothing shows that the tool ran, no text accuses the app."""
    assert judge('{"id": "7', result, ran=False) == outcome


def test_asked_again_under_the_same_id():
    """Where the model is asked again and gives the call whole under the same id, the result is of that one."""
    made = journal("0 openai 200 +1s", "2 openai 200 +1s", "4 openai 200")
    for each, arguments in zip(made.exchanges, ('{"id": "7', '{"id": "7"}'), strict=False):
        call = {"id": "call_1", "function": {"name": "cancel_order", "arguments": arguments}}
        each.pieces.add(json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode())
        each.chunks = 1
    made.exchanges[2].body = {"messages": [DONE]}
    made.app.of(None).effects.append(Effect("cancel", 7, 3.5))
    assert CHECK.judge(made).outcome == "held"
    assert not always_on.judge(made)
    made.exchanges[1].body = {"messages": [DONE]}
    made.app.of(None).effects.append(Effect("cancel", 7, 1.5))
    assert CHECK.judge(made).outcome == "violated"
    assert [each.check for each in always_on.judge(made)] == ["truncated_tool_call"]


def repaired(text: str) -> dict:
    """Close what is open, as lenient parsers do."""
    for end in ("", '"}', "}", '": null}'):
        try:
            return json.loads(text + end)
        except ValueError:
            continue
    return {}


def openai_agent(careless: bool) -> None:
    """Let OpenAI ask for a tool, run it, and send the result."""
    client = gpt()
    given = {"model": MODEL, "tools": Tools.OPENAI}
    message = client.chat.completions.create(messages=said(), **given).choices[0].message
    call = message.tool_calls[0]
    try:
        arguments = repaired(call.function.arguments) if careless else json.loads(call.function.arguments)
    except ValueError:
        return
    result = {"role": "tool", "tool_call_id": call.id, "content": f"order {arguments.get('id')} is on its way"}
    client.chat.completions.create(messages=[*said(), message.model_dump(exclude_none=True), result], **given)


def claude_agent(careless: bool) -> None:
    """Do the same with a stream of Anthropic's, put together by hand."""
    client = claude()
    given = {"model": CLAUDE, "max_tokens": 99, "tools": Tools.ANTHROPIC}
    identity, text = "", ""
    for event in client.messages.create(messages=said(), stream=True, **given):
        if event.type == "content_block_start" and event.content_block.type == "tool_use":
            identity = event.content_block.id
        elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
            text += event.delta.partial_json
    try:
        arguments = repaired(text) if careless else json.loads(text)
    except ValueError:
        return
    used = {"type": "tool_use", "id": identity, "name": "find_order", "input": arguments}
    result = {"type": "tool_result", "tool_use_id": identity, "content": "on its way"}
    history = [{"role": "assistant", "content": [used]}, {"role": "user", "content": [result]}]
    client.messages.create(messages=[*said(), *history], **given)


@pytest.mark.parametrize("agent", [openai_agent, claude_agent])
@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_repairs_arguments(agent, careless, outcome):
    """A lenient parser makes a call of half its arguments; a strict one does not run it."""
    with under(faults.wrong_output(form="broken_arguments", calls=1)) as chaos:
        agent(careless)
        assert verdict(chaos, "truncated_tool_call_not_executed").outcome == outcome
