"""Good statuses with bad content, at every provider."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Chunk, End, Head, Plan
from pytest_llmchaos.core.replies import WRONG
from pytest_llmchaos.core.tokens import tokens

from .fakes import draw
from .vendors import CHATS, EMBEDDINGS, SAY, SCHEMA, chat, embeddings

PLAIN_FORMS = [form for form in WRONG if form not in ("off_schema", "broken_arguments", "unknown_tool")]
TOOLS = [{"type": "function", "function": {"name": "find_order", "parameters": SCHEMA}}]
AS_JSON = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}


def healthy(call):
    """The plan of a good answer."""
    return Plan(call.speaks.answer(call, None, draw()).steps)


def steps(injection, call):
    """What the fault makes of it."""
    assert injection.fault.unfit(call) is None
    return list(injection.fault.apply(healthy(call), call, draw()).steps())


def body(found):
    """All bytes of the answer."""
    return b"".join(step.data for step in found if isinstance(step, Chunk))


def said(injection, **more):
    """The choice of OpenAI's plain answer."""
    return json.loads(body(steps(injection, chat("openai", **more))))["choices"][0]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("form", PLAIN_FORMS)
@pytest.mark.parametrize("name", CHATS)
def test_every_provider_says_wrong_things(name, form, stream):
    """The answer has status 200 and its own framing, is marked, differs from a good one and is the same each time."""
    call = chat(name, stream=stream)
    found = steps(faults.wrong_output(form), call)
    good = list(healthy(call).steps())
    assert (found[0].status, found[0].error, found[-1]) == (200, "wrong_output", End())
    assert dict(found[0].headers)["content-type"] == dict(good[0].headers)["content-type"]
    assert body(found) != body(good)
    assert found == steps(faults.wrong_output(form), call)


@pytest.mark.parametrize("form", ["broken_arguments", "unknown_tool", "off_schema"])
@pytest.mark.parametrize("name", CHATS)
def test_nothing_can_be_wrong_with_what_nobody_asked_for(name, form):
    """Without tools or a schema the fault is refused in words."""
    with pytest.raises(FaultUnfit, match="offers no tool" if form != "off_schema" else "asks for no structured output"):
        steps(faults.wrong_output(form), chat(name))


@pytest.mark.parametrize("operation", ["embeddings", "models", "images"])
def test_only_words_can_be_wrong(operation):
    """Other calls are refused in words."""
    call = embeddings("openai")
    object.__setattr__(call, "operation", operation)
    assert f"this {operation} call asks for no words" in faults.wrong_output().fault.unfit(call)


def test_texts_are_wrong_in_their_ways():
    """Each form is what it says."""
    assert said(faults.wrong_output("empty"))["message"]["content"] == ""
    assert "Bonjour" in said(faults.wrong_output("wrong_language"))["message"]["content"]
    assert "สวัสดี" in said(faults.wrong_output("wrong_script"))["message"]["content"]
    words = said(faults.wrong_output("repeated"))["message"]["content"].split()
    assert words[:5] * 40 == words
    for form, finish in (("truncated", "stop"), ("length", "length")):
        cut = said(faults.wrong_output(form))
        assert cut["finish_reason"] == finish
        assert not cut["message"]["content"].endswith(".")


@pytest.mark.parametrize("form", ["wrong_language", "wrong_script", "repeated", "truncated", "empty"])
def test_the_tokens_are_those_of_the_wrong_text(form):
    """The usage counts what was sent, and not the text that was spoiled."""
    answer = json.loads(body(steps(faults.wrong_output(form), chat("openai"))))
    text = answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] == max(tokens(text), 1)


@pytest.mark.parametrize("form", ["wrong_language", "wrong_script", "repeated"])
def test_structured_output_keeps_its_shape(form):
    """Only free texts within are spoiled: names of members, numbers and listed values stay."""
    good = json.loads(said(faults.latency("1s"), response_format=AS_JSON)["message"]["content"])
    bad = json.loads(said(faults.wrong_output(form), response_format=AS_JSON)["message"]["content"])
    assert list(bad) == list(good)
    assert (type(bad["count"]), bad["kind"] in ("lost", "late")) == (int, True)
    assert bad["title"] != good["title"]


def test_numbers_have_no_language():
    """Where nothing could be spoiled the fault says so."""
    numbers = {"type": "json_schema", "json_schema": {"schema": {"type": "array", "items": {"type": "integer"}}}}
    with pytest.raises(FaultUnfit, match="no text that could be in another language"):
        said(faults.wrong_output("wrong_language"), response_format=numbers)


def test_off_schema_breaks_the_schema():
    """A required member is missing, the others have another type; where any object will do it is a list."""
    bad = json.loads(said(faults.wrong_output("off_schema"), response_format=AS_JSON)["message"]["content"])
    assert bad == {"title_value": 0, "count": "n/a", "kind": 0}
    free = said(faults.wrong_output("off_schema"), response_format={"type": "json_object"})["message"]["content"]
    assert isinstance(json.loads(free), list)


def test_tool_calls_are_wrong():
    """The arguments are no JSON, or the tool is none that was offered."""
    broken = said(faults.wrong_output("broken_arguments"), tools=TOOLS)
    (made,) = broken["message"]["tool_calls"]
    assert (broken["finish_reason"], made["function"]["name"]) == ("tool_calls", "find_order")
    with pytest.raises(json.JSONDecodeError):
        json.loads(made["function"]["arguments"])
    (made,) = said(faults.wrong_output("unknown_tool"), tools=TOOLS)["message"]["tool_calls"]
    assert made["function"]["name"] == "find_order_v2"
    assert set(json.loads(made["function"]["arguments"])) == {"title", "count", "kind"}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("anthropic", {"tools": [{"name": "find_order", "input_schema": SCHEMA}]}),
        ("gemini", {"tools": [{"functionDeclarations": [{"name": "find_order", "parametersJsonSchema": SCHEMA}]}]}),
        ("ollama", {"tools": TOOLS}),
        ("bedrock", {"toolConfig": {"tools": [{"toolSpec": {"name": "find_order", "inputSchema": {"json": SCHEMA}}}]}}),
    ],
)
def test_arguments_that_are_an_object_miss_the_schema(name, more):
    """Where the wire has no text for them, they are JSON of another shape."""
    found = body(steps(faults.wrong_output("broken_arguments"), chat(name, **more)))
    assert b'{"title_value":0,"count":"n/a","kind":0}' in found


def test_a_tool_call_can_be_cut_at_the_limit():
    """Where a tool must be called, it is its arguments that break off."""
    cut = said(faults.wrong_output("length"), tools=TOOLS, tool_choice="required")
    assert cut["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut["message"]["tool_calls"][0]["function"]["arguments"])


# --- embeddings -------------------------------------------------------------------------------------------------


def vectors(document):
    """Every list of numbers in a document; base64 as the bytes it is."""
    if isinstance(document, dict) and isinstance(document.get("embedding"), str):
        return [b64decode(document["embedding"])]
    if isinstance(document, list) and document and all(isinstance(each, int | float) for each in document):
        return [document]
    if isinstance(document, dict | list):
        parts = document.values() if isinstance(document, dict) else document
        return [found for each in parts for found in vectors(each)]
    return []


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_vectors_have_another_length(name):
    """Half by default, or as many numbers as asked for; the answer's length is told truly, and it is marked."""
    call = embeddings(name)
    good = vectors(json.loads(body(healthy(call).steps())))
    half = steps(faults.wrong_embeddings(), call)
    assert half[0].error == "wrong_embeddings"
    assert [2 * len(each) for each in vectors(json.loads(body(half)))] == [len(each) for each in good] != []
    length = dict(half[0].headers).get("content-length")
    assert length in (None, str(len(body(half))))
    scale = 4 if name.endswith("base64") else 1
    for size in (3, 5000):
        made = vectors(json.loads(body(steps(faults.wrong_embeddings(size), call))))
        assert {len(each) for each in made} == {size * scale}


@pytest.mark.parametrize("name", [each for each in EMBEDDINGS if not each.endswith("base64")])
def test_vectors_are_shuffled_or_nothing(name):
    """The same numbers in another order, or zeros, as many as there should be."""
    call = embeddings(name)
    good = vectors(json.loads(body(healthy(call).steps())))
    mixed = vectors(json.loads(body(steps(faults.wrong_embeddings(form="shuffled"), call))))
    assert mixed != good
    assert [sorted(each) for each in mixed] == [sorted(each) for each in good]
    zeros = vectors(json.loads(body(steps(faults.wrong_embeddings(form="zeros"), call))))
    assert zeros == [[0.0] * len(each) for each in good]


def test_a_chat_call_has_no_vectors():
    """The fault is refused in words."""
    assert "this chat call asks for none" in faults.wrong_embeddings().fault.unfit(chat("openai", messages=SAY))


def test_a_price_changes_nothing_on_the_wire():
    """The answer is left alone, byte for byte; its name alone is written down."""
    call = chat("openai")
    assert steps(faults.price_multiplied(2.5), call) == list(healthy(call).steps())
    assert faults.price_multiplied().raw() == {"fault": "price_multiplied"}


def test_somebody_else_answers():
    """The page has a length and names the host that was asked; an error page comes with its status."""
    for status in (200, 404):
        head, page, end = steps(faults.wrong_host(status=status), chat("openai"))
        assert head == Head(status, (*head.headers[:2], ("content-length", str(len(page.data)))), "wrong_host")
        assert b"<h1>api.openai.com</h1>" in page.data
        assert end == End()
