"""What the pytest hooks do for tests that use chaos."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ..clock import realtime
from ..core.errors import ChaosError, UsageProblem
from ..core.terminal_text import printable
from ..gate.record import Record
from ..run import options
from ..run.chaos import Chaos
from ..run.judge import unexpected
from ..scenarios.resolve import resolve
from ..scenarios.scenario import Scenario
from .call_phase import judged
from .marker import FILTERS, filters
from .marks import known_as, said
from .settings import settings
from .whole_suite import APPLIED, Applied

__all__ = ["WITHOUT_CALLS", "Run", "alike", "judged", "of_test", "parametrize", "prepare", "use_fixture"]

T = TypeVar("T")

_NOTHING = (
    'nothing is to go wrong: @llmchaos needs a scenario or a fault, such as @llmchaos("openai-outage") or '
    '@llmchaos(faults.outage(target="openai")); `llmchaos list` shows the scenarios, and @llmchaos.off("why") keeps a '
    "test out of chaos"
)
WITHOUT_CALLS: pytest.StashKey[set[tuple[str, ...]]] = pytest.StashKey()


@dataclass
class Run:
    """Chaos in one test.

    Attributes:
        chaos: the run itself.
        applied: what was put on the test from outside; None where its own markers say what goes wrong.
        began: when it started, on the real clock.
        raised: whether the test's own code failed, and not only what the checks found.
        told: what was raised for the checks, where they failed the test.
        alone: whether it was skipped because virtual time cannot drive it.
        over: whether the test's call phase is over, so that what is reported is no subtest.
        seen: how many of its calls a fault had a part in when a subtest was last reported.
        worst: how the test came out so far, its subtests included.
        left: the record so far.
        found: whether its scenario is one of those that `each` found, and nobody named it.
    """

    chaos: Chaos
    applied: Applied | None = None
    began: float = field(default_factory=lambda: realtime.perf_counter())
    raised: bool = False
    told: BaseException | None = None
    alone: bool = False
    over: bool = False
    seen: int = 0
    worst: str = "passed"
    left: Record | None = None
    found: bool = False


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make one test of each scenario that an `each` marker selects. A mistake is told when the test is set up."""
    try:
        names = [each.name for each in _each(metafunc.definition)]
    except ChaosError:
        return
    if "llmchaos" not in metafunc.fixturenames:
        metafunc.fixturenames.append("llmchaos")
    metafunc.parametrize("llmchaos", names, indirect=True, ids=names)


def _each(test: pytest.Item) -> list[Scenario]:
    """Return the scenarios that the `each` marker of a test selects; none where it has no such marker.

    Raises:
        UsageProblem: nothing fits, or what is asked for is none of these.
    """
    from ..scenarios import library

    asked = [marker.kwargs["each"] for marker in said(test).marks if "each" in marker.kwargs]
    if len(asked) > 1:
        raise UsageProblem("llmchaos.each can be used once per test")
    _, given = _markers(test)
    if not asked:
        return []
    try:
        folders = settings(test.config.rootpath).scenarios
        found = library.find(**filters(asked[0]), folders=folders, game_days=False)
    except ChaosError as problem:
        raise UsageProblem(f"llmchaos.each: {problem}") from None
    if wrong := unexpected(given.get("checks", ()), found):
        raise UsageProblem(wrong)
    return found


def use_fixture(item: pytest.Item) -> None:
    """Have a marked test use the fixture, before its other function-scoped fixtures: these may make calls too."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is None:
        pytest.fail(f"{known_as(item)}: the llmchaos marker works on Python tests only", pytrace=False)
    # pytest has no public way to learn a fixture's scope at collection; without this one the fixture goes first.
    known: Any = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    wider = [i for i, name in enumerate(names) if name in known and known[name][-1].scope != "function"]
    if "llmchaos" in names:
        names.remove("llmchaos")
        wider = [i for i, name in enumerate(names) if name in known and known[name][-1].scope != "function"]
    names.insert(max(wider, default=-1) + 1, "llmchaos")


def prepare(request: pytest.FixtureRequest) -> Run | None:
    """Return the run that a test's markers, or the whole suite's options, ask for.

    None for a set of parameters that keeps out of a matrix: nobody asked for the fixture but the matrix.

    A mistake in the markers fails the test's setup without a traceback. A test of a matrix that was seen to make no
    LLM call is skipped under the other scenarios.
    """
    item = request.node
    chosen = getattr(request, "param", None)
    if isinstance(chosen, Applied) and said(item).off:
        return None
    applied = _put_on(item, chosen)
    if applied is not None and applied.matrix and alike(item, applied) in item.config.stash.get(WITHOUT_CALLS, ()):
        pytest.skip("llmchaos: this test makes no LLM call")
    return _told_once(known_as(item), lambda: of_test(item, chosen))


def _told_once(where: str, make: Callable[[], T]) -> T:
    """Return what is made, or fail with the user's mistake: outside of the `except`, or pytest would tell it twice."""
    try:
        return make()
    except ChaosError as problem:
        told = f"{where}: {problem}"
    pytest.fail(printable(told), pytrace=False)


def _put_on(item: pytest.Item, chosen: Any) -> Applied | None:
    applied = chosen if isinstance(chosen, Applied) else item.stash.get(APPLIED, None)
    return None if said(item).own else applied


def of_test(item: pytest.Item, chosen: Any) -> Run:
    """Return the run of a test, with what its parameter chose."""
    if (applied := _put_on(item, chosen)) is not None:
        return _applied(item, applied)
    chaos = _marked(item, None if isinstance(chosen, Applied) else chosen)
    named = [name for mark in said(item).marks for name in mark.kwargs.get("each", {}).get("names", ())]
    return Run(chaos, found=isinstance(chosen, str) and chosen not in named)


def _id_here(item: pytest.Item) -> str:
    """Return a test's id as the command line of the folder takes it in which pytest was started."""
    path, separator, rest = known_as(item).partition("::")
    try:
        here = os.path.relpath(item.path, item.config.invocation_params.dir)
    except ValueError:  # on another drive
        return known_as(item)
    return f"{Path(here).as_posix()}{separator}{rest}" if item.path.name == Path(path).name else known_as(item)


def _applied(item: pytest.Item, applied: Applied) -> Run:
    config = item.config
    seed = int(config.option.llmchaos_seed)
    clock = config.option.llmchaos_clock
    replay = f"pytest {shlex.quote(_id_here(item))} {shlex.quote(applied.option)} --llmchaos-seed={seed}"
    if not hasattr(item, "callspec"):  # a copy of a TestCase's method is not known by its id on a command line
        replay = replay.replace(f"[{applied.id}]", "")
    if isinstance(item, pytest.DoctestItem):  # known by its id only where doctests are collected
        replay += " --doctest-modules" if config.option.doctestmodules else ""
        replay += "".join(f" {shlex.quote(f'--doctest-glob={each}')}" for each in config.option.doctestglob)
    if clock != "virtual":
        replay += f" --llmchaos-clock={clock}"
    allow_escapes = bool(config.option.llmchaos_allow_escapes)
    if allow_escapes:
        replay += " --llmchaos-allow-escapes"
    project = settings(config.rootpath)
    # What hits nothing proves nothing, but that is not the fault of a test that knows nothing of the scenario.
    return Run(
        Chaos(
            applied.scenarios,
            seed=seed,
            test=known_as(item),
            clock=clock,
            allow_unused=True,
            allow_escapes=allow_escapes,
            suppress=project.suppress,
            providers=project.providers,
            replay=replay,
            beside=(config.rootpath, item.path.parent),
        ),
        applied,
    )


def _markers(test: pytest.Item) -> tuple[list[Any], dict[str, Any]]:
    """Return what a test's markers say is to go wrong, and their options.

    Raises:
        UsageProblem: an option is unknown, or its value is bad.
    """
    what: list[Any] = []
    given: dict[str, Any] = {}
    told = said(test)
    if told.problem:
        raise UsageProblem(told.problem)
    for marker in told.marks:
        what += marker.args
        more = {key: value for key, value in marker.kwargs.items() if key != "each"}
        given |= options.read(more, also=FILTERS if "each" in marker.kwargs else ())
    return what, given


def _marked(item: pytest.Item, chosen: Any) -> Chaos:
    what, given = _markers(item)
    beside = (item.config.rootpath, item.path.parent)
    scenarios, loose = resolve(what if chosen is None else [*what, chosen], beside)
    if chosen is None:
        _each(item)  # only for what is wrong with it
        if not scenarios and not loose and said(item).marks and not (given and _asks(item)):
            raise UsageProblem(_NOTHING)
    else:  # of the names that one scenario or another expects, those of this one
        expected = [check.name for scenario in scenarios for check in scenario.expect]
        given |= {"checks": [name for name in given["checks"] if name in expected]} if "checks" in given else {}
    project = settings(item.config.rootpath)
    given = project.with_suppressed({"seed": int(item.config.option.llmchaos_seed), **given})
    replay = f"pytest {shlex.quote(_id_here(item))} --llmchaos-seed={given['seed']}"
    return Chaos(
        scenarios,
        loose,
        test=known_as(item),
        providers=project.providers,
        replay=replay,
        beside=beside,
        **given,
    )


def _asks(item: pytest.Item) -> bool:
    """Tell whether a test or one of its fixtures takes our fixture by itself, and may say there what goes wrong."""
    info: Any = getattr(item, "_fixtureinfo", None)
    if info is None or "llmchaos" in info.initialnames:
        return True
    return any("llmchaos" in known[-1].argnames for known in info.name2fixturedefs.values())


def alike(item: pytest.Item, applied: Applied) -> tuple[str, ...]:
    """Return what the runs of one test under the scenarios of a matrix have in common."""
    return tuple(known_as(item).split(applied.id))
