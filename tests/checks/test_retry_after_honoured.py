"""retry_after_honoured: whose limit it is, and what is no time to wait."""

from __future__ import annotations

import time
from contextlib import suppress

import httpx
import openai
import pytest

from pytest_llmchaos import checks, faults, inject

from .apps import ask, first_of, gpt, under, verdict
from .journals import journal


def judge(*lines, **given):
    """Return the verdict of the check."""
    return checks.find("retry_after_honoured").build((), given).judge(journal(*lines))


def other_key():
    """Return a client with another key."""
    return openai.OpenAI(api_key="another-key", max_retries=0)


def azure(resource):
    """Return a client of an Azure resource, which has limits of its own."""
    endpoint = f"https://{resource}.openai.azure.com"
    return openai.AzureOpenAI(api_key="test-key", azure_endpoint=endpoint, api_version="2024-10-21", max_retries=0)


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
@pytest.mark.parametrize("form", ["seconds", "ms", "date"])
def test_the_app_that_waits_by_its_own_rule(form, careless, outcome):
    """Two seconds are too short where 20 were asked for, whatever form the header has."""
    with under(faults.rate_limit(retry_after="20s", form=form, calls=1)) as chaos:
        with suppress(openai.RateLimitError):
            ask(gpt())
        time.sleep(2 if careless else 21)
        ask(gpt())
        found = verdict(chaos, "retry_after_honoured")
        assert found.outcome == outcome
        assert found.evidence == tuple(chaos.calls)


@pytest.mark.parametrize(
    ("target", "first", "second"),
    [("openai", gpt, other_key), ("azure", lambda: azure("west"), lambda: azure("north"))],
    ids=["key", "resource"],
)
def test_another_key_or_resource_has_limits_of_its_own(target, first, second):
    """An app with a pool of keys or deployments goes on at once with the next one."""
    with under(faults.rate_limit(retry_after="20s", target=target, calls=1)) as chaos:
        with chaos.request("checkout"):
            first_of(lambda: ask(first()), lambda: ask(second()))
        assert verdict(chaos, "retry_after_honoured").outcome == "held"
        assert verdict(chaos, "retry_after_honoured", per="account").outcome == "held"


def limited(times=1, **headers):
    """Ask a provider that answers 429 with these headers, and return the run."""
    with inject(suppress={"retry_after_ignored": "the app has its bug on purpose"}) as chaos:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.Response(429, headers=told, json={"error": {"message": "slow down"}})
        chaos.upstream.post(path="/v1/chat/completions").mock(return_value=answer)
        for _ in range(times):
            with pytest.raises(openai.RateLimitError):
                ask(gpt())
    return chaos


@pytest.mark.parametrize(
    ("after", "said"), [("0", "0 s"), ("-5", "-5 s"), ("soon", "no answer"), ("inf", "inf s"), ("1e999", "inf s")]
)
def test_a_header_that_names_no_time(after, said):
    """Nothing to wait for is no evidence: the app can do no wrong, and no right."""
    found = verdict(limited(2, retry_after=after), "retry_after_honoured")
    assert found.outcome == "inconclusive"
    assert said in found.reason


@pytest.mark.parametrize("after", ["Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +99999999999999"])
def test_a_date_beyond_all_calendars(after):
    """It is read as no date, and breaks nothing."""
    assert limited(retry_after=after).calls[0].retry_after is None


def test_milliseconds_that_are_none():
    """As in the SDKs, the plain header counts then."""
    assert limited(retry_after_ms="soon", retry_after="20").calls[0].retry_after == 20


class Limiter:
    """Asks OpenAI for many users; the careful one remembers for all of them how long it was told to wait."""

    def __init__(self, careless: bool) -> None:
        self.careless = careless
        self.until = 0.0

    def ask(self, text: str) -> str:
        """Return an answer, or an apology."""
        if not self.careless and time.monotonic() < self.until:
            return "Please try later."
        try:
            return ask(gpt(), text)
        except openai.RateLimitError as error:
            self.until = time.monotonic() + float(error.response.headers["retry-after"])
            return "Please try later."


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_forgets_for_the_next_user(careless, outcome):
    """A limit is the account's: what one request was told holds for the next one as well."""
    with under(faults.rate_limit(retry_after="20s", calls=1)) as chaos:
        limiter = Limiter(careless)
        for number in range(3):
            with chaos.request(f"user {number}"):
                limiter.ask(f"Where is order {number}?")
        assert verdict(chaos, "retry_after_honoured").outcome == "held"
        found = verdict(chaos, "retry_after_honoured", per="account")
        assert found.outcome == outcome
        if careless:
            assert "was called again in request 'user 1' after" in found.reason


def test_an_account_is_one_for_all_operations_and_models():
    """Judged by account, the embedding of a limited key waits as well; another provider's does not."""
    limited = "0 openai 429 +1s after=20s"
    assert judge(limited, "2 openai:embeddings 200").outcome == "held"
    found = judge(limited, "2 openai:embeddings 200", per="account")
    assert found.outcome == "violated"
    assert "the same account called openai/gpt-5:embeddings after 1s" in found.reason
    assert judge(limited, "2 anthropic 200", per="account").outcome == "held"


def test_unmarked_asks_are_told_how_to_mark():
    """What looks like a retry may be another ask of the test, unless the SDK's count says that it is none."""
    assert "mark each with" in judge("0 openai 429 +1s after=20s", "2 openai 200").reason
    assert "mark each with" not in judge("0 openai 429 +1s after=20s retry=0", "2 openai 200 retry=1").reason
