"""baseline_unchanged."""

from __future__ import annotations

import time
from typing import Any

import anthropic
import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import CLAUDE, Tools, ask, ask_claude, async_gpt, claude, first_of, gpt, said, under, verdict
from .journals import journal


def judge(*lines: str, **given: Any):
    """Return the verdict on a made-up journal."""
    return checks.find("baseline_unchanged").build((), {"before": "a", "after": "b", **given}).judge(journal(*lines))


def streamed(client: openai.OpenAI, **more: Any) -> str:
    """Ask for a stream and read it."""
    pieces = client.chat.completions.create(model="gpt-5", messages=said(), stream=True, **more)
    return "".join(each.choices[0].delta.content or "" for each in pieces if each.choices)


def plain() -> str:
    """Ask as it was before there was a fallback."""
    return streamed(gpt())


def with_fallback() -> str:
    """Ask with a fallback that is not felt."""
    return first_of(lambda: streamed(gpt()), lambda: ask_claude(claude()))


def streaming_lost() -> str:
    """Adding a fallback silently turned streaming off."""
    return first_of(lambda: ask(gpt()), lambda: ask_claude(claude()))


def hedged() -> str:
    """Ask the other provider too, in case."""
    ask_claude(claude())
    return streamed(gpt())


def another_model() -> str:
    """Ask a cheaper model."""
    return "".join(str(each) for each in gpt().chat.completions.create(model="gpt-4o", messages=said(), stream=True))


def tools_added() -> str:
    """Offer tools that were not there."""
    return streamed(gpt(), tools=Tools.OPENAI)


def limited() -> str:
    """Change a parameter's value."""
    return streamed(gpt(), temperature=0.5)


def system_prompt() -> str:
    """Say more than was said."""
    messages = [{"role": "system", "content": "Be brief."}, *said()]
    stream = gpt().chat.completions.create(model="gpt-5", messages=messages, stream=True)  # type: ignore[arg-type]
    return "".join(str(each) for each in stream)


def late() -> str:
    """Wait for no good reason."""
    time.sleep(3)
    return plain()


def cached() -> str:
    """Make no call at all."""
    return "the answer of yesterday"


@pytest.mark.parametrize(
    ("now", "outcome", "told"),
    [
        (with_fallback, "held", "1 request made the 1 call of request 'before'"),
        (streaming_lost, "violated", "openai/gpt-5:chat was asked for a whole answer, before for a stream"),
        (hedged, "violated", f"anthropic/{CLAUDE}:chat at api.anthropic.com was asked, before openai/gpt-5"),
        (another_model, "violated", "openai/gpt-4o:chat at api.openai.com was asked"),
        (tools_added, "violated", "asked with 'tools', unlike before"),
        (limited, "violated", "asked with 'temperature', unlike before"),
        (system_prompt, "violated", "the conversation sent to openai/gpt-5:chat is another"),
        (late, "violated", "the first content came after 3"),
        (cached, "violated", "0 calls went out, before 1"),
    ],
)
def test_what_resilience_changed(now, outcome, told):
    """A fallback that is not felt holds; each way in which it can be felt is told."""
    with under() as chaos:
        with chaos.request("before"):
            plain()
        with chaos.request("now"):
            now()
        found = verdict(chaos, "baseline_unchanged", "before", "now")
        assert (found.outcome, told in found.reason) == (outcome, True), found
        assert set(found.evidence) == set(chaos.calls)


def test_what_may_differ():
    """Members that are named, and a start that is late by as much as is allowed."""
    with under() as chaos:
        with chaos.request("before"):
            streamed(gpt(), user="one")
        with chaos.request("now"):
            time.sleep(3)
            streamed(gpt(), user="two")
        assert "'user' in the call" in verdict(chaos, "baseline_unchanged", "before", "now").reason
        assert verdict(chaos, "baseline_unchanged", "before", "now", ignoring="user").outcome == "violated"
        assert verdict(chaos, "baseline_unchanged", "before", "now", ignoring=["user"], within="5s").ok


def converse(client: anthropic.Anthropic) -> None:
    """Use a tool and go on: what the model says differs from time to time."""
    tools: Any = Tools.ANTHROPIC
    first = client.messages.create(
        model=CLAUDE, max_tokens=99, messages=said(), tools=tools, tool_choice={"type": "any"}
    )  # type: ignore[call-overload]
    use = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "on its way"}
    more = [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    client.messages.create(model=CLAUDE, max_tokens=99, messages=[*said(), *more], tools=tools)  # type: ignore


def test_what_the_model_said_is_not_compared():
    """A conversation with tools has other ids and other answers each time."""
    with under() as chaos:
        for name in ("before", "now"):
            with chaos.request(name):
                converse(claude())
        assert len(chaos.calls) == 4
        assert verdict(chaos, "baseline_unchanged", "before", "now").ok


def test_calls_side_by_side():
    """Which of several calls at once begins first does not matter."""
    import asyncio

    async def main(texts: list[str]) -> None:
        async with async_gpt() as client:
            asks = [client.embeddings.create(model="text-embedding-3-small", input=each) for each in texts]
            await asyncio.gather(*asks)

    with under() as chaos:
        for name, texts in (("before", ["one", "two", "three"]), ("now", ["three", "one", "two"])):
            with chaos.request(name):
                asyncio.run(main(texts))
        assert verdict(chaos, "baseline_unchanged", "before", "now").ok


def test_a_fault_is_no_good_day():
    """What a fault struck tells nothing, on either side."""
    with under(faults.outage(target="openai", calls=1)) as chaos:
        with chaos.request("before"):
            with_fallback()
        with chaos.request("now"):
            plain()
        found = verdict(chaos, "baseline_unchanged", "before", "now")
        assert (found.outcome, found.reason[:40]) == ("inconclusive", "request 'before' did not go well, so it ")
        found = verdict(chaos, "baseline_unchanged", "now", "before")
        assert (found.outcome, found.reason) == ("inconclusive", "a fault struck each request 'before'")


@pytest.mark.parametrize(
    ("lines", "outcome", "told"),
    [
        (["0 openai 200 request=b"], "inconclusive", "no request was marked 'a'"),
        (["0 openai 200 request=a"], "inconclusive", "no request was marked 'b'"),
        (["0 !request a", "1 !answered a", "2 openai 200 request=b"], "inconclusive", "'a' made no call"),
        (["0 openai 200 request=a", "2 openai open request=b"], "inconclusive", "still under way"),
        (["0 openai 200 request=a", "2 openai 400 request=b"], "violated", "did not go well (400)"),
        (
            ["0 openai 200 request=a", "2 openai 200 request=b", "3 openai 200 request=b"],
            "violated",
            "2 calls went out",
        ),
        (["0 openai 200 request=a", "2 openai 503 request=b by=outage", "3 openai 200 request=b"], "inconclusive", ""),
    ],
)
def test_evidence(lines, outcome, told):
    """Without a good day on both sides there is nothing to compare."""
    found = judge(*lines)
    assert (found.outcome, told in found.reason) == (outcome, True), found


@pytest.mark.parametrize("given", [{"before": ""}, {"ignoring": [1]}, {"ignoring": 3}, {"within": "soon"}])
def test_bad_parameters(given):
    """They are told as such."""
    with pytest.raises(ParameterError):
        judge(**given)
