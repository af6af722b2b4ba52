"""Messages, token counts and models, read by the real Anthropic SDK."""

from __future__ import annotations

import asyncio

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from pytest_llmchaos.core.replies import Reply, ToolCall

from ..models import CLAUDE
from .sdk import KEY, UNHURRIED, Wire, anthropic_client
from .test_openai_chat import Ticket

ASK = {
    "model": CLAUDE,
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my order?"}],
}
WEATHER = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
FINAL = {**WEATHER, "name": "final"}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


class Limited(BaseModel):
    """Has limits that the API's schemas do not know; the SDK moves them into descriptions."""

    score: int = Field(ge=3, le=5, description="How good it was.")
    code: str = Field(pattern=r"^[A-Z]{2}-\d{4}$")
    ratio: float = Field(gt=0, lt=1)
    items: list[str] = Field(min_length=3, max_length=4)


def create(reply=None, **asked):
    """Send one message and return the SDK's object."""
    return anthropic_client(Wire(reply=reply)).messages.create(**{**ASK, **asked})


def test_a_plain_message_is_complete():
    """Text, ids, reason and usage."""
    message = create()
    assert message.id.startswith("msg_01")
    assert (message.stop_reason, message.stop_details, message.model) == ("end_turn", None, CLAUDE)
    assert 15 <= len(message.content[0].text.split()) <= 45
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 15
    assert message._request_id.startswith("req_011C")


def test_an_alias_is_answered_with_its_dated_name():
    """Only where the dated name is known, and only by the vendor."""
    assert create(model="claude-haiku-4-5").model == "claude-haiku-4-5-20251001"
    wire = Wire()
    client = anthropic_client(wire, base_url="http://localhost:8000/gw")
    assert client.messages.create(**{**ASK, "model": "claude-haiku-4-5"}).model == "claude-haiku-4-5"


def test_a_stream_has_the_real_order():
    """Every event of a text answer on the wire, each with its name."""
    wire = Wire(reply=Reply(text="one two"))
    client = anthropic_client(wire)
    raw = client.messages.with_raw_response.create(**ASK, stream=True)
    body = raw.http_response.read().decode()
    names = [line.removeprefix("event: ") for line in body.splitlines() if line.startswith("event: ")]
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    events = list(create(Reply(text="one two"), stream=True))
    assert events[0].message.content == []
    assert events[0].message.stop_reason is None
    assert events[-2].usage.output_tokens == 2


def test_the_stream_helper_gives_the_plain_message():
    """Text, tool calls, reason and usage are those of the plain answer."""
    reply = Reply(text="Let me look.", tool_calls=(ToolCall("get_weather", {"city": "Kraków"}),))
    plain = create(reply, tools=[WEATHER])
    with anthropic_client(Wire(reply=reply)).messages.stream(**ASK, tools=[WEATHER]) as stream:
        final = stream.get_final_message()
    assert [each.type for each in plain.content] == ["text", "tool_use"]
    assert plain.content[1].input == {"city": "Kraków"}
    assert plain.content[1].id.startswith("toolu_01")
    assert final.to_dict()["content"] == plain.to_dict()["content"]
    assert (final.stop_reason, final.usage) == (plain.stop_reason, plain.usage)
    assert final.stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "auto"}, []),
        ({"type": "none"}, []),
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "final"}, ["final"]),
    ],
)
def test_tool_choice(choice, names):
    """Only a choice that forces a call gets one, with valid input; the vendor's own tools are never taken."""
    message = create(tools=[SEARCH, WEATHER, FINAL], tool_choice=choice)
    made = [each for each in message.content if each.type == "tool_use"]
    assert [each.name for each in made] == names
    assert all(each.input["city"] for each in made)


def test_a_forced_call_moves_on():
    """The tool called before is not taken again while there is another."""
    history = [
        *ASK["messages"],
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "get_weather", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "sun"}]},
    ]
    message = create(messages=history, tools=[WEATHER, FINAL], tool_choice={"type": "any"})
    assert message.content[0].name == "final"


def test_parse_gives_the_model_that_was_asked_for():
    """Also where the limits stand in descriptions only."""
    client = anthropic_client(Wire())
    assert isinstance(client.messages.parse(**ASK, output_format=Ticket).parsed_output, Ticket)
    assert isinstance(client.messages.parse(**ASK, output_format=Limited).parsed_output, Limited)
    with client.messages.stream(**ASK, output_format=Ticket) as stream:
        assert isinstance(stream.get_final_message().parsed_output, Ticket)


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_tokens"), ("content_filter", "refusal"), ("refusal", "refusal")]
)
def test_how_an_answer_ends(finish, reason):
    """The reason is the API's own word, plain and streamed; a refusal has details."""
    message = create(Reply(text="The order", finish=finish))
    assert (message.stop_reason, message.content[0].text) == (reason, "The order")
    assert (message.stop_details is not None) == (reason == "refusal")
    with anthropic_client(Wire(reply=Reply(finish=finish))).messages.stream(**ASK) as stream:
        final = stream.get_final_message()
    assert final.stop_reason == reason
    assert final.stop_details == create(Reply(finish=finish)).stop_details
    if reason == "refusal":
        assert final.content == []


def test_the_text_keeps_within_the_limit():
    """`max_tokens` cuts made-up text."""
    assert create(max_tokens=4).usage.output_tokens <= 4


def test_tokens_are_counted_as_the_message_counts_them():
    """The count is the usage that the message then shows."""
    client = anthropic_client(Wire())
    asked = {key: ASK[key] for key in ("model", "messages")}
    assert client.messages.count_tokens(**asked).input_tokens == create().usage.input_tokens
    longer = client.messages.count_tokens(**asked, system="You are a bot. " * 50).input_tokens
    assert longer > create().usage.input_tokens + 100


def test_models():
    """The list is one page; any model that is asked for exists; dates say what ends."""
    client = anthropic_client(Wire())
    listed = {each.id: each for each in client.models.list()}
    assert listed["claude-sonnet-4-5-20250929"].lifecycle == "deprecated"
    assert listed["claude-sonnet-4-5-20250929"].retires_at.year == 2026
    assert client.models.retrieve("claude-sonnet-5").id == "claude-sonnet-5"
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    assert client.models.retrieve("my-model").id == "my-model"


def test_the_async_client_reads_the_same():
    """The helper of the async client joins to the same text."""

    async def run():
        transport = httpx2.MockTransport(Wire(reply=Reply(text="hello world")))
        http_client = httpx2.AsyncClient(transport=transport)
        client = anthropic.AsyncAnthropic(api_key=KEY, http_client=http_client)
        async with client, client.messages.stream(**ASK) as stream:
            return "".join([text async for text in stream.text_stream])

    assert asyncio.run(run()) == "hello world"


@UNHURRIED
@given(st.text(min_size=1, max_size=200), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_what_is_scripted_comes_out_exactly(text, arguments):
    """Joined pieces are the reply, whatever characters it has."""
    reply = Reply(text=text, tool_calls=(ToolCall("t", arguments),))
    with anthropic_client(Wire(reply=reply)).messages.stream(**ASK) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == text == create(reply).content[0].text
    assert final.content[1].input == arguments == create(reply).content[1].input
