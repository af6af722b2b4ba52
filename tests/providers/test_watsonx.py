"""IBM watsonx.ai through its own SDK."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import get_args

import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.replies import ToolCall
from pytest_llmchaos.providers import ErrorKind

from .reach import KEY, LATE, MESSAGES, react, sdk
from .rows import Row, rows
from .sdk import WALL, post, recognised

ibm = sdk("ibm_watsonx_ai")
models = sdk("ibm_watsonx_ai.foundation_models")
httpx = pytest.importorskip("httpx")

HOST = "https://us-south.ml.cloud.ibm.com"
MODEL = "ibm/granite-3-3-8b-instruct"
ERROR = "ibm_watsonx_ai.wml_client_error.ApiRequestFailure"
STREAM_ERROR = "ibm_watsonx_ai.wml_client_error.WMLClientError"
TRANSPORT = (2.1, 2.1)
"""Seconds that the transport waits between its four tries: 0.3, 0.6 and 1.2."""
DECORATOR = (55.5, 69.4)
"""Seconds between the eleven tries of the layer above: 0.5 doubled up to 8, and up to a quarter more."""
BOTH = (11 * TRANSPORT[0] + DECORATOR[0], 11 * TRANSPORT[1] + DECORATOR[1])
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def connect(**options):
    """Make a client, which asks for a token and for its project."""
    return ibm.APIClient(ibm.Credentials(url=HOST, api_key=KEY), project_id="p-1", **options)


@cache
def client():
    """Return one client for all tests, made before their faults begin."""
    with inject():
        return connect()


@pytest.fixture(autouse=True)
def _connected():
    client()


def model():
    """Return a new model of that client, not looked up: each counts its requests against the rate limit."""
    return models.ModelInference(model_id=MODEL, api_client=client(), validate=False)


def ask(stream=False):
    """Ask for a chat answer."""
    return model().chat_stream(messages=MESSAGES) if stream else model().chat(messages=MESSAGES)


def test_the_client_asks_for_a_token_and_its_project_first():
    """Both calls are seen, and their answers are what the SDK needs to go on."""
    made = react(connect)
    assert made.error is None
    calls = list(made.chaos.calls)
    assert [call.provider for call in calls] == ["watsonx", "watsonx"]
    assert [call.operation for call in calls] == ["auth", "auth"]
    assert made.result.project_type == "bmcos_object_storage"


def test_a_space_instead_of_a_project():
    """The deployment space is looked up in the same way."""
    made = react(lambda: ibm.APIClient(ibm.Credentials(url=HOST, api_key=KEY), space_id="s-1"))
    assert made.error is None
    assert made.result.default_space_id == "s-1"


def test_the_model_is_checked_against_the_list():
    """The SDK looks for the model in the list, and says which ones there are if it misses it."""
    made = react(lambda: models.ModelInference(model_id=MODEL, api_client=client()))
    assert made.error is None
    assert [call.operation for call in made.chaos.calls] == ["models"]
    missed = react(lambda: models.ModelInference(model_id="ibm/gone", api_client=client()))
    assert "is not supported for this environment" in str(missed.error)


def test_a_model_that_leaves_is_announced_in_the_list():
    """The list tells the dates of the end and what takes the model's place; the SDK warns of it."""
    with pytest.warns(Warning, match="deprecated state from 2025-06-18 until 2025-10-15"):
        react(lambda: models.ModelInference(model_id="ibm/granite-13b-instruct-v2", api_client=client()))


def test_healthy():
    """The answer names model, version and time, and its usage adds up."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model, call.stream) == ("watsonx", "chat", MODEL, False)
    answer = outcome.result
    assert answer["choices"][0]["message"]["content"]
    assert answer["model_id"] == MODEL
    assert answer["usage"]["total_tokens"] == sum(
        answer["usage"][each] for each in ("prompt_tokens", "completion_tokens")
    )


def test_healthy_stream():
    """The pieces join to a text, and the last one tells the usage."""
    outcome = react(lambda: list(ask(stream=True)))
    (call,) = outcome.chaos.calls
    assert (call.operation, call.model, call.stream) == ("chat", MODEL, True)
    *pieces, last = outcome.result
    assert "".join(each["choices"][0]["delta"].get("content", "") for each in pieces)
    assert pieces[-1]["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0


def test_asynchronously():
    """The async client speaks through the same interception, plain and streamed."""

    async def talk():
        answer = await model().achat(messages=MESSAGES)
        return answer, [each async for each in await model().achat_stream(messages=MESSAGES)]

    with inject() as chaos:
        answer, pieces = asyncio.run(talk())
    assert answer["choices"][0]["message"]["content"]
    assert pieces[-1]["usage"]["total_tokens"] > 0
    assert [call.stream for call in chaos.calls] == [False, True]


def test_tools():
    """A tool that must be called is called, whichever way the request says so; a scripted call is given as it is."""
    named = {"type": "function", "function": {"name": "get_weather"}}
    for how in ({"tool_choice_option": "required"}, {"tool_choice": named}):
        answer = react(lambda how=how: model().chat(messages=MESSAGES, tools=[TOOL], **how)).result
        (made,) = answer["choices"][0]["message"]["tool_calls"]
        assert isinstance(json.loads(made["function"]["arguments"])["city"], str)
    with inject() as chaos:
        chaos.replies(ToolCall("get_weather", {"city": "Oslo"}))
        answer = model().chat(messages=MESSAGES, tools=[TOOL])
    assert json.loads(answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Oslo"}


def test_generated_text():
    """Plain and streamed, the text keeps the limit and tells why it ended."""
    outcome = react(lambda: model().generate("Once", {"max_new_tokens": 5}))
    (call,) = outcome.chaos.calls
    assert (call.operation, call.model) == ("completions", MODEL)
    (result,) = outcome.result["results"]
    assert (result["generated_token_count"], result["stop_reason"]) == (5, "max_tokens")
    with inject() as chaos:
        chaos.replies("one two three")
        assert "".join(model().generate_text_stream("Once")) == "one two three"
        *_, last = model().generate_text_stream("Once", raw_response=True)
    assert last["results"][0]["stop_reason"] == "eos_token"


def test_embeddings_and_rerank():
    """Vectors have the model's dimensions and depend on the text alone; ranked inputs come best first."""
    embedder = models.Embeddings(model_id="intfloat/multilingual-e5-large", api_client=client())
    one, two, again = react(lambda: embedder.embed_documents(["a", "b", "a"])).result
    assert len(one) == 1024
    assert one == again != two
    ranker = models.Rerank(model_id="cross-encoder/ms-marco-minilm-l-12-v2", api_client=client())
    options = {"return_options": {"top_n": 1, "inputs": True, "query": True}}
    outcome = react(lambda: ranker.generate("black cat", ["a dog", "a black cat"], params=options))
    assert [call.operation for call in outcome.chaos.calls] == ["rerank"]
    (best,) = outcome.result["results"]
    assert (best["index"], best["input"]) == (1, {"text": "a black cat"})
    assert outcome.result["query"] == "black cat"


@rows(
    Row(faults.auth_revoked(), "ibm_watsonx_ai.wml_client_error.InvalidCredentialsError", "BXNIM0415E"),
    Row(faults.rate_limit(), "ibm_watsonx_ai.wml_client_error.InvalidCredentialsError", "Too many requests"),
    Row(faults.outage(), "ibm_watsonx_ai.wml_client_error.AuthenticationError", "503", 4, TRANSPORT),
)
def test_no_token(row):
    """A token service that refuses or fails keeps the client from being made; a rate limit looks like a bad key."""
    row.check(connect, "watsonx")


def test_no_project():
    """A project that cannot be looked up keeps the client from being made as well."""
    outcome = react(connect, faults.quota_exhausted(target="watsonx:auth", calls="2"))
    assert "token_quota_reached" in str(outcome.error)


def test_slow_answers():
    """The client's own timeouts rule; the transport gives up at the first one."""
    hasty = httpx.Client(timeout=5)

    def ask_hastily():
        chat = {"model_id": MODEL, "project_id": "p-1", "messages": MESSAGES}
        return hasty.post(f"{HOST}/ml/v1/text/chat?version=2026-10-14", json=chat)

    Row(LATE, "httpx.ReadTimeout", "", 1, (5, 5)).check(ask_hastily, "watsonx")


def test_filtered_text():
    """The filter of generated text leaves a mark and its findings, of which the SDK warns where it streams."""
    filtered = faults.policy_refusal(form="finish")
    (result,) = react(lambda: model().generate("Once"), filtered).result["results"]
    assert result["generated_text"] == "[Potentially harmful text removed]"
    with pytest.warns(Warning, match="Potentially harmful text detected"):
        pieces = react(lambda: list(model().generate_text_stream("Once")), filtered).result
    assert "".join(pieces) == result["generated_text"]
    assert react(ask, filtered).result["choices"][0]["finish_reason"] == "content_filter"


def test_declined_in_words():
    """A refusal of the model is plain text that ends as any other."""
    declined = faults.policy_refusal(form="refusal")
    text = react(lambda: model().generate_text("Once"), declined).result
    assert "can't help" in text
    assert "".join(react(lambda: list(model().generate_text_stream("Once")), declined).result) == text
    (choice,) = react(ask, declined).result["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", text)


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/ml/v1/text/chat", "chat"),
        ("/ml/v1/text/chat_stream", "chat"),
        ("/ml/v1/deployments/d-1/text/generation", "completions"),
        ("/ml/v1/text/rerank", "rerank"),
        ("/ml/gateway/v1/chat/completions", "chat"),
    ],
)
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_has_the_envelope_of_its_path(path, operation, kind):
    """The API's envelope carries code, trace and status; the gateway's paths have it too."""
    call = recognised(
        post(f"{HOST}{path}?version=2026-10-14", json.dumps({"model_id": MODEL, "model": MODEL}).encode())
    )
    assert call.operation == operation
    assert call.model == ("d-1" if "deployments" in path else MODEL)
    draw = Draw("seed", WALL)
    try:
        answer = call.speaks.error(kind, call, draw)
    except FaultUnfit:
        assert (kind, operation) == ("policy_refusal", "rerank")
        return
    body = json.loads(b"".join(answer.chunks))
    assert body["status_code"] == answer.status >= 400
    assert body["errors"][0]["code"]
    assert len(body["trace"]) == 32


def test_the_rest_of_the_cloud_is_left_alone():
    """Hosts that serve other products too are ours only where a model is asked."""
    for url in (
        "https://iam.cloud.ibm.com/v1/apikeys",
        f"{HOST}/ml/v4/models",
        "https://api.dataplatform.cloud.ibm.com/v2/assets",
    ):
        assert recognised(post(url, b"{}")) is None
