"""The Responses API, read by the real OpenAI SDK."""

from __future__ import annotations

import json

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.replies import Reply, ToolCall

from .sdk import UNHURRIED, Wire, openai_client
from .test_openai_chat import Ticket

ASK = {"model": "gpt-5", "input": "Where is my order?"}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}
FINAL = {**WEATHER, "name": "final"}


def create(reply=None, **asked):
    """Send one request and return the SDK's object."""
    return openai_client(Wire(reply=reply)).responses.create(**{**ASK, **asked})


def test_a_plain_response_is_complete():
    """Text, ids, echoes of the request, and a usage that adds up."""
    response = create(metadata={"user": "7"}, instructions="Be brief.", tools=[WEATHER])
    assert response.output_text
    assert (response.status, response.incomplete_details, response.error) == ("completed", None, None)
    assert response.id.startswith("resp_")
    assert response.output[0].id.startswith("msg_")
    assert response.model == "gpt-5-2025-08-07"
    assert (response.metadata, response.instructions) == ({"user": "7"}, "Be brief.")
    assert response.tools[0].name == "get_weather"
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_a_stream_has_the_real_order():
    """Every event of a text answer, in order and numbered without a gap."""
    events = list(create(Reply(text="one two"), stream=True))
    assert [each.type for each in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [each.sequence_number for each in events] == list(range(len(events)))
    assert events[-1].response.output_text == "one two"
    assert events[-1].response.usage.output_tokens == 2
    assert (events[0].response.status, events[0].response.output) == ("in_progress", [])
    assert len({each.response.id for each in (events[0], events[1], events[-1])}) == 1


def test_parse_and_the_stream_helper():
    """Both give the model that was asked for."""
    client = openai_client(Wire())
    assert isinstance(client.responses.parse(**ASK, text_format=Ticket).output_parsed, Ticket)
    with client.responses.stream(**ASK, text_format=Ticket) as stream:
        assert isinstance(stream.get_final_response().output_parsed, Ticket)


def test_function_calls():
    """Scripted calls are items of their own, after the text; ids are found again by the stream helper."""
    reply = Reply(text="Looking.", tool_calls=(ToolCall("get_weather", {"city": "Oslo"}), ToolCall("final")))
    response = create(reply, tools=[WEATHER, FINAL])
    assert [each.type for each in response.output] == ["message", "function_call", "function_call"]
    assert json.loads(response.output[1].arguments) == {"city": "Oslo"}
    assert response.output[1].call_id != response.output[2].call_id
    with openai_client(Wire(reply=reply)).responses.stream(**ASK, tools=[WEATHER]) as stream:
        kinds = [each.type for each in stream]
        final = stream.get_final_response()
    assert final.output[1].arguments == response.output[1].arguments
    assert kinds.count("response.function_call_arguments.done") == 2


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ("required", "get_weather"),
        ({"type": "function", "name": "final"}, "final"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "final"}]},
            "final",
        ),
    ],
)
def test_a_forced_call(choice, name):
    """A call that must be made is made, with valid arguments."""
    (item,) = create(tools=[{"type": "web_search"}, WEATHER, FINAL], tool_choice=choice).output
    assert item.name == name
    assert json.loads(item.arguments)["city"]


def test_a_forced_call_moves_on():
    """The tool called before in the input is not taken again while there is another."""
    history = [
        {"role": "user", "content": "x"},
        {"type": "function_call", "call_id": "c", "name": "get_weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "sun"},
    ]
    assert create(input=history, tools=[WEATHER, FINAL], tool_choice="required").output[0].name == "final"


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_an_unfinished_response(finish, reason):
    """It is `incomplete` with its reason, and so is the last event of its stream."""
    response = create(Reply(text="The order", finish=finish))
    assert (response.status, response.incomplete_details.reason) == ("incomplete", reason)
    last = list(create(Reply(finish=finish), stream=True))[-1]
    assert last.type == "response.incomplete"
    assert last.response.incomplete_details.reason == reason


def test_a_refusal_is_a_part_of_its_own():
    """Plain and streamed, the text stands in a refusal part and is no output text."""
    response = create(Reply(text="I will not.", finish="refusal"))
    assert (response.output[0].content[0].refusal, response.output_text) == ("I will not.", "")
    events = list(create(Reply(text="I will not.", finish="refusal"), stream=True))
    assert "".join(each.delta for each in events if each.type == "response.refusal.delta") == "I will not."
    assert events[-1].type == "response.completed"


def test_the_error_event_raises():
    """The nested form that the API sends makes the SDK raise, without a status code."""
    wire = Wire()
    call_of = openai_client(wire)
    list(call_of.responses.create(**ASK, stream=True))
    from pytest_llmchaos.core.draw import Draw
    from pytest_llmchaos.core.plan import Answer

    (call,) = wire.calls
    head = (("content-type", "text/event-stream"),)
    data = call.speaks.stream_error(call, Draw("k", 0))
    client = openai_client(Wire(lambda call, draw: Answer(200, head, (data,), events=True)))
    with pytest.raises(openai.APIError, match="An error occurred") as caught:
        list(client.responses.create(**ASK, stream=True))
    assert (caught.value.type, caught.value.code) == ("server_error", "server_error")
    assert not isinstance(caught.value, openai.APIStatusError)


@UNHURRIED
@given(st.text(min_size=1, max_size=200))
def test_what_is_scripted_comes_out_exactly(text):
    """Joined pieces are the reply, and so is the plain answer."""
    events = list(create(Reply(text=text), stream=True))
    assert "".join(each.delta for each in events if each.type == "response.output_text.delta") == text
    assert create(Reply(text=text)).output_text == text
