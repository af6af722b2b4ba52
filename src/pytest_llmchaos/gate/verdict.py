"""The gate: records and a policy in, one verdict with its reasons out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.errors import near
from ..core.units import show_duration
from .counting import Counted, counted, under, unstruck, worst
from .gate_result import EXIT_CODES, Finding, Result, Verdict, percent

if TYPE_CHECKING:
    from .policy import Policy
    from .record import Record

__all__ = ["EXIT_CODES", "Finding", "Result", "added_latency", "attempts", "judge"]


_MOST_ALONE = 3
"""Scenarios that hit nothing and are told each by itself, with what it would have hit."""

# A violation is certain whatever else went wrong; an error says that more evidence should be there.
_ORDER = ("BLOCK", "ERROR", "INCONCLUSIVE", "NOTE")


def attempts(record: Record) -> int:
    """Return the most calls in a row of one request to one provider's operation, until one succeeded."""
    rows: Counter[tuple[Any, ...]] = Counter()
    most = 0
    for each in record.calls:
        key = (each.get("request"), each["provider"], each["operation"])
        rows[key] += 1
        most = max(most, rows[key])
        if _good(each):
            rows[key] = 0
    return most


def added_latency(record: Record) -> float:
    """Return the longest time in seconds of run time from a call that a fault hit to its request's next good answer.

    Where none came it is the time to the request's last call. Time that the test itself skipped does not count.
    """
    longest = 0.0
    calls = record.calls
    for first in (each for each in calls if each.get("faults")):
        later = [
            each
            for each in calls
            if each["started"] >= first["started"] and each.get("request") == first.get("request")
        ]
        good = [_end(each, record) for each in later if _good(each)]
        until = min(good) if good else max(_end(each, record) for each in later)
        skipped = sum(
            each.get("seconds") or 0.0
            for each in record.entries
            if each["type"] == "event"
            and each["kind"] in ("advance", "enter")
            and first["started"] <= each["at"] < until
        )
        longest = max(longest, until - first["started"] - skipped)
    return longest


def judge(
    records: Iterable[Record],
    policy: Policy,
    baseline: Mapping[str, Mapping[str, str]] | None = None,
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Result:
    """Return what the gate says.

    Args:
        records: what the tests left; of several of one test under the same scenarios the worst counts, and every
            one has to keep the budgets.
        policy: what is asked for.
        baseline: standings by test and by what it ran under, where there is one.
        problems: what kept evidence from coming to be.
        notes: what is to be told besides.
    """
    records = list(records)
    judged = [(each, counted(each)) for each in worst(records)]
    counts: Counter[str] = Counter(name for _, name in judged)
    findings = [Finding("ERROR", each) for each in problems]
    findings += _errors(judged) + _unjudged(judged)
    for wanted in policy.require:
        findings += _required(wanted, judged)
    findings += _unstruck(judged, policy.require)
    findings += _survival(judged, policy, counts, baseline is not None)
    findings += _budgets([(each, counted(each)) for each in records], policy)
    if baseline is not None:
        findings += _compared(judged, baseline, policy.regressions)
    if not counts["survived"] + counts["failed"]:
        findings.append(Finding("INCONCLUSIVE", "no fault hit an LLM call of any test: there is nothing to judge"))
    findings += [Finding("NOTE", each) for each in notes]
    findings.sort(key=lambda each: _ORDER.index(each.level))
    gravest = findings[0].level if findings else "NOTE"
    verdict: Verdict = "PASS" if gravest == "NOTE" else gravest  # type: ignore[assignment]
    return Result(verdict, tuple(_without_repetition(findings)), dict(counts))


Judged = Sequence[tuple["Record", Counted]]


def _errors(judged: Judged) -> list[Finding]:
    broken = [record for record, name in judged if name == "error"]
    if not broken:
        return []
    return [Finding("ERROR", f"{_tests(len(broken))} could not run, the first {broken[0].test}", broken[0].replay)]


def _unjudged(judged: Judged) -> list[Finding]:
    """Tests that failed or gave up for want of evidence. One that passed without harms only what was required."""
    findings = []
    for outcome, what in (
        ("failed", "failed because nothing could be judged"),
        ("skipped", "was hit and then skipped itself"),
    ):
        found = [
            record
            for record, name in judged
            if name == "inconclusive" and record.outcome == outcome and not _left_alone(record)
        ]
        if found:
            text = f"{_tests(len(found))} {what}, such as {_told(found[0])}{_open(found[0])}"
            findings.append(Finding("INCONCLUSIVE", text, found[0].replay))
    return findings


def _required(wanted: str, judged: Judged) -> list[Finding]:
    fits = [(record, name, hit) for record, name in judged for hit in [_fits(wanted, record)] if hit is not None]
    hits = [(record, name) for record, name, hit in fits if hit]
    failed = [record for record, name in hits if name == "failed"]
    if failed:
        text = (
            f"{wanted} is required and did not hold in {len(failed)} of {_tests(len(hits))}, such as {failed[0].test}"
        )
        return [Finding("BLOCK", text, failed[0].replay)]
    if any(name == "survived" for _, name in hits):
        return []
    if hits:
        reason = _open(hits[0][0])
        return [
            Finding("INCONCLUSIVE", f"{wanted} is required and nothing shows that it held{reason}", hits[0][0].replay)
        ]
    if fits:
        return [
            Finding(
                "INCONCLUSIVE",
                f"{wanted} is required, and it hit no LLM call in {_tests(len(fits))}{_why(wanted, fits)}",
            )
        ]
    if wanted.startswith("tag:"):
        hint = near(wanted[4:], {tag for record, _ in judged for tags in record.tags.values() for tag in tags})
    else:
        hint = near(wanted, {name for record, _ in judged for name in record.scenarios})
    return [Finding("INCONCLUSIVE", f"{wanted} is required, and no test ran under it{hint}")]


def _why(wanted: str, fits: Sequence[tuple[Record, Counted, bool]]) -> str:
    """Say what the scenarios hit that fit, and what the tests called."""
    named = [part for record, _, _ in fits for name in _names(wanted, record) for part in record.unmet.get(name, ())]
    called = [_label(call) for record, _, _ in fits for call in record.calls]
    told = [f"it is {_listed(named)}"] if named else []
    told += [f"the tests called {_listed(called)}"] if called else []
    return f": {', and '.join(told)}" if told else ""


def _unstruck(judged: Judged, required: Sequence[str]) -> list[Finding]:
    """Name each scenario that hit no call of any test: that no test failed under it proves nothing."""
    found = {
        scenario: records
        for scenario, records in unstruck([record for record, _ in judged]).items()
        if not any(fnmatchcase(scenario, each) for each in required)
    }
    if len(found) > _MOST_ALONE:
        called = _listed(_label(call) for records in found.values() for each in records for call in each.calls)
        text = f"{len(found)} scenarios hit no LLM call of any test and prove nothing: {', '.join(found)}"
        return [Finding("NOTE", f"{text}; the tests called {called}")]
    findings = []
    for scenario, records in found.items():
        text = f"{scenario} hit no LLM call in {_tests(len(records))} and proves nothing"
        findings.append(Finding("NOTE", text + _why(scenario, [(each, "inconclusive", False) for each in records])))
    return findings


def _survival(judged: Judged, policy: Policy, counts: Mapping[str, int], compared: bool) -> list[Finding]:
    failed = [record for record, name in judged if name == "failed"]
    total = counts.get("survived", 0) + len(failed)
    if not failed or (policy.survival is None and compared):
        return []
    least = 1.0 if policy.survival is None else policy.survival
    share = counts.get("survived", 0) / total
    # A share that a policy names as "95%" must not fail by a rounding of floats.
    if share >= least - 1e-9:
        return [Finding("NOTE", f"{_tests(len(failed))} did not survive, such as {_told(failed[0])}", failed[0].replay)]
    text = f"{percent(share)} survived and at least {percent(least)} must"
    return [
        Finding("BLOCK", f"{text}; failed: {_told(each)}" if not place else f"failed: {_told(each)}", each.replay)
        for place, each in enumerate(failed)
    ]


def _budgets(judged: Judged, policy: Policy) -> list[Finding]:
    findings = []
    hit = [record for record, name in judged if name in ("survived", "failed") and record.struck]
    if policy.attempts is not None:
        over = sorted(((attempts(each), each) for each in hit), key=lambda pair: -pair[0])
        over = [pair for pair in over if pair[0] > policy.attempts]
        if over:
            most, worst = over[0]
            text = f"{most} attempts in a row in {_told(worst)}, and {policy.attempts} are allowed{_more(over)}"
            findings.append(Finding("BLOCK", text, worst.replay))
    if policy.added_latency is not None:
        slow = sorted(((added_latency(each), each) for each in hit), key=lambda pair: -pair[0])
        slow = [pair for pair in slow if pair[0] > policy.added_latency]
        if slow:
            longest, worst = slow[0]
            text = (
                f"{show_duration(round(longest, 3))} until the next good answer in {_told(worst)}, and "
                f"{show_duration(policy.added_latency)} are allowed{_more(slow)}"
            )
            findings.append(Finding("BLOCK", text, worst.replay))
    if policy.cost is not None:
        findings += _dear(hit, policy.cost)
    return findings


def _dear(hit: Sequence[Record], limit: float) -> list[Finding]:
    findings = []
    dear = sorted(((each.cost, each) for each in hit if each.cost > limit), key=lambda pair: -pair[0])
    if dear:
        most, worst = dear[0]
        text = f"{most:.6g} USD for the calls of {_told(worst)}, and {limit:.6g} USD are allowed{_more(dear)}"
        findings.append(Finding("BLOCK", text, worst.replay))
    if unpriced := [each for each in hit if each.unpriced and each.cost <= limit]:
        text = f"the price of {unpriced[0].unpriced} calls of {_told(unpriced[0])} is not known: tell it in"
        text += " [tool.llmchaos.prices]"
        findings.append(Finding("INCONCLUSIVE", text, unpriced[0].replay))
    return findings


def _compared(judged: Judged, baseline: Mapping[str, Mapping[str, str]], allowed: int) -> list[Finding]:
    findings = []
    new = [record for record, name in judged if name == "failed" and _before(record, baseline) != "failed"]
    level = "BLOCK" if len(new) > allowed else "NOTE"
    for each in new:
        what = (
            "survived in the baseline and now fails" if _before(each, baseline) else "fails and is not in the baseline"
        )
        findings.append(Finding(level, f"{_told(each)} {what}", each.replay))
    for record, name in judged:
        if name not in ("survived", "failed") and _before(record, baseline) == "survived":
            findings.append(
                Finding("INCONCLUSIVE", f"{_told(record)} survived in the baseline and is now: {name}", record.replay)
            )
    known = [record for record, name in judged if name == "failed" and _before(record, baseline) == "failed"]
    if known:
        findings.append(Finding("NOTE", f"{_tests(len(known))} failed in the baseline too, such as {_told(known[0])}"))
    seen = {(record.test, under(record)) for record, _ in judged}
    gone = [(test, what) for test, found in baseline.items() for what in found if (test, what) not in seen]
    if gone:
        text = f"{_tests(len(gone))} of the baseline did not run, such as {gone[0][0]} under {gone[0][1]}"
        findings.append(Finding("NOTE", text))
    return findings


# --- small things -----------------------------------------------------------------------------------------------------


def _fits(wanted: str, record: Record) -> bool | None:
    """Tell whether a record's fitting scenario hit a call; None where none of its scenarios fits."""
    names = _names(wanted, record)
    return any(name in record.hit for name in names) if names else None


def _names(wanted: str, record: Record) -> list[str]:
    """Return the scenarios of a record that a policy's word means."""
    if wanted.startswith("tag:"):
        return [name for name, tags in record.tags.items() if any(fnmatchcase(tag, wanted[4:]) for tag in tags)]
    return [name for name in record.scenarios if fnmatchcase(name, wanted)]


def _label(call: Mapping[str, Any]) -> str:
    model = f"/{call['model']}" if call.get("model") else ""
    return f"{call['provider']}{model}:{call['operation']}"


def _listed(texts: Iterable[str]) -> str:
    """Return the first few of the texts, each once."""
    found = list(dict.fromkeys(texts))
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def _before(record: Record, baseline: Mapping[str, Mapping[str, str]]) -> str | None:
    return baseline.get(record.test, {}).get(under(record))


def _good(call: Mapping[str, Any]) -> bool:
    status = call.get("status")
    ended = call.get("ended") is not None and call.get("error") in (None, "closed")
    return ended and status is not None and status < 400


def _end(call: Mapping[str, Any], record: Record) -> float:
    ended = call.get("ended")
    return float(max(record.virtual, call["started"]) if ended is None else ended)


def _open(record: Record) -> str:
    reasons = [each["reason"] for each in record.verdicts if each["outcome"] == "inconclusive" and not each["always"]]
    return f": {reasons[0].partition(chr(10))[0]}" if reasons else ""


def _told(record: Record) -> str:
    # A matrix writes the scenario into the id already.
    return (
        record.test if any(name in record.test for name in record.scenarios) else f"{record.test} under {under(record)}"
    )


def _left_alone(record: Record) -> bool:
    """Tell whether it was skipped because virtual time cannot drive it: the app did not give up."""
    return record.outcome == "skipped" and any(each["check"] == "clock" for each in record.verdicts)


def _more(pairs: Sequence[Any]) -> str:
    return f" (and {_tests(len(pairs) - 1)} more)" if len(pairs) > 1 else ""


def _tests(count: int) -> str:
    return f"{count} test{'s' * (count != 1)}"


def _without_repetition(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out a command that a finding before it showed."""
    told: set[str] = set()
    kept = []
    for each in findings:
        kept.append(replace(each, replay="") if each.replay in told else each)
        told.add(each.replay)
    return kept
