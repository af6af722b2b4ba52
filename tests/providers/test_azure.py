"""Azure OpenAI through the openai SDK."""

from __future__ import annotations

from functools import cache

import openai
import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.providers import Providers

from .reach import KEY, MESSAGES, react

ENDPOINT = "https://acme-eu.openai.azure.com"


@cache
def azure(**options):
    """Return the SDK's Azure client."""
    return openai.AzureOpenAI(api_key=KEY, azure_endpoint=ENDPOINT, api_version="2024-10-21", **options)


@cache
def v1():
    """Return the plain client on Azure's v1 surface."""
    return openai.OpenAI(api_key=KEY, base_url=f"{ENDPOINT}/openai/v1/")


def ask(stream=False, **options):
    """Ask a deployment."""
    return azure(**options).chat.completions.create(model="our-gpt", messages=MESSAGES, stream=stream)


def the_call(outcome):
    """Return the one call that was made."""
    (call,) = outcome.chaos.calls
    return (call.provider, call.model, call.operation, call.stream)


def test_a_deployment_answers():
    """A classic path names the deployment; the answer tells what the content filter saw."""
    outcome = react(ask)
    assert the_call(outcome) == ("azure", "our-gpt", "chat", False)
    choice = outcome.result.choices[0]
    assert choice.message.content
    assert choice.content_filter_results["hate"] == {"filtered": False, "severity": "safe"}
    assert outcome.result.prompt_filter_results[0]["prompt_index"] == 0


def test_a_stream_starts_with_the_prompts_verdict():
    """The first chunk has neither id nor choices: apps that take `choices[0]` of it fall over there."""
    first, *rest = react(lambda: ask(stream=True)).result
    assert (first.id, first.model, first.choices) == ("", "", [])
    assert first.prompt_filter_results[0]["content_filter_results"]["violence"]["severity"] == "safe"
    assert "".join(each.choices[0].delta.content or "" for each in rest)
    assert rest[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("ask_it", "model", "operation"),
    [
        (lambda: azure().responses.create(model="our-gpt", input="x"), "our-gpt", "chat"),
        (lambda: azure().embeddings.create(model="our-ada", input="x"), "our-ada", "embeddings"),
        (lambda: azure().images.generate(model="our-image", prompt="x"), "our-image", "images"),
        (lambda: azure().models.list().data, None, "models"),
        (lambda: v1().chat.completions.create(model="our-gpt", messages=MESSAGES), "our-gpt", "chat"),
        (lambda: v1().responses.create(model="our-gpt", input="x"), "our-gpt", "chat"),
    ],
)
def test_all_paths_are_azures(ask_it, model, operation):
    """Classic, responses and v1 paths belong to the provider `azure`, never to `openai`."""
    outcome = react(ask_it)
    assert outcome.error is None
    assert the_call(outcome) == ("azure", model, operation, False)


def test_the_filter_ends_an_answer():
    """A filtered answer has status 200, and its category tells why; the stream's last chunk carries it."""
    refused = faults.policy_refusal(form="finish")
    choice = react(ask, refused).result.choices[0]
    assert (choice.finish_reason, choice.content_filter_results["hate"]["filtered"]) == ("content_filter", True)
    last = react(lambda: ask(stream=True), refused).result[-1].choices[0]
    assert (last.finish_reason, last.content_filter_results["hate"]["severity"]) == ("content_filter", "high")


def test_the_inner_error_tells_the_category():
    """Apps read `innererror` to tell their users what was found."""
    body = react(ask, faults.policy_refusal()).error.body
    assert body["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert body["innererror"]["content_filter_result"]["hate"] == {"filtered": True, "severity": "high"}


def test_other_services_of_azure_are_left_alone():
    """Speech and vision have the same hosts; what is not simulated of the models is stopped."""
    host = "https://acme.cognitiveservices.azure.com"
    known = Providers()
    assert known.owner(f"{host}/vision/v3.2/analyze") is None
    assert known.owner(f"{host}/openai/deployments/d/audio/transcriptions").name == "azure"
    assert known.owner("https://acme.services.ai.azure.com/anthropic/v1/messages") is not None


def test_headers_are_azures():
    """Requests are told by API Management's ids, and nothing of OpenAI's or Cloudflare's stands beside them."""
    headers = react(ask, faults.auth_revoked()).error.response.headers
    assert headers["apim-request-id"]
    assert headers["x-ms-region"]
    assert not {"openai-organization", "openai-version", "cf-ray", "server"} & set(headers)
