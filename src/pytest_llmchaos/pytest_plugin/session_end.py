"""Whether a pytest run came to its end, and which failures pytest counted: in the process that reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest

__all__ = ["OWN_CODES", "Ending"]

_INTERRUPTED, _INTERNAL, _USAGE, _NOTHING = 2, 3, 4, 5
OWN_CODES = (_INTERRUPTED, _INTERNAL, _USAGE, _NOTHING)
"""pytest's exit codes that say more than a verdict could: interrupted, failed itself, misused, nothing collected."""


class Ending:
    """Hooks that watch which tests were to run, which did, and what else failed."""

    def __init__(self) -> None:
        self._wanted: dict[str, None] = {}
        self._ran: set[str] = set()
        self._failed: list[str] = []
        self._uncollected: list[str] = []
        self._stopped = ""
        self._lost: list[str] = []
        self.deselected = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected."""
        if report.failed:
            self._uncollected.append(report.nodeid)
            self._failed.append(report.nodeid)

    def pytest_deselected(self, items: Collection[pytest.Item]) -> None:
        """Note that a part of the tests was left out."""
        self.deselected = self.deselected or bool(items)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to run."""
        self._wanted.update(dict.fromkeys(item.nodeid for item in session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Iterable[str]) -> None:
        """Note what the workers are to run."""
        self._wanted.update(dict.fromkeys(ids))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that ran, or could not, and a failure, as the session counts it."""
        if report.failed and not hasattr(report, "wasxfail"):
            self._failed.append(report.nodeid)
        # Setup and teardown alone are no run, as with --setup-only.
        if report.when not in ("setup", "teardown") or (report.when == "setup" and not report.passed):
            self._ran.add(report.nodeid)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note what ended the run early: Ctrl-C, `pytest.exit`, or a limit of failures."""
        error = excinfo.value
        if isinstance(error, pytest.exit.Exception):
            self._stopped = f"the run was ended by pytest.exit: {error.msg}"
        elif isinstance(error, pytest.Session.Interrupted):
            self._stopped = f"the run was stopped early: {error}"
        else:
            self._stopped = "the run was interrupted"

    def lost(self, nodeid: str) -> None:
        """Note a test whose process died before it began: what it would have run under is not known."""
        self._lost.append(nodeid)

    def problems(self, session: pytest.Session, exitstatus: int) -> list[str]:
        """Return what kept evidence from coming to be; empty where nothing did."""
        told = []
        if self._stopped:
            told.append(self._stopped)
        elif exitstatus in (_INTERRUPTED, _INTERNAL):
            told.append("the run was interrupted" if exitstatus == _INTERRUPTED else "pytest itself failed")
        if self._uncollected:
            first = _shown(self._uncollected[0])
            told.append(f"{_count(self._uncollected, 'file')} could not be collected, the first {first}")
        if self._lost:
            told.append(f"the process of {_shown(self._lost[0])} died before the test began")
        left = [each for each in self._wanted if each not in self._ran]
        if left and not told:
            if stopped := session.shouldstop or session.shouldfail:
                told.append(f"the run was stopped early: {stopped}")
            elif session.config.getoption("setuponly", False):
                told.append("of the tests only setup and teardown ran")
            else:
                told.append(f"{_count(left, 'test')} did not run, the first {_shown(left[0])}")
        elif not self._wanted and not told and (stopped := session.shouldstop or session.shouldfail):
            told.append(f"the run was stopped early: {stopped}")
        return told

    def unexcused(self, session: pytest.Session, judged: Collection[str]) -> str:
        """Return, in a few words, a failure that is not of one of these tests; empty where all are.

        Args:
            session: pytest's; other plugins count failures of their own in it.
            judged: node ids of the tests whose failures somebody else judges.
        """
        others = [each for each in self._failed if each not in judged]
        if others:
            return f"such as {_shown(others[0])}"
        more = session.testsfailed - len(self._failed)
        return f"{more} more than tests did, as a plugin counts them" if more > 0 else ""


def _count(found: Collection[str], what: str) -> str:
    return f"{len(found)} {what}{'s' * (len(found) != 1)}"


def _shown(nodeid: str) -> str:
    from ..core.redact import redact_name  # most runs have nothing to tell

    return redact_name(nodeid)
