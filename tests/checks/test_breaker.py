"""breaker."""

from __future__ import annotations

import time

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import ask, ask_claude, claude, gpt, under, verdict
from .journals import journal, sdk


def judge(*lines, opens_after=3, half_opens_after="30s", **given):
    """Return the verdict of a breaker that opens after three failures, for 30 s."""
    values = {"opens_after": opens_after, "half_opens_after": half_opens_after, **given}
    return checks.find("breaker").build((), values).judge(journal(*lines))


OPEN = ["0 openai 503", "1 openai 503", "2 openai 503"]  # open from 2 s to 32 s
ASKED = "10 anthropic 200"


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ([ASKED], "held"),
        (["10 !request another"], "held"),
        ([], "inconclusive"),
        (["40 anthropic:embeddings 200"], "inconclusive"),
        (["40 anthropic 200"], "violated"),
        ([ASKED, "33 openai 503 +1s", "70 anthropic 200"], "violated"),
        ([ASKED, "33 openai 503 +1s", "60 anthropic 200"], "held"),
        ([ASKED, "20 openai 200"], "violated"),
        ([ASKED, "32 openai 200 +1s", "34 openai 200", "35 openai 200"], "held"),
        ([ASKED, "33 openai 200 +5s", "34 openai 200"], "violated"),
        ([ASKED, "33 openai 503 +1s", "35 openai 200"], "violated"),
        ([ASKED, "33 openai 503 +1s", "40 anthropic 200", "65 openai 200"], "held"),
        ([ASKED, "33 openai 503 +1s", "65 openai 200"], "held"),
        ([ASKED, "33 openai 401 +1s", "35 openai 200"], "held"),
        ([ASKED, "33 openai cancelled +1s", "35 openai 200"], "held"),
    ],
)
def test_states(more, outcome):
    """Open keeps off, half open lets one probe through, which must be made; a failed one opens, a good one closes."""
    assert judge(*OPEN, *more).outcome == outcome


def test_more_probes():
    """As many as are allowed may be under way."""
    lines = [*OPEN, ASKED, "33 openai 200 +5s", "34 openai 200 +5s"]
    assert judge(*lines, probes=2).outcome == "held"
    assert judge(*lines, "35 openai 200", probes=2).outcome == "violated"


def test_what_counts_as_a_failure():
    """A success between, errors of the request's own and cancelled calls do not open it; SDK retries are one call."""
    assert judge("0 openai 503", "1 openai 200", "2 openai 503", "3 openai 503", ASKED).outcome == "inconclusive"
    assert judge("0 openai 400", "1 openai 404", "2 openai cancelled", "3 openai 503", ASKED).outcome == "inconclusive"
    assert judge(*sdk(0, "openai", "503"), ASKED).outcome == "inconclusive"
    calls = [*sdk(0, "openai", "503"), *sdk(2, "openai", "503"), *sdk(4, "openai", "503")]
    assert judge(*calls, ASKED).outcome == "held"


def test_calls_under_way_when_it_opens():
    """They are no violation, nor is their end."""
    lines = ["0 openai 503 +4s", "0 openai 503 +4s", "0 openai 503 +4s", "1 openai 503 +9s", ASKED]
    assert judge(*lines).outcome == "held"


def test_each_provider_has_its_own():
    """Failures of two providers do not add up; a target picks one."""
    lines = ["0 openai 503", "1 anthropic 503", "2 openai 503", "3 anthropic 503"]
    assert judge(*lines).outcome == "inconclusive"
    assert judge(*OPEN, "5 openai 200", target="anthropic").outcome == "inconclusive"


def test_another_model_of_the_provider():
    """Where one model is judged, asking the provider's other model shows that somebody asked while it was open."""
    lines = ["10 openai/gpt-4o 200"]
    assert judge(*OPEN, *lines, target="openai/gpt-5").outcome == "held"
    assert judge(*OPEN, *lines, "20 openai/gpt-5 200", target="openai/gpt-5").outcome == "violated"
    assert judge(*OPEN, *lines, "40 openai/gpt-4o 200", target="openai/gpt-5").outcome == "violated"


def test_each_host_has_its_own():
    """Azure's resources fail apart: while one rests the other may be asked, and the reason names the host."""
    failing = [line.replace("openai", "azure/gpt-5") for line in OPEN]
    made = journal(*failing, "3 azure/gpt-5 503", "4 anthropic 200", "5 azure/gpt-5 503")
    for each, host in zip(made.exchanges, ("one", "one", "one", "two", "", "two"), strict=True):
        each.host = host
    check = checks.find("breaker").build((3, "30s"))
    assert check.judge(made).outcome == "held"
    made.exchanges[5].host = "one"
    assert "azure (one) was called at 5s" in check.judge(made).reason


def test_bad_numbers():
    """None of the counts may be zero."""
    with pytest.raises(ParameterError, match="take 1 or more"):
        judge(opens_after=0)


class Bot:
    """Asks OpenAI behind a breaker, Anthropic while it is open; the careless one has none, or one that never waits."""

    def __init__(self, careless: str = "") -> None:
        self.careless = careless
        self.failures = 0
        self.until = 0.0

    def ask(self, text: str) -> str:
        """Return an answer."""
        if self.careless != "no breaker" and time.monotonic() < self.until:
            return ask_claude(claude(), text)
        try:
            answer = ask(gpt(), text)
        except openai.APIError:
            self.failures += 1
            if self.failures >= 3:
                self.until = time.monotonic() + 30
                if self.careless == "forgets":
                    self.failures, self.until = 0, time.monotonic() + 2
            return ask_claude(claude(), text)
        self.failures = 0
        return answer


@pytest.mark.parametrize(
    ("careless", "outcome"), [("no breaker", "violated"), ("forgets", "violated"), ("", "held")], ids=str
)
def test_the_app_that_knocks_on(careless, outcome):
    """Without a breaker, or with one that opens again too soon, each ask still tries the provider that is down."""
    with under(faults.outage(target="openai")) as chaos:
        bot = Bot(careless)
        for number in range(12):
            bot.ask(f"Where is order {number}?")
            chaos.advance("5s")
        found = verdict(chaos, "breaker", opens_after=3, half_opens_after="30s")
        assert found.outcome == outcome
