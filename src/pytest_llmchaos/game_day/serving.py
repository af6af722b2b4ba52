"""A proxy from its start to its report: what `llmchaos serve` does."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..core.config import load
from ..core.errors import UsageProblem
from ..journal.keeping import Keep
from ..providers import Providers
from ..run.chaos import Chaos
from ..run.surroundings import Surroundings
from .control import Control
from .known import FOLDER, another, known
from .proxy import Proxy

if TYPE_CHECKING:
    from ..gate.record import Record
    from ..scenarios.scenario import Scenario

__all__ = ["Address", "Drill", "Outside", "Serving", "serve"]

_NAMES_OF_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
_MANY_ASK = "many clients ask through a proxy"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = 8800

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `8800`, `127.0.0.1:8800` or `[::1]:8800`.

        Raises:
            UsageProblem: it is none of these.
        """
        host, _, port = text.rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        if not port.isdecimal() or int(port) > 65_535 or any(sign.isspace() for sign in host):
            raise UsageProblem(f"{text!r} is no address to listen on, such as 8800 or 127.0.0.1:8800")
        return cls(host, int(port))

    @property
    def is_of_this_machine(self) -> bool:
        """Whether nobody else can reach it."""
        return self.host.startswith("127.") or self.host in _NAMES_OF_THIS_MACHINE

    @property
    def url(self) -> str:
        """The address as clients on this machine write it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared with
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of it.

    Attributes:
        record: as of a test, for the gate and the reports.
        unmet: what should have gone wrong and met no call, a line each with the reasons.
    """

    record: Record
    unmet: tuple[str, ...]


@dataclass(slots=True)
class Serving:
    """A proxy that runs: where it is, by what it is controlled, and what clients of HTTPS_PROXY must trust."""

    address: Address
    token: str
    proxy: Proxy
    bundle: Path
    notes: Sequence[str] = ()


def serve(
    scenarios: Sequence[Scenario],
    *,
    address: Address,
    upstream: Literal["simulated", "real"] = "simulated",
    origins: Mapping[str, str] | None = None,
    seed: int = 0,
    token: str = "",
    started: Callable[[Serving], None] = lambda serving: None,
) -> Drill:
    """Play scenarios to whoever calls, until Ctrl-C, SIGTERM or `llmchaos stop`; return what came of it, judged.

    Args:
        scenarios: what goes wrong; none is a proxy that waits for `llmchaos inject`.
        address: where to listen.
        upstream: where healthy answers come from.
        origins: where calls to a provider go, by its name, in place of its usual host.
        seed: what chance hangs on.
        token: what the control API asks for; one is made up where none is given.
        started: is called once the proxy listens.

    Raises:
        UsageProblem: it cannot listen there or write to the folder, or a scenario names no provider.
    """
    from ..gate.record import record

    timeless = [replace(each, date=None) for each in scenarios]
    notes = [f"{each.name} starts on {each.date:%Y-%m-%d}; it is played today" for each in scenarios if each.date]
    run = Chaos(
        timeless,
        seed=seed,
        test="llmchaos serve",
        clock="real",
        upstream="passthrough" if upstream == "real" else "simulated",
        suppress={"runaway_retries": _MANY_ASK},
        providers=Providers(load().providers),
        allow_unused=True,  # what met no call is no failure here: nothing is proven, which the outcome says
        keep=Keep(),
    )
    run.surroundings = Outside()
    token = token or secrets.token_urlsafe(24)
    with _runner() as runner:
        run.start()
        try:
            runner.run(_serve(run, address, upstream == "real", dict(origins or {}), token, notes, started))
        finally:
            run.stop()
    run.finish()
    bad = any(each.outcome == "violated" for each in run.verdicts)
    unmet = tuple(line for player in run.players for line in player.unused())
    return Drill(record(run, outcome="failed" if bad else "passed", wall=run.now), unmet)


def _runner() -> asyncio.Runner:
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _serve(
    run: Chaos,
    address: Address,
    real: bool,
    origins: Mapping[str, str],
    token: str,
    notes: Sequence[str],
    started: Callable[[Serving], None],
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread
            loop.add_signal_handler(number, stopped.set)
    session = None
    if real:
        from .upstream import new_session

        session = new_session()
    proxy = Proxy(run, origins=origins, session=session)
    try:
        port = await proxy.start(address.host, address.port)
        address = replace(address, port=port)
        proxy.control = Control(proxy, token, _names(address), stopped)
        if before := another():
            notes = [*notes, f"{before} runs in this folder too; from here on commands steer this one, not that"]
        try:
            bundle = proxy.authority.write_bundle(FOLDER)
        except OSError as problem:
            raise UsageProblem(f"cannot write to {FOLDER.absolute()}: {problem.strerror or problem}") from None
        with known(address.url, token, bundle):
            started(Serving(address, token, proxy, bundle, notes))
            await stopped.wait()
            proxy.clear()
            await proxy.stop()
    finally:
        if session is not None:
            await session.close()


def _names(address: Address) -> set[str]:
    return {*_NAMES_OF_THIS_MACHINE, address.host.lower()}


class Outside(Surroundings):
    """The apps that call the proxy are other processes: nothing of them is patched or seen."""

    app_is_here = False

    def blind_spots(self, run: Chaos) -> Iterable[str]:
        """What a proxy that saw no call may have missed."""
        return ("no call came to the proxy: give the app its address (llmchaos env), and start it anew",)
