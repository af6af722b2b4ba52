"""Made-up records of tests, for the tests of reports; the calls are told as in `checks/journals.py`."""

from __future__ import annotations

from pytest_llmchaos.gate.record import Record
from pytest_llmchaos.journal.entries import Event, Exchange

from ..checks.journals import journal, sdk

__all__ = ["fallback", "gave_up", "hostile", "many", "record", "untouched", "verdict"]

EXCHANGE = (
    *("provider", "operation", "model", "stream", "request", "attempt", "retry", "started", "ended", "status"),
    *("error", "faults", "retry_after", "phase", "call_site", "via", "host", "chunks", "first_event", "longest_gap"),
)


def verdict(check, outcome="held", reason="", *evidence, always=False):
    """Return a verdict as records have it."""
    return {"check": check, "outcome": outcome, "reason": reason, "evidence": list(evidence), "always": always}


def record(*lines, **given):
    """Return the record of a test whose journal these lines tell of."""
    entries = [_entry(each) for each in journal(*lines).entries]
    calls = any(each["type"] == "exchange" for each in entries)
    end = max((each.get("ended") or each.get("started") or each.get("at") or 0.0 for each in entries), default=0.0)
    test = given.pop("test", "tests/test_bot.py::test_asks")
    struck = any(each.get("faults") for each in entries)
    given.setdefault("hit", list(given.get("scenarios", ["openai-outage"])) if struck else [])
    return Record(
        **{
            "test": test,
            "scenarios": ["openai-outage"],
            "faults": [],
            "seed": 0,
            "clock": "virtual",
            "replay": f"pytest {test} --llmchaos-seed=0",
            "outcome": "passed",
            "llm": "calls" if calls else "none",
            "verdicts": [],
            "entries": entries,
            "phases": [],
            "virtual": end,
            "wall": 0.01,
            **given,
        }
    )


def _entry(each):
    if isinstance(each, Event):
        return {"type": "event", "at": each.at, "kind": each.kind, "text": each.text, "seconds": each.seconds}
    assert isinstance(each, Exchange)
    told = {name: getattr(each, name) for name in EXCHANGE}
    return {"type": "exchange", **told, "faults": list(each.faults), "finish": None, "prompt_tokens": 12,
            "completion_tokens": 40 if each.ok else None}  # fmt: skip


def fallback(**given):
    """Return a record of an app that failed over in time."""
    return record(
        *sdk(0, "openai", "503 +200ms", by="outage", after="2s", site="app/bot.py:41", phase="outage"),
        "3.2 anthropic 200 +1400ms stream=1 site=app/bot.py:58 phase=outage",
        "9 openai 200 +800ms site=app/bot.py:41 phase=recovery",
        **{
            "verdicts": [
                verdict("failed_over(to='anthropic', within='5s')", "held", "anthropic answered 4.6s after", 3),
                verdict("no_lockstep", "inconclusive", "too few retries to tell", always=True),
            ],
            "phases": [
                {"name": "outage", "start": 0.0, "end": 8.0},
                {"name": "recovery", "start": 8.0, "end": 9.8},
            ],
            **given,
        },
    )


def gave_up(**given):
    """Return a record of an app that hammered and gave up."""
    reason = "expected an ok call to anthropic within 5s when calls to openai/gpt-5 fail, but the app gave up at 1s"
    return record(
        *sdk(0, "openai", "503 +200ms", by="outage", site="app/bot.py:41"),
        "20s openai read_timeout +20s by=latency site=app/bot.py:41",
        "45s !advance advance 31m +31m",
        "1905s openai open stream=1 site=app/bot.py:77",
        **{
            "outcome": "failed",
            "verdicts": [
                verdict("failed_over(to='anthropic', within='5s')", "violated", reason, 0, 1, 2),
                verdict("recovered", "inconclusive", "expected a call after the outage, but there was none"),
                verdict("attempts(at_most=5)", "held", "4 calls at most"),
            ],
            **given,
        },
    )


def untouched(**given):
    """Return a record of a test that made no LLM call."""
    return record(**{"scenarios": ["openai-outage"], "test": "tests/test_math.py::test_adds", **given})


HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egnp.exe\x1b[31m\x00\ud800`|*_[a](http://x)@all"
)


def hostile():
    """Return a record in which everything that may come from anywhere is out for trouble."""
    made = fallback()
    entries = []
    for each in made.entries:
        words = ("provider", "operation", "model", "request", "error", "phase", "call_site", "via", "host")
        entries.append({**each, **dict.fromkeys(words, HOSTILE), "faults": [HOSTILE]})
    entries.append({"type": "event", "at": 1.0, "kind": "escape", "text": HOSTILE, "seconds": 0.0})
    return record(
        test=f"tests/test_x.py::test[{HOSTILE}]",
        scenarios=[HOSTILE],
        faults=[HOSTILE],
        replay=f"pytest {HOSTILE}",
        llm="calls",
        outcome="failed",
        entries=entries,
        verdicts=[verdict(HOSTILE, "violated", HOSTILE, 0), verdict(HOSTILE, "inconclusive", HOSTILE)],
        phases=[{"name": HOSTILE, "start": 0.0, "end": 10.0}],
        virtual=10.0,
    )


def many(count, scenarios=("openai-outage", "model-retired", "rate-limits", "slow", "policy-geo-block")):
    """Return that many records: tests x scenarios, one in twenty bad."""
    made = []
    for nth in range(count):
        name = scenarios[nth % len(scenarios)]
        test = f"tests/test_suite_{nth // 50}.py::TestBot::test_answers_{nth // len(scenarios)}[{name}]"
        build = gave_up if nth % 20 == 7 else untouched if nth % 20 == 13 else fallback
        made.append(build(test=test, scenarios=[name]))
    return made
