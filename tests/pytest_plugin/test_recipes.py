"""What README and the pages of docs/ show, to the letter, with an app that fails over right."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
DOCS = ROOT / "docs"
(POLICY,) = re.findall(r"```toml\n(\[tool\.llmchaos\.gate\].*?)```", README, re.DOTALL)
APP = """
from types import SimpleNamespace

import anthropic
import openai

from pytest_llmchaos import llmchaos

client = openai.OpenAI(api_key="k", max_retries=0, timeout=4)
claude = anthropic.Anthropic(api_key="k", max_retries=0, timeout=4)
ASK = [{"role": "user", "content": "hi"}]

def ask():
    try:
        return client.chat.completions.create(model="gpt-5", messages=ASK).choices[0].message.content
    except openai.APIError:
        return claude.messages.create(model="claude-sonnet-5", max_tokens=100, messages=ASK).content[0].text

shop = SimpleNamespace(checkout=lambda: SimpleNamespace(ok=bool(ask())))
"""


@pytest.fixture
def play(pytester, few_plugins, warm):
    """Run pytest on an app and tests, with the gate's policy of README."""

    def play(code: str, *args: str, policy: str = POLICY):
        (pytester.path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n" + policy, "utf-8")
        pytester.makepyfile(test_it=APP + code)
        return pytester.runpytest_inprocess("-p", "llmchaos", "-p", "no:cacheprovider", *args)

    return play


def test_one_test_for_every_outage(play):
    """None fails; what hits no call of the app is skipped, and says so."""
    (code,) = [each for each in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "llmchaos.each(" in each]
    result = play(code, "-rs")
    counted = {key: count for key, count in result.parseoutcomes().items() if key != "warnings"}
    assert set(counted) == {"passed", "skipped"}
    assert counted["passed"] > counted["skipped"]
    result.stdout.fnmatch_lines(["SKIPPED*hits no call of this test (seen: openai/gpt-5:chat)*"])


def commands() -> list[str]:
    """Return every command of the pages that puts scenarios on a whole suite, each on one line."""
    found = []
    for page in (README, *(path.read_text("utf-8") for path in sorted(DOCS.glob("*.md")))):
        for block in re.findall(r"```(?:sh|console|yml)\n(.*?)```", page, re.DOTALL):
            whole = re.sub(r"\\\n\s*|(?<=\S)\n\s+(?=--)|>-\n\s*", " ", block)
            found += re.findall(r"pytest .*--llmchaos.*", whole)
    return found


def test_the_pages_have_recipes():
    """README's, those of continuous integration."""
    assert len(commands()) >= 5


@pytest.mark.parametrize("command", commands())
def test_the_gate_passes(play, pytester, command):
    """On the policy of README where it asks for what that requires, else on none; what it writes is there."""
    _, *options = shlex.split(command, comments=True)
    options = [each for each in options if each not in ("-n", "auto", "tests/")]
    policy = POLICY if "pinned-model-gone" in command else ""
    result = play("def test_bot():\n    assert ask()\n", *options, policy=policy)
    assert result.ret == 0
    for name in (each for each in options if each.endswith((".html", ".jsonl", ".xml"))):
        assert (pytester.path / name).stat().st_size
    if "--llmchaos-gate" in options:
        result.stdout.fnmatch_lines(["PASS: *"])


def test_every_member_of_the_policy(play):
    """As the page on continuous integration names them; and what hit nothing is named though the gate passes."""
    rows = re.findall(r"^\| `([^|]*)` \|", (DOCS / "ci.md").read_text("utf-8"), re.MULTILINE)
    policy = [row for row in rows if " = " in row and not row.startswith("baseline")]
    assert len(policy) >= 5
    command = next(each for each in commands() if "pinned-model-gone" in each)
    options = [each for each in shlex.split(command)[1:] if each.startswith("--llmchaos-matrix") or "tag:" in each]
    lines = "\n".join(["[tool.llmchaos.gate]", *policy])
    result = play("def test_bot():\n    assert ask()\n", *options, "--llmchaos-gate", policy=lines)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["PASS: *", "*scenarios hit no LLM call of any test*anthropic-529-steady*"])


def test_each_plays_a_game_day_where_it_is_asked_for(play):
    """By its whole name or by the tag; and one that was named must hit."""
    result = play(
        """
@llmchaos.each("openai-board-crisis-2023", checks=[])
def test_named(): ask()

@llmchaos.each(kind="continuity", tag=["game-day", "openai"], checks=[])
def test_tagged(): ask()

@llmchaos.each("openai-board-*", "openai-outage", checks=[])
def test_pattern(): ask()

@llmchaos.each("anthropic-overloaded")
def test_missed(): ask()
""",
        "-v",
        "-k",
        "board or outage or missed",
    )
    counted = {key: count for key, count in result.parseoutcomes().items() if key != "warnings"}
    assert counted["failed"] == 1
    result.stdout.fnmatch_lines(["*test_named?openai-board-crisis-2023?*", "*test_tagged?openai-board-crisis-2023?*"])
    result.stdout.no_fnmatch_line("*test_pattern?openai-board-*")


def test_the_first_model_asked_for_is_gone(play):
    """Whatever it is; every other is healthy."""
    play("""
@llmchaos("pinned-model-gone")
def test_it(llmchaos):
    for name in ("one", "two"):
        with llmchaos.request(name):
            assert ask()
    assert [each.status for each in llmchaos.calls] == [404, 200, 404, 200]
""").assert_outcomes(passed=1)


def test_a_host_without_a_name_is_shown_how_to_have_one(play, pytester):
    """The lines that are told make the scenario hit."""
    code = """
local = openai.OpenAI(api_key="k", base_url="http://127.0.0.1:4010/v1", max_retries=0)

def test_local():
    try:
        local.chat.completions.create(model="gpt-5", messages=ASK)
    except openai.APIError:
        ask()
"""
    told = [line.strip() for line in play(code, "--llmchaos=openai-outage").outlines]
    lines = told[told.index("[tool.llmchaos.providers.openai]") :][:3]
    assert "hosts" in lines[1]
    with (pytester.path / "pyproject.toml").open("a") as file:
        file.write("\n" + "\n".join(lines))
    pytester.runpytest_inprocess("-p", "llmchaos", "--llmchaos=openai-outage").stdout.fnmatch_lines(["*1 held*"])


@pytest.mark.parametrize(
    "stub", ['monkeypatch.setattr("time.sleep", lambda s: None)', 'monkeypatch.setattr("time.sleep", mock.Mock())']
)
def test_who_stubs_sleep_has_ignored_nothing(play, stub):
    """Neither by the always-on check nor by the one that is asked for, which cannot tell."""
    play(f"""
from unittest import mock
from pytest_llmchaos import faults

@llmchaos(faults.rate_limit(retry_after="7s", calls=1))
def test_it(llmchaos, monkeypatch):
    {stub}
    client.with_options(max_retries=2).responses.create(model="gpt-5", input="hi")
    assert llmchaos.judge("retry_after_honoured").outcome == "inconclusive"
""").assert_outcomes(passed=1)
