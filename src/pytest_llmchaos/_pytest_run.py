"""What the pytest hooks do for tests that use chaos."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from . import intercept
from ._inject import settle
from .clock import AppHung
from .config import load
from .errors import ChaosError, ChaosFailed, UsageProblem, near
from .providers import Providers
from .resolve import resolve
from .session import Chaos

__all__ = ["add_timeline", "judged", "parametrize", "prepare", "use_fixture"]

_OPTIONS = ("seed", "clock", "upstream", "checks", "allow_unused", "allow_escapes")


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make one test of each scenario that an `each` marker selects."""
    markers = [each for each in metafunc.definition.iter_markers("llmchaos") if "each" in each.kwargs]
    where = metafunc.definition.nodeid
    if len(markers) > 1:
        pytest.fail(f"{where}: llmchaos.each can be used once per test", pytrace=False)
    from . import library

    wanted = markers[0].kwargs["each"]
    try:
        names = library.select(
            names=wanted.get("names", ()), tag=wanted.get("tag"), folders=load(metafunc.config.rootpath).scenarios
        )
    except ChaosError as problem:
        pytest.fail(f"{where}: llmchaos.each: {problem}", pytrace=False)
    if not names:
        pytest.fail(f"{where}: llmchaos.each selects no scenario ({wanted!r})", pytrace=False)
    if "llmchaos" not in metafunc.fixturenames:
        metafunc.fixturenames.append("llmchaos")
    metafunc.parametrize("llmchaos", names, indirect=True, ids=names)


def use_fixture(item: pytest.Item) -> None:
    """Have a marked test use the fixture, before its other function-scoped fixtures: these may make calls too."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is None:
        pytest.fail(f"{item.nodeid}: the llmchaos marker works on Python tests only", pytrace=False)
    # pytest has no public way to learn a fixture's scope at collection; without this one the fixture goes first.
    known: Any = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    wider = [i for i, name in enumerate(names) if name in known and known[name][-1].scope != "function"]
    if "llmchaos" in names:
        names.remove("llmchaos")
        wider = [i for i, name in enumerate(names) if name in known and known[name][-1].scope != "function"]
    names.insert(max(wider, default=-1) + 1, "llmchaos")


def prepare(request: pytest.FixtureRequest) -> Chaos:
    """Return the run that a test's markers ask for; a mistake in them fails its setup without a traceback."""
    item, config = request.node, request.config
    what: list[Any] = []
    options: dict[str, Any] = {"seed": int(config.option.llmchaos_seed)}
    try:
        # iter_markers goes from the innermost to the outermost; faults apply the other way round.
        for marker in reversed(list(item.iter_markers("llmchaos"))):
            for key in marker.kwargs:
                if key not in (*_OPTIONS, "each"):
                    raise UsageProblem(
                        f"llmchaos() takes no {key!r} (options: {', '.join(_OPTIONS)}){near(key, _OPTIONS)}"
                    )
            what += marker.args
            options |= {key: value for key, value in marker.kwargs.items() if key != "each"}
        if (chosen := getattr(request, "param", None)) is not None:
            what.append(chosen)
        settings = load(config.rootpath)
        scenarios, loose = resolve(what)
        replay = f"pytest {shlex.quote(item.nodeid)} --llmchaos-seed={options['seed']}"
        return Chaos(
            scenarios, loose, test=item.nodeid, providers=Providers(settings.providers), replay=replay, **options
        )
    except ChaosError as problem:
        pytest.fail(f"{item.nodeid}: {problem}", pytrace=False)


@contextmanager
def judged(chaos: Chaos) -> Iterator[None]:
    """Run the test's call phase and judge it."""
    intercept.refresh()
    try:
        yield
    except (pytest.skip.Exception, pytest.exit.Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if not isinstance(error, AppHung):
            settle(chaos, error)
        raise
    try:
        settle(chaos, None)
    except ChaosFailed as failed:
        verdict = str(failed)
    else:
        return
    pytest.fail(verdict, pytrace=False)


def add_timeline(report: pytest.TestReport, chaos: Chaos) -> None:
    """Add the timeline to a failing test's report, unless the failure itself tells it."""
    from .report.failure import HEADING
    from .report.timeline import timeline

    if HEADING not in report.longreprtext and len(chaos.calls):
        report.sections.append(("llmchaos timeline", timeline(chaos.journal)))
