"""partial_stream_not_final."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from pytest_llmchaos import checks, faults

from .apps import CLAUDE, MODEL, async_gpt, claude, gpt, said, under, verdict
from .journals import journal

CHECK = checks.find("partial_stream_not_final").build()
HALF = b'data: {"choices": [{"delta": {"content": "Your order"}}]}\n\n'
WHOLE = HALF + b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = HALF + b"data: [DONE]\n\n"
MARKED = ["0 !request a", "0 openai 200 +1s stream=1 request=a"]


def judge(lines, *bodies):
    """Return the outcome for a journal whose answers had these bodies."""
    made = journal(*lines)
    for each, body in zip(made.exchanges, bodies, strict=False):
        each.pieces.add(body)
        each.chunks = 1
    return CHECK.judge(made).outcome


@pytest.mark.parametrize(
    ("lines", "body", "outcome"),
    [
        ([*MARKED, "2 !raised a"], HALF, "held"),
        ([*MARKED, "1 openai 200 request=a", "2 !answered a"], HALF, "held"),
        ([*MARKED, "1 anthropic 200 request=a", "2 !answered a"], HALF, "held"),
        ([*MARKED, "0.5 anthropic 200 +9s request=a", "9.5 !answered a"], HALF, "held"),
        ([*MARKED, "2 !answered a"], HALF, "violated"),
        ([*MARKED, "1 openai:embeddings 200 request=a", "2 !answered a"], HALF, "violated"),
        ([*MARKED, "2 !answered a"], WHOLE, "inconclusive"),
        ([*MARKED, "2 !answered a"], DONE, "inconclusive"),
        ([*MARKED, "2 !answered a"], b"some unknown dialect", "inconclusive"),
        (["0 openai 200 +1s stream=1"], HALF, "inconclusive"),
        (["0 openai 200 +1s stream=1", "2 openai 200"], HALF, "held"),
        (["0 openai 200 +1s"], HALF, "inconclusive"),
        (["0 openai 503 +1s stream=1"], b"", "inconclusive"),
        (["0 !request a", "0 openai 200:closed +1s stream=1 request=a", "2 !answered a"], HALF, "inconclusive"),
        (["0 !request a", "0 openai 200:stream_cut +1s stream=1 request=a", "2 !answered a"], b"", "violated"),
    ],
)
def test_what_follows(lines, body, outcome):
    """Only a marked ask that ended well, with nothing after the broken stream, is a violation."""
    assert judge(lines, body) == outcome


def test_an_error_within_the_stream():
    """An error event does not make it whole, whatever comes after."""
    body = HALF + b'data: {"error": {"message": "overloaded"}}\n\n' + b"data: [DONE]\n\n"
    assert judge([*MARKED, "2 !answered a"], body) == "violated"


def openai_words(careless: bool) -> str:
    """Collect a stream of OpenAI's; the careful app wants a finish reason."""
    text, finish = "", None
    for chunk in gpt().chat.completions.create(model=MODEL, messages=said(), stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    if not finish and not careless:
        raise ConnectionError("the answer broke off")
    return text


def claude_words(careless: bool) -> str:
    """Collect a stream of Anthropic's; the careful app wants its end."""
    text, over = "", False
    for event in claude().messages.create(model=CLAUDE, max_tokens=99, messages=said(), stream=True):
        if event.type == "content_block_delta":
            text += event.delta.text
        over |= event.type == "message_stop"
    if not over and not careless:
        raise ConnectionError("the answer broke off")
    return text


@pytest.mark.parametrize("words", [openai_words, claude_words])
@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_takes_what_it_got(words, careless, outcome):
    """A stream that is closed politely in its middle raises nothing in the SDK: the app has to look."""
    with under(faults.stream_truncated(after=4)) as chaos:
        with suppress(ConnectionError), chaos.request("order 7"):
            words(careless)
        assert verdict(chaos, "partial_stream_not_final").outcome == outcome


@pytest.mark.asyncio
async def test_requests_of_one_name_side_by_side():
    """Another user's call after mine is not my second attempt."""
    with under(faults.stream_truncated(after=4, calls=1)) as chaos:

        async def chat(at: float) -> None:
            await asyncio.sleep(at)
            with chaos.request("chat"):
                async for _ in await async_gpt().chat.completions.create(model=MODEL, messages=said(), stream=True):
                    pass
                await asyncio.sleep(10)

        await asyncio.gather(chat(0), chat(5))
        found = verdict(chaos, "partial_stream_not_final")
        assert found.outcome == "violated"
        assert found.evidence == (chaos.calls[0],)


@pytest.mark.parametrize(("marks", "outcome"), [(True, "held"), (False, "violated")])
def test_a_marked_half(marks, outcome):
    """An app may give half an answer that says that it is one."""
    with under(faults.stream_truncated(after=4)) as chaos:
        with chaos.request("order 7") as request:
            request.result = {"text": openai_words(careless=True), "partial": marks}
        found = verdict(chaos, "partial_stream_not_final", marked=lambda result: result["partial"])
        assert found.outcome == outcome


@pytest.mark.parametrize(
    ("shape", "outcome"),
    [
        (lambda text: {"answer": text}, "violated"),
        (lambda text: {"items": text.split()}, "violated"),
        (lambda text: "", "violated"),
        (lambda text: {"answer": "Please try again later.", "note": ""}, "held"),
    ],
    ids=["as it is", "mended", "nothing", "an apology"],
)
def test_what_the_user_got_instead(shape, outcome):
    """An apology is no half answer; half an answer in another shape is one, and so is nothing at all."""
    with under(faults.stream_truncated(after=6)) as chaos:
        chaos.result(shape(openai_words(careless=True)))
        assert verdict(chaos, "partial_stream_not_final").outcome == outcome
