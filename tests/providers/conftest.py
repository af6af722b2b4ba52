"""Where every SDK must be there, as in one step of CI, a test that misses one fails instead of being skipped."""

from __future__ import annotations

import os

import pytest

REQUIRED = os.environ.get("LLMCHAOS_TEST_SDKS") == "required"


def _fail_if_skipped(report):
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and LLMCHAOS_TEST_SDKS=required: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A whole module is skipped while it is collected."""
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A single test is skipped while it runs."""
    return _fail_if_skipped((yield))
