"""`[tool.llmchaos]` in pyproject.toml."""

from __future__ import annotations

import httpx2
import pytest

from pytest_llmchaos import UsageProblem, faults, inject
from pytest_llmchaos.core import config
from pytest_llmchaos.providers import Providers


def write(folder, text):
    """Write a pyproject.toml."""
    (folder / "pyproject.toml").write_text(text, "utf-8")


def test_no_file_no_settings(tmp_path):
    """Without a table everything has its default."""
    write(tmp_path, "[project]\nname = 'x'\n")
    assert config.load(tmp_path).providers == {}


def test_the_nearest_file_above_counts(tmp_path):
    """Settings are found from a folder below; scenario folders are relative to the file."""
    write(tmp_path, "[tool.llmchaos]\nscenarios = ['chaos']\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert config.load(below).scenarios == (tmp_path / "chaos",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.llmchaos]\nprovidres = {}", "no 'providres'.*did you mean 'providers'"),
        ("[tool.llmchaos]\nproviders = 3", "must be a table"),
        ("[tool.llmchaos]\norigins = 'https://x'", "must be a table of URLs"),
        ("[tool.llmchaos.origins]\nazure = 3", "must be a table of URLs"),
        ("[tool.llmchaos]\nscenarios = 'x'", "must be a list of folders"),
        ("[tool.llmchaos", "pyproject.toml: "),
        ("tool = 5", r"\[tool\] must be a table, got 5"),
        ("[tool]\nllmchaos = []", r"\[tool.llmchaos\] must be a table, got \[\]"),
        (f"[tool.llmchaos.gate]\nattempts = {'9' * 5000}", "pyproject.toml: "),
        (f"[tool.other]\na = {'[' * 5000}{']' * 5000}", "pyproject.toml: "),
        ("[tool.llmchoas]\nsuppress = {}", r"\[tool.llmchoas\] .* did you mean \[tool.llmchaos\]"),
    ],
)
def test_mistakes_name_the_file(tmp_path, text, message):
    """Each names the file and what was expected."""
    write(tmp_path, text)
    with pytest.raises(UsageProblem, match=message):
        config.load(tmp_path)


@pytest.mark.parametrize("name", ["chaos", "llm", "llmchat"])
def test_the_table_of_another_tool(tmp_path, name):
    """It is none of ours."""
    write(tmp_path, f"[tool.{name}]\nx = 1\n")
    assert config.load(tmp_path).gate is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"gw": 3}, "is not a table"),
        ({"gw": {"host": "x"}}, "'host' is not known.*did you mean 'hosts'"),
        ({"gw": {"hosts": []}}, "must be a host or a list"),
        ({"gw": {"hosts": "x", "dialect": "opnai"}}, "'opnai' is not a dialect.*did you mean 'openai'"),
    ],
)
def test_mistakes_in_a_provider_name_its_table(table, message):
    """Each names the table."""
    with pytest.raises(UsageProblem, match=rf"\[tool.llmchaos.providers.gw\].*{message}"):
        Providers(table)


def test_a_named_endpoint_is_a_target(tmp_path, monkeypatch):
    """A host of one's own gets a name and speaks its dialect; its real vendor's names do not hit it."""
    write(tmp_path, "[tool.llmchaos.providers.our-gateway]\nhosts = ['llm.internal:8000']\ndialect = 'anthropic'\n")
    monkeypatch.chdir(tmp_path)
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    with inject(faults.overloaded(target="our-gateway")) as chaos:
        assert httpx2.post("http://llm.internal:8000/v1/messages", json=body).status_code == 529
    assert chaos.calls[0].label == "our-gateway/m:chat"


def test_an_unnamed_endpoint_is_named_by_its_host():
    """Any host that speaks a dialect is recognised by path and body."""
    body = {"model": "llama3:8b", "messages": [{"role": "user", "content": "x"}]}
    with inject(faults.outage(target="localhost:8000/llama*:chat")) as chaos:
        assert httpx2.post("http://localhost:8000/v1/chat/completions", json=body).status_code == 503
    assert chaos.calls[0].provider == "localhost:8000"
