"""permanent_errors_not_retried."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import ask, ask_claude, claude, first_of, gpt, under, verdict
from .journals import journal, sdk

CHECK = checks.find("permanent_errors_not_retried").build()


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 401 +1s", "2 openai 401"], "violated"),
        (["0 openai 404 +1s", "2 openai 200"], "violated"),
        (["0 openai 410 +1s request=a", "2 openai 200 request=a"], "violated"),
        (sdk(0, "openai", "400"), "violated"),
        (["0 openai 401 +1s"], "held"),
        (["0 openai 401 +1s", "2 anthropic 200"], "held"),
        (["0 openai 401 +1s", "2 openai/gpt-4o 200"], "held"),
        (["0 openai 401 +1s", "0.5 openai 401 +1s"], "held"),
        (["0 openai 401 +1s request=a", "2 openai 401 request=b"], "held"),
        (["0 openai 401 +1s", "2 !clear", "2 openai 200"], "held"),
        (["0 !request a", "0 openai 401 request=a", "1 !raised a", "2 !request a", "2 openai 200 request=a"], "held"),
        (sdk(0, "openai", "503"), "inconclusive"),
        (sdk(0, "openai", "409"), "inconclusive"),
        (sdk(0, "openai", "429"), "inconclusive"),
    ],
)
def test_what_counts(lines, outcome):
    """The same sent again in one ask counts; other places, other asks and calls side by side do not."""
    assert CHECK.judge(journal(*lines)).outcome == outcome


def test_another_key_is_another_request():
    """To try the next key is no retry, nor is a changed body."""
    for member, value in (("key", "b"), ("body", {"max_tokens": 5}), ("host", "eu.api.openai.com")):
        made = journal("0 openai 403 +1s", "2 openai 200")
        setattr(made.exchanges[1], member, value)
        assert CHECK.judge(made).outcome == "held"


def test_the_reason_tells_who_and_when():
    """SDK and app are told apart; only what may be several asks asks for marks."""
    own = CHECK.judge(journal("0 openai 401 +1s", "3 openai 401"))
    assert "in the test the app sent openai/gpt-5:chat again 2s after it got 401; if these were several" in own.reason
    assert own.evidence
    assert "the SDK's own retry sent" in CHECK.judge(journal(*sdk(0, "openai", "400", tries=2))).reason


def persistent(careless: bool) -> None:
    """Ask up to three times, whatever the error; the careful one gives up at what stays."""
    client = gpt()
    for _ in range(3):
        try:
            ask(client)
            return
        except (openai.BadRequestError, openai.AuthenticationError, openai.NotFoundError):
            if not careless:
                return
        except openai.RateLimitError as error:
            if not careless and error.code == "insufficient_quota":
                return


@pytest.mark.parametrize("fault", [faults.auth_revoked(), faults.quota_exhausted(), faults.model_retired()], ids=str)
@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_retries_everything(careless, outcome, fault):
    """An app that repeats a revoked key, a spent quota or a retired model is found out; one that gives up holds."""
    with under(fault) as chaos:
        persistent(careless)
        assert verdict(chaos, "permanent_errors_not_retried").outcome == outcome


def test_a_fallback_is_free():
    """To go to another provider after a 401 is what one should do."""
    with under(faults.auth_revoked(target="openai")) as chaos:
        assert first_of(lambda: ask(gpt()), lambda: ask_claude(claude()))
        chaos.expect.permanent_errors_not_retried()
