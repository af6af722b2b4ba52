"""Providers that speak another's dialect at some of their paths: the call keeps their own name."""

from __future__ import annotations

import anthropic
import openai
import pytest

from pytest_llmchaos import faults

from .reach import KEY, MESSAGES, react


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://api.deepseek.com/anthropic", "deepseek"),
        ("https://house.services.ai.azure.com/anthropic", "azure"),
        ("https://openrouter.ai/api", "openrouter"),
        ("https://api.fireworks.ai/inference", "fireworks"),
        ("http://localhost:11434", "ollama"),
        ("https://bedrock-mantle.us-east-1.api.aws/anthropic", "bedrock"),
    ],
)
def test_anthropics_messages(base, name):
    """Anthropic's SDK gets answer, stream and error of its own dialect."""
    client = anthropic.Anthropic(api_key=KEY, base_url=base, max_retries=0)

    def ask(stream=False):
        return client.messages.create(model="m-1", max_tokens=9, messages=MESSAGES, stream=stream)

    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model) == (name, "chat", "m-1")
    assert outcome.result.content[0].text
    assert react(lambda: list(ask(stream=True))).result[-1].type == "message_stop"
    assert type(react(ask, faults.overloaded(target=name)).error).__name__ == "OverloadedError"


def chats(client, name):
    """Have OpenAI's SDK chat, plain and streamed, under the provider's own name, and return how it asks."""

    def ask(stream=False):
        return client.chat.completions.create(model="m-1", messages=MESSAGES, stream=stream)

    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model) == (name, "chat", "m-1")
    assert outcome.result.choices[0].message.content
    assert "".join(each.choices[0].delta.content or "" for each in react(lambda: ask(stream=True)).result)
    return ask


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://api.cohere.com/compatibility/v1", "cohere"),
        ("https://api.cohere.ai/compatibility/v1", "cohere"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi", "vertex"),
    ],
)
def test_openais_chat(base, name):
    """OpenAI's SDK gets answer, stream, vectors and error of its own dialect."""
    client = openai.OpenAI(api_key=KEY, base_url=base, max_retries=0)
    ask = chats(client, name)
    assert react(lambda: client.embeddings.create(model="e", input="x")).result.data[0].embedding
    assert isinstance(react(ask, faults.rate_limit(target=name)).error, openai.RateLimitError)


@pytest.mark.parametrize(
    ("base", "name"),
    [("https://api.anthropic.com/v1", "anthropic"), ("https://bedrock-mantle.us-east-1.api.aws/v1", "bedrock")],
)
def test_openais_chat_alone(base, name):
    """The same where OpenAI's dialect is there for chat, and the vendor's own lies beside it."""
    client = openai.OpenAI(api_key=KEY, base_url=base, max_retries=0)
    ask = chats(client, name)
    assert isinstance(react(ask, faults.auth_revoked(target=name)).error, openai.AuthenticationError)
