"""Bugs of the zoo in the released framework that has them: the pinned versions of `nox -s zoo`."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import pytest

from pytest_llmchaos import checks
from pytest_llmchaos.checks import always_on

from ...zoo.judged import OF_THE_RUN, judged
from ...zoo.released import RELEASED


def _installed(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if missing := {row.pin for row in RELEASED if _installed(row.package) != row.version}:
    pytest.skip(f"needs {', '.join(sorted(missing))}: nox -s zoo", allow_module_level=True)

BUGS = [pytest.param(row, id=row.app) for row in RELEASED]


def bug_of(row):
    """Return the row with its apps."""
    return row.bug(import_module(f"..{row.module}", __name__))


@pytest.mark.parametrize("row", BUGS)
def test_the_bug_is_caught(row):
    """The check says violated, by name."""
    bug = bug_of(row)
    verdicts = judged(bug, bug.buggy)
    assert "violated" in [each.outcome for each in verdicts if each.check.partition("(")[0] == bug.check], verdicts


@pytest.mark.parametrize("row", BUGS)
def test_the_corrected_twin_holds(row):
    """The same check holds with the same framework used in another way, and nothing else is wrong."""
    bug = bug_of(row)
    verdicts = judged(bug, bug.fixed)
    assert [str(each) for each in verdicts if not each.ok] == []
    if bug.check in checks.names():
        assert [each.check.partition("(")[0] for each in verdicts] == [bug.check]
    else:
        assert bug.check in (*OF_THE_RUN, *always_on.names())
