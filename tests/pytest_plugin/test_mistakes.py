"""Mistakes around the marker: each is told once, with what to do."""

from __future__ import annotations

import sys

import pytest

import pytest_llmchaos
from pytest_llmchaos import faults, llmchaos

OWN = "name: own\ninject:\n  - {fault: outage, target: openai}\n"
PLUGINS = ("-p", "llmchaos", "-p", "asyncio", "-p", "no:cacheprovider")
TEST = """
import pytest
from openai import InternalServerError
from app import ask
from pytest_llmchaos import inject, llmchaos

@llmchaos("own/own.yaml", allow_unused=True)
def test_marker():
    with pytest.raises(InternalServerError):
        ask()

def test_fixture(llmchaos):
    llmchaos.inject("own/own.yaml")
    with pytest.raises(InternalServerError):
        ask()

def test_context():
    with inject("own/own.yaml"), pytest.raises(InternalServerError):
        ask()
"""


@pytest.mark.parametrize(
    "mark", ['llmchaos("openai-outge")', 'llmchaos.each("openai-outge*")', "pytest.mark.llmchaos(sed=1)"]
)
def test_a_mistake_is_told_once(run, mark):
    """Without what it was raised from, and without a traceback."""
    text = run(f"@{mark}\ndef test_it(): pass").stdout.str()
    assert text.count("did you mean") == 1
    assert "During handling" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("name", ["expect", "calls", "request", "advance", "journal", "upstream", "replies", "now"])
def test_the_marker_taken_for_the_fixture_is_told(name):
    """Both have the same name, so that it is the most natural mistake."""
    with pytest.raises(AttributeError, match=rf"llmchaos\.{name} belongs to the fixture.*def test_it\(llmchaos\)"):
        getattr(llmchaos, name)


def test_what_neither_has_is_told_with_the_near_name():
    """An AttributeError, as for any object: `hasattr`, `copy` and mocks ask for what is not there."""
    with pytest.raises(AttributeError, match="did you mean 'each'"):
        llmchaos.eahc  # noqa: B018 - the mistake
    assert not hasattr(llmchaos, "__wrapped__")
    assert not hasattr(llmchaos, "_x")


@pytest.mark.parametrize("folder", [".", "tests", "elsewhere"])
def test_a_scenario_file_is_found_from_every_folder(pytester, run, monkeypatch, folder):
    """Relative to the project's root, wherever pytest starts."""
    for each in ("own", "tests", "elsewhere"):
        pytester.mkdir(each)
    (pytester.path / "own" / "own.yaml").write_text(OWN)
    (pytester.path / "pyproject.toml").write_text("[project]\n")  # for `inject`, which knows no pytest
    (pytester.path / "tests" / "test_it.py").write_text(TEST)
    (pytester.path / "app.py").rename(pytester.path / "tests" / "app.py")
    monkeypatch.chdir(pytester.path / folder)
    pytester.runpytest_inprocess(*PLUGINS, pytester.path / "tests").assert_outcomes(passed=3)


def test_a_scenario_file_beside_the_test_is_found(pytester, run):
    """The root's own goes first."""
    (pytester.mkdir("tests") / "own.yaml").write_text(OWN)
    (pytester.path / "tests" / "test_it.py").write_text(
        "from pytest_llmchaos import llmchaos\n@llmchaos('./own.yaml', allow_unused=True)\ndef test_it(): pass\n"
    )
    pytester.runpytest_inprocess(*PLUGINS, "tests").assert_outcomes(passed=1)
    (pytester.path / "own.yaml").write_text("name: 5\n")
    result = pytester.runpytest_inprocess(*PLUGINS, "tests")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*own.yaml:1:7: name must be a text*"])


@pytest.mark.parametrize(
    ("mark", "option", "code"),
    [
        ("llmchaos", (), 4),
        ("pytest.mark.llmchaos", (), 4),
        ("pytest.mark.llmchaos", ("-p", "pytest_llmchaos.plugin"), 0),
    ],
)
def test_a_marker_that_nobody_reads_is_not_green(pytester, monkeypatch, option, code, mark):
    """Where plugins are listed by hand and ours is not among them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, sys.path)))
    pytester.makepyfile(
        f"import pytest\nfrom pytest_llmchaos import faults, llmchaos\n\n@{mark}(faults.outage(), allow_unused=True)\n"
        "def test_it(): pass\n\ndef test_other(): pass\n"
    )
    result = pytester.runpytest_subprocess("-W", "ignore", *option)
    assert result.ret == code
    assert ("plugin that reads the marker is not loaded" in result.stderr.str()) == bool(code)
    if code:  # what is not chosen does no harm
        assert pytester.runpytest_subprocess("-W", "ignore", "-k", "other").ret == 0


def test_a_marker_outside_of_a_run_asks_for_nothing():
    """As in a child process that imports a test module."""
    assert pytest_llmchaos.llmchaos(faults.outage()).name == "llmchaos"


def test_a_fault_that_can_do_nothing_fails_its_own_test_alone(run):
    """The other tests of the module are collected, and the error has the test's name."""
    result = run("""
@llmchaos(faults.latency("0s"))
def test_late():
    pass

def test_other():
    pass
""")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*::test_late: latency can do nothing: delay: 0s delays nothing*"])
