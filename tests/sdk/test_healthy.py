"""Healthy answers of OpenAI and Anthropic: every operation of their SDKs, plain and streamed, sync and async."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from pytest_llmchaos import ToolCall, inject

from .shapes import MODES, SHAPES, City, call, standing_client

current = pytest.mark.needs_current_sdk
both = pytest.mark.parametrize("provider", ["openai", pytest.param("anthropic", marks=current)])
modes = pytest.mark.parametrize("mode", MODES)


def shapes(*names: str) -> Any:
    """Parametrise over the call shapes of that name, at whichever of the two has them."""
    return pytest.mark.parametrize(
        ("provider", "shape"),
        [
            pytest.param(
                provider, shape, id=shape.replace(" ", "_"), marks=[current] if provider == "anthropic" else []
            )
            for provider in ("openai", "anthropic")
            for shape in SHAPES[provider]
            if not names or shape in names
        ],
    )


def said(event: Any) -> str:
    """Return the text that a stream event adds."""
    if getattr(event, "object", "") == "chat.completion.chunk":
        return "".join(choice.delta.content or "" for choice in event.choices)
    delta = getattr(event, "delta", "")
    if event.type == "response.output_text.delta":
        return delta
    return getattr(delta, "text", "") if event.type == "content_block_delta" else ""


def text(result: Any) -> str:
    """Return the text of a whole answer."""
    if hasattr(result, "choices"):
        choice = result.choices[0]
        return choice.message.content if hasattr(choice, "message") else choice.text
    return result.output_text if hasattr(result, "output_text") else result.content[0].text


@modes
@shapes()
def test_one_good_call_is_one_good_exchange(provider, shape, mode):
    """Each operation is recognised, answered once and told as whole."""
    with inject() as chaos:
        call(provider, shape, mode).must()
    (exchange,) = chaos.calls
    assert (exchange.provider, exchange.status, exchange.error, exchange.retry) == (provider, 200, None, 0)
    assert exchange.ok
    assert exchange.stream == SHAPES[provider][shape].stream
    assert exchange.via in ("httpx", "httpx2")


@modes
@shapes("chat", "completions", "responses", "messages", "chat helper", "responses helper", "messages helper")
def test_the_model_says_what_the_test_scripts(provider, shape, mode):
    """A scripted reply arrives word by word; without one the text is made up."""
    with inject() as chaos:
        assert len(text(call(provider, shape, mode).must().result)) > 20
        chaos.replies("Your order left on Tuesday.\nWrite to us: ärger@example.com")
        answer = call(provider, shape, mode).must().result
    assert text(answer) == "Your order left on Tuesday.\nWrite to us: ärger@example.com"
    usage = answer.usage.model_dump() if answer.usage is not None else {"total_tokens": 1}
    assert all(count > 0 for name, count in usage.items() if name in ("total_tokens", "output_tokens"))


@modes
@shapes("chat stream", "responses stream", "messages stream")
def test_a_stream_adds_up_to_the_text(provider, shape, mode):
    """The deltas of a stream are the text, in several pieces, and the stream says how it ended."""
    with inject() as chaos:
        chaos.replies("Your order left on Tuesday and comes today.")
        events = call(provider, shape, mode).must().events
    pieces = [piece for piece in map(said, events) if piece]
    assert "".join(pieces) == "Your order left on Tuesday and comes today."
    assert len(pieces) > 2
    end = {"chat stream": "stop", "responses stream": "response.completed", "messages stream": "message_stop"}
    last = events[-1]
    assert (last.choices[0].finish_reason if shape == "chat stream" else last.type) == end[shape]


@modes
def test_a_stream_carries_usage_when_asked(mode):
    """`stream_options` gives OpenAI's extra chunk with the usage and no choice."""

    async def events() -> list[Any]:
        made = standing_client("openai", mode).chat.completions.create(
            model="gpt-5",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        stream = await made if mode == "async" else made
        return [event async for event in stream] if mode == "async" else list(stream)

    with inject():
        last = asyncio.run(events())[-1]
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens > 0


@modes
@shapes("chat parse", "responses parse", "messages parse")
def test_structured_output_parses(provider, shape, mode):
    """`.parse()` gives the app's own type: made up to fit its schema, or as scripted."""
    with inject() as chaos:
        made_up = _parsed(call(provider, shape, mode).must().result)
        chaos.replies({"name": "Lisbon", "people": 545_000})
        scripted = _parsed(call(provider, shape, mode).must().result)
    assert isinstance(made_up, City)
    assert scripted == City(name="Lisbon", people=545_000)


def _parsed(result: Any) -> Any:
    if hasattr(result, "choices"):
        return result.choices[0].message.parsed
    return result.output_parsed if hasattr(result, "output_parsed") else result.parsed_output


@modes
@shapes("chat", "chat helper", "responses", "responses helper", "messages", "messages helper")
def test_tool_calls_arrive(provider, shape, mode):
    """A scripted tool call comes as the SDK's own tool call, streamed or not."""
    with inject() as chaos:
        chaos.replies(ToolCall("track", {"order": 17}))
        result = call(provider, shape, mode).must().result
    if hasattr(result, "choices"):
        assert result.choices[0].finish_reason == "tool_calls"
        function = result.choices[0].message.tool_calls[0].function
        assert (function.name, function.arguments.replace(" ", "")) == ("track", '{"order":17}')
    elif provider == "openai":
        (item,) = [each for each in result.output if each.type == "function_call"]
        assert (item.name, item.arguments.replace(" ", "")) == ("track", '{"order":17}')
    else:
        (block,) = [each for each in result.content if each.type == "tool_use"]
        assert (block.name, block.input, result.stop_reason) == ("track", {"order": 17}, "tool_use")


@modes
def test_data_operations_of_openai(mode):
    """Embeddings, images, moderation and models hold what apps read from them."""
    with inject():
        vectors = call("openai", "embeddings", mode).must().result.data
        image = call("openai", "images", mode).must().result.data[0]
        moderation = call("openai", "moderation", mode).must().result.results[0]
        models = call("openai", "models", mode).must().result.data
        model = call("openai", "model", mode).must().result
    assert [vector.index for vector in vectors] == [0, 1]
    assert all(isinstance(number, float) for vector in vectors for number in vector.embedding)
    assert len({len(vector.embedding) for vector in vectors}) == 1
    assert image.b64_json or image.url
    assert moderation.flagged is False
    assert "gpt-5" in [each.id for each in models]
    assert model.id == "gpt-5"


@current
@modes
def test_data_operations_of_anthropic(mode):
    """The count of tokens and the models hold what apps read from them."""
    with inject():
        tokens = call("anthropic", "tokens", mode).must().result
        models = call("anthropic", "models", mode).must().result
    assert tokens.input_tokens > 0
    assert all(model.id.startswith("claude-") for model in models.data)


# --- the SDKs' lower levels ------------------------------------------------------------------------------------------


async def _now(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _resource(provider: str, mode: str) -> tuple[Any, dict[str, Any]]:
    """Return the resource that talks, and what to ask it."""
    sdk = standing_client(provider, mode)
    resource = sdk.chat.completions if provider == "openai" else sdk.messages
    return resource, SHAPES[provider]["chat" if provider == "openai" else "messages"].given


@both
@modes
def test_raw_responses(provider, mode):
    """`with_raw_response` shows the provider's headers and parses the same answer."""

    async def ask() -> tuple[Any, Any]:
        resource, given = _resource(provider, mode)
        raw = await _now(resource.with_raw_response.create(**given))
        return raw, await _now(raw.parse())

    with inject() as chaos:
        chaos.replies("raw")
        raw, answer = asyncio.run(ask())
    assert raw.status_code == 200
    assert raw.headers["x-request-id" if provider == "openai" else "request-id"] == raw.request_id
    assert raw.request_id.startswith("req_")
    limit = "x-ratelimit-remaining-requests" if provider == "openai" else "anthropic-ratelimit-requests-remaining"
    assert int(raw.headers[limit]) > 0
    assert raw.retries_taken == 0
    assert text(answer) == "raw"


@both
@modes
def test_streaming_responses(provider, mode):
    """`with_streaming_response` hands out the body line by line while the exchange is under way, then ends it."""
    resource, given = _resource(provider, mode)

    def sync() -> list[str]:
        with resource.with_streaming_response.create(**given, stream=True) as response:
            lines = response.iter_lines()
            first = next(lines)
            assert chaos.calls[0].ended is None
            return [first, *lines]

    async def in_task() -> list[str]:
        async with resource.with_streaming_response.create(**given, stream=True) as response:
            lines = response.iter_lines()
            first = await anext(lines)
            assert chaos.calls[0].ended is None
            return [first, *[line async for line in lines]]

    with inject() as chaos:
        lines = sync() if mode == "sync" else asyncio.run(in_task())
    assert lines[0].startswith("data: {" if provider == "openai" else "event: message_start")
    assert ("data: [DONE]" if provider == "openai" else "event: message_stop") in lines
    assert chaos.calls[0].ok


@modes
@shapes("chat stream", "responses stream", "messages stream", "chat helper", "responses helper", "messages helper")
def test_a_stream_read_in_part_and_closed(provider, shape, mode):
    """An app that has enough closes its stream: the exchange ends at once, good, and said to be closed."""
    how = SHAPES[provider][shape]
    sdk = standing_client(provider, mode)
    for name in how.method.split("."):
        sdk = getattr(sdk, name)

    def sync() -> None:
        with sdk(**how.given) as stream:
            for _, _ in zip(range(2), stream, strict=False):
                assert chaos.calls[0].ended is None

    async def in_task() -> None:
        made = sdk(**how.given)
        async with made if how.reads == "helper" else await made as stream:
            seen = 0
            async for _ in stream:
                assert chaos.calls[0].ended is None
                seen += 1
                if seen == 2:
                    break

    with inject() as chaos:
        sync() if mode == "sync" else asyncio.run(in_task())
        (exchange,) = chaos.calls
        assert exchange.ended is not None
    assert exchange.ok
    assert exchange.error == "closed"


@modes
def test_calls_at_the_same_time_get_their_own_answers(mode):
    """Many calls at once through one client: each answer belongs to its question."""
    from concurrent.futures import ThreadPoolExecutor

    sdk = standing_client("openai", mode)

    def ask(number: int) -> Any:
        return sdk.embeddings.create(model="text-embedding-3-small", input=["x"] * number)

    async def gather() -> list[Any]:
        return await asyncio.gather(*map(ask, range(1, 17)))

    with inject() as chaos:
        if mode == "sync":
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(ask, range(1, 17)))
        else:
            answers = asyncio.run(gather())
    assert [len(answer.data) for answer in answers] == list(range(1, 17))
    assert len(chaos.calls.ok) == 16
