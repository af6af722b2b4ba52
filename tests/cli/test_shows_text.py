"""What comes from files reaches a terminal as text: it cannot clear the screen, set the title or hide lines."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.scenarios import library
from pytest_llmchaos.scenarios.scenario_file import dump, loads

from ..report import records

BAD = "\x1b]0;title\x07\x9b2J\u202e\x08"
YAML = r"\e]0;title\a\x9b2J\u202e\b"
"""The same as YAML writes it."""
SCENARIO = f"""
name: own
title: "t{YAML}"
tags: ["tag{YAML}"]
sources: ["https://example.org/{YAML}"]
hypothesis: "h{YAML}"
notes: "n{YAML}"
phases:
  - {{name: "p{YAML}", lasts: 1s, inject: [{{fault: outage, target: "openai/m{YAML}"}}]}}
  - {{name: "q{YAML}", inject: []}}
expect:
  - not_called: {{target: "openai/x{YAML}"}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project whose scenarios, settings and journals hold control characters wherever they can."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # on a narrow terminal a text may be cut
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.yaml").write_text(SCENARIO, "utf-8")
    (tmp_path / f"bad{BAD}.yaml").write_text(f'"key{YAML}": 1\nname: "{YAML}"\ntags: 5\n', "utf-8")
    (tmp_path / f"models{BAD}.py").write_text('MODEL = "gpt-4-0314"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.llmchaos]\nscenarios = ["own"]\n')
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "own"),
        ("show", "./own/own.yaml"),
        ("show", BAD),
        ("show", f"bad{BAD}.yaml"),
        ("list",),
        ("list", "--tag", "tag*"),
        ("list", "--tag", f"none{BAD}"),
        ("validate", "own", f"bad{BAD}.yaml", f"none{BAD}.yaml"),
        ("calendar", "--today", "2026-11-27"),
        ("calendar", "--format", "json"),
        ("calendar", f"none{BAD}"),
        ("new", f"x{BAD}"),
        ("gate", f"none{BAD}.jsonl"),
        ("report", f"none{BAD}.jsonl"),
    ],
    ids=str,
)
def test_no_command_sends_control_characters(folder, arguments):
    """Whatever the files hold, and however they are named."""
    result = CliRunner().invoke(cli, arguments, prog_name="llmchaos")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert [each for each in result.output if not each.isprintable() and each != "\n"] == []
    assert result.output


def test_the_scenario_is_shown_nevertheless(folder):
    """Each text, with the signs as escapes."""
    output = CliRunner().invoke(cli, ["show", "own"], prog_name="llmchaos").output
    shown = r"\x1b]0;title\x07\x9b2J\u202e\x08"
    assert f"tags: tag{shown}" in output
    assert all(f"{letter}{shown}" in output for letter in "thnpq")
    assert loads(dump(library.load("own"))) == library.load("own")


def test_settings_are_told_as_text(folder):
    """A key of pyproject.toml that is none."""
    (folder / "pyproject.toml").write_text('[tool.llmchaos]\n"x\\u001b]0;y\\u0007" = 1\n')
    result = CliRunner().invoke(cli, ["list"], prog_name="llmchaos")
    assert result.exit_code == 2
    assert "\x1b" not in result.output


def test_reports_of_hostile_journals_too(folder):
    """The forms for terminals; the files are tested with each form."""
    from pytest_llmchaos.gate.journal_file import append

    append(folder / "j.jsonl", records.hostile())
    for command in ("report", "gate"):
        result = CliRunner().invoke(cli, [command, "j.jsonl"], prog_name="llmchaos")
        assert [each for each in result.output if not each.isprintable() and each != "\n"] == []
