"""The always-on checks: each finds its trap, is silent on apps that hold, and can be switched off with a reason."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext, suppress
from functools import cache

import openai
import pytest
from hypothesis import given

from pytest_llmchaos import ChaosFailed, UsageProblem, faults, inject
from pytest_llmchaos.checks import always_on
from pytest_llmchaos.core import config

from .journals import journals

KEY = "sk-proj-a8Zk3LmQ0pW7rTn2Xv5c"


@cache
def client(key: str, retries: int) -> openai.OpenAI:
    """Return a client; to make one takes longer than many calls."""
    return openai.OpenAI(api_key=key, max_retries=retries)


def ask(retries: int = 0, key: str = "no-key", prompt: str = "hi") -> str:
    """Ask once, with so many retries of the SDK's own."""
    answer = client(key, retries).chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": prompt}])
    return answer.choices[0].message.content or ""


def stubborn(times: int, prompt: str = "hi", retries: int = 0) -> str:
    """Ask so many times, whatever comes."""
    for _ in range(times):
        try:
            return ask(retries, prompt=prompt)
        except openai.APIError:
            continue
    return "sorry"


def found(chaos) -> dict[str, str]:
    """Return what the always-on checks found: reasons by name."""
    return {each.check: each.reason for each in always_on.judge(chaos.journal)}


def quiet(*what):
    """Run a block with the always-on checks off."""
    return inject(*what, suppress=dict.fromkeys(always_on.names(), "looked at by hand"))


def test_it_fails_the_run_and_says_what_to_do():
    """What was seen, why it is a trap, how to fix it, how to switch it off; with evidence and without being asked."""
    with pytest.raises(ChaosFailed) as failure, inject(faults.auth_revoked()) as chaos, chaos.request("checkout"):
        stubborn(5)
    (verdict,) = failure.value.verdicts
    assert (verdict.check, verdict.outcome, verdict.always) == ("permanent_error_loop", "violated", True)
    assert len(verdict.evidence) == 5
    text = str(failure.value)
    assert "seen: request 'checkout': openai/gpt-5:chat was sent 5 times and got 401 each time" in text
    for part in ("trap:", "fix: retry only", 'suppress={"permanent_error_loop": "why"}'):
        assert part in text


@pytest.mark.parametrize(
    ("fault", "times", "expected"),
    [
        (faults.auth_revoked(), 3, set()),
        (faults.auth_revoked(), 4, {"permanent_error_loop"}),
        (faults.quota_exhausted(), 4, {"permanent_error_loop"}),
        (faults.outage(), 30, set()),
        (faults.outage(), 31, {"runaway_retries"}),
        (faults.outage(calls="1-35"), 36, set()),
        (faults.rate_limit(retry_after="20s"), 1, set()),
        (faults.rate_limit(retry_after="20s", calls=1), 2, {"retry_after_ignored"}),
        (faults.rate_limit(retry_after="1s", calls=1), 2, set()),
    ],
    ids=str,
)
def test_what_one_marked_request_repeats(fault, times, expected):
    """The same request again and again is judged in a request that the test marked, and nowhere else."""
    with quiet(fault) as chaos:
        with chaos.request("checkout"):
            stubborn(times)
        assert set(found(chaos)) == expected
    with quiet(fault) as chaos:
        stubborn(times)  # these may be so many asks of the test
        assert not found(chaos)
    with quiet(fault) as chaos:
        with chaos.request("checkout"):
            for number in range(times):
                stubborn(1, f"line {number}")  # another body is another request
        assert not found(chaos)


def test_a_chain_of_the_sdks_own_retries_is_one_ask():
    """A retry count turned far up is found without a mark."""
    with quiet(faults.outage()) as chaos:
        with pytest.raises(openai.APIError):
            ask(retries=40)
        assert "the SDK's own retries: openai/gpt-5:chat was tried 41 times" in found(chaos)["runaway_retries"]


DAYS = [
    faults.outage(),
    faults.rate_limit("20s"),
    faults.rate_limit("5m"),
    faults.rate_limit("20s", form="date"),
    faults.quota_exhausted(),
    faults.overloaded(),
    faults.auth_revoked(),
    faults.connection_reset(),
]


@pytest.mark.parametrize("fault", DAYS, ids=str)
@pytest.mark.parametrize("retries", [2, 5])
def test_the_sdks_own_retries_are_no_trap(fault, retries):
    """OpenAI's client with its defaults, and with some retries more, marked or not, gives no alarm."""
    with quiet(fault) as chaos:
        with chaos.request("checkout"), pytest.raises(openai.APIError):
            ask(retries)
        with pytest.raises(openai.APIError):
            ask(retries)
        known = {"permanent_error_loop"} if retries == 5 and "quota" in str(fault) else set()
        assert set(found(chaos)) == known


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize(("own", "alarm"), [(False, False), (True, True)])
@pytest.mark.asyncio
async def test_the_same_prompt_side_by_side(marked, own, alarm):
    """Batch work over one prompt, in which each client waits as it was told, is not mixed up; an app that does not is.

    Without the mark those may be so many asks of the test.
    """
    with quiet(faults.rate_limit("20s", calls="1-3")) as chaos:

        async def one(nth: int) -> None:
            await asyncio.sleep(nth * 5)
            client = openai.AsyncOpenAI(api_key="no-key", max_retries=0 if own else 2)
            for _ in range(2):
                with suppress(openai.APIError):
                    await client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hi"}])
                    return
                await asyncio.sleep(2)

        with chaos.request("batch") if marked else nullcontext():
            await asyncio.gather(*map(one, range(3)))
        assert set(found(chaos)) == ({"retry_after_ignored"} if alarm and marked else set())


def test_leaked_key():
    """A key in a log record or an error is found, the word that stands for one is not."""
    with quiet(faults.outage()) as chaos:
        with pytest.raises(openai.APIError):
            ask(key="no-key-but-a-placeholder")
        with pytest.raises(openai.APIError):
            ask(key=KEY)
        logging.getLogger("shop").error("failed with no-key-but-a-placeholder, %s", KEY[:10])
        assert not found(chaos)
        logging.getLogger("shop").error("failed with %s", KEY)
        assert "the API key of openai stands in a log record" in found(chaos)["leaked_key"]
        with pytest.raises(RuntimeError), chaos.request("ask"):
            raise RuntimeError(f"bad key {KEY}")
        assert "and 1 more like it" in found(chaos)["leaked_key"]
        assert KEY not in found(chaos)["leaked_key"]


def test_an_error_that_ends_the_block_is_searched():
    """What leaves the whole run is noted on it, and the verdict names no key."""
    with pytest.raises(RuntimeError) as failure, inject(faults.outage(calls=1)):
        with pytest.raises(openai.APIError):
            ask(key=KEY)
        raise RuntimeError(f"bad key {KEY}")
    (note,) = failure.value.__notes__
    assert "leaked_key" in note
    assert KEY not in note


@given(made=journals(max_size=60))
def test_any_journal_can_be_judged(made):
    """They run after every test, so they never raise; their evidence is from the journal."""
    asked = made.app.begin("checkout", 0.0)
    asked.calls += made.exchanges
    asked.ended, asked.error = 100.0, ValueError("\udc80 \x1b[31m")
    for verdict in always_on.judge(made):
        assert verdict.reason
        assert set(verdict.evidence) <= set(made.exchanges)


def test_switching_off_needs_a_name_and_a_reason():
    """One that is switched off says nothing; a wrong name or no reason is a mistake."""
    off = {"permanent_error_loop": "the vendor's keys come late"}
    with inject(faults.auth_revoked(), suppress=off) as chaos, chaos.request("checkout"):
        stubborn(5)
    for bad, told in [
        ({"permanent_errors_loop": "x"}, "did you mean 'permanent_error_loop'"),
        ({"leaked_key": " "}, "needs the reason why"),
        (["leaked_key"], "is not names with reasons"),
    ]:
        with pytest.raises(UsageProblem, match=told):
            inject(suppress=bad)


def test_in_pytest_and_in_the_projects_settings(pytester, few_plugins):
    """It fails a test in its call phase; the marker and pyproject.toml switch it off."""
    app = """
        import openai
        from pytest_llmchaos import faults, llmchaos

        def loop(llmchaos):
            client = openai.OpenAI(api_key="no-key", max_retries=0)
            with llmchaos.request("checkout"):
                for _ in range(5):
                    try:
                        client.models.list()
                    except openai.APIError:
                        pass

        @llmchaos(faults.auth_revoked())
        def test_alarm(llmchaos):
            loop(llmchaos)

        @llmchaos(faults.auth_revoked(), suppress={"permanent_error_loop": "our vendor is slow"})
        def test_off(llmchaos):
            loop(llmchaos)

        @llmchaos(faults.auth_revoked(), suppress={"permanent_error_loop": ""})
        def test_no_reason(llmchaos):
            loop(llmchaos)
    """
    pytester.makepyfile(app)
    result = pytester.runpytest_inprocess("-p", "llmchaos")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*permanent_error_loop violated*", "*seen: request 'checkout'*"])
    pytester.makepyprojecttoml('[tool.llmchaos.suppress]\npermanent_error_loop = "see the vendor"\n')
    pytester.runpytest_inprocess("-p", "llmchaos", "-k", "alarm").assert_outcomes(passed=1)
    assert config.load(pytester.path).suppress == {"permanent_error_loop": "see the vendor"}
    pytester.makepyprojecttoml('[tool.llmchaos.suppress]\nrunaway = "x"\n')
    with pytest.raises(UsageProblem, match=r"pyproject.toml: \[tool.llmchaos\] suppress: 'runaway'"):
        always_on.of_project(config.load(pytester.path))
