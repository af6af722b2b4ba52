"""The llmchaos command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.cli._common import table
from pytest_llmchaos.report.picture import picture
from pytest_llmchaos.scenarios import library

REPOSITORY = Path(__file__).parents[2]
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

    def listed(*arguments):
        return {line.split()[0] for line in run("list", *arguments).output.splitlines()}

    assert {"claude-model-retired", "model-retired"} <= listed("--tag", "deprec*") < listed()
    narrowed = listed("--tag", "deprecation", "--tag", "policy", "--provider", "anthropic")
    assert "claude-model-retired" in narrowed
    assert "model-retired" not in narrowed


def test_list_is_narrowed_by_kind(run, tmp_path):
    """The folder in which a file stands."""
    (tmp_path / "pyproject.toml").write_text("[tool.llmchaos]\nscenarios = ['mine']\n")
    (tmp_path / "mine" / "weather").mkdir(parents=True)
    (tmp_path / "mine" / "weather" / "good.yaml").write_text(GOOD)
    assert run("list", "--kind", "weather").output.split()[0] == "good"
    result = run("list", "--kind", "wether")
    assert result.exit_code == 2
    assert "did you mean 'weather'?" in result.stderr


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


def test_show_tells_the_whole_scenario(run, monkeypatch):
    """Phases as a picture, faults and targets; expectations; evidence; sources."""
    monkeypatch.setenv("COLUMNS", "100")
    result = run("show", "openai-board-crisis-2023")
    assert result.exit_code == 0
    for expected in (
        "openai-board-crisis-2023: The provider's future is in doubt over one weekend",
        *("  " + line for line in picture(library.load("openai-board-crisis-2023"), 98)),
        "  attempts(at_most=3, per='provider')",
        "  https://fortune.com/2023/11/21/openai-sam-altman-microsoft-customers-morgan-stanley-amazon",
    ):
        assert expected in result.output.splitlines()
    assert "The wire shape is" in result.output


def test_show_takes_a_file(run, tmp_path, monkeypatch):
    """One's own file needs no installation."""
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "good.yaml").write_text(GOOD)
    assert run("show", "good.yaml").output.splitlines() == [
        "good",
        "tags: mine",
        "",
        "phases",
        "          0s",
        f"  openai  {'░' * 56}  overloaded, calls 2-, rate 10%",
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


def test_validate_takes_folders_within_folders(run, tmp_path):
    """As the library finds them."""
    (tmp_path / "chaos" / "outage").mkdir(parents=True)
    (tmp_path / "chaos" / "good.yaml").write_text(GOOD)
    (tmp_path / "chaos" / "outage" / "bad.yaml").write_text("name: bad\n")
    result = run("validate", "chaos")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["chaos/good.yaml", "chaos/outage/bad.yaml"]


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
    demo = types.ModuleType("pytest_llmchaos.cli._demo_bots")
    demo.run = lambda: code
    monkeypatch.setitem(sys.modules, "pytest_llmchaos.cli._demo_bots", demo)
    assert run("demo").exit_code == code


def test_help_and_version(run):
    """Each command says in one sentence what it is for."""
    text = run("-h").output
    for command in ("calendar", "demo", "list", "new", "show", "validate"):
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
    assert "\nmodel-retired " in done.stdout


# --- completion ---


def completed(*words, incomplete):
    """What the shell is offered after these words."""
    complete = ShellComplete(cli, {}, "llmchaos", "_LLMCHAOS_COMPLETE")
    return [each.value for each in complete.get_completions(list(words), incomplete)]


def test_names_tags_kinds_and_providers_complete(tmp_path, monkeypatch):
    """The user's own scenarios too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.llmchaos]\nscenarios = ['mine']\n")
    (tmp_path / "mine" / "weather").mkdir(parents=True)
    (tmp_path / "mine" / "weather" / "good.yaml").write_text(GOOD)
    assert completed("show", incomplete="goo") == ["good"]
    assert "openai-outage" in completed("show", incomplete="openai-")
    assert completed("list", "--tag", incomplete="min") == ["mine"]
    assert completed("list", "--kind", incomplete="wea") == ["weather"]
    assert completed("list", "--provider", incomplete="anth") == ["anthropic"]
    assert completed("new", "x", "--kind", incomplete="la") == ["latency"]
    assert completed(incomplete="cal") == ["calendar"]


def test_completion_survives_a_bad_file(tmp_path, monkeypatch):
    """It offers nothing; the command itself tells the mistake."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.llmchaos]\nscenarios = ['nowhere']\n")
    assert completed("show", incomplete="") == []
    assert completed("list", "--tag", incomplete="") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_clicks(shell):
    """As `llmchaos --help` says how to install it."""
    result = CliRunner().invoke(cli, [], prog_name="llmchaos", env={"_LLMCHAOS_COMPLETE": f"{shell}_source"})
    if shell == "bash" and "Bash is not supported" in result.output:
        pytest.skip("no bash here, or an old one")
    assert "_LLMCHAOS_COMPLETE" in result.output


# --- the pre-commit hook ---


def test_the_pre_commit_hook_runs(tmp_path):
    """Its entry is installed with the package, takes files and fails on a bad one."""
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["language"]) == ("llmchaos-validate", "python")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    bad.write_text("name: bad\n")
    script, *arguments = shlex.split(hook["entry"])
    assert script == "llmchaos"
    for files, code in (([good], 0), ([good, bad], 1)):
        command = [sys.executable, "-m", "pytest_llmchaos", *arguments, *map(str, files)]
        assert subprocess.run(command, check=False, capture_output=True).returncode == code  # noqa: S603


def test_the_pre_commit_hook_takes_scenario_files_only():
    """Ours and those of the usual folders."""
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    mine = [str(each.relative_to(REPOSITORY)) for each in (REPOSITORY / "scenarios").rglob("*.yaml")]
    assert mine
    for path in (*mine, "scenarios/x.yml", "tests/chaos/outage/x.yaml", "llmchaos/x.yaml"):
        assert re.search(hook["files"], path), path
    for path in (
        "docker-compose.yaml",
        "scenarios.yaml",
        "scenarios/x.py",
        "myscenarios/x.yaml",
        ".github/workflows/ci.yml",
    ):
        assert not re.search(hook["files"], path), path


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_the_picture_is_drawn_for_every_terminal(tmp_path, encoding):
    """Windows redirects in cp1252: the bars are ASCII there, their shades kept, and nothing ends in a traceback."""
    (tmp_path / "mine.yaml").write_text(GOOD.replace("tags", "title: \u96e8\ntags"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_llmchaos", "show", "./mine.yaml"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"good: ?" in done.stdout
    assert b"  openai  ....." in done.stdout


def test_validate_knows_the_providers(run, tmp_path):
    """A misspelt one is told as everything else is; one of the settings is known."""
    (tmp_path / "pyproject.toml").write_text("[tool.llmchaos.providers.ours]\nhosts = ['llm.internal']\n")
    (tmp_path / "bad.yaml").write_text(GOOD.replace("openai", "opnai"))
    (tmp_path / "good.yaml").write_text(GOOD.replace("openai", "ours"))
    result = run("validate", "bad.yaml", "good.yaml")
    assert result.exit_code == 1
    assert "bad.yaml:4:33: target: 'opnai' is not a provider; did you mean 'openai'?" in result.output
    assert "good.yaml: ok (good)" in result.output


def test_a_terminal_gets_what_fits_into_a_line(capsys):
    """Rows that wrap can be read by nobody; without a width nothing is left out."""
    table([("a", "title", "x" * 40), ("b", "t", "y")], indent="", room=20)
    assert capsys.readouterr().out.splitlines() == ["a  title  xxxxxxx...", "b  t      y"]
    table([("a", "title", "x" * 40)], indent="")
    assert capsys.readouterr().out == f"a  title  {'x' * 40}\n"
