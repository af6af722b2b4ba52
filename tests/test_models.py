"""No vendor's calendar fails a test: neither ours, nor those that users copy from the examples."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

from pytest_llmchaos.scenarios import calendar, sdk_calendar

from . import models
from .checks.apps import ask_claude, claude, under
from .environments.later.llmchaos_later import Everything, judges

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = {name: getattr(models, name) for name in models.__all__}


@pytest.mark.parametrize("model", NAMES.values(), ids=NAMES)
def test_no_calendar_has_the_names_of_our_tests(model):
    """Neither those of the installed SDKs, nor our own."""
    assert model not in {name for _, name in sdk_calendar.installed()}
    assert [each for each in calendar.find_in(f'model = "{model}"') if each.row.kind == "retirement"] == []


@pytest.fixture
def everything_goes(monkeypatch):
    """Have anthropic warn of every model."""
    for module in judges():
        monkeypatch.setattr(module, "DEPRECATED_MODELS", Everything())


@pytest.mark.usefixtures("everything_goes")
def test_a_model_that_is_about_to_go_fails_no_test_of_ours():
    """The settings of this project let the SDK warn."""
    with under() as chaos:
        assert ask_claude(claude())
        assert len(chaos.calls) == 1


def test_what_we_use_ourselves_must_not_be_about_to_go():
    """Any other deprecation fails the test that meets it."""
    with pytest.raises(DeprecationWarning):
        warnings.warn("httpx.stale() is deprecated", DeprecationWarning, stacklevel=1)


@pytest.mark.usefixtures("everything_goes")
@pytest.mark.parametrize("example", ["support_bot", "help_desk"])
def test_a_copied_example_holds_where_every_warning_is_an_error(pytester, few_plugins, example):
    """On the day that the vendor retires its model, too."""
    copy = f"copy_of_{example}"  # the example's own tests may be at work in this process
    shutil.copytree(EXAMPLES / example, pytester.path / copy, ignore=shutil.ignore_patterns("__pycache__"))
    strict = ("-W", "error::DeprecationWarning", "-p", "llmchaos", "-p", "no:cacheprovider")
    result = pytester.runpytest_inprocess(*strict, copy)
    assert result.ret == pytest.ExitCode.OK
    assert "warnings" in result.parseoutcomes()
