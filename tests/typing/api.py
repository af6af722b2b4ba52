"""How users type against the public names. Never run: the type checker reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_llmchaos import (
    Chaos,
    ChaosFailed,
    Exchange,
    Journal,
    Phase,
    Reply,
    Scenario,
    ToolCall,
    Verdict,
    faults,
    inject,
    llmchaos,
)
from pytest_llmchaos.faults import Injection, lognormal, uniform

pytestmark = llmchaos("openai-outage", seed=3, clock="real")

slow: Injection = faults.latency(lognormal("6s", "20s"), first_token=uniform("1s", 2), target="openai/gpt-4*:chat")
story = Scenario("story", (Phase("calm", (), "1m"), Phase("storm", (slow, faults.outage(502, page="html")))))


@llmchaos.check
def few_calls(journal: Journal, at_most: int = 3) -> tuple[bool, str]:
    """A check of one's own stays the function it was."""
    return len(journal.exchanges) <= at_most, "counted"


few: tuple[bool, str] = few_calls(Journal(), at_most=2)


@llmchaos(faults.auth_revoked(), suppress={"permanent_error_loop": "the vendor's keys come late"})
@llmchaos(story, slow, faults.rate_limit(retry_after="7s", calls="1-2"), checks=["failed_over"], allow_unused=True)
def test_marked(llmchaos: Chaos) -> None:
    """The fixture."""
    with llmchaos.request("checkout") as request:
        request.result = "a receipt"
        llmchaos.effect("charge", 7)
        llmchaos.replies("text", {"a": 1}, ToolCall("look_up", {"order": 7}), Reply(text="x", finish="length"))
    llmchaos.advance("31m")
    llmchaos.enter("storm")
    verdict: Verdict = llmchaos.expect.failed_over(to="anthropic", from_="openai", within="5s")
    first: Exchange = llmchaos.calls.to("openai").failed[0]
    seconds: float = llmchaos.now - first.started
    assert verdict.ok
    assert seconds >= 0
    assert [each.status for each in llmchaos.calls.ok]


@llmchaos.each("openai-*", tag="outage", upstream="passthrough")
class TestEach:
    """A class."""


@pytest.fixture
def own() -> Iterator[Chaos]:
    """Outside a marker."""
    with inject(slow, clock="virtual") as chaos:
        yield chaos


async def asynchronous() -> None:
    """In async code."""
    try:
        async with inject("openai-outage", faults.stream_cut(after=3)) as chaos:
            chaos.clear()
    except ChaosFailed as failed:
        print(failed.verdicts)
