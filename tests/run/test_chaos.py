"""A run as a whole: time, phases, requests, replies, verdicts."""

from __future__ import annotations

import threading

import httpx2
import openai
import pytest

from pytest_llmchaos import ChaosFailed, Phase, Scenario, ToolCall, UsageProblem, checks, faults, inject

client = openai.OpenAI(api_key="no-key", max_retries=0)


def ask(prompt="hi", **options):
    """Ask the model one thing."""
    answer = client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": prompt}], **options)
    return answer.choices[0].message


def status(prompt="hi"):
    """Ask and return the HTTP status."""
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": prompt}]}
    return httpx2.Client().post("https://api.openai.com/v1/chat/completions", json=body).status_code


STORY = Scenario(
    "story",
    (
        Phase("calm", (), "1m"),
        Phase("storm", (faults.outage(),), "10m"),
        Phase("after", (faults.rate_limit(calls=1),)),
    ),
)


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_phases_follow_scenario_time(clock):
    """Phases begin and end where the scenario says; `advance` moves there, whatever the clock."""
    with inject(STORY, clock=clock) as chaos:
        assert (chaos.phase, status()) == ("calm", 200)
        chaos.advance("1m")
        assert (chaos.phase, status()) == ("storm", 503)
        chaos.advance("5m")
        assert status() == 503
        chaos.advance("5m")
        assert (chaos.phase, status(), status()) == ("after", 429, 200)
    assert [event.text for event in chaos.journal.events if event.kind == "phase"] == ["calm", "storm", "after"]


def test_enter_goes_forward_in_time_and_back_anew():
    """Entering a phase ahead lets its time pass; one that is over begins anew."""
    with inject(STORY) as chaos:
        chaos.enter("storm")
        assert (round(chaos.now), chaos.phase, status()) == (60, "storm", 503)
        chaos.enter("after")
        assert (round(chaos.now), chaos.phase) == (660, "after")
        chaos.enter("calm")
        assert (round(chaos.now), chaos.phase, status()) == (660, "calm", 200)
        chaos.advance("61s")
        assert chaos.phase == "storm"
        with pytest.raises(UsageProblem, match="no phase 'strom'; did you mean 'storm'"):
            chaos.enter("strom")


def test_between_is_scenario_time():
    """A window opens and closes at its scenario times."""
    with inject(faults.outage(between=("10s", "2m"))) as chaos:
        assert status() == 200
        chaos.advance("10s")
        assert status() == 503
        chaos.advance("110s")
        assert status() == 200


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (1, [503, 200, 200, 200]),
        ("1-2", [503, 503, 200, 200]),
        ("3-", [200, 200, 503, 503]),
        ("2", [200, 503, 200, 200]),
    ],
)
def test_calls_selects_the_nth_matching_call(calls, expected):
    """Calls that do not match the target are not counted."""
    with inject(faults.outage(calls=calls, target="openai:chat")):
        got = []
        for _ in range(4):
            client.models.list()
            got.append(status())
    assert got == expected


def test_chance_does_not_depend_on_thread_order():
    """The same calls from racing threads meet the same fate as one after the other."""

    def fates(run):
        with inject(faults.outage(rate="50%"), seed=11) as chaos:
            run()
        return {str(call.body["messages"]): call.status for call in chaos.calls}

    def one_by_one():
        for number in range(30):
            status(str(number))

    def racing():
        threads = [threading.Thread(target=status, args=(str(number),)) for number in reversed(range(30))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    first = fates(one_by_one)
    assert first == fates(racing) == fates(racing)
    assert set(first.values()) == {200, 503}


def test_replies_are_scripted_for_every_provider():
    """Text, structured output and tool calls; the last one repeats; a target narrows."""
    with inject() as chaos:
        chaos.replies("one", "two")
        chaos.replies({"a": 1}, target="openai/gpt-4*")
        assert [ask().content for _ in range(3)] == ["one", "two", "two"]
        answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x"}])
        assert answer.choices[0].message.content.replace(" ", "") == '{"a":1}'
        chaos.replies(ToolCall("look_up", {"order": 7}))
        (call,) = ask().tool_calls
        assert (call.function.name, call.function.arguments.replace(" ", "")) == ("look_up", '{"order":7}')
        with pytest.raises(UsageProblem, match="cannot be a reply"):
            chaos.replies(42)
        with pytest.raises(UsageProblem, match="at least one"):
            chaos.replies()


def test_replies_are_for_talk_only():
    """An embeddings call does not use up a scripted reply."""
    with inject() as chaos:
        chaos.replies("one", "two")
        client.embeddings.create(model="text-embedding-3-small", input="x")
        assert ask().content == "one"


def test_requests_are_told_apart():
    """Attempts are counted per user request; each has its own verdict."""
    with inject(faults.outage(calls=1)) as chaos:
        with chaos.request("first"), pytest.raises(openai.InternalServerError):
            ask()
        with chaos.request("second"):
            ask()
    assert [(call.request, call.attempt) for call in chaos.calls] == [("first", 1), ("second", 1)]


def test_sdk_retries_are_told_from_the_apps_own():
    """The SDK's retry count stands in `retry`, the app's own tries start at 0 again."""
    with inject(faults.outage(calls="1-4")) as chaos:
        again = client.with_options(max_retries=1)
        for _ in range(3):
            try:
                again.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "x"}])
            except openai.InternalServerError:
                continue
    assert [(call.attempt, call.retry) for call in chaos.calls] == [(1, 0), (2, 1), (3, 0), (4, 1), (5, 0)]


def test_the_call_site_is_the_apps_own_line():
    """An exchange tells which line of the app made the call."""
    with inject() as chaos:
        ask()
    assert chaos.calls[0].call_site.startswith("tests/run/test_chaos.py:")


def test_expect_raises_once_and_stays_recorded():
    """A violated check raises where it stands; swallowed, it still fails the run at its end."""
    with pytest.raises(ChaosFailed, match="attempts"), inject() as chaos:
        ask(), ask()
        with pytest.raises(AssertionError, match="attempts"):
            chaos.expect.attempts(at_most=1)


def test_a_wrong_check_is_told():
    """An unknown check or parameter has a near name."""
    with inject() as chaos:
        with pytest.raises(UsageProblem, match="did you mean 'failed_over'"):
            chaos.expect.faild_over()
        with pytest.raises(UsageProblem, match="did you mean 'at_most'"):
            chaos.expect.attempts(at_mots=1)


@pytest.mark.parametrize("target", ["opnai", "gpt-4*", "gpt-4*:chat"])
def test_a_target_that_names_no_provider_holds_nothing(target):
    """It is never called, so that a check would hold for nothing, and a reply never be given."""
    check = checks.find("not_called").build([target])
    with inject(faults.outage(target="openai")) as chaos:
        assert status() == 503
        with pytest.raises(UsageProblem, match="is not a provider"):
            chaos.expect.not_called(target)
        with pytest.raises(UsageProblem, match="is not a provider"):
            chaos.judge(check)
        with pytest.raises(UsageProblem, match="is not a provider"):
            chaos.replies("hello", target=target)
        chaos.expect.not_called("anthr*")
        chaos.expect.not_called("*.internal/gpt-4*")
    wrong = Scenario("wrong", (Phase("down", (faults.outage(),)),), expect=(check,))
    with pytest.raises(UsageProblem, match="is not a provider"), inject(wrong):
        pytest.fail("the run began")


def test_a_window_that_never_comes_is_refused():
    """A scenario made in Python is told what a file is told."""
    late = faults.outage(between=("0s", "5m"))
    with (
        pytest.raises(UsageProblem, match=r"late: between: 0s\.\.5m is never while 'b' lasts"),
        inject(Scenario("late", (Phase("a", (), "10m"), Phase("b", (late,), "10m")))),
    ):
        pytest.fail("the run began")


def test_the_blocks_own_error_wins_and_carries_the_verdict():
    """`inject` raises nothing over an exception of the block, but notes the verdict on it."""
    with pytest.raises(KeyError) as caught, inject(faults.outage(target="anthropic")):
        ask()
        raise KeyError("mine")
    assert "nothing was injected" in "\n".join(caught.value.__notes__)


def test_unknown_options_are_told():
    """Bad clock and upstream values show what is allowed."""
    with pytest.raises(UsageProblem, match="'virtual', 'real'"):
        inject(clock="fast")
    with pytest.raises(UsageProblem, match="'simulated', 'passthrough'"):
        inject(upstream="live")


def test_retry_after_is_read_as_the_sdks_read_it():
    """Seconds, milliseconds and dates all end as seconds on the exchange."""
    for form in ("seconds", "ms", "date"):
        with inject(faults.rate_limit(retry_after="7s", form=form)) as chaos:
            status()
        assert chaos.calls[0].retry_after == pytest.approx(7, abs=1.01)


def test_the_end_of_a_window_or_of_a_call_range_is_the_end_of_its_trouble():
    """`recovered` can judge faults without phases: their own `between` or `calls` tells when the trouble was over."""
    with inject(faults.outage(between=("0s", "10m"))) as chaos:
        assert status() == 503
        assert chaos.judge("recovered", to="openai").outcome == "inconclusive"
        chaos.advance("11m")
        assert status() == 200
        chaos.expect.recovered(to="openai", within="2m")
    assert [round(event.at) for event in chaos.journal.events if event.kind == "over"] == [600]

    with inject(faults.outage(calls="1-2")) as chaos:
        assert [status(), status(), status()] == [503, 503, 200]
        chaos.expect.recovered(to="openai", within="1s")


@pytest.mark.parametrize("check", [1, None, b"x", ["attempts"], int, object(), lambda journal: True, "atempts"])
def test_what_is_no_check_cannot_judge(check):
    """A clear error, whatever was given."""
    with inject() as chaos, pytest.raises(UsageProblem, match="is not a check"):
        chaos.judge(check)


def test_a_check_judges_by_name_class_and_with_its_parameters():
    """All three are the same check; one that is made already takes no more parameters."""
    attempts = checks.find("attempts")
    with inject() as chaos:
        told = [chaos.judge("attempts", at_most=3), chaos.judge(attempts, at_most=3), chaos.judge(attempts(at_most=3))]
        assert len(set(map(str, told))) == 1
        with pytest.raises(UsageProblem, match="takes no at_most"):
            chaos.judge(attempts(at_most=3), at_most=3)
