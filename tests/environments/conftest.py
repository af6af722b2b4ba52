"""Tests of SDKs and frameworks that need an environment of their own; `noxfile.py` declares those.

In any other environment their modules are skipped. In their own, where LLMCHAOS_TEST_SDKS=required, a skip fails.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_llmchaos.intercept.active_runs import active

from ..providers.conftest import pytest_make_collect_report, pytest_runtest_makereport

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "pytest_runtest_teardown",
]

HERE = Path(__file__).parent
SETTINGS = ("ANTHROPIC_", "AWS_", "AZURE_", "GEMINI_", "GOOGLE_", "GROQ_", "LANGCHAIN_", "LANGSMITH_", "OPENAI_")


def pytest_collection_modifyitems(items):
    """What these libraries warn of is theirs to mend; a warning from our own code still is an error."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore", "error:::pytest_llmchaos"))


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch):
    """Keys, base URLs and tracing that a developer has set are not for these tests."""
    for name in [each for each in os.environ if each.startswith(SETTINGS)]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """Stand in for the fixture that looks while the run of `@llmchaos` is still on; the hook below looks after it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    """No test may leave a run active."""
    result = yield
    assert active() is None
    return result
