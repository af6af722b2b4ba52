"""cost_at_most and cost_within, and the prices they reckon with."""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from datetime import date

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.checks import prices
from pytest_llmchaos.checks.prices import _DATA, price_of
from pytest_llmchaos.core.config import load
from pytest_llmchaos.core.errors import ParameterError, UsageProblem

from ..models import DEAR_CLAUDE
from .apps import ask, ask_claude, claude, first_of, gpt, said, under, verdict
from .journals import journal

MILLION = 1_000_000


def told(made, *usages):
    """Let the answers of a journal tell so many millions of tokens, prompt and completion; None tells nothing."""
    for each, usage in zip(made.exchanges, usages, strict=True):
        if usage is not None:
            prompt, completion = (round(number * MILLION) for number in usage)
            body = {"usage": {"prompt_tokens": prompt, "completion_tokens": completion}}
            each.pieces.add(json.dumps(body).encode())
            each.chunks = 1
    return made


def judge(name, made, *args, **given):
    """Return the verdict of a check."""
    return checks.find(name).build(args, given).judge(made)


def test_the_table_is_sound():
    """Every provider has a source and a date, every model two prices, and the output is not the cheaper one."""
    for table in tomllib.loads(_DATA.read_text("utf-8")).values():
        assert table["source"].startswith("https://")
        assert date.fromisoformat(table["date"])
        for prompt, completion in table["models"].values():
            assert 0 < prompt <= (completion or prompt)


def test_a_model_with_a_date():
    """A dated snapshot costs what its model does, unless it has a price of its own."""
    names = ("gpt-4o", "gpt-4o-2024-11-20", "gpt-4o-2024-05-13", "claude-haiku-4-5-20251001")
    made = journal(*(f"0 {'anthropic' if 'claude' in each else 'openai'}/{each} 200" for each in names))
    assert [price_of(each).prompt for each in made.exchanges] == [2.5, 2.5, 5.0, 1.0]
    assert price_of(journal("0 azure/gpt-4o 200").exchanges[0]) is None


@pytest.mark.parametrize(("limit", "outcome"), [(11, "violated"), (11.25, "held"), (12, "held")])
def test_the_sum(limit, outcome):
    """A million tokens each way of gpt-5 cost 1.25 and 10 dollars."""
    verdict = judge("cost_at_most", told(journal("0 openai/gpt-5 200"), (1, 1)), limit)
    assert verdict.outcome == outcome
    assert "11.25 USD for 1 call" in verdict.reason


def test_failed_and_abandoned_calls():
    """An error costs nothing; a call that broke off or was given up costs what is known of it, or an estimate."""
    lines = ["0 openai/gpt-5 503", "1 openai/gpt-5 200:stream_cut", "2 openai/gpt-5 connect_timeout"]
    made = told(journal(*lines), None, (1, 0.1), None)
    assert "2.25 USD for 1 call" in judge("cost_at_most", made, 5).reason
    made = journal("0 openai/gpt-5 read_timeout")
    made.exchanges[0].body = {"messages": said("word " * 4000)}
    assert "1 call, the tokens of 1 estimated" in judge("cost_at_most", made, 5).reason


def test_what_is_not_known():
    """An unknown price is told with its tokens, unless the rest is too much already."""
    made = told(journal("0 openai/gpt-5 200", "1 ollama/llama3 200"), (1, 0), (0.001, 0.001))
    verdict = judge("cost_at_most", made, 5)
    assert verdict.outcome == "inconclusive"
    assert "the price of ollama/llama3:chat is not known (1 call, 2000 tokens)" in verdict.reason
    assert judge("cost_at_most", made, 1).outcome == "violated"
    assert judge("cost_at_most", journal("0 openai 503"), 1).outcome == "inconclusive"


def test_own_prices(tmp_path, monkeypatch):
    """The project's prices go first; another currency is not converted."""
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.llmchaos.prices]\n"ollama" = {input = 2, output = 3}\n"openai/gpt-5" = {input = 1, currency = "EUR"}'
    )
    monkeypatch.chdir(tmp_path)
    made = told(journal("0 ollama/llama3 200"), (1, 1))
    assert "5 USD" in judge("cost_at_most", made, 9).reason
    made = told(journal("0 openai/gpt-5 200"), (1, 1))
    assert "is in EUR" in judge("cost_at_most", made, 9).reason
    assert judge("cost_at_most", made, 1, currency="eur").outcome == "held"


@pytest.mark.parametrize(
    "text",
    [
        '"openai" = 5',
        '"openai" = {output = 5}',
        '"openai" = {input = -1}',
        '"a b" = {input = 1}',
        "x = {inputs = 1}",
        "prices = 5",
    ],
)
def test_bad_prices(tmp_path, monkeypatch, text):
    """What is no price is told with its file."""
    table = "llmchaos" if text.startswith("prices") else "llmchaos.prices"
    (tmp_path / "pyproject.toml").write_text(f"[tool.{table}]\n{text}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageProblem, match=r"pyproject\.toml"):
        judge("cost_at_most", told(journal("0 openai/gpt-5 200"), (1, 1)), 9)


@pytest.mark.parametrize("given", [{"limit": 0}, {"limit": "5"}, {"limit": 5, "currency": "dollars"}])
def test_bad_parameters(given):
    """So is what is no amount."""
    with pytest.raises(ParameterError):
        checks.find("cost_at_most").build((), given)


@pytest.mark.parametrize(
    ("lines", "usages", "times"),
    [
        (["0 openai/gpt-5 503", "1 openai/gpt-5 200"], [None, (1, 1)], 1),
        (["0 openai/gpt-5 200:stream_cut", "1 openai/gpt-5 200"], [(1, 1), (1, 1)], 2),
        (["0 openai/gpt-5-mini 503", "1 openai/gpt-5 200"], [None, (1, 1)], 5),
    ],
)
def test_times_a_good_day(lines, usages, times):
    """Billed retries and a dearer fallback are what trouble costs."""
    made = told(journal(*lines), *usages)
    assert judge("cost_within", made, times).outcome == "held"
    assert judge("cost_within", made, times - 0.1).outcome == "violated"


def test_nothing_to_compare():
    """Without a good answer or without trouble nothing can be said."""
    assert judge("cost_within", told(journal("0 openai/gpt-5 200:stream_cut"), (1, 1)), 2).outcome == "inconclusive"
    assert judge("cost_within", told(journal("0 openai/gpt-5 200"), (1, 1)), 2).outcome == "inconclusive"
    assert judge("cost_within", told(journal("0 ollama 200"), (1, 1)), 2).outcome == "inconclusive"


def persistent(tries: int) -> None:
    """Ask again and again when the model says nothing; each try is billed."""
    for _ in range(tries):
        if ask(gpt()):
            return


@pytest.mark.parametrize(("tries", "outcome"), [(8, "violated"), (2, "held")])
def test_the_app_that_pays_for_each_try(tries, outcome):
    """Empty answers cost their prompts too; an app that repeats without a bound pays for it."""
    with under(faults.wrong_output(form="empty", calls="1-7")) as chaos:
        persistent(tries)
        answer = chaos.calls[0].answer
        one = price_of(chaos.calls[0]).cost(answer.prompt_tokens, answer.completion_tokens)
        assert verdict(chaos, "cost_at_most", one * 3).outcome == outcome


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_with_a_dear_fallback(careless, outcome):
    """A fallback at many times the price is found out; one of the like is not."""
    dear = {"model": DEAR_CLAUDE} if careless else {}
    with under(faults.outage(target="openai")) as chaos:
        with suppress(openai.APIError):
            first_of(lambda: ask(gpt()), lambda: ask_claude(claude(), **dear))
        assert verdict(chaos, "cost_within", 2).outcome == outcome


def test_a_raised_price():
    """What the provider makes of its price counts."""
    with under(faults.price_multiplied(times=4)) as chaos:
        ask(gpt())
        assert "4 times the" in verdict(chaos, "cost_within", 3).reason
        assert verdict(chaos, "cost_within", 4).outcome == "held"


@pytest.mark.parametrize(("check", "given"), [("cost_at_most", {"limit": 9}), ("cost_within", {"times": 9})])
def test_the_projects_prices_are_read_once(monkeypatch, check, given):
    """The file is looked for from folder to folder, and a load test makes thousands of calls."""
    read = []
    monkeypatch.setattr(prices, "load", lambda: read.append(1) or load())
    judge(check, told(journal("0 openai/gpt-4o 200", "1 openai/gpt-4o 200"), (1, 1), (1, 1)), **given)
    assert len(read) < 3
