"""Answers are read the same in every dialect, plain and streamed."""

from __future__ import annotations

import json

import pytest

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.replies import Reply, ToolCall
from pytest_llmchaos.journal.answers import Asked, Pieces, read_answer

from ..providers.sdk import WALL, post, recognised

SAY = [{"role": "user", "content": "Where is my order?"}]
PARAMETERS = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
FUNCTION = {"name": "track", "description": "Track an order.", "parameters": PARAMETERS}
OPENAI_TOOLS = [{"type": "function", "function": FUNCTION}]
CONVERSE = {
    "messages": [{"role": "user", "content": [{"text": "Where?"}]}],
    "toolConfig": {"tools": [{"toolSpec": {"name": "track", "inputSchema": {"json": PARAMETERS}}}]},
}
GEMINI = {
    "contents": [{"role": "user", "parts": [{"text": "Where?"}]}],
    "tools": [{"functionDeclarations": [FUNCTION]}],
}
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-sonnet-4-20250514-v1%3A0/"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:"
CLAUDE = {"max_tokens": 99, "messages": SAY, "tools": [{"name": "track", "input_schema": PARAMETERS}]}
CHAT = {"messages": SAY, "tools": OPENAI_TOOLS}
RESPONSES = {"model": "gpt-5", "input": "Where?", "tools": [{"type": "function", **FUNCTION}]}

# Address and body of a plain call, and what makes a streamed one of it.
CALLS = {
    "openai": ("https://api.openai.com/v1/chat/completions", {"model": "gpt-5", **CHAT}, {"stream": True}),
    "responses": ("https://api.openai.com/v1/responses", RESPONSES, {"stream": True}),
    "anthropic": (
        "https://api.anthropic.com/v1/messages",
        {"model": "claude-opus-5", **CLAUDE},
        {"stream": True},
    ),
    "mistral": ("https://api.mistral.ai/v1/chat/completions", {"model": "mistral-large", **CHAT}, {"stream": True}),
    "groq": ("https://api.groq.com/openai/v1/chat/completions", {"model": "llama-3.3-70b", **CHAT}, {"stream": True}),
    "cohere": ("https://api.cohere.com/v2/chat", {"model": "command-a", **CHAT}, {"stream": True}),
    "ollama": ("http://localhost:11434/api/chat", {"model": "llama3", "stream": False, **CHAT}, {"stream": True}),
    "gemini": (GOOGLE + "generateContent", GEMINI, GOOGLE + "streamGenerateContent?alt=sse"),
    "converse": (BEDROCK + "converse", CONVERSE, BEDROCK + "converse-stream"),
    "invoke": (
        BEDROCK + "invoke",
        {"anthropic_version": "bedrock-2023-05-31", **CLAUDE},
        BEDROCK + "invoke-with-response-stream",
    ),
    "tgi": ("https://router.huggingface.co/v1/chat/completions", {"model": "meta/llama", **CHAT}, {"stream": True}),
}


def answered(name, stream, reply):
    """Return the pieces of the answer that a provider gives."""
    url, body, streamed = CALLS[name]
    if stream:
        url, body = (streamed, body) if isinstance(streamed, str) else (url, {**body, **streamed})
    call = recognised(post(url, json.dumps(body).encode()))
    assert call.stream is stream
    pieces = Pieces()
    for chunk in call.speaks.answer(call, reply, Draw("heard", WALL)).chunks:
        pieces.add(chunk)
    return pieces


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_text(name, stream):
    """What was said, that it ended, and what it cost."""
    answer = read_answer(answered(name, stream, Reply(text="It left größer than 🙂 yesterday.")))
    assert answer.text == "It left größer than 🙂 yesterday."
    assert answer.done
    assert answer.finish
    assert not answer.error
    assert not answer.tools
    if name in ("openai", "groq", "mistral", "tgi") and stream:
        return  # told only if the call asks for it
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_tools(name, stream):
    """Which tools were asked for, with their arguments whole."""
    asked = (ToolCall("track", {"id": "A 17"}), ToolCall("track", {"id": "ü"}))
    answer = read_answer(answered(name, stream, Reply(tool_calls=asked)))
    assert [(each.name, json.loads(each.arguments)) for each in answer.tools] == [
        ("track", {"id": "A 17"}),
        ("track", {"id": "ü"}),
    ]
    assert all(each.whole for each in answer.tools)
    assert answer.done


@pytest.mark.parametrize("name", CALLS)
def test_a_cut_stream_is_not_done(name):
    """Without its last pieces an answer has no end."""
    pieces = list(answered(name, True, Reply(text="one two three four five six")))
    answer = read_answer(pieces[: len(pieces) // 3])
    assert not answer.done
    assert "one two three four five six".startswith(answer.text)


def test_an_exception_in_a_stream_of_bedrocks_is_an_error():
    """Its name stands in the frame's header, and its payload is a message only."""
    headers = b"\x0f:exception-type\x07\x00\x13throttlingException"
    payload = b'{"message": "Too many tokens."}'
    length = 12 + len(headers) + len(payload) + 4
    frame = length.to_bytes(4) + len(headers).to_bytes(4) + bytes(4) + headers + payload + bytes(4)
    assert read_answer([frame]).error


def test_thoughts_are_paid_for():
    """Gemini counts what the model thought beside what it said, and bills both."""
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 7, "thoughtsTokenCount": 100}
    answer = read_answer([json.dumps({"candidates": [], "usageMetadata": usage}).encode()])
    assert (answer.prompt_tokens, answer.completion_tokens) == (5, 107)


def test_a_cut_tool_call_is_not_whole():
    """Half a JSON object is none."""
    pieces = list(answered("openai", True, Reply(tool_calls=(ToolCall("track", {"id": "0123456789" * 20}),))))
    cut = next(n for n in range(len(pieces), 0, -1) if not all(each.whole for each in read_answer(pieces[:n]).tools))
    assert not read_answer(pieces[:cut]).tools[0].whole


@pytest.mark.parametrize("places", [(0, 1), (0, 0), (None, None)])
def test_tools_side_by_side(places):
    """Several tools are told apart, also where the provider gives all the same place or none."""
    lines = []
    for place, identity, given in [
        (places[0], "a", '{"id": '),
        (places[0], None, '"7"}'),
        (places[1], "b", '{"id": "8"}'),
    ]:
        function = {"arguments": given} | ({"name": "track"} if identity else {})
        tool = {"function": function} | ({"id": identity} if identity else {})
        tool |= {} if place is None else {"index": place}
        lines.append(b"data: " + json.dumps({"choices": [{"delta": {"tool_calls": [tool]}}]}).encode() + b"\n\n")
    found = read_answer(lines).tools
    assert [(each.id, each.name, each.arguments) for each in found] == [
        ("a", "track", '{"id": "7"}'),
        ("b", "track", '{"id": "8"}'),
    ]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ("", True),
        ("{}", True),
        ("null", True),
        ('"{\\"id\\": 7}"', True),
        ('"{\\"id"', False),
        ('{"id": 7', False),
        ("[7]", False),
    ],
)
def test_whole_arguments(arguments, whole):
    """No arguments are whole, and so are those that the model wrote twice as JSON."""
    assert Asked(arguments=arguments).whole is whole


@pytest.mark.parametrize(
    ("url", "body", "length"),
    [
        ("https://api.openai.com/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]}, 1536),
        (
            "https://api.cohere.com/v2/embed",
            {"model": "embed-v4.0", "texts": ["a"], "input_type": "search_query"},
            None,
        ),
        (GOOGLE + "embedContent", {"content": {"parts": [{"text": "a"}]}}, None),
        ("http://localhost:11434/api/embed", {"model": "nomic-embed-text", "input": "a"}, None),
    ],
)
def test_dimensions(url, body, length):
    """How long the vectors are."""
    call = recognised(post(url, json.dumps(body).encode()))
    answer = read_answer(call.speaks.answer(call, None, Draw("heard", WALL)).chunks)
    assert len(answer.dimensions) == 1
    assert length is None or answer.dimensions == {length}


def test_a_long_stream_takes_no_more_memory():
    """Its beginning and its end are kept."""
    pieces = Pieces()
    for number in range(20_000):
        pieces.add(b'data: {"choices": [{"delta": {"content": "word %d "}}]}\n\n' % number)
    pieces.add(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n')
    assert sum(map(len, pieces)) < 500_000
    answer = read_answer(pieces)
    assert answer.partial
    assert answer.finish == "stop"
    assert answer.text.startswith("word 0 word 1 ")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[1, 2]", b'"text"', b"\x00\x00\x00\x05", b"data: {}\n\n"])
def test_what_is_no_answer_says_nothing(body):
    """Whatever comes, nothing breaks."""
    assert read_answer([body]).text == ""


@pytest.mark.parametrize("piece", [10_000, 2**20, 50 * 2**20])
def test_of_a_very_long_answer_the_beginning_and_the_end_are_kept(piece):
    """In whatever pieces it comes, but for the first: a run of many such answers must not hold them all."""
    whole = b"begin" + bytes(50 * 2**20) + b"end"
    pieces = Pieces()
    pieces.add(b"")
    for at in range(0, len(whole), piece):
        pieces.add(whole[at : at + piece])
    kept = b"".join(pieces)
    assert kept.startswith(b"begin")
    assert kept.endswith(b"end")
    assert len(kept) < 4 * 2**20
    assert pieces.lost
