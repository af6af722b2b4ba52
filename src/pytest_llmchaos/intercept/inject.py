"""`inject`: a chaos run as a context manager, for scripts, notebooks and Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Never

from ..checks import always_on
from ..core.config import Config, load
from ..core.errors import ChaosFailed
from ..providers import of_project
from ..run import options
from ..run.chaos import Chaos
from ..scenarios.resolve import resolve
from . import active_runs

__all__ = ["inject", "settle"]


class inject:
    """Run a block under chaos, sync (`with`) or async (`async with`); gives the running `Chaos`.

    When the block ends, the run is judged: what did not hold is raised as `ChaosFailed`, or noted on the exception
    that the block itself raised.

    Args:
        what: names of library scenarios, paths of scenario files, `Scenario`s, or faults such as
            `faults.latency("20s", target="openai")`.
        seed: chance depends on it.
        clock: `virtual` (waits cost no real time) or `real`.
        upstream: `simulated`, `passthrough`, or None to simulate unless a mock lies beneath.
        checks: names of the scenarios' expectations to judge; None for all, an empty list for none.
        allow_unused: accept that something hit no call.
        allow_escapes: accept LLM calls that passed no interception point, and let them out.
        suppress: always-on checks to switch off, by name, each with the reason why.

    Raises:
        UsageProblem: a name, file, target or option is bad.
        ChaosFailed: the run did not hold.
    """

    def __init__(
        self,
        *what: Any,
        seed: int = 0,
        clock: Literal["virtual", "real"] = "virtual",
        upstream: Literal["simulated", "passthrough"] | None = None,
        checks: list[str] | tuple[str, ...] | None = None,
        allow_unused: bool = False,
        allow_escapes: bool = False,
        suppress: Mapping[str, str] | None = None,
        **misspelt: Never,
    ) -> None:
        given: dict[str, Any] = {"seed": seed, "clock": clock, "upstream": upstream, "checks": checks}
        given |= {"allow_unused": allow_unused, "allow_escapes": allow_escapes, "suppress": suppress}
        read = options.read({**given, **misspelt}, of="inject")
        config = load()
        read["suppress"] = {**always_on.of_project(config), **read.get("suppress", {})}
        self._make: Callable[[Config], Chaos] = lambda config: Chaos(
            *resolve(what, beside(config)), **read, providers=of_project(config.providers), beside=beside(config)
        )
        self._chaos = self._make(config)  # here already, so that a mistake is told where it was written
        self._entered = False

    def __enter__(self) -> Chaos:
        if self._entered:
            self._chaos = self._make(load())
        self._entered = True
        try:
            active_runs.start(self._chaos)
            return self._chaos
        except BaseException:  # an interrupt may come when it has started
            active_runs.stop(self._chaos)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        active_runs.stop(self._chaos)
        settle(self._chaos, error)

    def __del__(self) -> None:
        """End a run whose block was left by an interrupt, before the end of the block could do anything."""
        if getattr(self, "_entered", False):
            active_runs.forsake(self._chaos)

    async def __aenter__(self) -> Chaos:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, where)


def beside(config: Config) -> tuple[Path, ...]:
    """Return where scenario files are looked for: in the working folder, then in that of the project."""
    return (Path(), *([config.path.parent] if config.path else []))


def settle(chaos: Chaos, error: BaseException | None, *, inconclusive: bool = True) -> None:
    """Judge a run whose block ended with `error` (or None).

    Args:
        chaos: the run.
        error: what the block raised.
        inconclusive: whether a verdict without evidence is a failure.

    Raises:
        ChaosFailed: it did not hold, and the block raised nothing itself; else the verdicts become a note on `error`.
    """
    chaos.finish(error)
    told = list(error.verdicts) if isinstance(error, ChaosFailed) else []
    if not inconclusive:
        told += [verdict for verdict in chaos.verdicts if verdict.outcome == "inconclusive"]
    failed = chaos.verdict_error(told)
    if failed is None:
        return
    if error is None:
        raise failed
    error.add_note(str(failed))
