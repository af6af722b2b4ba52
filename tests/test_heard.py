"""Answers are read the same in every dialect, plain and streamed."""

from __future__ import annotations

import json

import pytest

from pytest_llmchaos.draw import Draw
from pytest_llmchaos.heard import Pieces, hear
from pytest_llmchaos.replies import Reply, ToolCall

from .providers.sdk import WALL, post, recognised

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
    heard = hear(answered(name, stream, Reply(text="It left größer than 🙂 yesterday.")))
    assert heard.text == "It left größer than 🙂 yesterday."
    assert heard.done
    assert heard.finish
    assert not heard.error
    assert not heard.tools
    if name in ("openai", "groq", "mistral", "tgi") and stream:
        return  # told only if the call asks for it
    assert heard.prompt_tokens > 0
    assert heard.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_tools(name, stream):
    """Which tools were asked for, with their arguments whole."""
    asked = (ToolCall("track", {"id": "A 17"}), ToolCall("track", {"id": "ü"}))
    heard = hear(answered(name, stream, Reply(tool_calls=asked)))
    assert [(each.name, json.loads(each.arguments)) for each in heard.tools] == [
        ("track", {"id": "A 17"}),
        ("track", {"id": "ü"}),
    ]
    assert all(each.whole for each in heard.tools)
    assert heard.done


@pytest.mark.parametrize("name", CALLS)
def test_a_cut_stream_is_not_done(name):
    """Without its last pieces an answer has no end."""
    pieces = list(answered(name, True, Reply(text="one two three four five six")))
    heard = hear(pieces[: len(pieces) // 3])
    assert not heard.done
    assert "one two three four five six".startswith(heard.text)


def test_a_cut_tool_call_is_not_whole():
    """Half a JSON object is none."""
    pieces = list(answered("openai", True, Reply(tool_calls=(ToolCall("track", {"id": "0123456789" * 20}),))))
    cut = next(n for n in range(len(pieces), 0, -1) if not all(each.whole for each in hear(pieces[:n]).tools))
    assert not hear(pieces[:cut]).tools[0].whole


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
    heard = hear(call.speaks.answer(call, None, Draw("heard", WALL)).chunks)
    assert len(heard.dimensions) == 1
    assert length is None or heard.dimensions == {length}


def test_a_long_stream_takes_no_more_memory():
    """Its beginning and its end are kept."""
    pieces = Pieces()
    for number in range(20_000):
        pieces.add(b'data: {"choices": [{"delta": {"content": "word %d "}}]}\n\n' % number)
    pieces.add(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n')
    assert sum(map(len, pieces)) < 500_000
    heard = hear(pieces)
    assert heard.partial
    assert heard.finish == "stop"
    assert heard.text.startswith("word 0 word 1 ")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[1, 2]", b'"text"', b"\x00\x00\x00\x05", b"data: {}\n\n"])
def test_what_is_no_answer_says_nothing(body):
    """Whatever comes, nothing breaks."""
    assert hear([body]).text == ""
