"""The text of a failure."""

from __future__ import annotations

from hypothesis import given

from pytest_llmchaos import checks
from pytest_llmchaos.checks.verdict import Verdict
from pytest_llmchaos.run.failure_text import HEADING, failure_text

from ..checks.journals import journal, journals, sdk


def text(made, *built, **given):
    """Return the failure text of checks or verdicts on a journal."""
    verdicts = [check if isinstance(check, Verdict) else check.judge(made) for check in built]
    return failure_text(verdicts, made, **{"seed": 42, "replay": "pytest --llmchaos-seed=42", **given})


def check(name, **given):
    """Return a check with its parameters."""
    return checks.find(name).build((), given)


def test_the_whole_message():
    """Headline, expected and seen, the marked timeline, the seed and how to replay it."""
    made = journal(*sdk(0, "openai", "503", by="outage", site="bot.py:12"))
    assert text(made, check("failed_over", to="anthropic", within="5s"), width=100).splitlines() == [
        "llmchaos: failed_over(to='anthropic', within='5s') violated",
        "",
        "✗ failed_over(to='anthropic', within='5s') violated",
        "    expected  an ok call to anthropic within 5s when calls to openai/gpt-5 fail",
        "    seen      the app gave up at 1s after 3 calls to openai/gpt-5 (1 by the app, 2 SDK retries), the",
        "              last with 503",
        "",
        HEADING,
        "3 LLM calls: openai 0 of 3 ok  (> evidence)",
        "",
        "> 0.000s  ✗  openai/gpt-5  #1            503 ← outage  bot.py:12",
        "> 0.500s  ✗  openai/gpt-5  #2 SDK retry  503 ← outage  bot.py:12",
        "> 1.000s  ✗  openai/gpt-5  #3 SDK retry  503 ← outage  bot.py:12",
        "",
        "seed 42, play it again with: pytest --llmchaos-seed=42",
    ]


def test_worst_first():
    """Violated before inconclusive before held; what held has no evidence to mark."""
    made = journal("0 openai 200", "1 openai 200")
    drawn = text(
        made,
        check("not_called", target="ollama"),
        check("recovered"),
        check("attempts", at_most=1),
        replay="",
    )
    assert drawn.startswith("llmchaos: attempts(at_most=1) violated (and 1 more)\n")
    assert drawn.index("✗ attempts") < drawn.index("? recovered") < drawn.index("✓ not_called")
    assert drawn.count("\n> ") == 1
    assert drawn.endswith("\nseed 42")


def test_reasons_of_several_lines():
    """What the run itself found may have lines of its own; they stay lines, made safe."""
    odd = Verdict("unused", "violated", "nothing was injected\n  openai/\x1b[2J: the target does not match")
    assert "\n    nothing was injected\n      openai/\\x1b[2J: the target does not match\n" in text(journal(), odd)


def test_no_verdict():
    """Without verdicts it still says something."""
    assert text(journal()).startswith("llmchaos: nothing was judged")


@given(made=journals())
def test_any_failure_can_be_told(made):
    """It never raises, is printable, and ASCII when asked."""
    built = [
        check("failed_over", within="1s"),
        check("answered_within", within="1s"),
        check("attempts", at_most=1),
    ]
    drawn = text(made, *built, ascii=True)
    assert drawn.isascii()
    assert all(line.isprintable() for line in drawn.split("\n"))
