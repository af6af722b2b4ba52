"""Chat completions and legacy completions, read by the real OpenAI SDK."""

from __future__ import annotations

import asyncio
import json
from typing import Literal

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.core.replies import Reply, ToolCall

from .sdk import KEY, UNHURRIED, WALL, Wire, openai_client

ASK = {"model": "gpt-5", "messages": [{"role": "user", "content": "Where is my order?"}]}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
            },
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
ORDER = {
    "type": "function",
    "function": {"name": "find_order", "parameters": {"type": "object", "properties": {}}},
}


class Ticket(BaseModel):
    """What a support bot extracts."""

    subject: str
    priority: Literal["low", "high"]
    steps: list[str]


def create(reply=None, **asked):
    """Send one chat completion and return the SDK's object."""
    return openai_client(Wire(reply=reply)).chat.completions.create(**{**ASK, **asked})


def streamed(reply=None, **asked):
    """Send one streamed chat completion and return its chunks."""
    return list(create(reply, stream=True, **asked))


def test_a_plain_answer_is_complete():
    """Text, ids, time, snapshot and a usage that adds up."""
    answer = create()
    assert 15 <= len(answer.choices[0].message.content.split()) <= 45
    assert answer.choices[0].finish_reason == "stop"
    assert answer.id.startswith("chatcmpl-")
    assert answer.created == int(WALL)
    assert answer.model == "gpt-5-2025-08-07"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id.startswith("req_")


def test_a_stream_is_a_plain_answer_in_pieces():
    """The first delta has the role, the last the reason; each chunk has the same id; the text is whole."""
    chunks = streamed(Reply(text="Your order ships\n\ntomorrow.  "))
    deltas = [each.choices[0].delta for each in chunks]
    assert deltas[0].role == "assistant"
    assert "".join(each.content or "" for each in deltas) == "Your order ships\n\ntomorrow.  "
    assert [each.choices[0].finish_reason for each in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert len({each.id for each in chunks}) == 1
    assert all(each.usage is None for each in chunks)


def test_usage_of_a_stream_comes_last_when_asked_for():
    """`include_usage` adds one chunk without choices, equal to the plain answer's usage."""
    *chunks, last = streamed(Reply(text="one two three"), stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == create(Reply(text="one two three")).usage
    assert last.usage.completion_tokens == 3
    assert all(each.choices and each.usage is None for each in chunks)


def test_several_choices():
    """`n` choices differ, plain and streamed, and each stream ends."""
    assert len({each.message.content for each in create(n=3).choices}) == 3
    chunks = streamed(n=3)
    ends = sorted(each.choices[0].index for each in chunks if each.choices[0].finish_reason)
    assert ends == [0, 1, 2]


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_the_text_keeps_within_the_limit(limit):
    """Made-up text is cut to the limit; text that the test scripts is not touched."""
    answer = create(**{limit: 5})
    assert 1 <= answer.usage.completion_tokens <= 5
    assert answer.choices[0].finish_reason == "stop"
    assert create(Reply(text="a b c d e f g h"), **{limit: 5}).choices[0].message.content == "a b c d e f g h"


def test_tools_are_a_free_choice():
    """With tools on offer the model talks, unless the reply says that it calls one."""
    assert create(tools=[WEATHER]).choices[0].message.tool_calls is None
    answer = create(Reply(tool_calls=(ToolCall("get_weather", {"city": "Oslo"}),)), tools=[WEATHER])
    (made,) = answer.choices[0].message.tool_calls
    assert (made.function.name, json.loads(made.function.arguments)) == ("get_weather", {"city": "Oslo"})
    assert answer.choices[0].message.content is None
    assert answer.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("choice", "name", "finish"),
    [
        ("required", "get_weather", "tool_calls"),
        ({"type": "function", "function": {"name": "find_order"}}, "find_order", "stop"),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [ORDER]}},
            "find_order",
            "tool_calls",
        ),
    ],
)
def test_a_tool_that_must_be_called_is_called(choice, name, finish):
    """A forced call has arguments that its schema allows."""
    choice_of = create(tools=[WEATHER, ORDER], tool_choice=choice).choices[0]
    (made,) = choice_of.message.tool_calls
    arguments = json.loads(made.function.arguments)
    assert made.function.name == name
    assert choice_of.finish_reason == finish
    if name == "get_weather":
        assert sorted(arguments) == ["city", "days"]
        assert 1 <= arguments["days"] <= 7


def test_an_agent_that_must_call_a_tool_comes_to_an_end():
    """A forced choice takes the tool not called yet, so a framework whose last tool ends the run ends."""
    called = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    history = [
        *ASK["messages"],
        {"role": "assistant", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sun"},
    ]
    answer = create(messages=history, tools=[WEATHER, ORDER], tool_choice="required")
    assert answer.choices[0].message.tool_calls[0].function.name == "find_order"


def test_streamed_tool_calls_are_whole_when_joined():
    """Id and name come once per call, the arguments in pieces, after the text."""
    calls = (ToolCall("get_weather", {"city": "Besançon"}), ToolCall("find_order"))
    chunks = streamed(Reply(text="Let me look.", tool_calls=calls), tools=[WEATHER, ORDER])
    made: dict[int, dict] = {}
    for chunk in chunks:
        for part in chunk.choices[0].delta.tool_calls or ():
            entry = made.setdefault(part.index, {"ids": [], "names": [], "arguments": ""})
            entry["ids"] += [part.id] if part.id else []
            entry["names"] += [part.function.name] if part.function.name else []
            entry["arguments"] += part.function.arguments or ""
    assert [each["names"] for each in made.values()] == [["get_weather"], ["find_order"]]
    assert [json.loads(each["arguments"]) for each in made.values()] == [{"city": "Besançon"}, {}]
    assert len({each["ids"][0] for each in made.values()}) == 2
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_parse_gives_the_model_that_was_asked_for():
    """Structured output satisfies its schema, plain and through the stream helper."""
    client = openai_client(Wire())
    parsed = client.chat.completions.parse(**ASK, response_format=Ticket).choices[0].message.parsed
    assert isinstance(parsed, Ticket)
    with client.chat.completions.stream(**ASK, response_format=Ticket) as stream:
        kinds = [each.type for each in stream]
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Ticket)
    assert kinds[-1] == "content.done" or "content.done" in kinds


def test_parse_gives_strict_tool_arguments():
    """`pydantic_function_tool` arguments parse into the model."""
    tool = openai.pydantic_function_tool(Ticket)
    answer = openai_client(Wire()).chat.completions.parse(**ASK, tools=[tool], tool_choice="required")
    assert isinstance(answer.choices[0].message.tool_calls[0].function.parsed_arguments, Ticket)


def test_a_json_object_is_json():
    """`json_object` without a schema is some JSON object; scripted data comes out as it is."""
    answer = create(response_format={"type": "json_object"})
    assert isinstance(json.loads(answer.choices[0].message.content), dict)
    data = {"ids": [1, 2], "city": "Zürich"}
    assert json.loads(create(Reply(data=data)).choices[0].message.content) == data


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_scripted_data_is_what_a_forced_tool_is_called_with(choice):
    """Frameworks ask for structured output by forcing a call of their only tool."""
    message = create(Reply(data={"city": "Oslo"}), tools=[WEATHER], tool_choice=choice).choices[0].message
    assert message.content is None
    assert [json.loads(each.function.arguments) for each in message.tool_calls] == [{"city": "Oslo"}]


def test_scripted_data_calls_no_tool_that_is_one_of_several():
    """Which of them it would be for, nobody can know."""
    message = create(Reply(data={"city": "Oslo"}), tools=[WEATHER, ORDER], tool_choice="required").choices[0].message
    assert message.tool_calls is None
    assert json.loads(message.content) == {"city": "Oslo"}


def test_data_without_json_form_is_the_users_mistake():
    """The message shows what was scripted."""
    with pytest.raises((UsageProblem, openai.APIConnectionError)) as caught:
        create(Reply(data={"when": object()}))
    problem = caught.value if isinstance(caught.value, UsageProblem) else caught.value.__cause__
    assert "has no JSON form" in str(problem)


def test_the_content_filter_ends_an_answer():
    """The reason is `content_filter` and nothing is said; `.parse` raises its own error."""
    choice = create(Reply(finish="content_filter")).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("content_filter", "")
    assert streamed(Reply(finish="content_filter"))[-1].choices[0].finish_reason == "content_filter"
    client = openai_client(Wire(reply=Reply(text='{"sub', finish="content_filter")))
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(**ASK, response_format=Ticket)


def test_an_answer_that_is_cut_by_length_says_so():
    """The reason is `length`; `.parse` raises its own error."""
    choice = create(Reply(text="The order is", finish="length")).choices[0]
    assert (choice.finish_reason, choice.message.content) == ("length", "The order is")
    client = openai_client(Wire(reply=Reply(text='{"sub', finish="length")))
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(**ASK, response_format=Ticket)


def test_a_refusal_is_no_content():
    """`message.refusal` holds the text, also in pieces; `.parse` gives no model."""
    message = create(Reply(text="I will not.", finish="refusal")).choices[0].message
    assert (message.refusal, message.content) == ("I will not.", None)
    chunks = streamed(Reply(finish="refusal"))
    refusal = "".join(getattr(each.choices[0].delta, "refusal", None) or "" for each in chunks)
    assert refusal
    assert not any(each.choices[0].delta.content for each in chunks)
    client = openai_client(Wire(reply=Reply(finish="refusal")))
    with client.chat.completions.stream(**ASK, response_format=Ticket) as stream:
        assert stream.get_final_completion().choices[0].message.parsed is None


def test_legacy_completions():
    """One choice for each prompt, plain and streamed."""
    client = openai_client(Wire())
    answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=["a", "b"], max_tokens=4)
    assert [each.index for each in answer.choices] == [0, 1]
    assert all(each.text for each in answer.choices)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    client = openai_client(Wire(reply=Reply(text="to be continued")))
    stream = client.completions.create(model="davinci", prompt="x", stream=True, stream_options={"include_usage": True})
    *chunks, last = stream
    assert "".join(each.choices[0].text for each in chunks) == "to be continued"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.usage.completion_tokens >= 3


def test_the_async_client_reads_the_same():
    """The stream of the async client joins to the same text."""

    async def run():
        transport = httpx2.MockTransport(Wire(reply=Reply(text="hello world")))
        async with openai.AsyncOpenAI(api_key=KEY, http_client=httpx2.AsyncClient(transport=transport)) as client:
            stream = await client.chat.completions.create(**ASK, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(run()) == "hello world"


@UNHURRIED
@given(st.text(max_size=200), st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5)), max_size=2))
def test_what_is_scripted_comes_out_exactly(text, arguments):
    """Joined pieces are the reply, whatever characters it has, surrogates and newlines included."""
    calls = tuple(ToolCall("t", each) for each in arguments)
    chunks = streamed(Reply(text=text, tool_calls=calls))
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == text
    plain = create(Reply(text=text, tool_calls=calls)).choices[0].message
    assert plain.content == text
    assert [json.loads(each.function.arguments) for each in plain.tool_calls or ()] == arguments


def test_equal_seeds_give_equal_answers():
    """The same seed draws the same bytes, another seed other ones."""

    def text(seed):
        return openai_client(Wire(seed=seed)).chat.completions.create(**ASK).model_dump()

    assert text("a") == text("a")
    assert text("a")["choices"] != text("b")["choices"]
