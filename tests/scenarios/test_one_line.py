"""An injection as people type it."""

from __future__ import annotations

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.scenarios.one_line import injection_of


@pytest.mark.parametrize(
    ("text", "injection"),
    [
        ("outage", faults.outage()),
        ("outage -> openai 30%", faults.outage(target="openai", rate=0.3)),
        (" outage(502, page='html') ->openai,30 % ", faults.outage(502, page="html", target="openai", rate=0.3)),
        ("latency(20s) -> anthropic:chat", faults.latency("20s", target="anthropic:chat")),
        ("latency(delay=20s, calls=1)", faults.latency("20s", calls=1)),
        (
            "rate_limit(7s) -> openai + azure, calls 1-3",
            faults.rate_limit("7s", target=["openai", "azure"], calls="1-3"),
        ),
        ("stream_cut(after=3) -> *, stream true", faults.stream_cut(after=3, stream=True)),
        ("outage -> openai, rate 50%, sticky user", faults.outage(target="openai", rate="50%", sticky="user")),
        ("outage -> openai/gpt-4*", faults.outage(target="openai/gpt-4*")),
    ],
)
def test_it_means_what_python_means(text, injection):
    """Each part of it."""
    assert injection_of(text) == injection


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a fault and what it hits"),
        ("outage ->", "nothing stands behind the arrow"),
        ("outage -> , 30%", "is not a target"),
        ("outage(503 -> openai", "expected a fault and what it hits"),
        ("outge -> openai", "did you mean 'outage'?"),
        ("outage -> openai:cht", "did you mean 'chat'?"),
        ("outage(sttus=3)", "did you mean 'status'?"),
        ("outage(status=503, 7)", "stands behind a parameter with a name"),
        ("outage -> openai, calls", "is no condition"),
        ("outage -> openai, every 3", "no such parameter"),
        ("outage -> openai, 130%", "is not a rate"),
        ("outage -> open ai", "is not a target"),
        ("x" * 100_000, "expected a fault and what it hits"),
        ("outage(" + "[" * 900 + ")", "outage("),
    ],
)
def test_mistakes_are_told(text, told):
    """With what was expected."""
    with pytest.raises(UsageProblem) as caught:
        injection_of(text)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", faults.names())
def test_what_reports_show_can_be_typed(name):
    """Where a fault needs nothing, its text leads back to it."""
    try:
        injection = faults.find(name)(target="openai:chat", rate=0.5)
    except ValueError:
        pytest.skip("it needs parameters")
    assert injection_of(str(injection)) == injection
