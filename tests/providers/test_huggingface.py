"""Hugging Face's router and dedicated endpoints through huggingface_hub."""

from __future__ import annotations

from functools import cache

from pytest_llmchaos.providers import Providers

from .reach import MESSAGES, react, sdk
from .sdk import post, recognised

hub = sdk("huggingface_hub")
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


def test_embeddings_of_the_inference_provider():
    """Tasks have the model in their path."""
    url = "https://router.huggingface.co/hf-inference/models/BAAI/bge-small-en/pipeline/feature-extraction"
    call = recognised(post(url, b'{"inputs": ["a", "b"]}'))
    assert (call.provider, call.model, call.operation) == ("huggingface", "BAAI/bge-small-en", "embeddings")


def test_the_hub_is_left_alone():
    """Downloads of models and datasets are no calls, and nothing stops them."""
    assert Providers().owner("https://huggingface.co/api/models/gpt2") is None
    assert Providers().owner("https://router.huggingface.co/v1/models").name == "huggingface"
