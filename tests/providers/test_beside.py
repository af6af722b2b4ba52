"""What is asked of a provider beside LLM calls: health, telemetry, counting, who serves a model."""

from __future__ import annotations

import httpx
import openai
import pytest

from pytest_llmchaos import ChaosFailed, faults, inject
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

from .reach import react, sdk

HOST = "http://llm.test"
TRACES = "https://api.openai.com/v1/traces/ingest"


def own(dialect):
    """Return the table that names a server of one's own."""
    return {"own": {"hosts": ["llm.test"], "dialect": dialect}}


def polled(dialect, path, *injections, method="GET"):
    """Return the run and the server's answer to one request beside LLM calls; what hits nothing is accepted."""
    chaos = Chaos(loose=injections, providers=Providers(own(dialect)), allow_unused=True)
    active_runs.start(chaos)
    try:
        answer = httpx.request(method, f"{HOST}{path}")
    finally:
        active_runs.stop(chaos)
    chaos.finish()
    assert chaos.verdict_error() is None, chaos.verdict_error()
    return chaos, answer


@pytest.mark.parametrize(
    ("dialect", "path", "says"),
    [
        ("llamacpp", "/health", b'{"status":"ok"}'),
        ("llamacpp", "/v1/health", b'{"status":"ok"}'),
        ("vllm", "/health", b""),
        ("vllm", "/ping", b""),
        ("vllm", "/version", b'{"version":"0.32.0"}'),
        ("litellm", "/health/liveliness", b'"I\'m alive!"'),
        ("litellm", "/health/readiness", b'{"status":"healthy","db":"Not connected"}'),
        ("ollama", "/", b"Ollama is running"),
        ("openai", "/healthz", b'{"status":"ok"}'),
        ("openai", "/gateway/health", b'{"status":"ok"}'),
        ("anthropic", "/readyz", b'{"status":"ok"}'),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_healthy_server_says_so(dialect, path, says, method):
    """In its own form, as no LLM call."""
    chaos, answer = polled(dialect, path, method=method)
    assert (answer.status_code, len(chaos.calls)) == (200, 0)
    assert answer.content == (says if method == "GET" else b"")
    assert [each.outcome for each in chaos.calls.to("own:health")] == ["200"]


@pytest.mark.parametrize(
    ("dialect", "path", "says"),
    [
        ("llamacpp", "/health", b"Loading model"),
        ("llamacpp", "/props", b"Loading model"),
        ("llamacpp", "/metrics", b"Loading model"),
        ("vllm", "/health", b""),
        ("litellm", "/health/readiness", b"shutting_down"),
        ("ollama", "/", b"error"),
        ("openai", "/health", b"error"),
        ("huggingface", "/health", b"unhealthy"),
    ],
)
def test_a_health_check_follows_an_outage(dialect, path, says):
    """With the outage's status, in the server's own form."""
    chaos, answer = polled(dialect, path, faults.outage(target="own"))
    assert answer.status_code == 503
    assert says in answer.content
    assert not chaos.players[0].unused(), "the app met the outage"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_the_status_of_an_outage_is_the_checks_too(status):
    """Whatever the server says then."""
    _, answer = polled("vllm", "/health", faults.outage(status=status))
    assert answer.status_code == status


def test_a_server_that_is_gone_answers_no_health_check():
    """A refused connection is refused for all that is asked there."""
    with pytest.raises(httpx.ConnectError):
        polled("vllm", "/health", faults.connection_refused(target="own"))


@pytest.mark.parametrize(
    "fault",
    [
        faults.rate_limit(),
        faults.overloaded(),
        faults.latency("20s"),
        faults.model_retired(),
        faults.auth_revoked(),
        faults.outage(calls=1),
        faults.outage(rate="99%"),
        faults.stream_cut(),
        faults.malformed(),
    ],
    ids=lambda injection: str(injection.fault),
)
def test_what_strikes_some_calls_leaves_a_health_check_as_it_is(fault):
    """It is no LLM call, and uses up none of those that a fault is to hit."""
    chaos, answer = polled("vllm", "/health", fault)
    assert answer.status_code == 200
    assert chaos.players[0].unused()


def test_a_target_may_name_the_health_check():
    """Then anything that has a form there strikes it."""
    with pytest.raises(httpx.ReadTimeout):
        polled("vllm", "/health", faults.latency("20s", target="own:health"))


def test_the_figures_of_vllm_outlive_its_engine():
    """Its frontend goes on telling them."""
    _, answer = polled("vllm", "/metrics", faults.outage())
    assert (answer.status_code, b"vllm:" in answer.content) == (200, True)


def test_what_a_server_does_not_have_it_says():
    """llama.cpp knows no version path."""
    _, answer = polled("llamacpp", "/version")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize(("dialect", "member"), [("vllm", "prompt"), ("llamacpp", "content")])
def test_a_server_cuts_text_into_tokens(dialect, member):
    """The same pieces have the same ids."""
    chaos = Chaos(providers=Providers(own(dialect)), allow_unused=True)
    active_runs.start(chaos)
    try:
        short, long = (
            httpx.post(f"{HOST}/tokenize", json={"model": "m", member: text}).json()["tokens"]
            for text in ("one", "one two three four")
        )
    finally:
        active_runs.stop(chaos)
    assert long[: len(short)] == short
    assert len(long) > len(short) > 0


def test_a_vendor_has_no_health_check():
    """A path that its API does not have goes on to be an escape."""
    with pytest.raises(ChaosFailed, match="/health"), inject(allow_unused=True):
        try:
            httpx.get("https://api.openai.com/health")
        except Exception:
            return


def test_a_server_on_a_guessed_port_is_let_be():
    """Nobody said that LiteLLM runs there: its health is asked for real."""
    assert Providers().route("GET", "http://localhost:4000/health") is None


@pytest.mark.parametrize("injections", [(), (faults.outage(),), (faults.connection_refused(),)], ids=str)
def test_telemetry_is_taken_whatever_happens(injections):
    """It is no LLM call, and an outage of the API does not reach it."""
    with inject(*injections, allow_unused=True, checks=[]) as chaos:
        answer = httpx.post(TRACES, json={"data": []})
    assert (answer.status_code, answer.content, len(chaos.calls)) == (204, b"", 0)


def test_telemetry_fails_where_a_target_names_it():
    """An app that dies of its traces can be found out."""
    with inject(faults.outage(target="openai:helper"), checks=[]):
        assert httpx.post(TRACES, json={"data": []}).status_code == 503


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/traces/ingest/more", "/v1/vector_stores"])
def test_other_paths_of_a_vendor_stay_escapes(path):
    """Only what is known to be telemetry is let through."""
    with pytest.raises(ChaosFailed, match=path), inject(allow_unused=True):
        try:
            httpx.post(f"https://api.openai.com{path}", json={})
        except Exception:
            return


def test_openai_counts_tokens():
    """The count grows with the input, and an outage strikes it as it does the other calls."""
    client = openai.OpenAI(api_key="k", max_retries=0)

    def count(text):
        return client.responses.input_tokens.count(model="test-model", input=text)

    short, long = (react(lambda text=text: count(text)).result.input_tokens for text in ("hello", "hello " * 500))
    assert 0 < 10 * short < long
    outcome = react(lambda: count("hello"), faults.outage())
    assert isinstance(outcome.error, openai.InternalServerError)


def test_the_hub_tells_who_serves_a_model():
    """What `InferenceClient` asks before a task is answered, and the call then goes to the router."""
    hub = sdk("huggingface_hub")
    client = hub.InferenceClient(api_key="hf_x", provider="together")
    outcome = react(lambda: client.chat_completion([{"role": "user", "content": "hi"}], model="someone/tiny-chat"))
    assert outcome.error is None
    assert outcome.chaos.calls.to("huggingface:helper")
    assert [each.operation for each in outcome.chaos.calls] == ["chat"]


def test_other_questions_to_the_hub_are_let_be():
    """Files and data sets are no LLM calls."""
    from pytest_llmchaos.core.call import HttpRequest

    from .sdk import recognised

    assert Providers().route("GET", "https://huggingface.co/someone/model/resolve/main/config.json") is None
    asked = HttpRequest("GET", "https://huggingface.co/api/models/someone/model?expand=siblings", ())
    assert recognised(asked) is None
    assert Providers().owner("https://huggingface.co/api/datasets/x") is None
