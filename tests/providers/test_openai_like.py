"""What holds for every provider that shares OpenAI's dialect: its hosts, its failures, nothing of another's."""

from __future__ import annotations

import json
import string
from contextlib import suppress
from typing import get_args

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import HttpRequest, Target
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit, UsageProblem
from pytest_llmchaos.providers import ErrorKind, Providers, dialects
from pytest_llmchaos.providers._openai_like import OpenAILike

from .reach import MESSAGES, react
from .sdk import UNHURRIED, WALL, post, recognised

NAMES = tuple(name for name, kind in dialects().items() if issubclass(kind, OpenAILike) and kind.routes)
"""Some others share no more than the way of failing."""
OWN = {name: {"hosts": [f"{name}.test"], "dialect": name} for name in NAMES if not dialects()[name].default_hosts}
ELSEWHERE = {
    "azure": "https://acme.openai.azure.com/openai/v1",
    "deepseek": "https://api.deepseek.com",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "groq": "https://api.groq.com/openai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "watsonx": "https://us-south.ml.cloud.ibm.com/ml/gateway/v1",
}
"""Where it is not `/v1` at the provider's first host."""


def base_of(name):
    """Return the address that clients are given."""
    host = f"{name}.test" if name in OWN else dialects()[name].default_hosts[0]
    return ELSEWHERE.get(name) or f"http://{host.replace('*', 'localhost' if host.startswith('*:') else 'acme')}/v1"


BASES = {name: base_of(name) for name in NAMES}
TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
}
KINDS = get_args(ErrorKind)
BODIES = {
    "chat/completions": {"messages": MESSAGES},
    "completions": {"prompt": "x"},
    "embeddings": {"input": "x"},
}

every = pytest.mark.parametrize("name", NAMES)


def call_to(name, path="chat/completions", **more):
    """Return a call to that provider."""
    body = {"model": "meta-llama/Llama-3.3:free", **BODIES[path], **more}
    return recognised(post(f"{BASES[name]}/{path}", json.dumps(body).encode()), Providers(OWN))


def client(name):
    """Return OpenAI's client at that provider."""
    return openai.OpenAI(api_key="k", base_url=BASES[name], max_retries=0)


def test_the_table_here_is_complete():
    """A new provider of this kind is tested by having its file; none is left in the table that is there no more."""
    assert set(ELSEWHERE) < set(NAMES)
    assert len(NAMES) >= 15


@every
def test_its_hosts_are_its_own(name):
    """A call there bears the provider's name, never `openai` or the host's."""
    call = call_to(name)
    assert (call.provider, call.speaks.dialect) == (name, name)
    assert call.label == f"{name}/meta-llama/Llama-3.3:free:chat"


@every
def test_answers_whole_and_streamed(name):
    """OpenAI's SDK reads what every one of them says, tool calls included."""
    chat = client(name).chat.completions
    whole = react(lambda: chat.create(model="m", messages=MESSAGES), own=OWN).result
    assert whole.choices[0].message.content
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    chunks = react(lambda: chat.create(model="m", messages=MESSAGES, stream=True), own=OWN).result
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    forced = {"model": "m", "messages": MESSAGES, "tools": [TOOL], "tool_choice": "required"}
    assert react(lambda: chat.create(**forced), own=OWN).result.choices[0].message.tool_calls[0].function.name == "f"


@every
@pytest.mark.parametrize("operation", ["embeddings", "models"])
def test_other_operations_answer(name, operation):
    """Embeddings and the list of models have answers too."""
    there = client(name)
    if operation == "embeddings":
        assert react(lambda: there.embeddings.create(model="m", input="x"), own=OWN).result.data[0].embedding
    elif name != "together":  # whose list is no object, and OpenAI's SDK cannot read it
        assert react(lambda: there.models.list(), own=OWN).result.data


@every
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_failure_has_a_form(name, path, kind):
    """Each kind has an error answer, or says why it makes no sense; equal draws give equal answers."""
    call = call_to(name, path)
    if (kind, path) == ("policy_refusal", "embeddings"):
        with pytest.raises(FaultUnfit, match="refuses no embeddings call"):
            call.speaks.error(kind, call, Draw("k", WALL))
        return
    answer = call.speaks.error(kind, call, Draw("k", WALL))
    told = b"".join(answer.chunks).decode()
    assert answer.status >= 400 or (name, kind, answer.error) == ("openrouter", "overloaded", "overloaded")
    assert "{" not in told.replace('{"', "").replace("{}", ""), "a name that was not filled in"
    again = call.speaks.error(kind, call, Draw("k", WALL))
    assert (again.headers, b"".join(again.chunks)) == (answer.headers, told.encode())


@every
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_outages_have_the_status_asked_for(name, status):
    """As JSON and as the page of the edge; the CDN's own statuses come as a page alone."""
    call = call_to(name)
    for page in ("json", "html"):
        answer = call.speaks.error("outage", call, Draw("k", WALL), status=status, page=page)
        kind = dict(answer.headers)["content-type"]
        assert (answer.status, "html" in kind) == (status, page == "html")
    with pytest.raises(FaultUnfit, match="page='html'"):
        call.speaks.error("outage", call, Draw("k", WALL), status=520, page="json")


@every
def test_nothing_of_openais_leaks(name):
    """Neither headers nor texts nor members of OpenAI stand in another's answers."""
    for stream in (False, True):
        call = call_to(name, stream=stream)
        answers = [call.speaks.error(kind, call, Draw("k", WALL)) for kind in KINDS]
        answers.append(call.speaks.answer(call, None, Draw("k", WALL)))
        for answer in answers:
            assert not {"openai-organization", "openai-version", "openai-processing-ms"} & set(dict(answer.headers))
            told = b"".join(answer.chunks)
            assert b"platform.openai.com" not in told
            assert b'"service_tier":"default"' not in told
            assert b"annotations" not in told


@every
def test_a_gateway_has_no_cdn_of_the_vendors(name):
    """A host of the user's own that speaks a vendor's dialect does not stand behind the vendor's CDN."""
    own = Providers({"gateway": {"hosts": ["gw.example"], "dialect": name}})
    body = b'{"model": "m", "messages": []}'
    call = recognised(post("https://gw.example/v1/chat/completions", body), own)
    assert call.provider == "gateway"
    for answer in (
        call.speaks.error("rate_limit", call, Draw("k", WALL)),
        call.speaks.error("outage", call, Draw("k", WALL), page="html", status=502),
    ):
        assert "cf-ray" not in dict(answer.headers)


@every
def test_the_error_within_a_stream(name):
    """It is whole events, or a line where the stream has lines."""
    call = call_to(name, stream=True)
    data = call.speaks.stream_error(call, Draw("k", WALL))
    assert data.startswith(b"data: {")
    assert data.endswith(b"\n\n")
    broken = react(
        lambda: client(name).chat.completions.create(model="m", messages=MESSAGES, stream=True),
        faults.stream_error(),
        own=OWN,
    )
    # Mistral's has its message beside no member `error`: OpenAI's SDK takes it for a chunk without choices.
    assert type(broken.error) is openai.APIError or name == "mistral"


@every
def test_a_rate_limit_asks_to_wait_only_when_told(name):
    """A retry-after header comes from the fault alone."""
    call = call_to(name)
    assert "retry-after" not in dict(call.speaks.error("rate_limit", call, Draw("k", WALL)).headers)
    headers = dict(call.speaks.error("rate_limit", call, Draw("k", WALL), retry_after=7.2, form="ms").headers)
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("8", "7200")


@every
def test_a_refusal_within_an_answer(name):
    """Who has no member for a refusal declines in plain text."""
    call = call_to(name)
    answer = call.speaks.error("policy_refusal", call, Draw("k", WALL), form="refusal")
    message = json.loads(b"".join(answer.chunks))["choices"][0]["message"]
    assert (answer.status, answer.error) == (200, "policy_refusal")
    assert (message.get("refusal") or message["content"]).startswith("I'm sorry")


MEMBERS = (
    "model messages input prompt inputs parameters options format tools tool_choice n max_tokens content type function "
    "name response_format json_schema schema stream_options tool_calls suffix keep_alive num_predict details"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.printable, max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS.split()), inner, max_size=5),
    max_leaves=10,
)
URLS = [
    *(f"{base}/{path}" for base in BASES.values() for path in BODIES),
    *(f"http://localhost:11434/api/{path}" for path in ("chat", "generate", "embed", "embeddings", "show")),
    "https://api.mistral.ai/v1/fim/completions",
    "https://a.endpoints.huggingface.cloud/",
    "https://a.endpoints.huggingface.cloud/generate_stream",
    "https://router.huggingface.co/hf-inference/models/a/b/pipeline/feature-extraction",
    "https://acme.openai.azure.com/openai/deployments/d/chat/completions",
]


@UNHURRIED
@given(st.sampled_from(URLS), st.dictionaries(st.sampled_from(MEMBERS.split()), JSON, max_size=5), st.booleans())
def test_whatever_is_asked_gets_an_answer(url, members, stream):
    """A request with nonsense in it is answered all the same, and fails in every way."""
    call = recognised(post(url, json.dumps({**members, "stream": stream}).encode()), Providers(OWN))
    answer = call.speaks.answer(call, None, Draw("k", WALL))
    assert answer.status == 200
    assert b"".join(answer.chunks) == b"".join(answer.chunks)
    for kind in KINDS:
        with suppress(FaultUnfit):
            b"".join(call.speaks.error(kind, call, Draw("k", WALL)).chunks)
    assert call.speaks.stream_error(call, Draw("k", WALL))


def test_an_unknown_host_speaks_plain_openai():
    """Paths that all share say no more than that, whatever the order of names."""
    call = recognised(post("http://box:9999/openai/v1/chat/completions", b'{"model": "m", "messages": []}'))
    assert (call.provider, call.speaks.dialect) == ("box:9999", "openai")


def test_a_deployment_behind_a_gateway_is_azures():
    """Azure's own paths tell it anywhere."""
    url = "https://apim.example/team/openai/deployments/our-gpt/chat/completions?api-version=2024-10-21"
    call = recognised(post(url, b'{"messages": []}'))
    assert (call.provider, call.model, call.speaks.dialect) == ("apim.example", "our-gpt", "azure")
    assert recognised(post(url, b'{"text": ""}')) is None


def test_hosts_that_merely_look_alike_are_none_of_them():
    """A vendor's name within another host makes no vendor."""
    known = Providers()
    for host in (
        "api.groq.com.evil.example",
        "groq.com",
        "docs.mistral.ai",
        "huggingface.co",
        "x.ai",
        "ollama.evil.example",
    ):
        assert known.owner(f"https://{host}/v1/chat/completions") is None


def test_only_named_models_can_be_retired():
    """A list of models names none."""
    call = recognised(HttpRequest("GET", "https://api.groq.com/openai/v1/models", ()))
    with pytest.raises(FaultUnfit, match="names no model"):
        call.speaks.error("model_retired", call, Draw("k", 0))
    with pytest.raises(FaultUnfit, match="no form for 'strike'"):
        call.speaks.error("strike", call, Draw("k", 0))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("together/meta-llama/Llama-3*", True),
        ("together/meta-llama/*:chat", True),
        ("together/meta-llama/Llama-3.3:free", True),
        ("together/meta-llama/Llama-3.3:free:chat", True),
        ("together/*:free", True),
        ("together/meta-llama/Llama-3.3:free:embeddings", False),
        ("openrouter/meta-llama/*", False),
    ],
)
def test_models_with_slashes_and_colons_can_be_targets(text, fits):
    """What follows the first slash is the model, up to an operation."""
    target = Target.parse(text)
    assert target.matches(call_to("together")) is fits
    assert Target.parse(str(target)) == target


def test_names_are_told_once_and_near_ones_suggested():
    """A table of the user's own may bear a dialect's name; mistyped names get a hint."""
    known = Providers(OWN)
    assert len(known.names()) == len(set(known.names()))
    with pytest.raises(UsageProblem, match="did you mean 'openrouter'"):
        known.check_name("openruoter")
