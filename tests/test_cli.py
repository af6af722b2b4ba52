"""The llmchaos command."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli

REPOSITORY = Path(__file__).parents[1]
GOOD = "name: good\ntags: [mine]\ninject:\n  - {fault: overloaded, target: openai, rate: 10%, calls: 2-}\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in an empty folder and return its result."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, arguments, prog_name="llmchaos")


def test_list_shows_name_title_and_tags(run):
    """One line per scenario, sorted by name."""
    result = run("list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines == sorted(lines)
    (line,) = [line for line in lines if line.startswith("openai-outage ")]
    assert line.endswith("outage, openai")
    assert "502 and 503" in line


def test_list_is_narrowed_by_tags_and_provider(run):
    """Each tag narrows; patterns are allowed."""
    assert [line.split()[0] for line in run("list", "--tag", "deprec*").output.splitlines()] == [
        "claude-model-retired",
        "model-retired",
    ]
    narrowed = run("list", "--tag", "deprecation", "--tag", "policy", "--provider", "anthropic").output
    assert [line.split()[0] for line in narrowed.splitlines()] == ["claude-model-retired"]


def test_list_has_the_users_own(run, tmp_path):
    """The folders of `[tool.llmchaos]` are searched too."""
    (tmp_path / "pyproject.toml").write_text("[tool.llmchaos]\nscenarios = ['chaos']\n")
    (tmp_path / "chaos").mkdir()
    (tmp_path / "chaos" / "good.yaml").write_text(GOOD)
    assert run("list", "--tag", "mine").output.split()[0] == "good"


def test_list_of_nothing_names_the_near_tag(run):
    """An error of the user's is one message, exit code 2."""
    result = run("list", "--tag", "deprecatio")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: no scenario has the tag 'deprecatio'; did you mean 'deprecation'?")
    assert result.stdout == ""


def test_show_tells_the_whole_scenario(run):
    """Phases with their times, faults and targets; expectations; evidence; sources."""
    result = run("show", "openai-board-crisis-2023")
    assert result.exit_code == 0
    for expected in (
        "openai-board-crisis-2023: The provider's future is in doubt over one weekend",
        "  at   lasts       phase    fault                             target  when",
        "  0s   10m         rumours  latency(delay=lognormal 6s..20s)  openai",
        "                            overloaded                        openai  10% of the calls",
        "  10m  30m         gone     outage                            openai",
        "  40m  to the end  back     (healthy)",
        "  attempts(at_most=3, per='provider')",
        "  https://fortune.com/2023/11/21/openai-sam-altman-microsoft-customers-morgan-stanley-amazon",
    ):
        assert expected in result.output.splitlines()
    assert "The wire shape is" in result.output


def test_show_takes_a_file(run, tmp_path):
    """One's own file needs no installation."""
    (tmp_path / "good.yaml").write_text(GOOD)
    assert run("show", "good.yaml").output.splitlines() == [
        "good",
        "tags: mine",
        "",
        "phases",
        "  at  lasts       phase  fault       target  when",
        "  0s  to the end  -      overloaded  openai  10% of the calls, calls 2-",
    ]


def test_show_of_an_unknown_name_names_the_near_one(run):
    """No traceback, exit code 2."""
    result = run("show", "openai-outge")
    assert result.exit_code == 2
    assert "did you mean 'openai-outage'?" in result.stderr
    assert "Traceback" not in result.output


def test_validate_accepts_good_files(run, tmp_path):
    """Each is named."""
    (tmp_path / "good.yaml").write_text(GOOD)
    result = run("validate", "good.yaml")
    assert (result.exit_code, result.output) == (0, "good.yaml: ok (good)\n")


def test_validate_shows_all_problems_of_all_files(run, tmp_path):
    """One run is enough to know everything that is wrong."""
    (tmp_path / "a.yaml").write_text(GOOD.replace("overloaded", "overload").replace("10%", "0"))
    (tmp_path / "b.yaml").write_text("name: B\n")
    (tmp_path / "c.yaml").write_text(GOOD)
    result = run("validate", "a.yaml", "b.yaml", "c.yaml", "d.yaml")
    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == [
        "a.yaml:4:13",
        "b.yaml:1:1",
        "b.yaml:1:7",
        "c.yaml",
        "d.yaml",
    ]
    assert "did you mean 'overloaded'?" in result.stdout
    assert result.stderr == "3 bad files\n"


def test_validate_takes_folders(run, tmp_path):
    """All scenario files in them are checked."""
    (tmp_path / "chaos").mkdir()
    (tmp_path / "chaos" / "good.yaml").write_text(GOOD)
    (tmp_path / "empty").mkdir()
    assert run("validate", "chaos").output == "chaos/good.yaml: ok (good)\n"
    result = run("validate", "empty")
    assert result.exit_code == 2
    assert "no scenario file (*.yaml) in this folder" in result.stderr


def test_the_shipped_scenarios_are_valid(run):
    """Ours pass our own check."""
    assert run("validate", str(REPOSITORY / "scenarios")).exit_code == 0


@pytest.mark.parametrize("arguments", [("validate",), ("show",), ("nope",), ("list", "--nope")])
def test_a_usage_error_exits_with_2(run, arguments):
    """As click does it."""
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("code", [0, 1])
def test_demo_exits_as_the_demo_says(run, monkeypatch, code):
    """The demo is imported only when it is asked for."""
    demo = types.ModuleType("pytest_llmchaos.demo")
    demo.run = lambda: code
    monkeypatch.setitem(sys.modules, "pytest_llmchaos.demo", demo)
    assert run("demo").exit_code == code


def test_help_and_version(run):
    """Each command says in one sentence what it is for."""
    text = run("-h").output
    for command in ("demo", "list", "show", "validate"):
        assert f"  {command}" in text
        assert run(command, "--help").exit_code == 0


def test_the_module_is_the_command():
    """`python -m pytest_llmchaos` does what `llmchaos` does, and starts without anything heavy."""
    code = (
        "import sys, pytest_llmchaos.cli as c\n"
        "heavy = {'yaml', 'httpx', 'respx', 'hypothesis', 'faker', 'openai', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)  # noqa: S603
    done = subprocess.run(
        [sys.executable, "-m", "pytest_llmchaos", "list", "--tag", "deprecation"],
        check=True, capture_output=True, text=True, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.stdout.startswith("claude-model-retired")
