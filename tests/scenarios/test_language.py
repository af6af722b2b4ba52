"""What a scenario can say beyond a fault, a target and a rate, through real calls."""

from __future__ import annotations

import datetime as dt
import time

import httpx2
import pytest

from pytest_llmchaos import ChaosFailed, Phase, Scenario, UsageProblem, faults, inject
from pytest_llmchaos.core.errors import ParameterError
from pytest_llmchaos.scenarios.scenario import Repeat
from pytest_llmchaos.scenarios.scenario_file import dump, loads

from ..timing import about

OPENAI = "https://api.openai.com/v1/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"


def post(url=OPENAI, *, prompt="hi", key="sk-one", **body):
    """Ask, and return the answer."""
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": prompt}], "max_tokens": 50, **body}
    return httpx2.post(url, json=asked, headers={"authorization": f"Bearer {key}"}, timeout=60)


def status(*args, **options):
    """Ask, and return the status."""
    return post(*args, **options).status_code


def test_several_targets_fail_together():
    """A list names all that stand behind one cloud."""
    with inject(faults.outage(target=["openai/gpt-5", "anthropic"])):
        assert (status(), status(ANTHROPIC), status(model="gpt-4o")) == (503, 503, 200)


def test_streamed_calls_only():
    """`stream` tells them apart."""
    with inject(faults.outage(stream=True)):
        assert (status(), status(stream=True)) == (200, 503)


def test_region_from_the_address():
    """Hosts and paths tell the region; an address without one is in none."""
    bedrock = "https://bedrock-runtime.{}.amazonaws.com/model/meta.llama3-70b-instruct-v1:0/invoke"
    vertex = (
        "https://{0}-aiplatform.googleapis.com/v1/projects/p/locations/{0}/publishers/google/models/g:generateContent"
    )
    with inject(faults.outage(region="eu-*"), faults.outage(region="europe-*", target="vertex")):
        assert status(bedrock.format("eu-west-1")) == 503
        assert status(bedrock.format("us-east-1")) == 200
        assert status(vertex.format("europe-west4"), contents=[{"parts": [{"text": "hi"}]}]) == 503
        assert status() == 200


def test_size_of_the_prompt():
    """Long prompts fail, short ones pass."""
    with inject(faults.rate_limit(prompt_tokens="1000-")):
        assert (status(), status(prompt="word " * 2000)) == (200, 429)


def is_premium(call):
    """Stand for a user's own condition."""
    return call.body.get("metadata", {}).get("tier") == "premium"


def test_the_users_own_condition():
    """A function says whom it hits; where it fails, the run says so and not the function."""
    with inject(faults.outage(where=is_premium)):
        assert (status(), status(metadata={"tier": "premium"})) == (200, 503)
    with (
        pytest.raises(UsageProblem, match="failed on openai/gpt-5:chat: ZeroDivisionError"),
        inject(faults.outage(where=lambda call: 1 / 0)),
    ):
        post()


@pytest.mark.parametrize("by", ["key", "user", "conversation"])
def test_some_lose_everything_the_others_nothing(by):
    """A sticky rate strikes all calls of some, whatever they ask and in whatever order."""
    says = {
        "key": lambda name: {"key": f"sk-{name}"},
        "user": lambda name: {"user": name},
        "conversation": lambda name: {
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": f"I am {name}"}]
        },
    }[by]
    with inject(faults.outage(rate=0.5, sticky=by)):
        seen = {name: {status(**says(str(name)), seed=n) for n in range(3)} for name in range(20)}
    assert all(len(statuses) == 1 for statuses in seen.values())
    assert {200, 503} == {status for statuses in seen.values() for status in statuses}


def test_a_rate_grows_over_its_phase():
    """A ramp strikes few at first and nearly all in the end."""
    ramp = Scenario("ramp", (Phase("up", (faults.outage(rate={"from": 0, "to": 1}),), "100s"), Phase("after")))
    with inject(ramp) as chaos:
        early, late = [], []
        for second in range(99):
            (early if second < 40 else late if second >= 60 else []).append(status() == 503)
            chaos.advance(1)
    assert sum(early) < 16
    assert sum(late) > 24


def test_a_delay_grows_over_its_phase():
    """A ramp of a delay."""
    ramp = faults.latency({"distribution": "ramp", "from": "1s", "to": "11s", "over": "100s"})
    with inject(ramp) as chaos:
        took = []
        for _ in range(3):
            began = chaos.now
            post()
            took.append(chaos.now - began)
            chaos.advance(50 - took[-1])
    assert took == about([1, 6, 11], within=0.1)


def test_a_sibling_overloads_once_traffic_reaches_it():
    """It holds while few calls come, breaks when more do, and recovers when they stop."""
    with inject(faults.overloaded(target="anthropic", above="5/m")) as chaos:
        assert [status(ANTHROPIC) for _ in range(7)] == [200] * 5 + [529] * 2
        chaos.advance("1m1s")
        assert status(ANTHROPIC) == 200


def test_a_mix_is_told_by_what_came():
    """Each call meets one of the faults, by weight, and the exchange names it."""
    with inject(faults.mix([(3, faults.outage(502)), faults.rate_limit()], rate="90%")) as chaos:
        seen = [status() for _ in range(60)]
        told = {call.status: call.faults for call in chaos.calls}
    assert seen.count(502) > seen.count(429) > 0
    assert 0 < seen.count(200) < 20
    assert told == {502: ("outage",), 429: ("rate_limit",), 200: ()}


def test_a_token_bucket_counts_requests():
    """It lets through what fits, tells how long to wait, and fills evenly; each key has its own."""
    with inject(faults.token_bucket(requests=3, per="1m")) as chaos:
        answers = [post() for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert [each.headers["x-ratelimit-remaining-requests"] for each in answers] == ["2", "1", "0", "0"]
        assert answers[0].headers["x-ratelimit-limit-requests"] == "3"
        assert 19 < float(answers[3].headers["retry-after"]) <= 20
        assert status(key="sk-two") == 200
        chaos.advance("20s")
        assert (status(), status()) == (200, 429)


@pytest.mark.parametrize("stream", [False, True])
def test_a_token_bucket_counts_what_is_answered(stream):
    """The prompt fits, but the answer before it has used the tokens up, streamed or not."""
    with inject(faults.token_bucket(tokens=60), seed=3) as chaos:
        chaos.replies("many words " * 40)
        assert (status(stream=stream), status(stream=stream)) == (200, 429)
        chaos.advance("5m")
        assert status() == 200


def test_a_limit_that_was_not_reached_is_no_chaos():
    """Never a false green: a bucket that nobody emptied hit nothing."""
    with pytest.raises(ChaosFailed, match="its limit was not reached"), inject(faults.token_bucket(requests=10)):
        post()


FLAPS = Scenario(
    "flaps",
    (
        Phase("calm", (), "1m"),
        Repeat(3, (Phase("down", (faults.outage(),), "2m"), Phase("up", (), "1m"))),
        Phase("after"),
    ),
)


def test_phases_repeat():
    """A provider that breaks again and again; each time has a name to enter."""
    with inject(FLAPS) as chaos:
        seen = []
        for _ in range(11):
            seen.append(status())
            chaos.advance("1m")
        assert seen == [200, 503, 503, 200, 503, 503, 200, 503, 503, 200, 200]
        chaos.enter("down 2")
        assert status() == 503
    assert loads(dump(FLAPS)) == FLAPS


def test_jitter_is_drawn_from_the_seed():
    """A phase may be longer or shorter, the same for the same seed."""
    story = Scenario("story", (Phase("down", (faults.outage(),), "10m", "20%"), Phase("up")))
    lengths = []
    for seed in (1, 1, 2):
        with inject(story, seed=seed) as chaos:
            post()
            lengths.append(chaos._players[0].scenario.flat[0].seconds)
    assert lengths[0] == lengths[1] != lengths[2]
    assert all(480 <= each <= 720 for each in lengths)


def test_the_apps_calendar_is_set():
    """On the date of a retirement the app's clocks tell that date, and time goes on from there."""
    story = Scenario(
        "gone", (Phase("last day", (), "24h"), Phase("gone", (faults.model_retired(),))), date="2024-01-03"
    )
    with inject(story) as chaos:
        assert dt.datetime.now(dt.UTC).date().isoformat() == "2024-01-03"
        assert status() == 200
        chaos.enter("gone")
        assert dt.date.fromtimestamp(time.time()).isoformat() == "2024-01-04"
        assert status() == 404
    assert dt.datetime.now(dt.UTC).year >= 2025


def test_a_date_needs_the_virtual_clock():
    """With the real clock the app's calendar cannot be set, and nobody pretends."""
    story = Scenario("gone", (Phase("", (faults.outage(),)),), date="2024-01-03")
    with pytest.raises(UsageProblem, match="gone starts on 2024-01-03"), inject(story, clock="real"):
        pass
    other = Scenario("other", (Phase("", (faults.outage(),)),), date="2024-01-04")
    with pytest.raises(UsageProblem, match="different dates"), inject(story, other):
        pass


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: faults.outage(sticky="key"), "sticky: needs a rate"),
        (lambda: faults.outage(rate=0.5, sticky="kye"), "did you mean 'key'"),
        (lambda: faults.outage(above="10"), "not a load such as '10/m'"),
        (lambda: faults.outage(prompt_tokens=5), "give a range such as '5-'"),
        (lambda: faults.outage(where="nowhere:at_all"), "cannot be imported"),
        (lambda: faults.outage(target=[]), "the list of targets is empty"),
        (lambda: faults.outage(rate={"from": "10%"}), "'to' is missing"),
        (lambda: Phase("x", (faults.outage(rate={"from": 0, "to": 1}),)), "which never ends; say over"),
        (lambda: Phase("x", (), None, "20%"), "needs lasts"),
        (lambda: Repeat(1, (Phase("x", (), 1),)), "not a whole number of times"),
        (lambda: Repeat(2, (Phase("x"),)), "never ends"),
        (lambda: Scenario("x", (Phase("x"),), date="tomorrow"), "not a date such as"),
        (lambda: Scenario("x", (Phase("x"),), evidence="sure"), "not one of"),
        (lambda: faults.mix([faults.outage()]), "not a list of two faults"),
        (lambda: faults.mix([faults.outage(), faults.outage(rate=0.5)]), "alone says which calls"),
        (lambda: faults.mix([{"fault": "outage"}, {"fault": "outtage"}]), "did you mean 'outage'"),
        (lambda: faults.token_bucket(), "needs requests or tokens"),
    ],
)
def test_bad_input_is_told(made, text):
    """What cannot be meant is refused where it is written, with what was expected."""
    with pytest.raises(ParameterError, match=text.replace("(", r"\(")):
        made()
