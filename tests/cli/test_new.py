"""`llmchaos new`: a scenario and its test to start from."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.cli._starters import KINDS
from pytest_llmchaos.scenarios import library

BOT = """
import httpx

HOSTS = ("api.openai.com", "api.mistral.ai")
BODY = {"model": "m-1", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


def ask(question):
    for host in HOSTS:
        try:
            answer = httpx.post(f"https://{host}/v1/chat/completions", json=BODY, timeout=10)
            if answer.status_code == 200 and "data: [DONE]" in answer.text:
                return answer.text
        except httpx.HTTPError:
            pass
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `llmchaos new` in an empty folder and return its result."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, ["new", *arguments], prog_name="llmchaos", catch_exceptions=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("provider", ["openai", "localhost:8000"])
def test_a_starter_is_valid(run, tmp_path, kind, provider):
    """Whatever it is about; it has comments, a hypothesis and expectations."""
    result = run("my-first", "--kind", kind, "--provider", provider)
    assert (result.exit_code, result.stderr) == (0, "")
    scenario = library.load(tmp_path / "my-first.yaml")
    assert scenario.name == "my-first"
    assert scenario.hypothesis.endswith(".")
    assert scenario.title.startswith(provider)
    assert scenario.expect
    assert {one.provider for each in scenario.injections for one in each.target.each} == {provider}
    assert "\n# " in (tmp_path / "my-first.yaml").read_text()


@pytest.mark.parametrize("kind", [each for each in KINDS if each not in ("latency", "content", "continuity")])
def test_the_test_passes_once_the_app_is_called(run, tmp_path, pytester, few_plugins, kind):
    """And fails before, so that an unfinished one is no false green."""
    run("my-first", "--kind", kind, "--dir", str(pytester.path))
    pytester.runpytest_inprocess("-p", "llmchaos").assert_outcomes(failed=1)
    test = pytester.path / "test_my_first.py"
    begin, rest = test.read_text().split("def ask(question):")
    test.write_text(begin + BOT + "\n\n@llmchaos(" + rest.split("@llmchaos(")[1])
    pytester.runpytest_inprocess("-p", "llmchaos", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_it_goes_where_it_is_told(run, tmp_path):
    """The folder is made; both files are named."""
    result = run("x-1", "--dir", "chaos/outage")
    assert sorted(each.name for each in (tmp_path / "chaos" / "outage").iterdir()) == ["test_x_1.py", "x-1.yaml"]
    assert "llmchaos validate chaos/outage/x-1.yaml" in result.stdout
    assert "pytest chaos/outage/test_x_1.py" in result.stdout


@pytest.mark.parametrize("there", ["x.yaml", "test_x.py"])
def test_nothing_is_overwritten(run, tmp_path, there):
    """Neither file is written where one of them is there."""
    (tmp_path / there).write_text("mine")
    result = run("x")
    assert result.exit_code == 2
    assert result.stderr == f"Error: {there} exists already; nothing was written\n"
    assert [each.name for each in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("My Outage",),
            "'My Outage' is not a name for a scenario: lower-case letters, digits and single hyphens; try",
        ),
        (("../x",), "'../x' is not a name for a scenario"),
        (("x/y",), "try 'x-y'"),
        (("-x-",), "-x"),
        (("ä",), "'ä' is not a name"),
        (("",), "'' is not a name"),
        (("x\n",), "is not a name"),
        (("x", "--kind", "outag"), "'outag' is not a kind of scenario; did you mean 'outage'?"),
        (("x", "--provider", "opnai"), "'opnai' is not a provider; did you mean 'openai'?"),
        ((), "NAME"),
    ],
)
def test_bad_input_exits_with_2(run, tmp_path, arguments, says):
    """With one clear message, and nothing is written."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(run, tmp_path):
    """No traceback."""
    (tmp_path / "file").write_text("")
    result = run("x", "--dir", "file/below")
    assert result.exit_code == 2
    assert "file/below: Not a directory" in result.stderr
