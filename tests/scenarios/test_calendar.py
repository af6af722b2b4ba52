"""`llmchaos calendar`: which of your models is about to go."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from fnmatch import fnmatchcase

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.scenarios import calendar, library
from pytest_llmchaos.scenarios.calendar import Partners, find_in, rehearsals, rows

TODAY = "2026-09-01"


@pytest.fixture(autouse=True)
def _no_sdks(monkeypatch):
    """What the installed SDKs say is theirs, and changes; `test_sdk_calendar.py` is about it."""
    monkeypatch.setattr(calendar, "of_sdks", lambda: ())


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `llmchaos calendar` in an empty folder, on 1 September 2026."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(
        cli, ["calendar", "--today", TODAY, *arguments], prog_name="llmchaos", catch_exceptions=False
    )


def names(text):
    """The retired models that a text names, with their lines."""
    return [(hit.line, hit.model) for hit in find_in(text) if hit.row.kind == "retirement"]


# --- what we know ---


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.kind}-{row.provider}-{row.models[0]}")
def test_each_fact_is_whole(row):
    """It says of whom, since when, how sure it is and where it comes from; it fits itself."""
    assert row.provider in Providers().names()
    assert row.kind in ("retirement", "price", "policy")
    assert row.evidence in ("provider", "second-hand")
    assert re.fullmatch(r"https://\S+", row.source)
    assert row.day is not None or row.what
    assert not row.date or re.fullmatch(r"\d{4}-\d\d(-\d\d)?", row.date)
    assert not row.announced or not row.date or row.announced[:7] <= row.date[:7]
    assert row.conflict or not row.observed or row.observed.startswith("404")
    assert row.kind == "retirement" or row.what
    assert not row.scenario or row.scenario in library.names(())
    for model in row.models:
        real = model.replace("*", "x1").replace("?", "0")
        line = f'model = "{real}"' if row.common else f"use {real} now"
        assert real in [hit.model for hit in find_in(line) if hit.row is row]


def test_conflicts_are_kept():
    """Announced and observed dates stand apart; what sources do not agree on stays visible."""
    told = {row.models[0]: row for row in rows() if row.kind == "retirement"}
    assert (told["code-davinci-002"].date, told["code-davinci-002"].observed) == ("2023-03-23", "2024-01-04")
    assert "2026-06-17" in told["gemini-1.5-*"].conflict
    assert "slipped" in told["gpt-3.5-turbo-0613"].conflict


def test_no_model_is_told_twice():
    """Each name has one date of retirement."""
    for row in rows():
        for model in row.models:
            real = model.replace("*", "x1").replace("?", "0")
            found = find_in(f'model = "{real}"')
            assert len({id(hit.row) for hit in found if hit.row.kind == "retirement"}) <= 1


# --- where it is named ---


@pytest.mark.parametrize(
    "text",
    [
        'model="gpt-4"', "model: gpt-4", "MODEL=gpt-4", "`gpt-4`", "openai/gpt-4", "We use gpt-4.", "gpt-4, or",
        "(gpt-4)", "ft:gpt-4:my-org", "gpt-4:extended", "https://openrouter.ai/openai/gpt-4", "\tgpt-4\r", "gpt-4",
    ],
)  # fmt: skip
def test_a_name_is_found(text):
    """As a whole word, in code, configuration, prose and paths."""
    assert names(text) == [(1, "gpt-4")]


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4x", "gpt-42", "my-gpt-4", "xgpt-4", "gpt-4_turbo", "gpt-4-custom", "gpt-4.5", "gpt-4*", "gpt-4?", "GPT-4",
        "module.gpt-4", "gpt-4@2024", "chat_gpt-4", "gpt-4o-audio-preview", "my.beta.assistantsx", "claude-sonnet-4-5",
        "claude-opus-4-5-20251101", "text-embedding-ada-002", "grok-4.3", "gemini-2.0-flash-live-001", "command-r7b",
        "meta-llama/Mixtral-8x7B-Instruct", "",
    ],
)  # fmt: skip
def test_a_longer_word_is_no_hit(text):
    """Nor is another model whose name begins the same, nor a pattern."""
    assert names(text) == []


@pytest.mark.parametrize(
    "text", ['model = "o1"', "model: o1", "OPENAI_MODEL=o1", "model: o1  # fast", 'engine="openai/o1",']
)
def test_an_everyday_word_is_a_model_where_the_line_says_so(text):
    """As the whole value."""
    assert [model for _, model in names(text)] == ["o1"]


@pytest.mark.parametrize(
    "text",
    [
        "o1 = 3",
        'x = "o1"',
        "the o1 model",
        "model: o1 and others",
        "run(command)",
        'args = ["command"]',
        "Ada Lovelace",
    ],
)
def test_an_everyday_word_is_none_elsewhere(text):
    """`o1`, `command` and `ada` are words."""
    assert names(text) == []


def test_lines_are_those_of_editors():
    """From 1; a name twice in a line comes once."""
    assert names("a\ngpt-4 gpt-4\n\nclaude-2.1\n") == [(2, "gpt-4"), (4, "claude-2.1")]


@pytest.mark.parametrize(
    "text",
    [
        "azure/gpt-4", "vertex_ai/claude-3-opus-20240229", "bedrock/claude-3-opus-20240229",
        "us.anthropic.claude-3-opus-20240229", "https://me.openai.azure.com/openai/deployments/gpt-4/chat",
    ],
)  # fmt: skip
def test_a_reselling_cloud_has_dates_of_its_own(text):
    """The name is left out, and told."""
    partners = Partners()
    assert [hit for hit in find_in(text, partners) if hit.row.kind == "retirement"] == []
    assert len(partners.names) == 1


def test_bedrocks_own_date_is_known():
    """With or without the prefix of an inference profile."""
    for text in ("anthropic.claude-sonnet-4-20250514-v1:0", "us.anthropic.claude-sonnet-4-20250514-v1:0"):
        found = [hit for hit in find_in(text) if hit.row.kind == "retirement"]
        assert [(hit.row.provider, hit.row.date) for hit in found] == [("bedrock", "2026-10-14")]


def test_endpoints_are_found_too():
    """The Assistants API goes as a whole."""
    assert names("client.beta.assistants.create()") == [(1, "beta.assistants")]
    assert names("https://api.openai.com/v1/assistants") == [(1, "v1/assistants")]


# --- what rehearses it ---


def test_the_scenario_is_the_providers_own_or_the_general_one():
    """The most exact target wins."""
    told = {row.models[0]: row for row in rows() if row.kind == "retirement"}
    found = rehearsals(rows())
    for model, provider in (("claude-3-opus-20240229", "anthropic"), ("gpt-4-vision-preview", "openai")):
        injections = library.load(found[id(told[model])]).injections
        targets = [one for each in injections if each.fault.name == "model_retired" for one in each.target.each]
        assert any(one.provider == provider and fnmatchcase(model, one.model) for one in targets)
    assert set(found.values()) <= {"", *library.names()}
    assert all(found[id(row)] for row in told.values())


# --- the command ---


def test_the_table(run, tmp_path):
    """Sorted by date; what is gone, what is due and what has time; exit code 1."""
    (tmp_path / "app.py").write_text('A = "gpt-4o"\nB = "gpt-4"\n')
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "x.yaml").write_text("model: claude-3-opus-20240229\nother: codex-mini-latest\n")
    result = run()
    assert result.exit_code == 1
    lines = [re.split(r"  +", line) for line in result.stdout.split("\n\n")[0].splitlines()]
    assert {each.pop() for each in lines} == {"told by", "our list"}
    assert {each.pop() for each in lines} - {"scenario"} <= set(library.names())
    assert lines == [
        ["file:line", "model", "provider", "date", "days", "successor"],
        ["conf/x.yaml:1", "claude-3-opus-20240229", "anthropic", "2026-01-05", "-239", "-"],
        ["conf/x.yaml:2", "codex-mini-latest", "openai", "2026-01-16*", "-228", "-"],
        ["app.py:2", "gpt-4", "openai", "2026-10-23", "52", "-"],
        ["app.py:1", "gpt-4o", "openai", "2027-01-14*", "135", "-"],
    ]
    assert "openai/codex-mini-latest, 2026-01-16 (retirement): announced for 2026-01-16, later for" in result.stdout


@pytest.mark.parametrize(("within", "code"), [("90d", 1), ("52d", 1), ("51d", 0), ("0s", 0)])
def test_the_window_decides(run, tmp_path, within, code):
    """What goes later is listed all the same."""
    (tmp_path / "app.py").write_text("gpt-4\n")
    result = run("--within", within)
    assert (result.exit_code, "gpt-4" in result.stdout) == (code, True)


def test_nothing_named_is_nothing_due(run, tmp_path):
    """It says how much it read."""
    (tmp_path / "app.py").write_text("gpt-9\n")
    result = run()
    assert (result.exit_code, result.stdout) == (
        0,
        "none of the models that we know dates of is named in 1 text file\n",
    )


def test_prices_and_policies_are_told_while_they_are_near(run, tmp_path):
    """Once per file; what has been in force for long is no news, and only what is to come is due."""
    (tmp_path / "app.py").write_text("gpt-5.2\ngpt-5.2\n")
    assert "none of the models" in run("--today", "2026-12-01").stdout
    assert run("--today", "2026-06-10").exit_code == 0
    result = run("--today", "2026-05-20")
    assert result.exit_code == 1
    assert result.stdout.count("app.py:") == 1
    assert "(policy): the default retention of prompt caches changed" in result.stdout


def test_json_has_everything(run, tmp_path):
    """For other tools: with announcement, evidence and source."""
    (tmp_path / "app.py").write_text("grok-2-1212\ngrok-4-1-fast-reasoning\n")
    result = run("--format", "json")
    first, second = json.loads(result.stdout)
    assert (first["days"], first["due"], first["date"]) == (None, True, "")
    assert (second["file"], second["line"], second["successor"], second["days"]) == ("app.py", 2, "grok-4.3", -109)
    assert {"provider", "kind", "announced", "observed", "conflict", "what", "scenario", "evidence", "source"} <= set(
        second
    )
    (tmp_path / "app.py").write_text("")
    assert json.loads(run("--format", "json").stdout) == []


def test_paths_narrow(run, tmp_path):
    """Files and folders; one that two paths lead to comes once."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.env").write_text("MODEL=gpt-4\n")
    (tmp_path / "b.env").write_text("MODEL=gpt-4\n")
    assert run("a").stdout.count("gpt-4") == 1
    assert run("a", "a/x.env", ".").stdout.count("gpt-4") == 2


def test_what_is_not_text_or_not_yours_is_skipped(run, tmp_path):
    """Version control, environments, modules, caches, binary files and links; loops and pipes do no harm."""
    for folder in (".git", "node_modules", "__pycache__", ".ruff_cache", "deep/site-packages"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.py").write_text("gpt-4\n")
    (tmp_path / "myenv").mkdir()
    (tmp_path / "myenv" / "pyvenv.cfg").write_text("home = gpt-4\n")
    (tmp_path / "image.bin").write_bytes(b"\x00gpt-4\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / ".git" / "x.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin.txt").write_bytes("größe gpt-4\n".encode("latin-1"))
    (tmp_path / "wide.txt").write_text("größe gpt-4\n", encoding="utf-16")
    result = run()
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["latin.txt:1", "wide.txt:1"]
    assert result.stderr == ""


def test_what_was_not_read_is_told(run, tmp_path):
    """A huge file may name something."""
    (tmp_path / "dump.sql").write_text("gpt-4\n" * 400_000)
    result = run()
    assert (result.exit_code, result.stderr) == (0, "not read: dump.sql (larger than 2 MiB)\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "nowhere: there is no such file or folder"),
        (("--today", "tomorrow"), "tomorrow"),
        (("--within", "90"), "'90' is not a duration"),
        (("--format", "xml"), "xml"),
    ],
)
def test_bad_input_exits_with_2(run, arguments, says):
    """With one message."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_a_big_tree_is_read_whole(run, tmp_path):
    """Hundreds of files, and one with ten thousand hits."""
    for number in range(300):
        (tmp_path / f"f{number}.py").write_text("import os\n" * 100 + 'MODEL = os.environ["o1"]\n')
    (tmp_path / "many.txt").write_text("gpt-4 and claude-2.1\n" * 5_000)
    result = run("--format", "json")
    assert result.exit_code == 1
    assert {each["line"] for each in json.loads(result.stdout) if each["file"] == "many.txt"} == set(range(1, 5_001))


def test_today_is_the_default(run, tmp_path, monkeypatch):
    """The real one."""
    (tmp_path / "app.py").write_text("grok-3\n")
    days = [date.today()]
    result = CliRunner().invoke(cli, ["calendar", "--format", "json"])
    days.append(date.today())
    assert json.loads(result.stdout)[0]["days"] in [(date(2026, 5, 15) - each).days for each in days]
