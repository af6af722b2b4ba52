"""failure_not_cached."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import ask, gpt, under, verdict
from .journals import journal

CHECK = checks.find("failure_not_cached").build()
FIRST = ["0 !request a", "0 openai 503 +1s request=a", "1 !answered a"]


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ([*FIRST, "5 !request a", "5 openai 200 request=a", "6 !answered a"], "held"),
        ([*FIRST, "5 !request a", "5 anthropic 200 request=a", "6 !answered a"], "held"),
        ([*FIRST, "5 !request a", "6 !answered a"], "inconclusive"),
        ([*FIRST, "2 !clear", "5 !request a", "6 !answered a"], "violated"),
        ([*FIRST, "5 !request a", "6 !raised a"], "inconclusive"),
        ([*FIRST, "5 !request b", "6 !answered b"], "inconclusive"),
        (
            [*FIRST[:2], "1 anthropic 200 request=a", "2 !answered a", "5 !request a", "6 !answered a"],
            "inconclusive",
        ),
        (["0 openai 503", "1 !clear", "2 openai 200"], "held"),
        (["0 openai 503", "2 openai 200"], "inconclusive"),
        (["0 openai 200", "1 !clear", "2 openai 200"], "inconclusive"),
    ],
)
def test_the_second_ask(lines, outcome):
    """An ask that failed must cause a call when it comes again; one that raises may have met a breaker."""
    assert CHECK.judge(journal(*lines)).outcome == outcome


class Bot:
    """Keeps its answers; the careless one keeps its apologies too."""

    def __init__(self, careless: bool) -> None:
        self.careless = careless
        self.known: dict[str, str] = {}

    def ask(self, text: str) -> str:
        """Return an answer, or an apology."""
        if text in self.known:
            return self.known[text]
        try:
            answer = ask(gpt(), text)
        except openai.APIError:
            answer = "Sorry, please try later."
            if not self.careless:
                return answer
        self.known[text] = answer
        return answer


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_caches_its_apology(careless, outcome):
    """After the outage the same question must reach the provider."""
    with under(faults.outage(target="openai")) as chaos:
        bot = Bot(careless)
        for _ in range(2):
            with chaos.request("order 7"):
                bot.ask("Where is order 7?")
            chaos.clear()
        assert verdict(chaos, "failure_not_cached").outcome == outcome
