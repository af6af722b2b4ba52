"""Every bug of the zoo is caught by a named check, and its corrected twin holds under the same faults."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from pytest_llmchaos import checks
from pytest_llmchaos.checks import always_on

from .bugs import BUGS
from .judged import OF_THE_RUN, judged
from .released import RELEASED
from .row import twin
from .unseen import UNSEEN

pytestmark = pytest.mark.needs_current_sdk
ROWS = [pytest.param(bug, id=f"{bug.family}-{bug.name}-{number}") for number, bug in enumerate(BUGS)]


@pytest.mark.parametrize("bug", ROWS)
def test_the_bug_is_caught(bug):
    """The check says violated, by name."""
    verdicts = judged(bug, bug.buggy)
    assert "violated" in [each.outcome for each in verdicts if each.check.partition("(")[0] == bug.check], verdicts


@pytest.mark.parametrize("bug", ROWS)
def test_the_corrected_twin_holds(bug):
    """The same check holds, the faults struck, and nothing else is wrong, the always-on checks included."""
    verdicts = judged(bug, bug.fixed)
    assert [str(each) for each in verdicts if not each.ok] == []
    if bug.check in checks.names():
        assert [each.check.partition("(")[0] for each in verdicts] == [bug.check]
    else:
        assert bug.check in (*OF_THE_RUN, *always_on.names())


def test_the_zoo_is_a_table():
    """No bug stands in it twice, each check exists, and a row's two apps go together."""
    assert len({bug.what for bug in BUGS}) == len(BUGS) >= 25
    for bug in BUGS:
        assert bug.check in (*checks.names(), *always_on.names(), *OF_THE_RUN)
        assert bug.fixed.__name__ == twin(bug.buggy.__name__)
    for row in RELEASED:
        assert row.check in (*checks.names(), *always_on.names(), *OF_THE_RUN)


def test_the_page_is_fresh():
    """docs/zoo.md says what the tables say."""
    spec = spec_from_file_location("zoo_docs", Path(__file__).parents[2] / "tools" / "zoo_docs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)
    fresh = tool.PAGE.read_text("utf-8") == tool.page(BUGS, RELEASED, UNSEEN)
    assert fresh, f"docs/zoo.md is not what the tables say; run `{tool.COMMAND}`"
