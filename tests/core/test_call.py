"""Targets: how they are read, what they match."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.call import OPERATIONS, HttpRequest, Target
from pytest_llmchaos.core.errors import ParameterError


def named(provider="openai", model="gpt-5", operation="chat"):
    """Something that a target can match."""
    return SimpleNamespace(provider=provider, model=model, operation=operation)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("*", Target()),
        ("openai", Target("openai")),
        ("OpenAI", Target("openai")),
        (" openai ", Target("openai")),
        ("openai:chat", Target("openai", "*", "chat")),
        ("*:chat", Target("*", "*", "chat")),
        ("openai/gpt-4*", Target("openai", "gpt-4*")),
        ("openai/gpt-4*:chat", Target("openai", "gpt-4*", "chat")),
        ("openai:*", Target("openai")),
        ("localhost:8000", Target("localhost:8000")),
        ("localhost:8000:embeddings", Target("localhost:8000", "*", "embeddings")),
        ("localhost:8000/llama3:8b", Target("localhost:8000", "llama3:8b")),
        ("ollama/llama3:8b", Target("ollama", "llama3:8b")),
        ("ollama/llama3:8b:chat", Target("ollama", "llama3:8b", "chat")),
        ("openai/ft:gpt-4o:acme::abc", Target("openai", "ft:gpt-4o:acme::abc")),
        ("gateway/meta/llama-3*", Target("gateway", "meta/llama-3*")),
        ("[::1]:8000", Target("[::1]:8000")),
        ("[::1]", Target("[::1]")),
    ],
)
def test_a_target_is_read(typed, expected):
    """Provider, model glob and operation are told apart, ports and tagged models too."""
    assert Target.parse(typed) == expected


def test_a_target_is_taken_as_it_is():
    """A target may stand where its text may."""
    target = Target("openai", "gpt-5")
    assert Target.parse(target) is target


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "is not a target"),
        ("  ", "is not a target"),
        ("open ai", "is not a target"),
        (5, "5 is not a target"),
        (None, "None is not a target"),
        (["openai"], "is not a target"),
        ("openai/", "empty part"),
        ("/gpt-5", "empty part"),
        ("/", "empty part"),
        (":chat", "empty part"),
        ("openai:chta", "'chta' in 'openai:chta' is not an operation .*did you mean 'chat'"),
        ("openai/gpt-5:embedings", "did you mean 'embeddings'"),
        ("openai:nonsense", "is not an operation"),
        ("openai,azure", r"'openai,azure' is not one target; several are a list: \[openai, azure\]"),
    ],
)
def test_a_wrong_target_is_refused(typed, says):
    """The message shows the value, and the near name where there is one."""
    with pytest.raises(ParameterError, match=says) as caught:
        Target.parse(typed)
    assert caught.value.parameter == "target"


@pytest.mark.parametrize(
    ("target", "call", "hits"),
    [
        ("*", named(), True),
        ("openai", named(), True),
        ("anthropic", named(), False),
        ("open*", named(), True),
        ("openai/gpt-4*", named(model="gpt-4o"), True),
        ("openai/gpt-4*", named(model="gpt-5"), False),
        ("openai/GPT-4*", named(model="gpt-4o"), False),
        ("openai/gpt-4*", named(model=None, operation="models"), False),
        ("openai", named(model=None, operation="models"), True),
        ("openai:chat", named(operation="embeddings"), False),
        ("*/gpt-[45]", named(model="gpt-5"), True),
        ("localhost:8000", named(provider="localhost:8000"), True),
        ("localhost:*", named(provider="localhost:8000"), False),
        ("localhost:800?", named(provider="localhost:8000"), True),
        ("[::1]:8000", named(provider="[::1]:8000"), True),
    ],
)
def test_a_target_matches(target, call, hits):
    """Globs match the provider and the model; the operation is exact; a glob on the model needs a model."""
    assert Target.parse(target).matches(call) is hits


PARTS = st.text("abz01.-*?:", min_size=1, max_size=8)


@given(PARTS, st.none() | st.text("abz01.-*?:/", min_size=1, max_size=8), st.none() | st.sampled_from(OPERATIONS))
def test_a_target_survives_writing(provider, model, operation):
    """Whatever can be read as a target is written so that it reads back equal."""
    text = provider + (f"/{model}" if model else "") + (f":{operation}" if operation else "")
    try:
        target = Target.parse(text)
    except ParameterError:
        return
    assert Target.parse(str(target)) == target


@given(st.text(max_size=20))
def test_any_text_is_a_target_or_a_parameter_error(text):
    """No text makes the reader fail in any other way."""
    told = repr(text)
    try:
        Target.parse(text)
    except ParameterError as problem:
        told = str(problem)
    assert repr(text)[1:-1] in told


def test_a_request_is_never_shown():
    """Neither its address nor its headers nor its body get into a message by accident."""
    request = HttpRequest("POST", "https://x/?key=canary", (("authorization", "canary"),), b"canary")
    assert "canary" not in repr(request)
    assert request.host == "x"
    assert request.path == "/"


def test_the_host_has_no_credentials():
    """A user and password in the address are no part of the host."""
    assert HttpRequest("GET", "https://me:canary@API.example:8443/v1", ()).host == "api.example:8443"
