"""Where a request to the proxy is for, and whom the proxy asks."""

from __future__ import annotations

import pytest

from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.game_day.addresses import place, read_origins
from pytest_llmchaos.providers import Providers

OWN = {
    "gpu": {"hosts": ["gpu-2:8000"], "dialect": "vllm"},
    "gateway": {"hosts": ["*.acme.io", "llm.acme.io"], "dialect": "openai"},
    "anyhost": {"hosts": ["*.acme.io"], "dialect": "openai"},
}
REGION = "/v1/projects/p/locations/{}/publishers/google/models/gemini-3-pro:generateContent"


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("/openai/v1/models?x=1", "https://api.openai.com/v1/models?x=1"),
        ("/anthropic/v1/messages", "https://api.anthropic.com/v1/messages"),
        ("/groq/openai/v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions"),
        ("/ollama/api/chat", "http://localhost:11434/api/chat"),
        ("/gpu/v1/chat/completions", "http://gpu-2:8000/v1/chat/completions"),
        ("/gateway/v1/chat/completions", "https://llm.acme.io/v1/chat/completions"),
        ("/azure/openai/v1/responses", "https://shop.openai.azure.com/openai/v1/responses"),
        ("/vertex" + REGION.format("global"), "https://aiplatform.googleapis.com" + REGION.format("global")),
        ("/vertex" + REGION.format("eu"), "https://aiplatform.eu.rep.googleapis.com" + REGION.format("eu")),
        (
            "/vertex" + REGION.format("us-east5"),
            "https://us-east5-aiplatform.googleapis.com" + REGION.format("us-east5"),
        ),
        ("/openai/", "https://api.openai.com/"),
    ],
)
def test_who_is_asked(target, asked):
    """A vendor's own host, the host that the user named, or the origin that the user told."""
    found = place(Providers(OWN), target, {"azure": "https://shop.openai.azure.com/"}, real=True)
    assert found.asked == asked
    assert found.url == asked


@pytest.mark.parametrize("name", ["azure", "bedrock", "watsonx", "litellm", "vllm", "llamacpp", "anyhost"])
def test_nobody_guesses_the_server_of_a_user(name):
    """A key would go to a stranger, or to whatever listens at the usual port; simulated there is no danger."""
    with pytest.raises(UsageProblem, match=rf"--origin {name}=https://"):
        place(Providers(OWN), f"/{name}/v1/chat/completions", {}, real=True)
    assert place(Providers(OWN), f"/{name}/v1/chat/completions", {}).url.endswith("/v1/chat/completions")


def test_an_origin_of_another_host_is_asked_and_the_usual_one_told():
    """The address that tells which call it is stays one that the provider knows."""
    found = place(Providers(), "/openai/v1/models", {"openai": "http://127.0.0.1:9000/sub"})
    assert (found.url, found.asked) == ("https://api.openai.com/v1/models", "http://127.0.0.1:9000/sub/v1/models")


@pytest.mark.parametrize(
    ("target", "told"),
    [("/opnai/v1/models", "did you mean 'openai'"), ("/", "/ names no provider"), ("/openai", "names no provider")],
)
def test_paths_begin_with_a_provider(target, told):
    """The nearest name is offered."""
    with pytest.raises(UsageProblem, match=told):
        place(Providers(), target, {})


def test_the_command_line_goes_before_the_settings():
    """One address for each provider."""
    told = read_origins(["azure=https://a.openai.azure.com/"], {"azure": "https://b", "bedrock": "https://c"})
    assert told == {"azure": "https://a.openai.azure.com", "bedrock": "https://c"}


@pytest.mark.parametrize(
    "url",
    ["", "shop.openai.azure.com", "ftp://x", "https://", "https://x?y=1", "https://k@x", "https://x:99999", "http://["],
)
def test_an_origin_is_an_address(url):
    """What is told names the place."""
    with pytest.raises(UsageProblem, match=r"--origin azure=.*: expected PROVIDER=URL"):
        read_origins([f"azure={url}"], {})
    with pytest.raises(UsageProblem, match=r"\[tool.llmchaos.origins\] azure: expected PROVIDER=URL"):
        read_origins([], {"azure": url})


@pytest.mark.parametrize("name", Providers().names())
def test_a_call_is_known_by_the_name_in_its_path(name):
    """So that a fault aimed at the provider strikes it."""
    sample = Providers().called(name).sample
    path = "/v1/chat/completions" if sample is None else sample.path
    providers = Providers()
    where = place(providers, f"/{name}{path}", {})
    found = providers.route_of(providers.called(where.provider), "POST", where.url)
    assert found is not None
    assert found[0].name == name
