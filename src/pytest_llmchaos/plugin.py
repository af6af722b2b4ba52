"""pytest hooks and the fixture, nothing else; what they do is in `pytest_plugin/`, imported when a test uses chaos.

The hooks that gather what came of it, for the process that reports, are in `session_results`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .pytest_plugin.marks import ID, said
from .pytest_plugin.unread_marks import WATCH

if TYPE_CHECKING:
    from .pytest_plugin.chaos_tests import Run
    from .pytest_plugin.whole_suite import Selection
    from .run.chaos import Chaos

__all__: list[str] = []

MARKER = (
    "llmchaos(*what, seed=, clock=, upstream=, checks=, allow_unused=, allow_escapes=, suppress=): run the test while "
    "its LLM provider fails; what: names or files of scenarios, or faults such as faults.outage(target='openai')"
)
RUN: pytest.StashKey[Run] = pytest.StashKey()
SUITE: pytest.StashKey[Selection] = pytest.StashKey()
SEED = "llmchaos_seed"
BEGUN: pytest.StashKey[list[Chaos]] = pytest.StashKey()
"""The runs of this session's tests that may still be on."""


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what an interrupt has left."""
    for chaos in config.stash.get(BEGUN, []):
        from .intercept.active_runs import stop

        stop(chaos)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("llmchaos", "LLM provider failures (pytest-llmchaos)")
    group.addoption(
        "--llmchaos-seed",
        metavar="N",
        default=None,
        help="seed of all chance in chaos runs: a whole number, or 'random' for a new one (default: 0)",
    )
    group.addoption(
        "--llmchaos",
        metavar="SCENARIO",
        action="append",
        help="run every test that says nothing about chaos itself under these scenarios at once: names, patterns, "
        "files or tag:NAME, comma separated or given several times",
    )
    group.addoption(
        "--llmchaos-matrix",
        metavar="SCENARIO",
        action="append",
        help="the same, but one scenario at a time, each as a test of its own: test_x[llmchaos:openai-outage]",
    )
    group.addoption(
        "--llmchaos-clock",
        choices=("virtual", "real"),
        default="virtual",
        help="the clock of tests under --llmchaos and --llmchaos-matrix (default: virtual)",
    )
    group.addoption(
        "--llmchaos-allow-escapes",
        action="store_true",
        help="under --llmchaos and --llmchaos-matrix accept LLM calls that no fault can reach, such as those that a "
        "mock answers above the HTTP library; a test with no others counts as making none",
    )
    group.addoption("--llmchaos-journal", metavar="FILE", help="append what every chaos test did, as JSON Lines")
    group.addoption("--llmchaos-report", metavar="FILE", help="write an HTML report of all chaos tests")
    group.addoption(
        "--llmchaos-gate",
        action="store_true",
        help="judge the whole run by [tool.llmchaos.gate] of pyproject.toml (without it: every test that a fault hit "
        "must survive); exit code 10 for BLOCK, 11 for INCONCLUSIVE, 12 for ERROR",
    )
    group.addoption("--llmchaos-baseline", metavar="FILE", help="compare the gate's results with those in this file")
    group.addoption("--llmchaos-update-baseline", action="store_true", help="write the results to the baseline")
    parser.addini("llmchaos_seed", "seed of all chance in chaos runs", default="0")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Tell of a path that led pytest away from the project, before a conftest fails over it."""
    if any(str(each).startswith("--llmchaos") for each in early_config.invocation_params.args):
        from .pytest_plugin.rootdir import refuse_paths_outside

        refuse_paths_outside(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and read the seed; a bad one is a usage error before anything runs."""
    config.addinivalue_line("markers", MARKER)
    if config.pluginmanager.has_plugin(WATCH):
        config.pluginmanager.unregister(name=WATCH)
    # Workers of xdist read the command line again, and would each draw one.
    seed = getattr(config, "workerinput", {}).get(SEED, config.option.llmchaos_seed)
    seed = config.getini("llmchaos_seed") if seed is None else seed
    if seed == "random":
        import secrets

        seed = str(secrets.randbelow(2**32))
    if not (str(seed).strip().isdecimal() and len(str(seed)) <= 1000):  # Python reads no number of 5,000 digits
        from .core.errors import shown

        raise pytest.UsageError(f"the seed of llmchaos must be a whole number or 'random', got {shown(seed)}")
    config.option.llmchaos_seed = str(seed).strip()
    from .core.errors import ChaosError
    from .pytest_plugin.session_results import results

    try:
        if config.option.llmchaos or config.option.llmchaos_matrix:
            from .pytest_plugin.whole_suite import select

            if (selection := select(config)) is not None:
                config.stash[SUITE] = selection
        if not hasattr(config, "workerinput"):
            gathered = results(config)
            config.pluginmanager.register(gathered.ending, "llmchaos-ending")
            config.pluginmanager.register(gathered, "llmchaos-results")
    except ChaosError as problem:
        from .core.terminal_text import printable

        raise pytest.UsageError(printable(str(problem))) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a worker of xdist the seed of all."""
    node.workerinput[SEED] = node.config.option.llmchaos_seed


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed, and what the whole suite runs under."""
    selection = config.stash.get(SUITE, None)
    return f"llmchaos: seed {config.option.llmchaos_seed}" + (f", the suite under {selection}" if selection else "")


# Last, so that a matrix's scenario stands behind a test's own parameters in its id.
@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each scenario that `@llmchaos.each` or a matrix selects."""
    if any("each" in mark.kwargs for mark in said(metafunc.definition).marks):
        from .pytest_plugin.chaos_tests import parametrize

        parametrize(metafunc)
    elif (selection := metafunc.config.stash.get(SUITE, None)) is not None:
        selection.parametrize(metafunc)


# First, so that options such as -k and plugins that select see the tests of a matrix.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the fixture to every test that is marked or that the whole suite's scenarios go on."""
    selection = config.stash.get(SUITE, None)
    if selection is not None:
        selection.apply(items)
    for item in items:
        item.stash[ID] = item.nodeid
        if said(item).marks or (selection and selection.concerns(item)):
            from .pytest_plugin.chaos_tests import use_fixture

            use_fixture(item)


@pytest.fixture
def llmchaos(request: pytest.FixtureRequest) -> Iterator[Chaos | None]:
    """Chaos under way for this test: its calls, its time, its checks (see `pytest_llmchaos.Chaos`)."""
    from .intercept.active_runs import start, stop
    from .pytest_plugin.chaos_tests import prepare

    if (run := prepare(request)) is None:
        yield None
        return
    begun = request.config.stash.setdefault(BEGUN, [])
    while begun:  # an earlier test whose end was interrupted
        stop(begun[-1])
        begun.pop()
    begun.append(run.chaos)
    start(run.chaos)
    request.node.stash[RUN] = run
    try:
        yield run.chaos
    finally:
        stop(run.chaos)
    from .pytest_plugin.wider_fixtures import judge_teardown

    judge_teardown(run.chaos)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Let fixtures of wider scope, which belong to no one test, find healthy providers where a chaos test asks."""
    # pytest has no public way to the test for which a fixture of wider scope is set up.
    item: Any = getattr(request, "_pyfuncitem", None)
    if fixturedef.scope == "function" or "llmchaos" not in getattr(item, "fixturenames", ()):
        return (yield)
    from .pytest_plugin.wider_fixtures import healthy

    with healthy(fixturedef, item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Seed Python's dice for the test itself: pytest-randomly has seeded them since the run began, by its own seed."""
    if (run := pyfuncitem.stash.get(RUN, None)) is not None:
        from .intercept.active_runs import reseed

        reseed(run.chaos)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge the run in the call phase, so that an app that catches everything cannot hide a verdict and xfail works."""
    run = item.stash.get(RUN, None)
    if run is None:
        return (yield)
    from .pytest_plugin.chaos_tests import judged

    try:
        with judged(item, run):
            return (yield)
    finally:
        run.chaos.told()


# The outermost, so that what the test came to stands on the report: xfail turns it round.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the record of the run on the report, and the timeline of calls on that of a failing test."""
    report = yield
    if (run := item.stash.get(RUN, None)) is not None:
        from .pytest_plugin.evidence import attach

        attach(item, report, call, run)
    elif item.config.stash.get(SUITE, None) is not None and (reason := said(item).off):
        from .pytest_plugin.evidence import keep_out

        keep_out(item, report, reason)
    elif report.when == "setup" and report.failed and "llmchaos" in getattr(item, "fixturenames", ()):
        from .pytest_plugin.evidence import could_not_run

        could_not_run(item, report)
    if report.when == "setup" and report.passed and hasattr(item.config, "workerinput"):
        # Should the worker die in the test: nothing on it says that it was not under chaos.
        report.__dict__.setdefault("llmchaos", "")
    return report
