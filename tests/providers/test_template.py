"""Answers written from a template are those that are written member by member."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.replies import Reply
from pytest_llmchaos.providers import _anthropic_messages, _openai_chat
from pytest_llmchaos.providers._say import Said
from pytest_llmchaos.providers._template import GAP, Template
from pytest_llmchaos.providers._wire import dump

from .sdk import UNHURRIED, WALL
from .test_errors import call_to

ANY_TEXT = st.text(st.characters(exclude_characters=GAP, exclude_categories=()))


@UNHURRIED
@given(st.lists(ANY_TEXT | st.integers()), ANY_TEXT)
def test_a_filled_template_is_the_document(values, name):
    """Whatever stands in the gaps: quotes, other scripts, lone halves of a pair."""
    filled = Template({name: [GAP for _ in values], "last": GAP}).filled(*values, 7)
    document = {name: values, "last": 7}
    assert json.loads(filled) == json.loads(dump(document))
    if all(isinstance(each, int) or each.isascii() for each in values):
        assert filled == dump(document)


@pytest.mark.parametrize("text", [None, "plain", 'He said "no"\n\\', "é漢", "\ud800", GAP, ""])
@pytest.mark.parametrize("what", ["chat", "messages"])
def test_a_plain_answer_is_as_any_other(monkeypatch, what, text):
    """The quickest way to a text gives no other answer than the long one."""
    call, reply = call_to(what), None if text is None else Reply(text=text)

    def answered():
        answer = call.speaks.answer(call, reply, Draw("k", WALL))
        return answer.status, answer.headers, json.loads(b"".join(answer.chunks))

    quick = answered()
    monkeypatch.setattr(_openai_chat, "_is_plain", lambda call, said: False)
    monkeypatch.setattr(_anthropic_messages, "_plain", lambda: _Long(_anthropic))
    assert answered() == quick


class _Long:
    def __init__(self, make):
        self.filled = lambda *values: dump(make(*values))


def _anthropic(name, model, text, prompt, spoken):
    block = {"type": "text", "text": text}
    return _anthropic_messages._whole(name, model, Said(text, (), "stop"), [block], prompt, spoken)


@pytest.mark.parametrize("model", ["gpt-\ud800", GAP, f"a{GAP}b", 'say "hi"'])
@pytest.mark.parametrize("what", ["chat", "messages"])
def test_any_model_is_named_in_the_answer(what, model):
    """A name that has half a character, or the gap's own sign, is no reason to fail."""
    call = dataclasses.replace(call_to(what), model=model)
    answer = call.speaks.answer(call, Reply(text="yes"), Draw("k", WALL))
    assert json.loads(b"".join(answer.chunks))["model"] == model
