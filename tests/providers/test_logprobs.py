"""Log probabilities of chat answers, plain and streamed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.replies import Reply
from pytest_llmchaos.providers._openai_logprobs import logprobs

from .reach import MESSAGES
from .sdk import UNHURRIED, Wire, openai_client


def ask(reply=None, **options):
    """Ask for a chat answer with probabilities."""
    client = openai_client(Wire(reply=reply))
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, logprobs=True, **options)


@given(st.text(), st.integers(0, 20))
@UNHURRIED
def test_tokens_and_chances(text, count):
    """The tokens join to the text, and no place has more than one chance to give."""
    told = logprobs(text, count)["content"]
    assert "".join(each["token"] for each in told) == text
    for each in told:
        assert len(each["top_logprobs"]) <= count
        assert sum(math.exp(other["logprob"]) for other in each["top_logprobs"]) <= 1 + 1e-6
        assert len({other["token"] for other in each["top_logprobs"]}) == len(each["top_logprobs"])


def test_plain():
    """Each choice tells its tokens, and as many alternatives as are asked for."""
    for choice in ask(n=2, top_logprobs=3).choices:
        tokens = choice.logprobs.content
        assert "".join(each.token for each in tokens) == choice.message.content
        assert {len(each.top_logprobs) for each in tokens} == {3}
        assert tokens[0].top_logprobs[0].token == tokens[0].token
    assert ask().choices[0].logprobs.content[0].top_logprobs == []


def test_streamed():
    """Each piece comes with its own, and those without a text have none."""
    pieces = [each.choices[0] for each in ask(stream=True, top_logprobs=2)]
    assert all((each.logprobs is None) == (not each.delta.content) for each in pieces)
    told = [token.token for each in pieces if each.logprobs for token in each.logprobs.content]
    assert told == [each.delta.content for each in pieces if each.delta.content]


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_own(stream):
    """The tokens of a refusal stand apart from those of a content."""
    answer = ask(Reply(finish="refusal"), stream=stream)
    found = [each.choices[0].logprobs for each in answer] if stream else [answer.choices[0].logprobs]
    found = [each for each in found if each]
    assert found
    assert all(each.refusal and each.content is None for each in found)


def test_unasked():
    """Nobody gets probabilities without asking."""
    client = openai_client(Wire())
    assert client.chat.completions.create(model="m", messages=MESSAGES).choices[0].logprobs is None
