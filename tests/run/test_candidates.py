"""Which injections a call is held against, and what is counted of all the others."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from pytest_llmchaos import Phase, Scenario, faults
from pytest_llmchaos.core.call import Call
from pytest_llmchaos.run.scenario_player import ScenarioPlayer

from .test_engine import aim


def call(chance):
    """Return a call of some kind."""
    provider, model = chance.choice([("openai", "gpt-5"), ("openai", "gpt-5-mini"), ("anthropic", "claude")])
    host = chance.choice(["api.openai.com", "bedrock-runtime.eu-west-1.amazonaws.com"])
    body = {"messages": [{"role": "user", "content": "word " * chance.choice([1, 400])}]}
    operation = chance.choice(["chat", "chat", "embeddings", "health", "status"])
    return Call(provider, operation, model, chance.random() < 0.5, "POST", host, "/v1", speaks=None, body=body)


def injection(chance):
    """Return an injection with some conditions."""
    fault = chance.choice([faults.outage, faults.rate_limit])
    targets = ["*", "openai", "openai/gpt-5:chat", "anthropic", "*:embeddings", "openai:health"]
    given = {"target": chance.choice(targets)}
    maybe = {
        "between": (f"{(start := chance.randint(0, 40))}s", f"{start + chance.randint(1, 20)}s"),
        "stream": chance.random() < 0.5,
        "region": "eu-*",
        "prompt_tokens": "100-",
        "where": lambda each: each.model == "gpt-5",
        "above": "2/10s",
        "calls": "1-3",
    }
    given |= {name: maybe[name] for name in maybe if chance.random() < 0.2}
    return fault(**given)


def seen(aimed):
    """Return what tells whether two are the same."""
    return [(each.key, each.nth, each.into, each.lasts) for each in aimed]


class Naive(ScenarioPlayer):
    """Holds every call against every injection, and counts each."""

    def aimed(self, call, now):
        """Look at all of them."""
        found = []
        for place in self._places:
            key, given = place.key, place.injection
            miss = aim(given, call, now - self.began)
            crowded = miss is None and self._crowded(key, given, now)
            if miss is None and (self.cleared or place.phase != self._index):
                miss = "phase"
            if miss is None and not crowded:
                miss = "above"
            self._done[key][miss or "aimed"] += 1
            if miss is None:
                found.append(self._aimed(key, given, self._done[key]["aimed"], now, self._lot(given, call)))
        return found

    def _book(self, nth):
        return Counter(self._done[self._places[nth].key])


@pytest.mark.parametrize("seed", range(30))
def test_it_is_as_if_all_were_looked_at(seed):
    """In any scenario, with phases entered anew, windows, and all ended early."""
    chance = Random(seed)
    phases = [Phase(f"p{nth}", [injection(chance) for _ in range(chance.randint(0, 6))], "20s") for nth in range(3)]
    scenario = Scenario("any", phases)
    players = [ScenarioPlayer(scenario), Naive(scenario)]
    now = 0.0
    for _ in range(60):
        now += chance.choice([0.0, 0.5, 3.0])
        if chance.random() < 0.05:
            name = f"p{chance.randrange(3)}"
            now += {player.enter(name, now) for player in players}.pop()
        if chance.random() < 0.01:
            for player in players:
                player.cleared = True
        made = call(chance)
        for player in players:
            list(player.moves(now))
        ours, theirs = (player.aimed(made, now) for player in players)
        assert seen(ours) == seen(theirs)
        if chance.random() < 0.2:
            ours, theirs = (player.books() for player in players)
            assert {key: +book for key, book in ours.items()} == {key: +book for key, book in theirs.items()}
    assert players[0].unused() == players[1].unused()
    assert players[0].unmet() == players[1].unmet()


def test_what_a_child_counted_is_added():
    """As of a fork: it has what was counted before, and what it counts more is the parent's too."""
    chance = Random(1)
    scenario = Scenario.of([faults.outage(target="openai"), faults.outage(target="groq")])
    parent, child = ScenarioPlayer(scenario), ScenarioPlayer(scenario)
    made = [call(chance) for _ in range(40)]
    made = [each for each in made if each.operation == "chat" and each.provider == "openai"]
    for each in made[:3]:
        parent.aimed(each, 0.0)
        child.aimed(each, 0.0)
    before = child.books()
    for each in made[3:8]:
        child.aimed(each, 1.0)
    parent.add(child.gained(before))
    assert parent.books() == {".0.0": Counter(aimed=8), ".0.1": Counter(target=8)}
