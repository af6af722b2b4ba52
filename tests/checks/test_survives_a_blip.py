"""survives_a_blip."""

from __future__ import annotations

from contextlib import suppress

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import ask, gpt, under, verdict
from .journals import journal

CHECK = checks.find("survives_a_blip").build()


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 503 +1s", "2 openai 200"], "held"),
        (["0 openai read_timeout +1s", "2 anthropic 200"], "held"),
        (["0 openai 503 +3s", "1 anthropic 200 +9s"], "held"),
        (["0 openai 503 +1s"], "violated"),
        (["0 openai 429 +1s request=a", "2 openai 200 request=b"], "violated"),
        (["0 openai 503 +1s", "2 openai:embeddings 200"], "violated"),
        (["0 openai 503 +1s", "2 openai open"], "inconclusive"),
        (["0 openai 503 +1s", "2 openai 503"], "inconclusive"),
        (["0 openai 401 +1s"], "inconclusive"),
        (["0 openai cancelled +1s"], "inconclusive"),
        (["0 openai 200:policy_refusal +1s"], "inconclusive"),
        (["0 openai 200"], "inconclusive"),
    ],
)
def test_a_single_failure(lines, outcome):
    """One passing failure must be followed by a good answer of the same kind in the same ask."""
    assert CHECK.judge(journal(*lines)).outcome == outcome


@pytest.mark.parametrize(
    "fault",
    [faults.outage(calls=1), faults.connection_reset(calls=1), faults.rate_limit(retry_after="2s", calls=1)],
    ids=str,
)
@pytest.mark.parametrize(("retries", "outcome"), [(0, "violated"), (2, "held")])
def test_the_app_that_gives_up_at_once(retries, outcome, fault):
    """An app that switched the SDK's retries off does not survive a blip."""
    with under(fault) as chaos:
        with suppress(openai.APIError):
            ask(gpt(retries))
        assert verdict(chaos, "survives_a_blip").outcome == outcome
