"""Judging a test at the end of its call phase: what is raised in its place, and what a skip must not hide."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ..clock import AppHung
from ..core.errors import ChaosFailed
from ..intercept import stacks
from ..intercept.inject import settle

if TYPE_CHECKING:
    from .chaos_tests import Run

__all__ = ["SKIPS", "behind_a_skip", "judged", "struck_calls"]

SKIPS = (pytest.skip.Exception, unittest.SkipTest)
"""What a test raises that skips itself."""


@contextmanager
def judged(item: pytest.Item, run: Run) -> Iterator[None]:
    """Run the test's call phase and judge it."""
    stacks.refresh()
    error: BaseException | None = None
    try:
        yield
    except (pytest.exit.Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as raised:
        error = raised
        if (failed := _judge(run, error)) is None:
            raise
    else:
        # A TestCase keeps for its report what its method raised.
        kept = getattr(item, "_excinfo", None)
        failed = _judge(run, kept[0].value if kept else None)
    finally:
        run.over = True
    if failed is not None:
        # Not from a skip: pytest would show that one's place.
        run.told = pytest.fail.Exception(str(failed), pytrace=False)
        raise run.told from None


def _judge(run: Run, error: BaseException | None) -> ChaosFailed | None:
    """Judge a run whose test ended with `error`; return what fails the test in its place.

    A skip gives way to a violated verdict only: a test that was hit and then skipped itself has shown nothing else.
    """
    if isinstance(error, SKIPS):
        return behind_a_skip(run)
    _leave_alone(run)
    run.raised |= error is not None and not isinstance(error, ChaosFailed)
    if error is None:
        _does_not_concern(run)
    if not isinstance(error, AppHung):
        try:
            settle(run.chaos, error, inconclusive=run.applied is None)
        except ChaosFailed as failed:
            return failed
    return None


def behind_a_skip(run: Run) -> ChaosFailed | None:
    """Return what a skip would hide. What hit nothing is not asked for, as the test did not come to its end."""
    chaos = run.chaos
    if _cannot_drive(run):
        return None
    if struck_calls(run):
        chaos.allow_unused = True
        chaos.finish()
    open_ones = [verdict for verdict in chaos.verdicts if verdict.outcome == "inconclusive"]
    return chaos.verdict_error(open_ones)


def _does_not_concern(run: Run) -> None:
    """Skip a test under a scenario that `each` found by itself, and that hits none of the calls that there are."""
    missed = [player for player in run.chaos.players if player.unused()]
    if not run.found or not missed or any(player.loose for player in missed) or not len(run.chaos.calls):
        return
    if not run.chaos.allow_unused and all(verdict.ok for verdict in run.chaos.verdicts):
        labels = ", ".join(dict.fromkeys(call.label for call in run.chaos.calls))
        pytest.skip(f"llmchaos: {missed[0].scenario.name} hits no call of this test (seen: {labels})")


def _leave_alone(run: Run) -> None:
    """Skip a test that virtual time cannot drive, where it did not ask for it itself."""
    if told := _cannot_drive(run):
        pytest.skip(f"llmchaos: {told} (or run the suite with --llmchaos-clock=real)")


def _cannot_drive(run: Run) -> str:
    told = [verdict.reason for verdict in run.chaos.verdicts if verdict.check == "clock"]
    run.alone = run.applied is not None and bool(told)
    return told[0] if run.alone else ""


def struck_calls(run: Run) -> int:
    """Return how many calls of a test a fault had a part in."""
    return sum(bool(each.faults) for each in run.chaos.calls)
