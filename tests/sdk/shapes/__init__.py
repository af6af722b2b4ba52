"""The calls an app makes with the real SDKs, by name, and one way to make each of them, sync and async.

Each module here is one SDK against one provider; `reactions/` has a table of the same name. An SDK is added by these
two files.
"""

from __future__ import annotations

import asyncio
import inspect
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pkgutil import iter_modules
from typing import Any

import pytest
from packaging.requirements import Requirement

from pytest_llmchaos import inject
from pytest_llmchaos.checks import always_on
from pytest_llmchaos.faults import Injection
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

from ._base import KEY, MODES, City, Sdk, Shape

__all__ = [
    "KEY", "MODES", "SDKS", "SHAPES", "City", "Outcome", "Sdk", "Shape",
    "answers", "ask", "call", "client", "installed", "lacking", "marks", "standing_client",
]  # fmt: skip

SDKS: dict[str, Sdk] = {
    name: import_module(f".{name}", __name__).SDK
    for name in sorted(module.name for module in iter_modules(__path__))
    if not name.startswith("_")
}
SHAPES: dict[str, dict[str, Shape]] = {name: sdk.calls for name, sdk in SDKS.items()}


def answers(sdk: str) -> str:
    """Return the name of the provider that the SDK talks to."""
    return SDKS[sdk].provider or sdk


def client(sdk: str, mode: str = "sync", **options: Any) -> Any:
    """Make a real client with the SDK's own defaults; skip the test where the SDK is not installed."""
    if missing := lacking(sdk):
        pytest.skip(missing)
    return SDKS[sdk].make(mode, **options)


@cache
def standing_client(sdk: str, mode: str, timeout: float | None = None) -> Any:
    """Return one client for all tests: most of a call's cost here is the TLS context of its client."""
    return client(sdk, mode, **({} if timeout is None else {"timeout": timeout}))


@cache
def installed(line: str) -> bool:
    """Tell whether the installed SDK is of that line, such as `openai>=3`; `python` is the Python that runs."""
    wanted = Requirement(line)
    if wanted.name == "python":
        return wanted.specifier.contains(platform.python_version(), prereleases=True)
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


def lacking(sdk: str) -> str:
    """Return why tests of that SDK cannot run here; nothing where they can."""
    needed = [each for each in (SDKS[sdk].needs, SDKS[sdk].beside) if each and not installed(each)]
    return f"needs {' and '.join(needed)}: pip install -e '.[test,providers]'" if needed else ""


def marks(sdk: str) -> list[Any]:
    """Return the marks of a test of that SDK: of an older line we stand for OpenAI's alone."""
    missing = lacking(sdk)
    found = [pytest.mark.skip(reason=missing)] if missing else []
    if SDKS[sdk].warns:
        found.append(pytest.mark.filterwarnings(f"ignore:{SDKS[sdk].warns}"))
    return found if sdk == "openai" else [*found, pytest.mark.needs_current_sdk]


@dataclass
class Outcome:
    """What an app gets: events and an answer, or an exception. `took` is real time in seconds."""

    events: list[Any] = field(default_factory=list)
    result: Any = None
    error: BaseException | None = None
    took: float = 0.0
    client: Any = None

    def must(self) -> Outcome:
        """Return this outcome; raise the exception where there was one."""
        if self.error is not None:
            raise self.error
        return self


def ask(
    sdk: str, shape: str, mode: str, *faults: Injection, timeout: float | None = None, **chaos: Any
) -> tuple[Chaos, Outcome]:
    """Make one call under chaos; return the run and what came of the call. `timeout` is the client's."""
    make = client if SDKS[sdk].fresh else standing_client
    asking = make(sdk, mode) if timeout is None else make(sdk, mode, timeout=timeout)  # before the run, as most apps do
    began = time.perf_counter()  # outside the run, so real time
    with _running(SDKS[sdk], *faults, **chaos) as run:
        outcome = _called(asking, SDKS[sdk], shape, mode)
    outcome.took = time.perf_counter() - began
    return run, outcome


@contextmanager
def _running(sdk: Sdk, *faults: Injection, **options: Any) -> Iterator[Chaos]:
    """Run under chaos; what the project's file would say of the SDK's servers is said here."""
    options = {"suppress": dict.fromkeys(always_on.names(), "what the SDK itself does is what is measured"), **options}
    if not sdk.own:
        with inject(*faults, **options) as run:
            yield run
        return
    run = Chaos(loose=faults, providers=Providers(sdk.own), **options)
    active_runs.start(run)
    try:
        yield run
    finally:
        active_runs.stop(run)
    run.finish()
    if failed := run.verdict_error():
        raise failed


def call(sdk: str, shape: str, mode: str, timeout: float | None = None) -> Outcome:
    """Make one call with the standing client and return what came of it."""
    return _called(standing_client(sdk, mode, timeout), SDKS[sdk], shape, mode)


def _called(asking: Any, sdk: Sdk, shape: str, mode: str) -> Outcome:
    """Make one call, async ones in an event loop of their own, and return what came of it."""
    outcome, how = Outcome(client=asking), sdk.calls[shape]
    method = asking
    for name in (how.method if mode == "sync" else sdk.asynchronous(how.method)).split("."):
        method = getattr(method, name)
    if mode == "sync":
        _sync(method, how, outcome)
    else:
        asyncio.run(_async(method, how, outcome))
    return outcome


def _sync(method: Any, how: Shape, outcome: Outcome) -> None:
    try:
        answer = method(**how.given)
        if not how.stream:
            outcome.result = answer
            return
        answer = answer[how.inside] if how.inside else answer
        with answer if hasattr(answer, "__enter__") else nullcontext(answer) as stream:
            for event in stream:
                outcome.events.append(event)
            if how.final:
                outcome.result = getattr(stream, how.final)()
    except Exception as error:
        outcome.error = error


async def _async(method: Any, how: Shape, outcome: Outcome) -> None:
    try:
        answer = method(**how.given)
        if inspect.isawaitable(answer):
            answer = await answer
        if not how.stream:
            outcome.result = answer
            return
        async with answer if hasattr(answer, "__aenter__") else nullcontext(answer) as stream:
            async for event in stream:
                outcome.events.append(event)
            if how.final:
                outcome.result = await getattr(stream, how.final)()
    except Exception as error:
        outcome.error = error
