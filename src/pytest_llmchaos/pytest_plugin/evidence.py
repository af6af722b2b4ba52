"""What a test under chaos leaves on its reports: its record, a timeline, properties for JUnit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ..checks.verdict import Verdict
from ..clock import realtime
from ..core.errors import ChaosError, ChaosFailed
from ..core.redact import redact_name
from ..gate.record import Record, record, to_json
from ..run.chaos import Chaos
from ..run.host_hint import hint
from .call_phase import SKIPS, behind_a_skip, struck_calls
from .chaos_tests import WITHOUT_CALLS, Run, alike, of_test
from .marks import known_as

__all__ = ["attach", "could_not_run", "keep_out"]


def attach(item: pytest.Item, report: pytest.TestReport, call: pytest.CallInfo[None], run: Run) -> None:
    """Put the record of the run on its report, which carries it to the process that reports, and show the timeline."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _unhide(report, run)
    if report.when == "call":
        _remember(report, call, run)
    if report.when == "call" and report.failed:
        _add_timeline(report, run.chaos)
    if not run.chaos.players:
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
        run = of_test(item, params.get("llmchaos"))
    except ChaosError:
        left = Record(redact_name(known_as(item)), outcome="error", seed=int(item.config.option.llmchaos_seed))
    else:
        if not run.chaos.players:
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
        wall=realtime.perf_counter() - run.began,
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
        item.config.stash.setdefault(WITHOUT_CALLS, set()).add(alike(item, run.applied))


def _add_properties(item: pytest.Item, run: Run) -> None:
    """Set the properties for JUnit in place of those of an earlier call phase, such as a subtest's or a first try's."""
    from ..report import junit

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
    missed = [player.scenario for player in run.chaos.players if not player.loose and player.unused()]
    told = ((each, hint(run.chaos.calls, each, run.chaos.providers)) for each in missed)
    return [
        Verdict(
            "unused",
            "inconclusive",
            "\n".join([f"nothing was injected: {each.name} hit no call (seen: {labels})", *more]),
        )
        for each, more in told
    ]


def _add_timeline(report: pytest.TestReport, chaos: Chaos) -> None:
    """Add the timeline to a failing test's report, unless the failure itself tells it."""
    from ..journal.timeline import timeline
    from ..run.failure_text import HEADING

    if HEADING not in report.longreprtext and len(chaos.calls):
        report.sections.append(("llmchaos timeline", timeline(chaos.journal)))
