"""What the pytest hooks do for tests that use chaos."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from . import options
from ._marks import known_as, said
from ._pytest_judge import SKIPS, behind_a_skip, judged, struck_calls
from .clock import _realtime
from .config import load
from .errors import ChaosError, ChaosFailed, UsageProblem
from .expect import unexpected
from .marker import FILTERS, filters
from .naming import hint
from .providers import Providers
from .record import Record, record, to_json
from .redact import redact_name
from .report._text import printable
from .resolve import resolve
from .scenario import Scenario
from .session import Chaos
from .suite import APPLIED, Applied
from .verdict import Verdict

__all__ = ["Run", "attach", "could_not_run", "judged", "keep_out", "parametrize", "prepare", "use_fixture"]

T = TypeVar("T")

_NOTHING = (
    'nothing is to go wrong: @llmchaos needs a scenario or a fault, such as @llmchaos("openai-outage") or '
    '@llmchaos(faults.outage(target="openai")); `llmchaos list` shows the scenarios, and @llmchaos.off("why") keeps a '
    "test out of chaos"
)
_WITHOUT_CALLS: pytest.StashKey[set[tuple[str, ...]]] = pytest.StashKey()


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
    began: float = field(default_factory=lambda: _realtime.perf_counter())
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
    from . import library

    asked = [marker.kwargs["each"] for marker in said(test).marks if "each" in marker.kwargs]
    if len(asked) > 1:
        raise UsageProblem("llmchaos.each can be used once per test")
    _, given = _markers(test)
    if not asked:
        return []
    try:
        folders = load(test.config.rootpath).scenarios
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
    if applied is not None and applied.matrix and _alike(item, applied) in item.config.stash.get(_WITHOUT_CALLS, ()):
        pytest.skip("llmchaos: this test makes no LLM call")
    return _told_once(known_as(item), lambda: _run(item, chosen))


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


def _run(item: pytest.Item, chosen: Any) -> Run:
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
    # What hits nothing proves nothing, but that is not the fault of a test that knows nothing of the scenario.
    return Run(
        Chaos(
            applied.scenarios,
            seed=seed,
            test=known_as(item),
            clock=clock,
            allow_unused=True,
            allow_escapes=allow_escapes,
            suppress=load(config.rootpath).suppress,
            providers=Providers(load(config.rootpath).providers),
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
    settings = load(item.config.rootpath)
    given = {"seed": int(item.config.option.llmchaos_seed), **given}
    given["suppress"] = {**settings.suppress, **given.get("suppress", {})}
    replay = f"pytest {shlex.quote(_id_here(item))} --llmchaos-seed={given['seed']}"
    return Chaos(
        scenarios,
        loose,
        test=known_as(item),
        providers=Providers(settings.providers),
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


def attach(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None], run: Run) -> None:
    """Put the record of the run on its report, which carries it to the process that reports, and show the timeline."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _unhide(report, run)
    if report.when == "call":
        _remember(report, call, run)
    if report.when == "call" and report.failed:
        _add_timeline(report, run.chaos)
    if not run.chaos.tracks:
        return  # nothing was to go wrong
    if report.when == "setup" and report.passed:
        # For the case that a worker dies in the test: its reports are all that is left of it.
        if hasattr(item.config, "workerinput"):
            report.__dict__["llmchaos"] = to_json(_record(run, "error"))
        return
    before = run.left
    if report.when == "call":
        run.left = _record(run, run.worst)
    elif report.when == "setup":
        run.left = _record(run, _outcome(report))
    elif before is None:
        return  # as with --setup-only: nothing was put to the test
    elif report.failed or len(run.chaos.journal.entries) != len(before.entries):
        run.left = _record(run, "error" if report.failed else before.outcome)
    if run.left is not None and run.left is not before:
        report.__dict__["llmchaos"] = to_json(run.left)
    if report.when == "teardown":
        _learn(item, run)
    if report.when == "call" and getattr(item.config.option, "xmlpath", None):
        _add_properties(item, run)


def _unhide(report: pytest.TestReport, run: Run) -> None:
    """Fail a test that hides a violated verdict behind a skip, where that was not told in its call phase.

    That is so in setup, in a subtest, and in a `TestCase`, which keeps what it raised for its report.
    """
    failed = run.told if report.when == "call" else behind_a_skip(run)
    run.chaos.told()
    if failed is not None:
        report.outcome = "failed"
        report.longrepr = str(failed)


_GRAVITY = ("passed", "skipped", "xfailed", "failed")


def _remember(report: pytest.TestReport, call: pytest.CallInfo[None], run: Run) -> None:
    """Keep the worst of a call phase and of the subtests in it, each of which has a report of its own."""
    error = call.excinfo.value if call.excinfo is not None else None
    if report.failed and error is not None and error is not run.told and not isinstance(error, (ChaosFailed, *SKIPS)):
        run.raised = True
    outcome = _outcome(report)
    if not run.over:
        struck = struck_calls(run)
        if outcome == "skipped" and struck == run.seen:
            outcome = "passed"  # a part that no fault had struck says nothing of the others
        run.seen = struck
    run.worst = max(run.worst, outcome, key=_GRAVITY.index)


def could_not_run(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put a record on the report of a test whose setup failed before chaos began: that evidence is missing is told."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    try:
        run = _run(item, params.get("llmchaos"))
    except ChaosError:
        left = Record(redact_name(known_as(item)), outcome="error", seed=int(item.config.option.llmchaos_seed))
    else:
        if not run.chaos.tracks:
            return
        left = replace(_record(run, "error"), virtual=0.0, wall=report.duration)
    report.__dict__["llmchaos"] = to_json(left)


def keep_out(item: pytest.Item, report: pytest.TestReport, reason: str) -> None:
    """Put on the report of a test that keeps out of the whole suite's scenarios that it does, so that it is counted."""
    if report.when == "call" or (report.when == "setup" and not report.passed):
        report.__dict__["llmchaos"] = to_json(Record(redact_name(known_as(item)), outcome=_outcome(report), off=reason))


def _record(run: Run, outcome: str) -> Record:
    made = record(
        run.chaos,
        outcome=outcome,
        raised=run.raised or outcome == "error",
        wall=_realtime.perf_counter() - run.began,
        applied=run.applied is not None,
        more=_missed(run),
    )
    if run.alone:  # nothing was found out, and nobody is to blame
        for verdict in made.verdicts:
            verdict["outcome"] = "inconclusive" if verdict["check"] == "clock" else verdict["outcome"]
    return made


def _learn(item: pytest.Item, run: Run) -> None:
    """Remember a test that made no LLM call: at its end, because each of its subtests has a call phase of its own."""
    left = run.left
    if run.applied is not None and left is not None and left.llm == "none" and left.outcome == "passed":
        item.config.stash.setdefault(_WITHOUT_CALLS, set()).add(_alike(item, run.applied))


def _add_properties(item: pytest.Item, run: Run) -> None:
    """Set the properties for JUnit in place of those of an earlier call phase, such as a subtest's or a first try's."""
    from .report import junit

    assert run.left is not None  # noqa: S101 - for the type checker: it was written just before
    others = [each for each in item.user_properties if not each[0].startswith("llmchaos.")]
    item.user_properties[:] = [*others, *junit.properties(run.left)]


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "passed"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return report.outcome


def _missed(run: Run) -> list[Verdict]:
    """Return a verdict for each scenario that was put on a test and hit none of its calls."""
    if run.applied is None or not len(run.chaos.calls):
        return []
    labels = ", ".join(dict.fromkeys(call.label for call in run.chaos.calls))
    missed = [track.scenario for track in run.chaos.tracks if not track.loose and track.unused()]
    told = ((each, hint(run.chaos.calls, each, run.chaos.providers)) for each in missed)
    return [
        Verdict(
            "unused",
            "inconclusive",
            "\n".join([f"nothing was injected: {each.name} hit no call (seen: {labels})", *more]),
        )
        for each, more in told
    ]


def _alike(item: pytest.Item, applied: Applied) -> tuple[str, ...]:
    """Return what the runs of one test under the scenarios of a matrix have in common."""
    return tuple(known_as(item).split(applied.id))


def _add_timeline(report: pytest.TestReport, chaos: Chaos) -> None:
    """Add the timeline to a failing test's report, unless the failure itself tells it."""
    from .report.failure import HEADING
    from .report.timeline import timeline

    if HEADING not in report.longreprtext and len(chaos.calls):
        report.sections.append(("llmchaos timeline", timeline(chaos.journal)))
