"""How the providers fail, as the real SDKs see it."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import get_args

import anthropic
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Answer
from pytest_llmchaos.providers import ErrorKind

from ..models import CLAUDE
from .sdk import KEY, UNHURRIED, WALL, Wire, anthropic_client, openai_client, post, recognised

MESSAGES = [{"role": "user", "content": "x"}]
URLS = {
    "chat": "https://api.openai.com/v1/chat/completions",
    "responses": "https://api.openai.com/v1/responses",
    "completions": "https://api.openai.com/v1/completions",
    "embeddings": "https://api.openai.com/v1/embeddings",
    "images": "https://api.openai.com/v1/images/generations",
    "moderation": "https://api.openai.com/v1/moderations",
    "models": "https://api.openai.com/v1/models",
    "messages": "https://api.anthropic.com/v1/messages",
    "count_tokens": "https://api.anthropic.com/v1/messages/count_tokens",
}

SILENT = ("embeddings", "moderation", "models", "count_tokens")
UNFIT = {("model_retired", "models"), *(("policy_refusal", what) for what in SILENT)}


def call_to(what, **body):
    """Return a call of that operation."""
    url = URLS.get(what, what)
    if url.endswith("/models"):
        return recognised(post(url, b"").__class__("GET", url, ()))
    body = {"model": "gpt-5", "messages": MESSAGES, "input": "x", "max_tokens": 9, **body}
    return recognised(post(url, json.dumps(body).encode()))


def failing(kind, **details):
    """Return a wire on which every call fails that way."""
    return Wire(lambda call, draw: call.speaks.error(kind, call, draw, **details))


def openai_error(kind, *, stream=False, **details):
    """Return the exception that the OpenAI SDK raises."""
    with pytest.raises(openai.APIStatusError) as caught:
        openai_client(failing(kind, **details)).chat.completions.create(
            model="gpt-4-32k", messages=MESSAGES, stream=stream
        )
    return caught.value


def anthropic_error(kind, *, stream=False, **details):
    """Return the exception that the Anthropic SDK raises."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        anthropic_client(failing(kind, **details)).messages.create(
            model=CLAUDE, messages=MESSAGES, max_tokens=9, stream=stream
        )
    return caught.value


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "details", "exception", "status", "type_", "code", "text"),
    [
        (
            "outage",
            {"status": 500},
            openai.InternalServerError,
            500,
            "server_error",
            None,
            "The server had an error",
        ),
        ("outage", {"status": 502}, openai.InternalServerError, 502, "cf_bad_gateway", "502", "Bad gateway."),
        (
            "outage",
            {},
            openai.InternalServerError,
            503,
            "cf_service_unavailable",
            "503",
            "Service Unavailable.",
        ),
        (
            "outage",
            {"status": 504},
            openai.InternalServerError,
            504,
            "cf_gateway_timeout",
            "504",
            "Gateway timeout.",
        ),
        (
            "overloaded",
            {},
            openai.InternalServerError,
            503,
            "service_unavailable_error",
            "server_is_overloaded",
            "Our servers are currently overloaded. Please try again later.",
        ),
        (
            "rate_limit",
            {},
            openai.RateLimitError,
            429,
            "requests",
            "rate_limit_exceeded",
            "Rate limit reached for",
        ),
        (
            "quota_exhausted",
            {},
            openai.RateLimitError,
            429,
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota",
        ),
        (
            "auth_revoked",
            {},
            openai.AuthenticationError,
            401,
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided: sk-****.",
        ),
        (
            "region_blocked",
            {},
            openai.PermissionDeniedError,
            403,
            "request_forbidden",
            "unsupported_country_region_territory",
            "Country, region, or territory not supported",
        ),
        (
            "model_retired",
            {"successor": "gpt-9"},
            openai.NotFoundError,
            404,
            "invalid_request_error",
            "model_not_found",
            "The model `gpt-4-32k` does not exist or you do not have access to it.",
        ),
        (
            "policy_refusal",
            {"form": "error"},
            openai.BadRequestError,
            400,
            "invalid_request_error",
            "invalid_prompt",
            "Invalid prompt: your prompt was flagged",
        ),
    ],
)
def test_openai_errors(kind, details, exception, status, type_, code, text, stream):
    """Class, status, type, code and text, for a plain and a streamed call alike."""
    error = openai_error(kind, stream=stream, **details)
    assert type(error) is exception
    assert (error.status_code, error.type, error.code) == (status, type_, code)
    assert error.body["message"].startswith(text)
    assert error.request_id.startswith("req_")
    assert error.response.headers["openai-organization"].startswith("org-")
    assert KEY not in repr(error.body)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("kind", "details", "exception", "status", "type_", "text"),
    [
        ("outage", {"status": 500}, anthropic.InternalServerError, 500, "api_error", "Internal server error"),
        ("outage", {"status": 502}, anthropic.InternalServerError, 502, "api_error", "Bad gateway"),
        ("outage", {}, anthropic.ServiceUnavailableError, 503, "api_error", "Service unavailable"),
        ("outage", {"status": 504}, anthropic.GatewayTimeoutError, 504, "timeout_error", "Request timed out"),
        ("outage", {"status": 529}, anthropic.OverloadedError, 529, "overloaded_error", "Overloaded"),
        ("overloaded", {}, anthropic.OverloadedError, 529, "overloaded_error", "Overloaded"),
        ("rate_limit", {}, anthropic.RateLimitError, 429, "rate_limit_error", "This request would exceed"),
        (
            "quota_exhausted",
            {},
            anthropic.BadRequestError,
            400,
            "invalid_request_error",
            "Your credit balance is too",
        ),
        ("auth_revoked", {}, anthropic.AuthenticationError, 401, "authentication_error", "invalid x-api-key"),
        ("region_blocked", {}, anthropic.PermissionDeniedError, 403, "forbidden", "Request not allowed"),
        (
            "model_retired",
            {"successor": "x"},
            anthropic.NotFoundError,
            404,
            "not_found_error",
            f"model: {CLAUDE}",
        ),
        (
            "policy_refusal",
            {"form": "error"},
            anthropic.BadRequestError,
            400,
            "invalid_request_error",
            "Output blocked",
        ),
    ],
)
def test_anthropic_errors(kind, details, exception, status, type_, text, stream):
    """Class, status, type and text, for a plain and a streamed call; one request id in header and body."""
    error = anthropic_error(kind, stream=stream, **details)
    assert type(error) is exception
    assert (error.status_code, error.body["error"]["type"]) == (status, type_)
    assert error.body["error"]["message"].startswith(text)
    if kind != "region_blocked":
        assert error.body["request_id"] == error.request_id


def test_the_vendors_say_whether_to_retry():
    """Anthropic tells it for an overload and an empty account."""
    assert anthropic_error("overloaded").response.headers["x-should-retry"] == "true"
    assert anthropic_error("quota_exhausted").response.headers["x-should-retry"] == "false"


def headers_of(answer):
    """Return the answer's headers as a dict."""
    return dict(answer.headers)


@pytest.mark.parametrize("what", ["chat", "messages"])
@pytest.mark.parametrize(
    ("form", "seconds", "expected"),
    [
        ("seconds", 20, {"retry-after": "20"}),
        ("seconds", 1.2, {"retry-after": "2"}),
        ("ms", 1.5, {"retry-after-ms": "1500", "retry-after": "2"}),
        ("date", 7.5, {"retry-after": "Sun, 22 Nov 2026 10:20:08 GMT"}),
        ("seconds", None, {}),
        ("date", None, {}),
    ],
)
def test_the_forms_of_retry_after(what, form, seconds, expected):
    """Each form says the time that was asked for, never less; None says nothing."""
    call = call_to(what)
    found = headers_of(call.speaks.error("rate_limit", call, Draw("k", WALL), retry_after=seconds, form=form))
    assert {key: value for key, value in found.items() if key.startswith("retry-after")} == expected


@UNHURRIED
@given(st.floats(0.001, 4000), st.sampled_from(["seconds", "ms", "date"]), st.floats(0, 2e9))
def test_the_exhausted_limit_agrees_with_retry_after(seconds, form, wall):
    """The limit's reset and the header name the same time, within the second that whole seconds cost."""
    call = call_to("messages")
    found = headers_of(call.speaks.error("rate_limit", call, Draw("k", wall), retry_after=seconds, form=form))
    assert found["anthropic-ratelimit-requests-remaining"] == "0"
    reset = datetime.fromisoformat(found["anthropic-ratelimit-requests-reset"]).timestamp()
    assert 0 <= reset - (wall + seconds) <= 1
    if form == "date":
        assert parsedate_to_datetime(found["retry-after"]).timestamp() == reset
    else:
        assert 0 <= float(found["retry-after"]) - seconds <= 1


@pytest.mark.parametrize(("seconds", "text"), [(0.25, "250ms"), (20, "20s"), (432, "7m12s"), (3600, "1h0m0s")])
def test_openai_says_the_same_time_everywhere(seconds, text):
    """Header of the limit and text of the error agree with retry-after."""
    call = call_to("chat")
    answer = call.speaks.error("rate_limit", call, Draw("k", WALL), retry_after=seconds)
    found = headers_of(answer)
    assert found["x-ratelimit-remaining-requests"] == "0"
    assert found["x-ratelimit-reset-requests"] == text
    assert f"Please try again in {text}." in json.loads(b"".join(answer.chunks))["error"]["message"]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 521, 522, 523, 530])
def test_the_page_of_the_cdn(status):
    """HTML with the CDN's headers and no provider's; OpenAI's SDK hides it, Anthropic's shows it."""
    error = openai_error("outage", status=status, page="html")
    assert type(error) is openai.InternalServerError
    assert str(error) == f"Error code: {status}"
    assert error.response.headers["content-type"].startswith("text/html")
    assert error.response.headers["server"] == "cloudflare"
    assert error.response.headers["cf-ray"].partition("-")[0] in error.response.text
    assert "x-request-id" not in error.response.headers
    assert str(anthropic_error("outage", status=status, page="html")).startswith("<!DOCTYPE html>")


def test_a_timeout_of_the_cdn_is_plain_text():
    """524 is the one that comes without markup."""
    response = openai_error("outage", status=524, page="html").response
    assert (response.text, response.headers["content-type"]) == (
        "error code: 524",
        "text/plain; charset=UTF-8",
    )


@pytest.mark.parametrize("what", ["chat", "messages"])
def test_the_cdns_statuses_are_no_json(what):
    """No provider's API answers 520; asking for it as JSON says what to do."""
    call = call_to(what)
    with pytest.raises(FaultUnfit, match="page='html'"):
        call.speaks.error("outage", call, Draw("k", 0), status=520, page="json")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_another_host_is_not_dressed_up_as_the_vendor(path, kind):
    """A self-hosted server fails in the same shape, without the vendor's and its CDN's headers."""
    call = call_to(f"http://localhost:8000{path}")
    for answer in (
        call.speaks.error(kind, call, Draw("k", 0)),
        call.speaks.error("outage", call, Draw("k", 0), page="html", status=502),
        call.speaks.answer(call, None, Draw("k", 0)),
    ):
        names = set(headers_of(answer))
        assert not names & {
            "openai-organization",
            "openai-version",
            "server",
            "cf-ray",
            "anthropic-organization-id",
            "via",
        }
        assert b"cloudflare" not in b"".join(answer.chunks)


@pytest.mark.parametrize("what", URLS)
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_of_every_operation(what, kind):
    """Each has an error answer or says in a sentence why it has none; equal draws give equal answers."""
    call = call_to(what)
    if (kind, what) in UNFIT:
        with pytest.raises(FaultUnfit, match=r"(\w+ ){5}"):
            call.speaks.error(kind, call, Draw("k", WALL))
        return
    answer = call.speaks.error(kind, call, Draw("k", WALL))
    assert answer.status >= 400
    assert not answer.events
    again = call.speaks.error(kind, call, Draw("k", WALL))
    assert (again.headers, list(again.chunks)) == (answer.headers, list(answer.chunks))


@pytest.mark.parametrize("what", SILENT)
@pytest.mark.parametrize("form", ["error", "finish", "refusal"])
def test_what_is_never_refused(what, form):
    """A refusal needs something that is said or drawn."""
    call = call_to(what)
    with pytest.raises(FaultUnfit):
        call.speaks.error("policy_refusal", call, Draw("k", 0), form=form)


def test_images_are_blocked_by_moderation():
    """The image API has a refusal of its own, and no other form of it."""
    with pytest.raises(openai.BadRequestError) as caught:
        openai_client(failing("policy_refusal")).images.generate(model="gpt-image-1", prompt="x")
    assert (caught.value.code, caught.value.type) == ("moderation_blocked", "image_generation_user_error")
    assert caught.value.request_id in caught.value.body["message"]
    call = call_to("images")
    with pytest.raises(FaultUnfit, match="form='error'"):
        call.speaks.error("policy_refusal", call, Draw("k", 0), form="refusal")


def test_a_retired_model_is_gone_from_the_models_too():
    """`models.retrieve` gets its own text; the list has no model to retire."""
    with pytest.raises(openai.NotFoundError, match="The model 'gpt-4' does not exist"):
        openai_client(failing("model_retired")).models.retrieve("gpt-4")
    with pytest.raises(anthropic.NotFoundError):
        anthropic_client(failing("model_retired")).models.retrieve("claude-2.1")
    call = call_to("models")
    with pytest.raises(FaultUnfit, match="names no model"):
        call.speaks.error("model_retired", call, Draw("k", 0))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("form", ["finish", "refusal"])
@pytest.mark.parametrize("what", ["chat", "responses", "messages"])
def test_a_refusal_within_an_answer(what, form, stream):
    """It has status 200, is streamed where a stream was asked for, and bears its name for the journal."""
    call = call_to(what, stream=stream)
    answer = call.speaks.error("policy_refusal", call, Draw("k", WALL), form=form)
    assert (answer.status, answer.error, answer.events) == (200, "policy_refusal", stream)
    told = b"".join(answer.chunks)
    if what == "messages":
        assert b'"stop_reason":"refusal"' in told
        assert (b'"text":' in told) == (form == "finish")
    elif form == "finish":
        assert b"content_filter" in told
    else:
        assert b'"refusal":"I' in told


@pytest.mark.parametrize("what", ["chat", "completions", "responses", "messages"])
def test_the_error_within_a_stream(what):
    """One whole event, in each API's own form."""
    call = call_to(what, stream=True)
    data = call.speaks.stream_error(call, Draw("k", 0))
    assert data.endswith(b"\n\n")
    assert data.count(b"\n\n") == 1
    assert json.loads(data.partition(b"data: ")[2])["error"]["type"] in ("server_error", "overloaded_error")
    assert data.startswith(b"event: error\n") == (what in ("responses", "messages"))


def test_the_error_within_a_stream_raises():
    """OpenAI's SDK raises APIError, Anthropic's an APIStatusError that says 200."""

    def broken(call, draw):
        healthy = call.speaks.answer(call, None, draw)
        chunks = [*list(healthy.chunks)[:3], call.speaks.stream_error(call, draw)]
        return Answer(200, healthy.headers, chunks, events=True)

    with pytest.raises(openai.APIError, match="The server had an error") as caught:
        list(openai_client(Wire(broken)).chat.completions.create(model="gpt-5", messages=MESSAGES, stream=True))
    assert not isinstance(caught.value, openai.APIStatusError)
    with pytest.raises(anthropic.APIStatusError) as status:
        list(anthropic_client(Wire(broken)).messages.create(model=CLAUDE, messages=MESSAGES, max_tokens=9, stream=True))
    assert (status.value.status_code, status.value.type) == (200, "overloaded_error")


def test_an_unknown_kind_is_refused():
    """A third party's fault learns that the dialect has no such failure."""
    for what in ("chat", "messages"):
        call = call_to(what)
        with pytest.raises(FaultUnfit, match="no form for 'strike'"):
            call.speaks.error("strike", call, Draw("k", 0))
