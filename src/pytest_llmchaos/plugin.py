"""pytest hooks and the fixture, nothing else; what they do is in `_pytest_run`, imported when a test uses chaos."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .session import Chaos

__all__: list[str] = []

MARKER = (
    "llmchaos(*what, seed=, clock=, upstream=, checks=, allow_unused=, allow_escapes=): run the test while its LLM "
    "provider fails; what: names or files of scenarios, or faults such as faults.latency('20s', target='openai')"
)
RUN: pytest.StashKey[Chaos] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("llmchaos", "LLM provider failures (pytest-llmchaos)")
    group.addoption(
        "--llmchaos-seed",
        metavar="N",
        default=None,
        help="seed of all chance in chaos runs: a whole number, or 'random' for a new one (default: 0)",
    )
    parser.addini("llmchaos_seed", "seed of all chance in chaos runs", default="0")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and read the seed; a bad one is a usage error before anything runs."""
    config.addinivalue_line("markers", MARKER)
    seed = config.option.llmchaos_seed
    seed = config.getini("llmchaos_seed") if seed is None else seed
    if seed == "random":
        import secrets

        seed = str(secrets.randbelow(2**32))
    if not str(seed).strip().isdigit():
        raise pytest.UsageError(f"the seed of llmchaos must be a whole number or 'random', got {seed!r}")
    # Written back as a plain string so that xdist hands every worker the same one.
    config.option.llmchaos_seed = str(seed).strip()


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed."""
    return f"llmchaos: seed {config.option.llmchaos_seed}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each scenario that `@llmchaos.each` selects."""
    if any("each" in marker.kwargs for marker in metafunc.definition.iter_markers("llmchaos")):
        from ._pytest_run import parametrize

        parametrize(metafunc)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every marked test the fixture."""
    for item in items:
        if item.get_closest_marker("llmchaos") is not None:
            from ._pytest_run import use_fixture

            use_fixture(item)


@pytest.fixture
def llmchaos(request: pytest.FixtureRequest) -> Iterator[Chaos]:
    """Chaos under way for this test: its calls, its time, its checks (see `pytest_llmchaos.Chaos`)."""
    from ._pytest_run import prepare

    chaos = prepare(request)
    chaos.start()
    request.node.stash[RUN] = chaos
    try:
        yield chaos
    finally:
        chaos.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Judge the run in the call phase, so that an app that catches everything cannot hide a verdict and xfail works."""
    chaos = item.stash.get(RUN, None)
    if chaos is None:
        return (yield)
    from ._pytest_run import judged

    with judged(chaos):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the timeline of calls with a failing test."""
    report = yield
    chaos = item.stash.get(RUN, None)
    if chaos is not None and report.when == "call" and report.failed:
        from ._pytest_run import add_timeline

        add_timeline(report, chaos)
    return report
