"""Whom a provider serves, with which model, and what it says ahead: at every provider."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Chunk, Plan

from .fakes import draw
from .test_wrong import body, healthy, steps
from .vendors import CHATS, call_to, chat

REASONS = ("ownership", "verification", "suspension", "residency")
NAMELESS = ("cohere", "bedrock", "bedrock llama")


def told(injection, call):
    """Status and JSON of the error."""
    head, *_ = found = steps(injection, call)
    return head.status, json.loads(body(found))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("name", CHATS)
def test_every_provider_refuses_a_customer(name, reason, stream):
    """With a status that no SDK retries, and in words of its own (Perplexity's 401 is a page)."""
    found = steps(faults.access_denied(reason), chat(name, stream=stream))
    assert found[0].status in (400, 401, 403, 404)
    assert body(found)


def test_known_refusals():
    """Where the vendor's own words are known, they come."""

    def error(name, reason, **more):
        status, answer = told(faults.access_denied(reason), chat(name, **more))
        found = answer.get("error", answer)
        return status, found.get("code"), found["message"]

    assert error("openai", "suspension")[:2] == (401, "account_deactivated")
    assert error("openai", "residency")[:2] == (401, "incorrect_hostname")
    assert error("openai", "ownership")[:2] == (403, "unsupported_country_region_territory")
    status, code, text = error("responses", "verification", reasoning={"summary": "auto"})
    assert (status, code) == (400, "unsupported_value")
    assert text.startswith("Your organization must be verified to generate reasoning summaries.")
    assert error("groq", "suspension")[:2] == (400, "organization_restricted")
    assert error("anthropic", "suspension")[::2] == (400, "This organization has been disabled.")
    assert error("gemini", "suspension")[2] == "Permission denied: Consumer 'api_key:AIza****' has been suspended."
    assert "Anthropic use case details" in error("bedrock claude", "verification")[2]
    with pytest.raises(FaultUnfit, match="names no model"):
        told(faults.access_denied("verification"), call_to("https://api.openai.com/v1/models"))


def test_a_region_is_named_that_the_call_did_not_go_to():
    """A project of another region is told where to go."""
    _, answer = told(faults.access_denied("residency"), replace(chat("openai"), host="eu.api.openai.com"))
    assert "us.api.openai.com" in answer["error"]["message"]


@pytest.mark.parametrize("status", [404, 400, 410, 429])
@pytest.mark.parametrize("name", CHATS)
def test_a_model_is_retired_under_any_status(name, status):
    """Each provider answers with that status, and JSON."""
    found, error = told(faults.model_retired(status=status), chat(name))
    assert found == status
    assert error


def test_known_retirements():
    """Gemini's 429 has a quota of 0 and asks to try again; Azure's 404 knows no resource, its 400 the deployment."""
    _, error = told(faults.model_retired(status=429), chat("gemini"))
    assert "limit: 0, model: gemini-2.5-flash\nPlease retry in" in error["error"]["message"]
    assert error["error"]["details"][1]["violations"][0]["quotaValue"] == "0"
    assert told(faults.model_retired(status=404), chat("azure"))[1]["error"]["message"] == "Resource not found"
    assert told(faults.model_retired(), chat("azure"))[0] == 400
    assert told(faults.model_retired(), chat("huggingface"))[0] == 410


# --- another model ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("name", [each for each in CHATS if each not in NAMELESS and not each.startswith("bedrock")])
def test_the_answer_names_another_model(name, stream):
    """Wherever the name stands it is the other one's, and nothing else of the answer changes."""
    call = chat(name, stream=stream)
    found, good = steps(faults.model_substituted("other-9"), call), list(healthy(call).steps())
    asked = {"vertex claude": "claude-sonnet-5"}.get(name, call.model)
    assert f'"{asked}"'.encode() not in body(found)
    assert b'"other-9"' in body(found)
    assert [type(step) for step in found] == [type(step) for step in good]
    assert found[0].error is None
    assert dict(found[0].headers).get("content-length") in (None, str(len(body(found))))


def test_frames_of_aws_stay_whole():
    """The name is changed within the base64 of a frame, whose lengths and checksums fit again."""
    from pytest_llmchaos.providers._bedrock_frames import event_frame

    call = chat("bedrock claude", stream=True)
    found = steps(faults.model_substituted("other-9"), call)
    first = next(step.data for step in found if isinstance(step, Chunk))
    payload = json.loads(first[first.index(b'{"bytes"') : -4])
    assert first == event_frame("chunk", payload)


@pytest.mark.parametrize("name", NAMELESS)
def test_an_answer_without_a_name_cannot_name_another(name):
    """The fault is refused in words."""
    with pytest.raises(FaultUnfit, match="names no model in its answers to chat calls"):
        steps(faults.model_substituted(), chat(name))


# --- ahead of a retirement ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "member"),
    [
        ("https://api.openai.com/v1/models", "shutdown_date"),
        ("https://api.anthropic.com/v1/models", "retires_at"),
        ("https://api.mistral.ai/v1/models", "deprecation"),
        ("https://openrouter.ai/api/v1/models", "expiration_date"),
    ],
)
def test_lists_of_models_tell(url, member):
    """The models that are meant have the day, the others are as they were."""
    call = call_to(url)
    good = json.loads(body(healthy(call).steps()))["data"]
    first = good[0]["id"]
    listed = json.loads(body(steps(faults.deprecation_notice("2028-03-26", "next-1", model=first), call)))["data"]
    assert listed[0][member].startswith("2028-03-26")
    assert listed[1:] == good[1:]
    with pytest.raises(FaultUnfit, match="name no model like 'nobody-\\*'"):
        steps(faults.deprecation_notice(model="nobody-*"), call)


def test_other_signs_of_the_end():
    """Mistral names the successor, Gemini tells in its answers, Hugging Face and Cohere in a header."""
    notice = faults.deprecation_notice("2028-03-26", successor="next-1")
    listed = json.loads(body(steps(notice, call_to("https://api.mistral.ai/v1/models"))))["data"]
    assert {each["deprecation_replacement_model"] for each in listed} == {"next-1"}
    for stream in (False, True):
        assert b'"modelStatus":{"modelStage":"LEGACY","retirementTime":"2028-03-26T00:00:00Z"' in body(
            steps(notice, chat("gemini", stream=stream))
        )
        for name, header in (("huggingface", "x-hf-warning"), ("cohere", "x-api-warning")):
            head = dict(steps(notice, chat(name, stream=stream))[0].headers)
            assert "2028-03-26" in head[header]
            assert "next-1" in head[header]


@pytest.mark.parametrize("name", ["openai", "anthropic", "azure", "vertex", "bedrock", "groq"])
def test_most_answers_say_nothing(name):
    """There the fault is refused in words."""
    with pytest.raises(FaultUnfit, match="says nothing of a retirement to come in its answers to chat calls"):
        steps(faults.deprecation_notice(), chat(name))


def test_a_list_from_beneath_may_hold_other_names():
    """Whom it names is known only when it passes."""
    call = call_to("https://api.openai.com/v1/models")
    plan = faults.deprecation_notice(model="ours-*").fault.apply(Plan(None), call, draw())
    assert len(plan.shapers) == 1
