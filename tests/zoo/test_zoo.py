"""Every bug of the zoo is caught by a named check, and its corrected twin holds under the same faults."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from pytest_llmchaos import ChaosFailed, always, checks, inject
from pytest_llmchaos.clock import AppHung
from pytest_llmchaos.verdict import Verdict

from .bugs import BUGS, UNSEEN
from .drives import App
from .row import Bug

pytestmark = pytest.mark.needs_current_sdk
OF_THE_RUN = ("hung", "unused", "escape")
ROWS = [pytest.param(bug, id=f"{bug.family}-{bug.name}-{number}") for number, bug in enumerate(BUGS)]


def judged(bug: Bug, app: App) -> tuple[Verdict, ...]:
    """Run an app as a test does, and return all that was recorded against the run."""
    run = inject(*bug.faults)
    with suppress(ChaosFailed, AppHung), run as chaos:
        if bug.replies:
            chaos.replies(*bug.replies)
        bug.drive(chaos, app() if isinstance(app, type) else app)
        if bug.check in checks.names():
            getattr(chaos.expect, bug.check)(**bug.given)
    return chaos.verdicts


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
        assert bug.check in (*OF_THE_RUN, *always.names())


def test_the_zoo_is_a_table():
    """No bug stands in it twice, each check exists, and a row's two apps go together."""
    assert len({bug.what for bug in BUGS}) == len(BUGS) >= 25
    for bug in BUGS:
        assert bug.check in (*checks.names(), *always.names(), *OF_THE_RUN)
        assert bug.fixed.__name__ == bug.buggy.__name__.replace("buggy", "fixed").replace("Buggy", "Fixed")


def test_the_page_is_fresh():
    """docs/zoo.md says what the table says."""
    spec = spec_from_file_location("zoo_docs", Path(__file__).parents[2] / "tools" / "zoo_docs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = module_from_spec(spec)
    spec.loader.exec_module(tool)
    fresh = tool.PAGE.read_text("utf-8") == tool.page(BUGS, UNSEEN)
    assert fresh, f"docs/zoo.md is not what the table says; run `{tool.COMMAND}`"
