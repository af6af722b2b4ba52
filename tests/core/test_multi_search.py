"""Many texts are found in another as one by one, and no slower for being many."""

from __future__ import annotations

from random import Random

import pytest

from pytest_llmchaos.core.multi_search import MultiSearch


@pytest.mark.parametrize("many", [3, 400])
@pytest.mark.parametrize("kind", [str, bytes])
def test_it_finds_what_each_by_itself_would(many, kind):
    """Long and short ones, at any place, beginnings alike; what is there in part only is not found."""
    chance = Random(many)
    wanted = ["".join(chance.choices("abc", k=chance.randint(1, 40))) for _ in range(many)]
    wanted += [f"the same beginning, {each}, and the same end" for each in range(many)]
    if kind is bytes:
        wanted = [each.encode() for each in wanted]
    search = MultiSearch(wanted)
    for _ in range(200):
        parts = chance.choices(wanted, k=3)
        text = kind().join(each[chance.choice([0, 0, 1]) : chance.choice([50, 9])] for each in parts)
        assert search.found_in(text) == [each for each in dict.fromkeys(wanted) if each in text]


def test_nothing_and_the_same_twice_are_not_looked_for():
    """An empty text stands in every other."""
    search = MultiSearch(["", "one", "one"])
    assert len(search) == 1
    assert search.found_in("one and one") == ["one"]
    assert search.found_in("") == []
