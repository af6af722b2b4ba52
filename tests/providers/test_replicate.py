"""Replicate through its own SDK: predictions that are waited for, polled and streamed."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import get_args

import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.providers import ErrorKind

from .reach import KEY, react, sdk
from .rows import Row, rows
from .sdk import WALL, post, recognised

replicate = sdk("replicate")

TEXT = "meta/meta-llama-3-70b-instruct"
IMAGE = "black-forest-labs/flux-schnell"
ERROR = "replicate.exceptions.ReplicateError"
FAILED = "replicate.exceptions.ModelError"
ASK = {"prompt": "Where is my order?"}


@cache
def client():
    """Return the SDK's client."""
    return replicate.Client(api_token=KEY)


def ask(wait=True, model=TEXT):
    """Run a model; either the request is held open until it is done, or the SDK polls."""
    return client().run(model, input=ASK, wait=wait)


def stream():
    """Stream what a model says."""
    return client().stream(TEXT, input=ASK)


def test_healthy():
    """A request that waits comes back with the whole output."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model, call.stream) == ("replicate", "chat", TEXT, False)
    assert "".join(outcome.result)


def test_a_prediction_is_polled_until_it_is_done():
    """It starts, is at work and succeeds, and each poll is a call of the same model."""
    with inject() as chaos:
        prediction = client().predictions.create(model=TEXT, input=ASK)
        seen = [prediction.status]
        while prediction.status not in ("succeeded", "failed"):
            chaos.advance("600ms")
            prediction.reload()
            seen.append(prediction.status)
        assert prediction.output
        assert prediction.metrics["predict_time"] == 1
        again = client().predictions.get(prediction.id)
    assert seen == ["starting", "starting", "processing", "processing", "succeeded"]
    assert again.output == prediction.output
    assert {(call.operation, call.model) for call in chaos.calls} == {("chat", TEXT)}


def test_the_sdk_waits_between_its_polls():
    """Half a second passes between two polls, in virtual time."""
    outcome = react(lambda: ask(wait=False))
    assert outcome.result
    assert len(outcome.chaos.calls) == 5
    assert 2 <= outcome.chaos.now <= 2.1 + outcome.took


def test_asynchronously():
    """The async client polls in the same way."""

    async def run():
        return await client().async_run(TEXT, input=ASK, wait=False)

    with inject() as chaos:
        assert asyncio.run(run())
    assert len(chaos.calls) == 5


def test_streamed():
    """Pieces come as events and join to the scripted text; a last event ends them."""
    with inject() as chaos:
        chaos.replies("one\ntwo three")
        events = list(stream())
    assert "".join(map(str, events)) == "one\ntwo three"
    assert [call.stream for call in chaos.calls] == [False, True]


def test_images():
    """A model that draws gives images that can be read without another request."""
    outcome = react(lambda: client().run(IMAGE, input={**ASK, "num_outputs": 2}))
    (call,) = outcome.chaos.calls
    assert call.operation == "images"
    one, two = outcome.result
    assert one.read()[:8] == two.read()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_version():
    """A version is looked up, and its schema makes the SDK hand the output out piece by piece."""
    outcome = react(lambda: list(client().run(f"{TEXT}:{'a' * 64}", input=ASK)))
    assert [call.operation for call in outcome.chaos.calls] == ["chat", "models"]
    assert "".join(outcome.result)


def test_models_and_cancel():
    """Models are described, and a prediction can be taken back."""
    with inject():
        assert client().models.get(TEXT).latest_version.id
        assert [each.owner for each in client().models.list()] == ["meta", "black-forest-labs"]
        prediction = client().predictions.create(model=TEXT, input=ASK)
        prediction.cancel()
        assert client().predictions.cancel(prediction.id).status == "canceled"


def test_somebody_elses_prediction():
    """An id that was made elsewhere is not found."""
    with inject(), pytest.raises(replicate.exceptions.ReplicateError, match="could not be found"):
        client().predictions.get("ufawqhfynnddngldkgtslldrkq")


@rows(
    # Waits of 0.1 s doubled, a tenth more or less each, after the first poll's half second.
    Row(faults.outage(calls="2-"), ERROR, "Service Unavailable", 11, (0.5 + 0.9 * 51.1, 0.5 + 1.1 * 51.1)),
    Row(faults.outage(500, calls="2-"), ERROR, "Internal Server Error", 2, (0.5, 0.5)),
    Row(faults.rate_limit(retry_after="6s", calls="2-"), ERROR, "resets in ~6s", 11, (54.5, 54.5)),
    Row(faults.rate_limit(retry_after="6s", calls="2"), None, "", 3, (6.5, 6.5)),
    Row(faults.policy_refusal(calls="3"), FAILED, "flagged as sensitive", 3, (1, 1)),
    Row(faults.overloaded(calls="1"), FAILED, "high demand", 5, (2, 2)),
    Row(faults.model_retired(calls="2"), ERROR, "could not be found", 2, (0.5, 0.5)),
)
def test_failure_while_polling(row):
    """Polls are tried ten times and honour the wait that is asked for; what fails the prediction ends them."""
    row.check(lambda: ask(wait=False), "replicate")


def test_a_picture_that_is_refused():
    """The prediction of an image fails in words of its own."""
    outcome = react(lambda: ask(model=IMAGE), faults.policy_refusal())
    assert "NSFW content detected" in str(outcome.error)


@pytest.mark.parametrize(
    "path", ["/v1/predictions", f"/v1/models/{TEXT}/predictions", f"/v1/models/{IMAGE}/predictions"]
)
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_is_told(path, kind):
    """A problem has title, detail and status; a prediction that failed has its error."""
    call = recognised(
        post(f"https://api.replicate.com{path}", json.dumps({"version": "a" * 64, "input": ASK}).encode())
    )
    answer = call.speaks.error(kind, call, Draw("seed", WALL))
    body = json.loads(b"".join(answer.chunks))
    if kind in ("overloaded", "policy_refusal"):
        assert (answer.status, answer.error) == (201, kind)
        assert body["status"] == "starting"
    else:
        assert body["status"] == answer.status >= 400
        assert body["title"]
        assert body["detail"]


def test_a_picture_has_no_words():
    """A model that draws cannot refuse in words."""
    call = recognised(post(f"https://api.replicate.com/v1/models/{IMAGE}/predictions", b"{}"))
    with pytest.raises(FaultUnfit, match="no words"):
        call.speaks.error("policy_refusal", call, Draw("seed", WALL), form="refusal")
