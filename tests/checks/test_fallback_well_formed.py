"""fallback_well_formed."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.checks import _bodies

from .apps import CLAUDE, MODEL, Tools, ask, ask_claude, claude, first_of, gpt, said, under, verdict
from .journals import journal

SCHEMA = {"type": "object", "properties": {"name": {}, "age": {}}}
OPENAI_SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}


@pytest.mark.parametrize(
    "body",
    [
        {"tools": Tools.OPENAI},
        {"tools": Tools.ANTHROPIC},
        {"tools": [{"type": "function", "name": "find_order"}]},
        {"functions": [{"name": "find_order"}]},
        {"tools": [{"functionDeclarations": [{"name": "find_order"}]}]},
        {"toolConfig": {"tools": [{"toolSpec": {"name": "find_order"}}]}},
    ],
)
def test_tools_of_each_dialect(body):
    """A tool is found by its name."""
    assert _bodies.tools(body) == {"find_order"}


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": OPENAI_SCHEMA},
        {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
        {"generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA}},
        {"format": SCHEMA},
        {"tools": [{"name": "answer", "input_schema": SCHEMA}], "tool_choice": {"type": "tool", "name": "answer"}},
    ],
)
def test_schemas_of_each_dialect(body):
    """The schema of the output is found, however it is asked for."""
    assert _bodies.properties(_bodies.schema(body)) == {"name", "age"}


def test_json_without_a_schema_and_plain_text():
    """JSON of any shape is structured, text is not."""
    assert _bodies.schema({"response_format": {"type": "json_object"}}) == {}
    assert _bodies.schema({"format": "json"}) == {}
    assert _bodies.schema({"generationConfig": {"responseMimeType": "application/json"}}) == {}
    for body in ({}, {"response_format": {"type": "text"}}, {"tools": Tools.ANTHROPIC, "tool_choice": {"type": "any"}}):
        assert _bodies.schema(body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "system", "content": "Be kind."}]},
        {"input": [{"role": "developer", "content": "Be kind."}]},
        {"system": "Be kind."},
        {"instructions": "Be kind."},
        {"systemInstruction": {"parts": [{"text": "Be kind."}]}},
    ],
)
def test_system_prompts_of_each_dialect(body):
    """A system prompt is found."""
    assert _bodies.system(body)
    assert not _bodies.system({"messages": said()})


def judge(first, second, to="anthropic", **given):
    """Return the verdict on a failed call to OpenAI and one elsewhere, with these bodies."""
    made = journal("0 openai 503 +1s", f"2 {to} 200 +1s")
    made.exchanges[0].body, made.exchanges[1].body = first, second
    return checks.find("fallback_well_formed").build((), given).judge(made)


ASKED = {"messages": [{"role": "system", "content": "Be kind."}, *said()], "tools": Tools.OPENAI}
GIVEN = {"messages": said(), "system": "Be kind.", "tools": Tools.ANTHROPIC}


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (ASKED, {**GIVEN, "tools": []}, "lacks 1 tool (find_order)"),
        (ASKED, {**GIVEN, "system": ""}, "has no system prompt"),
        ({**ASKED, "response_format": OPENAI_SCHEMA}, GIVEN, "does not ask for structured output"),
        (
            {**ASKED, "response_format": OPENAI_SCHEMA},
            {**GIVEN, "output_config": {"format": {"type": "json_schema", "schema": {"properties": {"name": {}}}}}},
            "asks for output without age",
        ),
        (
            ASKED,
            {**GIVEN, "messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1"}]}]},
            "holds tool-call ids of another provider (call_1)",
        ),
    ],
)
def test_flaws(first, second, told):
    """Each loss is told."""
    verdict = judge(first, second)
    assert verdict.outcome == "violated"
    assert told in verdict.reason


def test_the_size():
    """A fallback with a smaller window does not take all."""
    long = said("word " * 4000)
    asked, body = {**ASKED, "messages": [*ASKED["messages"], *long]}, {**GIVEN, "messages": long}
    assert judge(asked, body).outcome == "held"
    verdict = judge(asked, body, context=4000)
    assert verdict.outcome == "violated"
    assert "and the fallback takes 4000" in verdict.reason


def test_no_evidence():
    """Without a fallback, or without bodies, nothing can be said."""
    assert judge({}, {}).outcome == "inconclusive"
    assert judge(ASKED, GIVEN, to="openai").outcome == "inconclusive"
    assert judge(ASKED, GIVEN).outcome == "held"


def test_a_cured_failure_has_no_fallback():
    """What goes elsewhere after a retry that worked is another step of the app."""
    made = journal("0 openai 503 +1s", "2 openai 200 +1s", "4 anthropic 200 +1s")
    for each, body in zip(made.exchanges, (ASKED, ASKED, {"messages": said()}), strict=True):
        each.body = body
    assert checks.find("fallback_well_formed").build().judge(made).outcome == "inconclusive"


def fallback(careless: bool) -> None:
    """Go on with a conversation that has used a tool, at Anthropic when OpenAI fails."""
    system = {"role": "system", "content": "You look after orders."}
    call = {"id": "call_7", "type": "function", "function": {"name": "find_order", "arguments": '{"id": "7"}'}}
    history = [*said(), {"role": "assistant", "tool_calls": [call]}]
    history.append({"role": "tool", "tool_call_id": "call_7", "content": "sent"})
    try:
        gpt().chat.completions.create(model=MODEL, messages=[system, *history], tools=Tools.OPENAI)
    except openai.APIError:
        identity = "call_7" if careless else "toolu_7"
        used = {"type": "tool_use", "id": identity, "name": "find_order", "input": {"id": "7"}}
        result = {"type": "tool_result", "tool_use_id": identity, "content": "sent"}
        claude().messages.create(
            model=CLAUDE,
            max_tokens=99,
            system=system["content"],
            messages=[*said(), {"role": "assistant", "content": [used]}, {"role": "user", "content": [result]}],
            **({} if careless else {"tools": Tools.ANTHROPIC}),
        )


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_loses_its_tools(careless, outcome):
    """The careless app forgets its tools and sends OpenAI's ids; the careful one translates both."""
    with under(faults.outage(target="openai")) as chaos:
        fallback(careless)
        found = verdict(chaos, "fallback_well_formed", to="anthropic")
        assert found.outcome == outcome
        if careless:
            assert "lacks 1 tool (find_order), holds tool-call ids" in found.reason


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}], "system": "Be kind."},
        {"input": "Hello", "instructions": "Be kind."},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}]},
        {"contents": [{"parts": [{"text": "Hello"}]}, {"role": "model", "parts": [{"text": "Hi"}]}]},
        {"prompt": "Hello"},
    ],
)
def test_the_question_in_each_dialect(body):
    """What the user says is found; what the app or the model says is none of it."""
    assert _bodies.question(body) == ("Hello",)


@pytest.mark.parametrize("body", [{}, {"messages": 3, "input": [3, None]}, {"messages": [{"content": [{"x": 1}, 2]}]}])
def test_no_question(body):
    """A body that nobody knows has none, and breaks nothing."""
    assert _bodies.question(body) == ()


def test_the_next_step_of_an_agent_is_no_fallback():
    """With the breaker open the next step goes elsewhere at once: it needs none of the tools of the step before."""
    with under(faults.outage(target="openai", calls=1)) as chaos, chaos.request("agent"):
        plan = {"text": "Find order 7.", "tools": Tools.OPENAI}
        first_of(lambda: ask(gpt(), **plan), lambda: ask_claude(claude(), **{**plan, "tools": Tools.ANTHROPIC}))
        ask_claude(claude(), "Write a thank-you letter.")
        found = verdict(chaos, "fallback_well_formed", "anthropic")
        assert found.outcome == "held"
        assert found.evidence == tuple(chaos.calls[:2])
    with under(faults.outage(target="openai", calls=1)) as chaos, chaos.request("agent"):
        first_of(lambda: ask(gpt(), "Find order 7."), lambda: ask_claude(claude(), "Write a thank-you letter."))
        found = verdict(chaos, "fallback_well_formed", "anthropic")
        assert found.outcome == "inconclusive"
        assert "asked what a failed one had asked" in found.reason
