"""Which requests are calls, and what they ask for."""

from __future__ import annotations

import json
import string
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.call import HttpRequest
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.providers import Providers, dialects
from pytest_llmchaos.providers._base import _fits

from .sdk import UNHURRIED, post, recognised

OPENAI, ANTHROPIC = (dialects()[name]() for name in ("openai", "anthropic"))

ROUTES = [
    ("openai", "POST", "/v1/chat/completions", "chat"),
    ("openai", "POST", "/v1/responses", "chat"),
    ("openai", "POST", "/v1/completions", "completions"),
    ("openai", "POST", "/v1/embeddings", "embeddings"),
    ("openai", "POST", "/v1/images/generations", "images"),
    ("openai", "POST", "/v1/images/edits", "images"),
    ("openai", "POST", "/v1/moderations", "moderation"),
    ("openai", "GET", "/v1/models", "models"),
    ("openai", "GET", "/v1/models/gpt-5", "models"),
    ("anthropic", "POST", "/v1/messages", "chat"),
    ("anthropic", "POST", "/v1/messages/count_tokens", "models"),
    ("anthropic", "GET", "/v1/models", "models"),
    ("anthropic", "GET", "/v1/models/claude-sonnet-5", "models"),
]

NO_ROUTES = [
    ("openai", "GET", "/v1/chat/completions"),
    ("openai", "POST", "/v1/models"),
    ("openai", "POST", "/v1/files"),
    ("openai", "GET", "/v1/responses/resp_1"),
    ("openai", "POST", "/v1/mychat/completionsx"),
    ("openai", "POST", "/v1/newresponses"),
    ("openai", "POST", "/"),
    ("openai", "DELETE", "/v1/models/gpt-5"),
    ("anthropic", "POST", "/messages"),
    ("anthropic", "POST", "/v1/messages/batches"),
    ("anthropic", "POST", "/v1/complete"),
    ("anthropic", "GET", "/v1/messages"),
]

BODIES = {
    "/v1/chat/completions": {"model": "m", "messages": []},
    "/v1/responses": {"model": "m", "input": "x"},
    "/v1/completions": {"model": "m", "prompt": ["x"]},
    "/v1/embeddings": {"model": "m", "input": ["x"]},
    "/v1/images/generations": {"model": "m", "prompt": "x"},
    "/v1/moderations": {"model": "m", "input": "x"},
    "/v1/messages": {"model": "m", "messages": [], "max_tokens": 8},
    "/v1/messages/count_tokens": {"model": "m", "messages": []},
}


@pytest.mark.parametrize(("dialect", "method", "path", "operation"), ROUTES)
@pytest.mark.parametrize("prefix", ["", "/openai", "/team-a/gw"])
def test_a_path_tells_the_operation(dialect, method, path, operation, prefix):
    """Every endpoint is found by its path, behind a gateway's prefix too."""
    route = {"openai": OPENAI, "anthropic": ANTHROPIC}[dialect].route(method, prefix + path)
    assert route is not None
    assert route.operation == operation


@pytest.mark.parametrize(("dialect", "method", "path"), NO_ROUTES)
def test_other_paths_are_no_calls(dialect, method, path):
    """Neighbouring endpoints and other methods are left alone."""
    assert {"openai": OPENAI, "anthropic": ANTHROPIC}[dialect].route(method, path) is None


def test_the_model_of_a_path_may_have_slashes():
    """Gateways have models named `owner/model`."""
    assert OPENAI.route("GET", "/v1/models/meta-llama/llama-4").model == "meta-llama/llama-4"
    assert OPENAI.route("GET", "/v1/models/gpt-5/").model == "gpt-5"


@pytest.mark.parametrize("region", ["", "us.", "eu.", "ae.", "au.", "in.", "jp."])
def test_hosts_of_data_residency_are_openai(region):
    """The regional hosts belong to the vendor."""
    call = recognised(post(f"https://{region}api.openai.com/v1/chat/completions", b"{}"))
    assert call.provider == "openai"


def test_a_foreign_host_is_not_the_vendor():
    """A host that merely contains the vendor's name is no vendor."""
    assert not OPENAI.owns("api.openai.com.evil.example")
    assert not ANTHROPIC.owns("x-api.anthropic.com")


@pytest.mark.parametrize("path", BODIES)
def test_an_unknown_host_counts_when_its_body_speaks_the_dialect(path):
    """A self-hosted server or gateway is recognised by path and body, under its host's name."""
    call = recognised(post(f"http://localhost:8000/gw{path}", json.dumps(BODIES[path]).encode()))
    assert (call.provider, call.model, call.stream) == ("localhost:8000", "m", False)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("change", ["missing", "wrong", "garbage", "list"])
def test_an_unknown_host_with_another_body_is_left_alone(path, change):
    """A body that lacks a needed member, or holds something else in it, is no LLM call there."""
    body = BODIES[path]
    for key in body:
        broken = {
            "missing": json.dumps({each: body[each] for each in body if each != key}),
            "wrong": json.dumps({**body, key: {"x": 1}}),
            "garbage": json.dumps(body)[:-1],
            "list": json.dumps([body]),
        }[change]
        assert recognised(post(f"http://localhost:8000{path}", broken.encode())) is None


def test_models_are_recognised_at_known_hosts_only():
    """`GET /models` says too little to be taken for an LLM call anywhere."""
    assert recognised(HttpRequest("GET", "https://shop.example/v1/models", ())) is None
    own = Providers({"vllm": {"hosts": ["shop.example"]}})
    assert recognised(HttpRequest("GET", "https://shop.example/v1/models", ()), own).operation == "models"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1]", b"null", b'"x"', b"[" * 100_000])
def test_a_known_host_is_called_even_with_a_broken_body(body):
    """What goes to the vendor, or to a host the user named, is a call whatever its body is."""
    own = Providers({"vllm": {"hosts": ["localhost:8000"]}})
    for url in ("https://api.openai.com/v1/chat/completions", "http://localhost:8000/v1/chat/completions"):
        call = recognised(post(url, body), own)
        assert (call.operation, call.model, call.stream, call.body) == ("chat", None, False, {})


def test_the_body_tells_model_and_stream():
    """Model and stream are read only where they have the right type."""
    url = "https://api.openai.com/v1/chat/completions"
    call = recognised(post(url, b'{"model": "gpt-5", "stream": true}'))
    assert (call.model, call.stream) == ("gpt-5", True)
    call = recognised(post(url, b'{"model": 5, "stream": "yes"}'))
    assert (call.model, call.stream) == (None, False)


MEMBERS = (
    "model messages input prompt tools tool_choice stream n max_tokens content type function name "
    "response_format json_schema schema text format output_config size stream_options dimensions "
    "allowed_tools mode tool_calls input_schema parameters"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=6),
    max_leaves=12,
)
ENDPOINTS = st.sampled_from([path for _, method, path, _ in ROUTES if method == "POST"])


@UNHURRIED
@given(
    ENDPOINTS,
    st.binary(max_size=60),
    st.sampled_from(["api.openai.com", "api.anthropic.com", "shop.example"]),
)
def test_garbage_never_breaks_the_recogniser(path, content, host):
    """Any bytes at any endpoint are a call or none, never an error; an unknown host's garbage is none."""
    call = recognised(post(f"https://{host}{path}", content))
    if host == "shop.example":
        assert call is None


@UNHURRIED
@given(ENDPOINTS, st.dictionaries(st.sampled_from(MEMBERS.split()), JSON, max_size=5))
def test_other_json_is_never_taken_for_a_call(path, body):
    """JSON at an unknown host without a model's name in it is no LLM call, whatever else it holds."""
    body.pop("model", None)
    assert recognised(post(f"https://shop.example{path}", json.dumps(body).encode())) is None


@UNHURRIED
@given(ENDPOINTS, JSON, st.booleans())
def test_whatever_is_asked_gets_an_answer(path, members, stream):
    """A request with nonsense in it is answered all the same; no answer depends on the body's good shape."""
    host = "api.anthropic.com" if path.startswith("/v1/messages") else "api.openai.com"
    body = {**members, "stream": stream} if isinstance(members, dict) else {"messages": members, "tools": members}
    call = recognised(post(f"https://{host}{path}", json.dumps(body).encode()))
    answer = call.speaks.answer(call, None, Draw("k", 0))
    assert answer.status == 200
    assert b"".join(answer.chunks) == b"".join(answer.chunks)


@pytest.mark.parametrize("pattern", ["a.example", "*.example", "a.*", "a.*.example", "*", "*a*", "a?example", "[ab].*"])
def test_patterns_of_hosts_are_those_of_fnmatch(pattern):
    """Most are told without an expression, which would have to be compiled."""
    hosts = ["a.example", "b.example", "a.b.example", "a.", ".example", "aa", "a", "", "a.example:443", "[ab].x"]
    for host in hosts:
        assert _fits(host, pattern) == (host == pattern or fnmatchcase(host, pattern)), host
