"""Hugging Face's router and dedicated endpoints through huggingface_hub."""

from __future__ import annotations

from functools import cache

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.providers import Providers

from .reach import LATE, MESSAGES, WAIT, Row, react, rows, sdk
from .sdk import post, recognised

hub = sdk("huggingface_hub")
HTTP = "huggingface_hub.errors.HfHubHTTPError"
ERRORS = "huggingface_hub.errors."
MODEL = "tiiuae/falcon-7b-instruct"
ENDPOINT = "https://falcon-abc.us-east-1.aws.endpoints.huggingface.cloud"


@cache
def client(model=MODEL, **options):
    """Return the SDK's client."""
    return hub.InferenceClient(model=model, api_key="hf_canary", **options)


def ask(stream=False, **options):
    """Ask the router for a chat answer."""
    return client(**options).chat_completion(MESSAGES, stream=stream)


def generate(stream=False, **options):
    """Ask an endpoint for text."""
    return client(ENDPOINT, **options).text_generation("Hello", stream=stream)


def test_healthy():
    """The router answers in OpenAI's dialect."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model, call.host) == ("huggingface", MODEL, "router.huggingface.co")
    assert outcome.result.choices[0].message.content
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.choices[0].delta.content or "" for each in pieces)


def test_an_endpoint_generates_text():
    """The model of an endpoint that is not told is the endpoint itself."""
    outcome = react(generate)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model, call.operation) == ("huggingface", "falcon-abc", "completions")
    assert outcome.result
    detailed = react(lambda: client(ENDPOINT).text_generation("x", details=True, stream=True)).result
    assert detailed[-1].details.finish_reason == "eos_token"
    assert detailed[-1].generated_text.startswith(detailed[0].token.text)


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(faults.outage(), HTTP, "503 Service Unavailable"),
    Row(faults.outage(502, page="html"), HTTP, "502 Bad Gateway"),
    Row(faults.overloaded(), HTTP, "Model is overloaded"),
    Row(WAIT, HTTP, "Retry after 7 seconds (0/500 requests remaining"),
    Row(faults.quota_exhausted(), HTTP, "monthly included credits"),
    Row(faults.model_retired(), HTTP, "410 Gone"),
    Row(faults.auth_revoked(), HTTP, "Invalid username or password."),
    Row(faults.policy_refusal(), ERRORS + "BadRequestError"),
    Row(LATE, ERRORS + "InferenceTimeoutError", "Inference call timed out", lasts=(5, 5)),
)
def test_reaction(row, stream):
    """One try, and the hub's own exception with the request's id in it."""
    row.check(lambda: ask(stream, timeout=5), "huggingface")


@rows(
    Row(faults.overloaded(), ERRORS + "OverloadedError", "Model is overloaded"),
    Row(faults.policy_refusal(), ERRORS + "ValidationError", "Input validation error"),
    Row(faults.outage(), HTTP, "503 Service Unavailable"),
    Row(faults.model_retired(), HTTP, "404 Not Found"),
)
def test_an_endpoint_fails_as_tgi_does(row):
    """The kinds of error that TGI names become exceptions of their own."""
    row.check(generate, "huggingface")


@pytest.mark.parametrize("asked", [ask, generate])
@rows(
    Row(faults.stream_cut(2), "httpx2.RemoteProtocolError", "peer closed connection", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), ERRORS + "GenerationError", "Request failed during generation", pieces=2),
)
def test_broken_stream(row, asked):
    """An error within a stream is told by its kind."""
    row.check(lambda: asked(stream=True), "huggingface")


def test_embeddings_of_the_inference_provider():
    """Tasks have the model in their path."""
    url = "https://router.huggingface.co/hf-inference/models/BAAI/bge-small-en/pipeline/feature-extraction"
    call = recognised(post(url, b'{"inputs": ["a", "b"]}'))
    assert (call.provider, call.model, call.operation) == ("huggingface", "BAAI/bge-small-en", "embeddings")


def test_the_hub_is_left_alone():
    """Downloads of models and datasets are no calls, and nothing stops them."""
    assert Providers().owner("https://huggingface.co/api/models/gpt2") is None
    assert Providers().owner("https://router.huggingface.co/v1/models").name == "huggingface"
