"""Checks that users write with `@llmchaos.check`."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Literal

import httpx2
import pytest

from pytest_llmchaos import ChaosFailed, Target, UsageProblem, Verdict, checks, faults, inject
from pytest_llmchaos.checks import _own
from pytest_llmchaos.core.errors import ParameterError
from pytest_llmchaos.pytest_plugin.marker import llmchaos as marker
from pytest_llmchaos.scenarios import scenario_file, schema


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    """What a test here defines is gone after it."""
    monkeypatch.setattr(_own, "_own", {})


def call():
    """Make one LLM call."""
    httpx2.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-5", "messages": []})


def own(answer, name="mine"):
    """Make a check that returns what is given."""

    def check(journal):
        """Whatever it is."""
        return answer(journal) if callable(answer) else answer

    check.__name__ = name
    return marker.check(check)


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (True, "held", "Whatever it is."),
        ((True, "fine"), "held", "fine"),
        ((False, "bad"), "violated", "bad"),
        ((None, "who knows"), "inconclusive", "who knows"),
        (None, "inconclusive", "no evidence either way"),
        (Verdict("mine()", "violated", "own words"), "violated", "own words"),
    ],
    ids=str,
)
def test_what_a_check_may_return(answer, outcome, reason):
    """True, False or None, with a reason or without, or a verdict."""
    own(answer)
    with inject() as chaos:
        call()
        verdict = chaos.judge("mine")
    assert (verdict.outcome, verdict.reason, verdict.check) == (outcome, reason, "mine()")


def test_evidence():
    """The exchanges that it names, one or several; all of them where it names none."""
    with inject() as chaos:
        call()
        call()
        own(lambda journal: (False, "x", journal.exchanges[1]), "one")
        own(lambda journal: (False, "x", journal.exchanges[:1]), "some")
        own(lambda journal: (False, "x"), "all_of_them")
        first, second = chaos.calls
        evidence = [chaos.judge(name).evidence for name in ("one", "some", "all_of_them")]
        assert evidence == [(second,), (first,), (first, second)]


def test_without_a_call_nothing_holds():
    """A check that is content with an empty journal has seen nothing."""
    own((True, "all is well"))
    with inject() as chaos:
        verdict = chaos.judge("mine")
    assert verdict.outcome == "inconclusive"
    assert "all is well, but no LLM call was seen" in verdict.reason


@pytest.mark.parametrize(
    "answer", [7, "bad", (1, "x"), (True, 7), (True, "x", [7]), (True, "x", [], 7), (True, "x", 7)], ids=str
)
def test_anything_else_is_a_mistake(answer):
    """What is no answer is told, never taken for a yes."""
    own(answer)
    with inject() as chaos:
        call()
        with pytest.raises(UsageProblem, match=r"the check mine returned .*; it must return a Verdict, True, False"):
            chaos.judge("mine")


def test_parameters():
    """Read as their annotations say, shown as the user writes them."""

    @marker.check
    def tuned(journal, target: Target, within: timedelta = timedelta(seconds=5), at_most: int | None = None,
              mode: Literal["a", "b"] = "a", names: list[str] = [], share: float = 1, on: bool = True, more=None):  # noqa: B006  # fmt: skip
        """Take many things."""
        got.append((target, within, at_most, mode, names, share, on, more))
        return True

    got: list = []
    with inject() as chaos:
        call()
        verdict = chaos.expect.tuned("openai:chat", "1m30s", at_most=3, names=["x"], on=False, more=object)
        assert got == [(Target.parse("openai:chat"), timedelta(seconds=90), 3, "a", ["x"], 1.0, False, object)]
        assert "tuned(target='openai:chat', within='1m30s', at_most=3, names=['x'], on=False" in verdict.check
        bad = [{"mode": "c"}, {"nmaes": []}, {"on": 1}, {"names": "x"}, {"share": "x"}, {"at_most": "3"}]
        for given in ({}, {"target": 7}, *({"target": "x", **each} for each in bad)):
            with pytest.raises(ParameterError):
                chaos.judge("tuned", **given)


def test_functions_that_cannot_be_checks():
    """A bad parameter, a bad name, or one that is taken."""

    def failed_over(journal):
        """Take a built-in check's name."""

    def nothing():
        """Take no journal."""

    def star(journal, *args):
        """Take anything."""

    def odd(journal, x: complex):
        """Take what nobody can write."""

    def unknown(journal, x: Nowhere):  # noqa: F821
        """Take what nobody knows."""

    def taken(journal, judge: int = 1):
        """Take a name of the base's."""

    def mutable(journal, x={}):  # noqa: B006 - the mistake at hand
        """Share a default."""

    async def later(journal):
        """Answer some time."""

    for function, told in [
        (later, "later is async"),
        (failed_over, "is a built-in check"),
        (nothing, "must take the journal first"),
        (star, "is no named parameter"),
        (odd, "a parameter is int, float"),
        (unknown, "cannot be read"),
        (taken, "cannot be called judge"),
        (lambda journal: True, "needs a name"),
        (mutable, "the default of x"),
    ]:
        with pytest.raises(UsageProblem, match=told):
            marker.check(function)


def test_two_modules_cannot_share_a_name(monkeypatch):
    """One name is one check, unless the other module is gone; a module loaded again takes its own place."""
    code = "def mine(journal):\n    return True\n"
    for name in ("first", "second"):
        module = ModuleType(f"own_{name}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(code, module.__dict__)  # noqa: S102 - our own text
        if name == "first":
            marker.check(module.mine)
            marker.check(module.mine)
    with pytest.raises(UsageProblem, match="own_first and own_second both define mine"):
        marker.check(module.mine)
    monkeypatch.delitem(sys.modules, "own_first")
    assert "mine" not in checks.names()
    marker.check(module.mine)
    assert "mine" in checks.names()


def test_in_a_scenario_file_and_its_schema(tmp_path: Path):
    """`expect:` takes it with its parameters, and the schema offers it."""

    @marker.check
    def few(journal, at_most: int):
        """Few calls are made."""
        return len(journal.exchanges) <= at_most, f"{len(journal.exchanges)} calls"

    path = tmp_path / "story.yaml"
    story = "name: story\ntitle: x\nphases:\n  - name: one\n    inject:\n      - {fault: outage}\n"
    path.write_text(f"{story}expect:\n  - few: {{at_most: 1}}\n", "utf-8")
    scenario = scenario_file.load(path)
    with pytest.raises(ChaosFailed, match="few"), inject(scenario):
        call()
        call()
    with inject(scenario, checks=[]):
        call()
        call()
    with pytest.raises(ChaosFailed), inject(scenario, checks=["few"]):
        call()
        call()
    assert '"few"' in str(schema.schema()).replace("'", '"')


def test_an_error_in_a_check_is_told():
    """A bug of the check is no verdict."""
    own(lambda journal: 1 / 0)
    with inject(faults.outage()) as chaos:
        call()
        with pytest.raises(ZeroDivisionError):
            chaos.expect.mine()


BLOCKS = re.findall(
    r"```python\n(.*?)```", (Path(__file__).parents[2] / "docs/own-check.md").read_text("utf-8"), re.DOTALL
)


@pytest.mark.parametrize("code", BLOCKS, ids=[str(number) for number, _ in enumerate(BLOCKS)])
def test_the_documented_checks_work(pytester, few_plugins, code):
    """Each block of the page is a test file that passes."""
    pytester.makepyfile(code)
    result = pytester.runpytest_inprocess("-p", "llmchaos")
    result.assert_outcomes(passed=1)
