"""A retry does what costs something once."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import faults

from .apps import ask, gpt, under, verdict


@pytest.mark.parametrize(("careless_retry", "outcome"), [(True, "violated"), (False, "held")])
def test_side_effects_once(careless_retry, outcome):
    """Whoever tries the whole order again after the answer failed charges twice."""
    with under(faults.outage(calls=1)) as chaos:
        with chaos.request("order 7"):
            paid = False
            for _ in range(2):
                if careless_retry or not paid:
                    chaos.effect("charge", 7)
                    paid = True
                try:
                    ask(gpt())
                    break
                except openai.APIError:
                    continue
        found = verdict(chaos, "side_effects_once", "charge")
        assert found.outcome == outcome
        assert outcome == "held" or "request 'order 7' did charge of 7 2 times" in found.reason
        assert verdict(chaos, "side_effects_once", "mail").outcome == "inconclusive"


def test_the_id_of_a_side_effect_gives_nothing_away():
    """An id stands in the verdict, and so in reports: shortened, and hidden where it holds a canary or a key."""
    with under() as chaos:
        card = chaos.canary("card")
        ask(gpt())
        for identity in ({"card": str(card)}, "sk-proj-a8Zk3LmQ0pW7rTn2Xv5c", "x" * 3000):
            for _ in range(2):
                chaos.effect("charge", identity)
            found = verdict(chaos, "side_effects_once")
            assert found.outcome == "violated"
            assert card not in found.reason
            assert "sk-proj" not in found.reason
            assert len(found.reason) < 300
            chaos.journal.app.requests[-1].effects.clear()


def test_side_effects_without_a_request_or_an_id():
    """In a test without marks only the id tells two orders apart."""
    with under() as chaos:
        ask(gpt())
        chaos.effect("charge")
        chaos.effect("charge")
        assert verdict(chaos, "side_effects_once").outcome == "inconclusive"
        chaos.effect("mail", ["a"])
        chaos.effect("mail", ["a"])
        assert verdict(chaos, "side_effects_once").outcome == "violated"
