"""What `llmchaos env` prints, and that SDKs which are told nothing else ask the proxy."""

from __future__ import annotations

import gc
import importlib.util
import shlex
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pytest_llmchaos import inject
from pytest_llmchaos.cli import cli
from pytest_llmchaos.game_day.exports import BEFORE, exports
from pytest_llmchaos.game_day.known import known
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

from ..models import CLAUDE

USUAL = "http://127.0.0.1:8800"
SAID = [{"role": "user", "content": "Where is my order?"}]
VARIABLES = {name for each in Providers().names() for name in Providers().called(each).base_url_variables}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in an empty folder, where nothing is set."""
    monkeypatch.chdir(tmp_path)
    for name in (*VARIABLES, "LLMCHAOS_CONTROL", BEFORE, "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(cli, ["env", *arguments], prog_name="llmchaos")


def _in_shell(script: str, *, show: str = "OPENAI_BASE_URL", **given: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", "-euc", f'{script}\nprintf %s "${{{show}-nothing}}"'],
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("address", ["http://127.0.0.1:8800", "http://[::1]:8800/", "https://chaos.shop.internal/llm"])
@pytest.mark.parametrize("quotes", ['"', ""])
def test_a_shell_takes_it(run, address, quotes):
    """Without quotes all lines become one, and nothing is lost."""
    printed = run("--proxy", address).stdout
    script = f"eval {quotes}$(printf %s {shlex.quote(printed)}){quotes}"
    expected = f"{address.rstrip('/')}/openai/v1"
    assert _in_shell(script) == expected
    assert _in_shell(script, show="ANTHROPIC_BASE_URL") == f"{address.rstrip('/')}/anthropic"


@pytest.mark.parametrize("quotes", ['"', ""])
def test_a_shell_forgets_it(run, quotes):
    """What was exported is unset, and nothing else."""
    printed = run("--unset").stdout
    script = f"eval {quotes}$(printf %s {shlex.quote(printed)}){quotes}"
    assert _in_shell(script, OPENAI_BASE_URL="http://x") == "nothing"
    assert _in_shell(script, show="OPENAI_API_KEY", OPENAI_API_KEY="k") == "k"
    assert [line.removeprefix("unset ").rstrip(";") for line in printed.splitlines()[:-1]] == list(
        exports(Providers(), USUAL).variables
    )


def test_an_env_file_has_no_quotes(run):
    """`docker --env-file` takes all behind the first `=` for the value."""
    comment, *lines = run("--format", "dotenv", "--proxy", "http://[::1]:8800").stdout.splitlines()
    assert comment.startswith("# ")
    assert dict(line.split("=", 1) for line in lines) == exports(Providers(), "http://[::1]:8800").variables


def test_compose_and_kubernetes_read_it(run):
    """As a service's `environment` and a container's `env`."""
    expected = exports(Providers(), "http://llmchaos:8800").variables
    for form in ("compose", "kubernetes"):
        result = run("--format", form, "--proxy", "http://llmchaos:8800")
        assert result.stdout.startswith("# ")
        assert "container" not in result.stderr
        found = yaml.safe_load(result.stdout)
        if form == "kubernetes":
            assert {each["name"]: each["value"] for each in found.pop("env")} == expected
        else:
            assert found.pop("environment") == expected
        assert found == {}
        assert "127.0.0.1 is the container itself" in run("--format", form).stderr


def test_notes_are_not_evaluated(run, monkeypatch):
    """Whoever has no variable and what is left out stand on stderr; what was set before, nowhere."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1?key=sk-canary")
    monkeypatch.setenv("HTTP_PROXY", "http://squid:3128")
    result = run()
    assert result.exit_code == 0
    assert all(line.startswith(("export ", "# ")) for line in result.stdout.splitlines())
    assert "no proxy runs in this folder" in result.stderr
    assert "deepseek" in result.stderr
    assert "--provider azure" in result.stderr
    assert "no_proxy" in result.stderr
    assert "canary" not in result.output


def test_the_proxy_of_this_folder(run):
    """The one that runs here is found, and an address that is told goes before it."""
    with known("http://127.0.0.1:9911", "made-up", Path("ca-bundle.pem")):
        assert "=http://127.0.0.1:9911/openai/v1;" in run().stdout
        assert "made-up" not in run().output
        assert "=http://127.0.0.1:9/openai/v1;" in run("--proxy", "http://127.0.0.1:9").stdout
    assert f"={USUAL}/openai/v1;" in run().stdout


def test_only_some_providers(run):
    """Named ones alone; Azure's variables, which alone change what clients do, only then or where they are set."""
    assert run("--provider", "groq").stdout.splitlines()[1:-1] == [f"export GROQ_BASE_URL={USUAL}/groq;"]
    assert "AZURE" not in run().stdout
    assert f"AZURE_OPENAI_ENDPOINT={USUAL}/azure;" in run("--provider", "azure").stdout


def test_azure_where_it_is_used_already(run, monkeypatch):
    """An app that has the variable is moved to the proxy like all others."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://shop.openai.azure.com")
    assert f"AZURE_OPENAI_ENDPOINT={USUAL}/azure;" in run().stdout


def test_a_provider_of_ones_own(run, tmp_path):
    """It takes its dialect's variable where it is asked for; two for one variable are refused."""
    (tmp_path / "pyproject.toml").write_text('[tool.llmchaos.providers."our gate"]\nhosts = ["gate.shop.internal"]\n')
    assert f"OPENAI_BASE_URL={USUAL}/openai/v1;" in run().stdout
    assert f"OPENAI_BASE_URL={USUAL}/our%20gate/v1;" in run("--provider", "our gate").stdout
    result = run("--provider", "our gate", "--provider", "openai")
    assert result.exit_code == 2
    assert "OPENAI_BASE_URL can name one provider, not both our gate and openai" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--provider", "opnai"], "did you mean 'openai'?"),
        (["--provider", "deepseek"], "http://127.0.0.1:8800/deepseek"),
        (["--format", "shel"], "'shell'"),
        (["--unset", "--format", "compose"], "--unset is for shells"),
        (["--proxy", "127.0.0.1:8800"], "is not the address of a proxy"),
        (["--proxy", "http://127.0.0.1:88000"], "is not the address of a proxy"),
        (["--proxy", "http://x/$(rm -rf)"], "is not the address of a proxy"),
        (["--proxy", "http://x/\nexport A=1"], "is not the address of a proxy"),
        (["--proxy", ""], "is not the address of a proxy"),
    ],
)
def test_mistakes(run, arguments, told):
    """One message, nothing to evaluate."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


# --- the real SDKs ---


def _of(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"needs {name}: pip install -e '.[test,providers]'")


def _chat(client: Any, model: str) -> Any:
    return client.chat.completions.create(model=model, messages=SAID).choices[0].message.content


def _claude(client: Any, model: str = CLAUDE) -> Any:
    return client.messages.create(model=model, max_tokens=50, messages=SAID).content[0].text


def _gemini(**how: Any) -> Any:
    client = _of("google.genai").Client(**how)
    return client.models.generate_content(model="gemini-3-pro", contents="hi").text


def _vertex() -> Any:
    who = _of("google.oauth2.credentials").Credentials(token="ya29.canary")
    return _gemini(vertexai=True, project="shop", location="us-central1", credentials=who)


def _converse() -> Any:
    keys = {"aws_access_key_id": "AKIACANARY", "aws_secret_access_key": "canary"}
    client = _of("boto3").client("bedrock-runtime", region_name="eu-west-1", **keys)
    asked = [{"role": "user", "content": [{"text": "hi"}]}]
    return client.converse(modelId="amazon.nova-lite-v1:0", messages=asked)["output"]["message"]["content"]


def _anthropic_on_bedrock() -> Any:
    _of("boto3")
    keys = {"aws_region": "us-east-1", "aws_access_key": "AKIACANARY", "aws_secret_key": "canary"}
    return _claude(_of("anthropic").AnthropicBedrock(**keys), "anthropic.claude-sonnet-4-5-20250929-v1:0")


def _anthropic_on_vertex() -> Any:
    _of("google.auth")
    where = {"region": "us-east5", "project_id": "shop", "access_token": "ya29.canary"}
    return _claude(_of("anthropic").AnthropicVertex(**where), "claude-sonnet-4-5@20250929")


def _mantle() -> Any:
    _of("boto3")
    client = _of("anthropic").AnthropicBedrockMantle(aws_region="us-east-1", api_key="no-key")
    return _claude(client, "anthropic.claude-sonnet-4-5")


def _cohere() -> Any:
    _of("cohere")
    # It reads the variable as it is imported, so a copy is: other tests keep theirs.
    known = importlib.import_module("cohere.client_v2")
    spec = importlib.util.spec_from_file_location("cohere.client_v2", known.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer = module.ClientV2(api_key="no-key").chat(model="command-a-03-2025", messages=SAID)
    return answer.message.content[0].text


ASK: dict[str, tuple[str, Callable[[], Any]]] = {
    "OPENAI_BASE_URL": ("openai", lambda: _chat(_of("openai").OpenAI(api_key="no-key"), "gpt-5")),
    "ANTHROPIC_BASE_URL": ("anthropic", lambda: _claude(_of("anthropic").Anthropic(api_key="no-key"))),
    "AZURE_OPENAI_ENDPOINT": (
        "azure",
        lambda: _chat(_of("openai").AzureOpenAI(api_key="no-key", api_version="2024-10-21"), "our-gpt"),
    ),
    "ANTHROPIC_FOUNDRY_BASE_URL": ("azure", lambda: _claude(_of("anthropic").AnthropicFoundry(api_key="no-key"))),
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": ("bedrock", _converse),
    "ANTHROPIC_BEDROCK_BASE_URL": ("bedrock", _anthropic_on_bedrock),
    "ANTHROPIC_BEDROCK_MANTLE_BASE_URL": ("bedrock", _mantle),
    "AWS_BEDROCK_BASE_URL": (
        "bedrock",
        lambda: _chat(_of("openai").BedrockOpenAI(api_key="no-key", aws_region="us-east-1"), "openai.gpt-oss-20b-1:0"),
    ),
    "CO_API_URL": ("cohere", _cohere),
    "FIREWORKS_BASE_URL": (
        "fireworks",
        lambda: _chat(_of("fireworks").Fireworks(api_key="no-key"), "accounts/fireworks/models/qwen3"),
    ),
    "GOOGLE_GEMINI_BASE_URL": ("gemini", lambda: _gemini(api_key="no-key", vertexai=False)),
    "GOOGLE_VERTEX_BASE_URL": ("vertex", _vertex),
    "ANTHROPIC_VERTEX_BASE_URL": ("vertex", _anthropic_on_vertex),
    "GROQ_BASE_URL": ("groq", lambda: _chat(_of("groq").Groq(api_key="no-key"), "llama-3.3-70b-versatile")),
    "OLLAMA_HOST": ("ollama", lambda: _of("ollama").Client().chat("llama3.2", SAID).message.content),
    "PERPLEXITY_BASE_URL": ("perplexity", lambda: _chat(_of("perplexity").Perplexity(api_key="no-key"), "sonar")),
    "REPLICATE_BASE_URL": (
        "replicate",
        lambda: _of("replicate").Client(api_token="no-key").run("meta/meta-llama-3-70b-instruct", {"prompt": "hi"}),
    ),
    "TOGETHER_BASE_URL": ("together", lambda: _chat(_of("together").Together(api_key="no-key"), "meta-llama/Llama-3")),
}
"""By variable: whose it is, and a call of a client that is told nothing but a key; it gives what was answered."""


def test_every_variable_is_tried():
    """The table below misses none."""
    assert set(ASK) == VARIABLES


@pytest.fixture
def let_go():
    """Collect clients that have no way to be closed, here where their open sockets warn nobody."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.needs_current_sdk
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.usefixtures("let_go")
@pytest.mark.parametrize("variable", ASK)
def test_the_sdk_asks_the_proxy(serve, monkeypatch, variable):
    """For the path that it asks of the provider itself when it is told nothing, and it understands the answer."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    provider, ask = ASK[variable]
    if Providers().called(provider).base_url_when_named:  # has no address that all know
        own = "https://shop.openai.azure.com" + Providers().called(provider).base_url_variables[variable]
        monkeypatch.setenv(variable, own)
    paths: dict[Any, list[str]] = {}
    begin = Chaos.begin

    def noted(run: Chaos, found: Any, sent: Any, *more: Any, **options: Any) -> Any:
        paths.setdefault(run, []).append(sent.path)
        return begin(run, found, sent, *more, **options)

    monkeypatch.setattr(Chaos, "begin", noted)
    with inject(checks=[]) as chaos:
        ask()
    served = serve()
    monkeypatch.setenv(variable, exports(Providers(), served.url, [provider]).variables[variable])
    assert ask()
    assert paths[served.run] == paths[chaos]
    assert {each.provider for each in served.run.calls} == {provider}
    assert served.proxy.unknown == {}


def test_what_was_set_otherwise_is_left(tmp_path, monkeypatch):
    """`--unset` without an export before takes nothing of the user's own away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://my-gateway.example/v1")
    monkeypatch.setenv("GROQ_BASE_URL", "http://127.0.0.1:8800/groq")
    told = CliRunner().invoke(cli, ["env", "--unset"]).stdout
    assert "unset GROQ_BASE_URL;" in told
    assert "OPENAI_BASE_URL" not in told
