"""The texts of `llmchaos new`."""

from __future__ import annotations

__all__ = ["KINDS", "scenario_text", "test_text"]

_ONE = """\
inject:
  # Each entry is a fault: what goes wrong, for whom, and when. Useful conditions: rate: 30%, calls: 1-2,
  # between: [10s, 2m]. A target is provider[/model-glob][:operation], such as {target}/some-model*:chat.
  - {{fault: {fault}, target: "{target}"{more}}}
"""
_PHASES = """\
phases:
  # In order; only the last may have no end. Move between them with llmchaos.advance("10m") or .enter("gone").
  - name: rumours
    lasts: 10m
    inject:
      - {{fault: latency, target: "{target}", delay: 6s}}
      - {{fault: overloaded, target: "{target}", rate: 10%}}
  - name: gone
    lasts: 30m
    inject:
      - {{fault: dns_failure, target: "{target}"}}
  - name: back
    inject: []
"""
# What it is about, the fault with its parameters, what to hope for.
_KINDS = {
    "outage": ("is down", "outage", ", status: 503", "Users get an answer although {provider} is down."),
    "latency": ("takes 20 s", "latency", ", delay: 20s", "Users get an answer in time although {provider} is slow."),
    "retirement": ("has retired the model", "model_retired", "", "A retired model is replaced at once, not retried."),
    "policy": ("refuses the prompt", "policy_refusal", ", form: error", "A refusal is final and shown as one."),
    "stream": (
        "breaks off its streams",
        "stream_cut",
        ", after: 3, stream: true",
        "Half an answer is never taken for a whole one.",
    ),
    "content": (
        "sends broken JSON",
        "malformed",
        ", form: json",
        "A broken answer is noticed and asked for elsewhere.",
    ),
    "cost": ("wants money first", "quota_exhausted", "", "An empty account is not retried; users get an answer."),
    "access": ("takes the key no more", "auth_revoked", "", "A revoked key is not retried; users get an answer."),
    "continuity": ("may be gone next week", "", "", "Users keep getting answers from a provider that is there."),
}
KINDS = tuple(_KINDS)


def scenario_text(name: str, provider: str, kind: str) -> str:
    """Return a scenario file with comments."""
    about, fault, more, hypothesis = _KINDS[kind]
    body = (_ONE if fault else _PHASES).format(target=provider, fault=fault, more=more)
    tags = ", ".join(dict.fromkeys((kind, provider))) if provider.isidentifier() else kind
    return f"""\
# What goes wrong, when, and what your app should do about it. `llmchaos validate` checks this file.
name: {name}
title: "{provider} {about}"
tags: [{tags}]
# What you believe: one sentence that a run can refute.
hypothesis: {hypothesis.format(provider=provider)}
{body}expect:
  # Judged when the test ends; take out what your app does not promise.
  - failed_over: {{within: 30s}}
  - attempts: {{at_most: 3, per: provider}}
"""


def test_text(name: str, provider: str) -> str:
    """Return a test that plays it; it fails until the app is called in it."""
    return f'''\
"""Does our app hold when {name} happens?"""

from pathlib import Path

from pytest_llmchaos import llmchaos

SCENARIO = Path(__file__).with_name("{name}.yaml")


def ask(question):
    """Call your app here. What it asks its LLM is answered by llmchaos; no key and no network is needed."""
    raise NotImplementedError("call your app in ask()")


@llmchaos(SCENARIO)
def test_{name.replace("-", "_")}(llmchaos):
    """The user gets an answer; what the scenario expects is judged when the test ends."""
    assert ask("Where is my order?")
    assert llmchaos.calls.to("{provider}")
'''
