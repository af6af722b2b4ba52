"""The LiteLLM proxy through the SDKs of the dialects that it speaks."""

from __future__ import annotations

import json
from functools import cache

import anthropic
import httpx
import openai
import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.providers import Providers

from .reach import KEY, MESSAGES, react
from .rows import BACKOFF, Row, rows
from .sdk import post, recognised

LOCAL = "http://localhost:4000"


@cache
def client(url=LOCAL):
    """Return OpenAI's client for the proxy."""
    return openai.OpenAI(api_key=KEY, base_url=url)


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="house-model", messages=MESSAGES, stream=stream)


def test_healthy():
    """The answer says which group of deployments gave it, and what it cost."""
    with inject() as chaos:
        raw = client().chat.completions.with_raw_response.create(model="house-model", messages=MESSAGES)
    (call,) = chaos.calls
    assert (call.provider, call.operation, call.model) == ("litellm", "chat", "house-model")
    assert raw.parse().choices[0].message.content
    assert raw.headers["x-litellm-model-group"] == "house-model"
    assert len(raw.headers["x-litellm-call-id"]) == 36


def test_healthy_stream():
    """Each chunk names the model that was asked for."""
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.choices[0].delta.content or "" for each in pieces)
    assert {each.model for each in pieces} == {"house-model"}


def test_its_other_dialects():
    """Messages in Anthropic's format are answered in it, under the proxy's name."""
    claude = anthropic.Anthropic(api_key=KEY, base_url=LOCAL)
    outcome = react(lambda: claude.messages.create(model="house-claude", max_tokens=9, messages=MESSAGES))
    assert outcome.result.content[0].text
    assert [call.provider for call in outcome.chaos.calls] == ["litellm"]


@pytest.mark.parametrize("host", ["litellm.corp.example", "litellm-proxy:8080", "my-litellm.svc"])
def test_a_host_with_its_name(host):
    """Whatever port, a host with the proxy's name is one; its models are listed."""
    models = react(lambda: list(client(f"http://{host}/v1").models.list()))
    assert [call.provider for call in models.chaos.calls] == ["litellm"]
    assert {each.owned_by for each in models.result} == {"openai"}
    with inject():
        told = httpx.get(f"http://{host}/v1/model/info").json()
    assert told["data"][0]["model_name"] == models.result[0].id


def test_a_host_from_the_settings():
    """A table in the project's settings makes any host one."""
    own = {"house": {"hosts": "llm.corp.example", "dialect": "litellm"}}
    asked = lambda: client("https://llm.corp.example").chat.completions.create(model="m", messages=MESSAGES)  # noqa: E731
    (call,) = react(asked, own=own).chaos.calls
    assert call.provider == "house"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/completions", {"rows": []}),
        ("/v1/messages", {"text": "hello"}),
        ("/completions", {"prompt": "word"}),
        ("/api/users", {"model": "m", "messages": []}),
    ],
)
def test_another_server_on_its_port(path, body):
    """On this machine's port 4000, a request that asks for no model is somebody else's."""
    assert recognised(post(f"{LOCAL}{path}", json.dumps(body).encode())) is None


def test_a_list_on_its_port():
    """A request without a body cannot show that it is meant for the proxy, and no escape is made of it."""
    providers = Providers()
    assert providers.owner(f"{LOCAL}/models") is None
    assert providers.owner("http://litellm.corp.example/anything").name == "litellm"


@rows(
    Row(faults.outage(), "openai.InternalServerError", "litellm.ServiceUnavailableError", 3, BACKOFF),
    Row(faults.outage(500), "openai.InternalServerError", "litellm.InternalServerError", 3, BACKOFF),
    Row(faults.overloaded(), "openai.RateLimitError", "No deployments available for selected model", 3, BACKOFF),
    Row(faults.rate_limit(retry_after="7s"), "openai.RateLimitError", "litellm.RateLimitError", 3, (14, 14)),
    Row(faults.quota_exhausted(), "openai.UnprocessableEntityError", "Budget has been exceeded"),
    Row(faults.auth_revoked(), "openai.AuthenticationError", "Invalid proxy server token passed"),
    Row(faults.region_blocked(), "openai.PermissionDeniedError", "litellm.PermissionDeniedError"),
    Row(faults.model_retired(), "openai.BadRequestError", "Invalid model name passed in model=house-model"),
    Row(faults.policy_refusal(), "openai.BadRequestError", "ContentPolicyViolationError"),
)
@pytest.mark.parametrize("stream", [False, True])
def test_reaction(row, stream):
    """OpenAI's SDK raises and retries what the proxy tells as the vendor's own failure."""
    outcome = row.check(lambda: ask(stream), "litellm")
    assert outcome.error.body["code"] == str(outcome.error.status_code)


@rows(
    Row(faults.stream_cut(2), "openai.APIConnectionError", "Connection error.", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), "openai.APIError", "Error processing stream", pieces=2),
)
def test_broken_stream(row):
    """An error within the stream is the SDK's own."""
    row.check(lambda: ask(stream=True), "litellm")
