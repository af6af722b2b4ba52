"""An app that speaks to Acme over plain httpx, and what it does when Acme fails."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from pytest_llmchaos import Chaos, faults, llmchaos

URL = "https://llm.acme.example/generate"


def ask(text: str) -> str:
    """Ask Acme, and once more when it says when."""
    for _ in range(2):
        answer = httpx.post(URL, json={"model": "a1", "text": text}, timeout=10)
        if answer.status_code == 429:
            time.sleep(float(answer.headers["retry-after"]))
            continue
        if answer.is_error:
            break
        return str(answer.json()["output"])
    return "Acme is not available."


@llmchaos(faults.rate_limit(retry_after="7s", target="acme", calls=1))
def test_waits_as_told(llmchaos: Chaos) -> None:
    """The second call comes 7 virtual seconds later and is answered."""
    llmchaos.replies("It is on its way.")
    assert ask("Where is my order?") == "It is on its way."
    llmchaos.expect.retry_after_honoured()
    assert llmchaos.now >= 7


@llmchaos(faults.model_retired(target="acme/a1"))
def test_a_retired_model(llmchaos: Chaos) -> None:
    """Acme's own 410, once."""
    assert ask("Where is my order?") == "Acme is not available."
    assert [call.status for call in llmchaos.calls.to("acme")] == [410]


@llmchaos(faults.stream_cut(after=2, target="acme"))
def test_half_an_answer(llmchaos: Chaos) -> None:
    """The connection breaks after two of Acme's lines."""
    llmchaos.replies("It is on its way.")
    words = []
    body = {"model": "a1", "text": "Where is my order?", "stream": True}
    with httpx.stream("POST", URL, json=body) as answer, pytest.raises(httpx.RemoteProtocolError):
        for line in answer.iter_lines():
            words.append(json.loads(line)["output"])  # noqa: PERF401 # what came before the cut counts
    assert words == ["It", "is"]
