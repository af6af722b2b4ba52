"""Judging a run: checks as methods, what is recorded against it, and the error that tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import checks
from ..checks import always_on
from ..checks.verdict import Verdict
from ..core.errors import ChaosFailed, UsageProblem, near
from .host_hint import hint

if TYPE_CHECKING:
    from ..checks import Check
    from ..journal.entries import Exchange, Journal
    from ..scenarios.scenario import Scenario
    from .chaos import Chaos
    from .scenario_player import ScenarioPlayer

__all__ = ["Expect", "Judge", "judge", "unexpected"]

_TEST = ("the test",)
_ENOUGH = 100
"""Calls that prove one thing in a run that goes on for days."""


def unexpected(names: Iterable[str], scenarios: Sequence[Scenario]) -> str:
    """Return what is wrong with the names of checks to judge: no scenario expects one. Empty for nothing."""
    told = [scenario.name for scenario in scenarios if scenario.name]
    known = list(dict.fromkeys(check.name for scenario in scenarios for check in scenario.expect))
    for name in names:
        if name not in known:
            whose = f"{' and '.join(told[:3])}{' and others' if len(told) > 3 else ''}" if told else "no scenario"
            knows = f"expects {', '.join(known)}" if known else "expects nothing"
            return (
                f"checks: nothing expects {name!r} here{near(name, known)} ({whose} {knows}; "
                f"the test itself asks with llmchaos.expect.{name}(...))"
            )
    return ""


def judge(check: Check, journal: Journal) -> Verdict:
    """Return a check's verdict; inconclusive where it needed calls, or words of calls, that are no longer kept."""
    let_go = journal.let_go
    before = let_go.missed
    verdict = check.judge(journal)
    if not let_go.calls and let_go.missed == before:
        return verdict
    return replace(verdict, outcome="inconclusive", reason=f"{let_go}; of what is kept: {verdict.reason}")


class Judge:
    """Collects what does not hold in a run. A verdict once recorded fails the test, whatever the app swallows."""

    def __init__(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._verdicts: list[Verdict] = []
        self._taken: list[str] = []
        self._finished = False
        self._told: list[Verdict] = []

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What was recorded so far, held ones included."""
        return tuple(self._verdicts)

    def verdict(self, check: str | Check, args: Sequence[Any], given: dict[str, Any]) -> Verdict:
        """Return a check's verdict.

        Raises:
            UsageProblem: no such check or parameter, or a target in it names no provider.
        """
        judged = check if isinstance(check, checks.Check) else checks.find(check).build(args, given)
        if judged is check and given:
            raise UsageProblem(f"{check} has its parameters already, and takes no {', '.join(given)}")
        for target in judged.targets():  # a misspelt one is never called, and would make some checks hold for nothing
            self._chaos.providers.check_name(target.provider)
        return judge(judged, self._chaos.journal)

    def record(self, verdict: Verdict) -> None:
        """Keep a verdict; the same one twice counts once, with the evidence of both."""
        for index, known in enumerate(self._verdicts):
            if (known.check, known.outcome, known.reason) == (verdict.check, verdict.outcome, verdict.reason):
                if self._chaos.keep is not None and len(known.evidence) >= _ENOUGH:
                    return
                evidence = dict.fromkeys((*known.evidence, *verdict.evidence))
                asked = dict.fromkeys((*known.asked, *verdict.asked))
                self._verdicts[index] = replace(known, evidence=tuple(evidence), asked=tuple(asked))
                return
        self._verdicts.append(verdict)

    def add(self, what: str, reason: str, evidence: Iterable[Exchange] = ()) -> None:
        """Record that something went wrong in the run itself."""
        self.record(Verdict(what, "violated", reason, tuple(evidence)))

    def take(self, name: str) -> Callable[..., Verdict]:
        """Return a check to be called; one that never is proves nothing, and `finish` tells so."""
        check = checks.find(name)
        self._taken.append(name)
        waiting = [name]

        def judge(*args: Any, **given: Any) -> Verdict:
            __tracebackhide__ = True
            if waiting:
                self._taken.remove(waiting.pop())
            verdict = replace(self.verdict(name, args, given), asked=_TEST)
            self.record(verdict)
            if not verdict.ok:
                raise self.failure([verdict])
            return verdict

        judge.__doc__ = check.__doc__
        judge.__name__ = name
        return judge

    def finish(
        self,
        players: Sequence[ScenarioPlayer],
        names: Sequence[str] | None,
        off: Mapping[str, str],
        complete: bool = True,
    ) -> None:
        """Judge the expectations of the scenarios, what hit no call, and the always-on checks that are not `off`.

        Args:
            players: what was under way.
            names: the expectations to judge; None for all.
            off: the always-on checks that are switched off.
            complete: whether the test came to its end, so that a check it named could have been called.
        """
        if self._finished:
            return
        self._finished = True
        misfit = any(verdict.check == "fault" for verdict in self._verdicts)
        for player in players:
            unused = [] if misfit else player.unused()
            if unused and not self._chaos.allow_unused:
                self.add("unused", self._unused(player, unused))
            elif not unused or player.loose:
                asked = (f"the scenario {player.scenario.name}",)
                for check in player.scenario.expect:
                    if names is None or check.name in names:
                        self.record(replace(self.verdict(check, (), {}), asked=asked))
        if problem := unexpected(names or (), [player.scenario for player in players]):
            self.add("checks", problem)
        for name in self._taken if complete else ():
            self.add(name, f"it was named but not called, so nothing was judged: llmchaos.expect.{name}(...)")
        for verdict in always_on.judge(self._chaos.journal.recent(), off):
            self.record(verdict)

    def told(self) -> None:
        """Note that all failures so far were told, or were not to be."""
        self._told = list(self.failures())

    def finish_teardown(self, off: Mapping[str, str]) -> ChaosFailed | None:
        """Run the always-on checks again, and return the error of what was violated since `told`."""
        known = {verdict.check for verdict in self._told}
        for verdict in always_on.judge(self._chaos.journal.recent(), off):
            if verdict.check not in known:  # it would say the same again, with more calls
                self.record(verdict)
        # Where the clock does not reach the test, it was skipped.
        new = [each for each in self.failures() if each.outcome == "violated" and each.check != "clock"]
        told = [(each.check, each.reason) for each in self._told]
        left = [each for each in new if (each.check, each.reason) not in told]
        return self.failure(left) if left else None

    def failures(self) -> tuple[Verdict, ...]:
        """Return the verdicts that fail the test."""
        return tuple(verdict for verdict in self._verdicts if not verdict.ok)

    def error(self, told: Iterable[Verdict] = ()) -> ChaosFailed | None:
        """Return the error that tells what did not hold, None when all did; verdicts already `told` are left out."""
        known = [(verdict.check, verdict.reason) for verdict in told]
        left = [verdict for verdict in self.failures() if (verdict.check, verdict.reason) not in known]
        return self.failure(left) if left else None

    def failure(self, verdicts: Sequence[Verdict]) -> ChaosFailed:
        """Return the error that tells these verdicts, with the timeline."""
        from .failure_text import failure_text

        text = failure_text(verdicts, self._chaos.journal, seed=self._chaos.seed, replay=self._chaos.replay)
        return ChaosFailed(text, verdicts)

    def _unused(self, player: ScenarioPlayer, unused: Sequence[str]) -> str:
        seen: dict[str, int] = {}
        for exchange in self._chaos.journal.exchanges:
            seen[exchange.label] = seen.get(exchange.label, 0) + 1
        lines = [f"nothing was injected: {player.scenario.name} hit no call"]
        if player.loose:
            lines = [f"nothing was injected by {len(unused)} of the test's own faults"]
        lines += [f"  {line}" for line in unused[:12]]
        lines += [f"  and {len(unused) - 12} more"] if len(unused) > 12 else []
        calls = ", ".join(f"{count} x {label}" for label, count in list(seen.items())[:12])
        lines.append(f"  LLM calls seen: {calls or 'none'}")
        lines += [] if calls else [f"  {line}" for line in self._chaos.surroundings.blind_spots(self._chaos)]
        more = hint(self._chaos.journal.exchanges, player.scenario, self._chaos.providers)
        lines += [f"  {line}" for line in (*more, "(allow_unused=True accepts this)")]
        return "\n".join(lines)


class Expect:
    """The checks as methods. One that does not hold raises `ChaosFailed` (an AssertionError) and stays recorded."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def __getattr__(self, name: str) -> Callable[..., Verdict]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._judge.take(name)

    def __dir__(self) -> list[str]:
        return checks.names()
