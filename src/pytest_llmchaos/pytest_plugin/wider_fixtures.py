"""What surrounds the tests: fixtures of wider scope, which find healthy providers, and the teardown of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ..core.errors import ChaosError, ChaosFailed
from ..intercept import active_runs
from ..intercept.inject import settle
from ..run import options
from ..run.chaos import Chaos
from .marks import said
from .settings import settings

__all__ = ["healthy", "judge_teardown"]

_OPTIONS = ("upstream", "allow_escapes", "suppress")


@contextmanager
def healthy(fixture: pytest.FixtureDef[Any], item: pytest.Item) -> Iterator[None]:
    """Set up a fixture of wider scope, and tear it down later, while every provider is healthy.

    It is shared by tests, so that no test's faults can be its own; and it must not reach a provider either.
    """
    try:
        chaos, after = _run(fixture, item), _run(fixture, item)
    except ChaosError:  # a mistake in the marker, which the test's own setup tells
        yield
        return

    # Finalizers run from the last to the first: this one after the fixture's own, and the start of `after` before it.
    fixture.addfinalizer(lambda: _end(after, fixture, None))
    active_runs.start(chaos)
    try:
        yield
    except BaseException as error:
        _end(chaos, fixture, error)
        raise
    _end(chaos, fixture, None)
    fixture.addfinalizer(lambda: active_runs.start(after))


def _run(fixture: pytest.FixtureDef[Any], item: pytest.Item) -> Chaos:
    project = settings(item.config.rootpath)
    given: dict[str, Any] = {"allow_escapes": bool(item.config.option.llmchaos_allow_escapes)}
    for mark in said(item).marks:
        given |= options.read({name: value for name, value in mark.kwargs.items() if name in _OPTIONS})
    given = project.with_suppressed(given)
    where = f"{fixture.baseid}::{fixture.argname}"
    run = Chaos(clock="real", test=where, providers=project.providers, **given)
    run.shared = True
    return run


def _end(chaos: Chaos, fixture: pytest.FixtureDef[Any], error: BaseException | None) -> None:
    active_runs.stop(chaos)
    try:
        settle(chaos, error)
    except ChaosFailed as failed:
        pytest.fail(f"in the fixture {fixture.argname} of {fixture.scope} scope: {failed}", pytrace=False)


def judge_teardown(chaos: Chaos) -> None:
    """Fail the teardown of a test for what went wrong in it, whatever its call phase came to."""
    if (failed := chaos.finish_teardown()) is not None:
        pytest.fail(str(failed), pytrace=False)
