"""`llmchaos demo`: two builds of a small support bot through a provider's worst weekend, side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from ..checks import find
from ..core.units import show_duration
from ..scenarios import library

if TYPE_CHECKING:
    from ..checks import Check
    from ..checks.verdict import Verdict
    from ..journal.entries import Exchange
    from ..scenarios.scenario import Scenario

__all__ = ["run"]

SCENARIO = "openai-board-crisis-2023"
QUESTIONS = (
    "Where is my order?",
    "Can I return shoes I wore once?",
    "Do you ship to Norway?",
    "My code FRIDAY20 does not work.",
    "Is the blue one back in stock?",
)
EVERY = 150.0  # seconds of scenario time between two customers
CUSTOMERS = 19


class _Bot(Protocol):
    def ask(self, question: str) -> Any: ...


@dataclass(frozen=True)
class _Ask:
    """One customer's question and what became of it."""

    at: float
    phase: str
    seconds: float
    source: str
    calls: tuple[Exchange, ...]


@dataclass(frozen=True)
class _Played:
    asks: tuple[_Ask, ...]
    verdicts: tuple[Verdict, ...]
    virtual: float

    @property
    def unanswered(self) -> int:
        return sum(1 for each in self.asks if each.source.startswith("!"))


def run(scenario: str = SCENARIO, *, out: Callable[[str], None] = click.echo) -> int:
    """Play the demo and print it; return the exit code: 0 when the naive build broke and the resilient one held."""
    began = time.perf_counter()
    missing = [name for name in ("openai", "anthropic") if find_spec(name) is None]
    if missing:
        out(f"The demo drives the real SDKs, and {' and '.join(missing)} is not installed:")
        out("    pip install 'pytest-llmchaos[demo]'")
        return 2
    bots = _support_bot()
    loaded = library.load(scenario)
    naive = _play(loaded, lambda: bots.NaiveBot(api_key="no-key"))
    resilient = _play(loaded, lambda: bots.ResilientBot(openai_key="no-key", anthropic_key="no-key"))
    for line in _page(loaded, naive, resilient, time.perf_counter() - began):
        out(line)
    return 0 if not _held(naive) and _held(resilient) else 1


def _held(played: _Played) -> bool:
    return all(verdict.ok for verdict in played.verdicts)


def _support_bot() -> Any:
    """Import the example app, from the wheel or from the repository."""
    home = Path(__file__).parent / "_examples"
    home = home if home.is_dir() else Path(__file__).parents[3] / "examples"
    sys.path.insert(0, str(home))
    try:
        import support_bot.bot as bots  # type: ignore[import-not-found,unused-ignore] # found in the folder above
    finally:
        sys.path.remove(str(home))
    return bots


def _play(scenario: Scenario, build: Callable[[], _Bot]) -> _Played:
    from ..intercept.inject import inject

    bot = build()
    asks = []
    with inject(scenario, seed=1, checks=[]) as chaos:
        for number in range(CUSTOMERS):
            if (wait := number * EVERY - chaos.now) > 0:
                chaos.advance(wait)
            at, phase = chaos.now, chaos.phase
            name = f"customer {number + 1}"
            try:
                with chaos.request(name):
                    source = bot.ask(QUESTIONS[number % len(QUESTIONS)]).source
            except Exception as error:
                source = f"! {type(error).__name__}"
            calls = chaos.calls.where(lambda each, name=name: each.request == name)  # type: ignore[misc]
            asks.append(_Ask(at, phase, chaos.now - at, source, tuple(calls)))
        verdicts = tuple(chaos.judge(check) for check in _expected(scenario))
        return _Played(tuple(asks), verdicts, chaos.now)


def _expected(scenario: Scenario) -> Sequence[Check]:
    return (*scenario.expect, find("answered_within").build(["10s"]))


# --- the page -----------------------------------------------------------------------------------------------------

_LANE = 44


def _page(scenario: Scenario, naive: _Played, resilient: _Played, wall: float) -> Iterator[str]:
    yield click.style(f"\n{scenario.title or scenario.name}", bold=True)
    if scenario.hypothesis:
        yield f"Hypothesis: {scenario.hypothesis}"
    yield ""
    yield click.style(f"{'time':>6}  {'NAIVE BUILD':<{_LANE}}  {'RESILIENT BUILD':<{_LANE}}", bold=True)
    phase = None
    for left, right in zip(naive.asks, resilient.asks, strict=True):
        if left.phase != phase:
            phase = left.phase
            yield click.style(f"{'':>6}  {f'--- {phase} ':-<{2 * _LANE + 2}}", dim=True)
        clock = f"{int(left.at // 60)}:{int(left.at % 60):02d}"
        yield f"{clock:>6}  {_lane(left)}  {_lane(right)}".rstrip()
    yield ""
    for name, played in (("naive build", naive), ("resilient build", resilient)):
        yield from _verdicts(name, played)
    total = naive.virtual + resilient.virtual
    yield (
        f"{show_duration(round(total))} of scenario time through the real SDKs in {wall:.1f} s of yours; "
        "no key, no network, nothing left the machine."
    )
    yield ""
    yield click.style("Next:", bold=True)
    yield "  llmchaos list                          the scenarios that ship with it"
    yield "  llmchaos show openai-board-crisis-2023 this one, phase by phase"
    yield '  @llmchaos("openai-outage")             on a test of yours, then run pytest'
    yield "  README.md                              five minutes, from the first marker to a CI gate"


def _lane(ask: _Ask) -> str:
    """One customer's question as a line: each call as provider and outcome, then who answered and when."""
    parts = []
    for call in ask.calls:
        word = "ok" if call.ok else _short(call.outcome)
        parts.append(f"{call.provider} {word}")
    text = " > ".join(_runs(parts)) or "no call"
    seconds = f"{ask.seconds:.1f}s"
    failed = ask.source.startswith("!")
    text = f"{_fit(text, _LANE - 9)}{'' if not failed else ' '}"
    mark = "FAIL" if failed else "ok" if ask.seconds <= 10 else "LATE"
    plain = f"{text:<{_LANE - 11}}{seconds:>6} {mark:<4}"
    return click.style(plain, fg="red" if failed else "green" if mark == "ok" else "yellow")


def _runs(parts: Sequence[str]) -> list[str]:
    """Fold equal neighbours: `openai 503` three times becomes `openai 503 x3`."""
    folded: list[tuple[str, int]] = []
    for part in parts:
        if folded and folded[-1][0] == part:
            folded[-1] = (part, folded[-1][1] + 1)
        else:
            folded.append((part, 1))
    return [part if count == 1 else f"{part} x{count}" for part, count in folded]


def _short(outcome: str) -> str:
    return outcome.replace("read_timeout", "timeout")


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "~"


def _verdicts(name: str, played: _Played) -> Iterator[str]:
    answered = len(played.asks) - played.unanswered
    held = _held(played)
    word = click.style("HOLDS", fg="green", bold=True) if held else click.style("BREAKS", fg="red", bold=True)
    yield f"The {name} {word}: {answered} of {len(played.asks)} customers got an answer."
    for verdict in played.verdicts:
        mark = click.style("held    ", fg="green") if verdict.ok else click.style(f"{verdict.outcome:<8}", fg="red")
        yield f"  {mark} {verdict.check}"
        if not verdict.ok:
            for line in verdict.reason.splitlines()[:3]:
                yield f"           {line}"
    yield ""
