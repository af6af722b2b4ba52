"""Stability AI through plain HTTP clients: there is no current SDK."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from typing import get_args

import httpx
import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.providers import ErrorKind

from .sdk import WALL, post, recognised

requests = pytest.importorskip("requests")

GENERATE = "https://api.stability.ai/v2beta/stable-image/generate"
ENGINE = "stable-diffusion-xl-1024-v1-0"
OLDER = f"https://api.stability.ai/v1/generation/{ENGINE}/text-to-image"
PNG = b"\x89PNG\r\n\x1a\n"


def size(image):
    """Return width and height of a PNG."""
    return struct.unpack(">II", image[16:24])


@pytest.mark.parametrize("client", [httpx, requests], ids=["httpx", "requests"])
def test_an_image(client):
    """The form is read whatever client sends it, and the image comes as it is asked for."""
    with inject() as chaos:
        answer = client.post(
            f"{GENERATE}/core",
            headers={"authorization": "Bearer sk-x", "accept": "image/*"},
            files={"none": ""},
            data={"prompt": "a lighthouse", "aspect_ratio": "16:9", "seed": "7"},
        )
    (call,) = chaos.calls
    assert (call.provider, call.operation, call.model) == ("stability", "images", "core")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["finish-reason"] == "SUCCESS"
    assert answer.headers["seed"] == "7"
    assert answer.content.startswith(PNG)
    assert size(answer.content) == (1344, 768)


def test_an_image_as_json():
    """With `accept: application/json` the image is coded; the model stands in the form."""
    with inject() as chaos:
        answer = httpx.post(
            f"{GENERATE}/sd3",
            headers={"accept": "application/json"},
            files={"prompt": (None, "a lighthouse"), "model": (None, "sd3.5-large")},
        )
    assert chaos.calls[0].model == "sd3.5-large"
    body = answer.json()
    assert body["finish_reason"] == "SUCCESS"
    assert b64decode(body["image"]).startswith(PNG)


@pytest.mark.parametrize(("kind", "magic"), [("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF")])
def test_other_formats(kind, magic):
    """JPEG and WebP are what they say they are."""
    with inject():
        answer = httpx.post(f"{GENERATE}/ultra", headers={"accept": "image/*"}, files={"output_format": (None, kind)})
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.content.startswith(magic)


def test_version_1():
    """The older API is asked with JSON and gives several artifacts."""
    asked = {"text_prompts": [{"text": "a lighthouse"}], "samples": 2, "width": 64, "height": 128}
    with inject() as chaos:
        artifacts = requests.post(OLDER, json=asked, headers={"accept": "application/json"}).json()["artifacts"]
    assert chaos.calls[0].model == ENGINE
    assert [each["finishReason"] for each in artifacts] == ["SUCCESS", "SUCCESS"]
    assert size(b64decode(artifacts[0]["base64"])) == (64, 128)


def test_account_and_engines():
    """Balance and engines are answered."""
    with inject() as chaos:
        assert httpx.get("https://api.stability.ai/v1/user/balance").json()["credits"] > 0
        assert httpx.get("https://api.stability.ai/v1/engines/list").json()[0]["type"] == "PICTURE"
    assert [call.operation for call in chaos.calls] == ["auth", "models"]


@pytest.mark.parametrize(
    ("fault", "status", "name"),
    [
        (faults.outage(500), 500, "internal_error"),
        (faults.overloaded(), 503, "service_unavailable"),
        (faults.rate_limit(), 429, "rate_limit_exceeded"),
        (faults.quota_exhausted(), 402, "payment_required"),
        (faults.auth_revoked(), 401, "unauthorized"),
        (faults.region_blocked(), 403, "permission_denied"),
        (faults.model_retired(), 404, "not_found"),
        (faults.policy_refusal(), 403, "content_moderation"),
    ],
    ids=str,
)
def test_failures(fault, status, name):
    """Errors have an id, a name and texts; in version 1 one message."""
    with inject(fault):
        answer = httpx.post(f"{GENERATE}/core", files={"prompt": (None, "x")})
        older = httpx.post(OLDER, json={"text_prompts": [{"text": "x"}]})
    assert answer.status_code == older.status_code == status
    assert answer.json()["name"] == older.json()["name"] == name
    assert answer.json()["errors"][0].replace("ID core", f"ID {ENGINE}") == older.json()["message"]


def test_a_filtered_image():
    """The filter may blur the image instead, and says so."""
    with inject(faults.policy_refusal(form="finish")):
        image = httpx.post(f"{GENERATE}/core", headers={"accept": "image/*"}, files={"prompt": (None, "x")})
        coded = httpx.post(f"{GENERATE}/core", headers={"accept": "application/json"}, files={"prompt": (None, "x")})
    assert (image.status_code, image.headers["finish-reason"]) == (200, "CONTENT_FILTERED")
    assert coded.json()["finish_reason"] == "CONTENT_FILTERED"


@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_has_a_form(kind):
    """Each kind of failure is told as JSON with the status of the answer."""
    call = recognised(post(f"{GENERATE}/core", b""))
    answer = call.speaks.error(kind, call, Draw("seed", WALL))
    assert answer.status >= 400
    assert json.loads(b"".join(answer.chunks))["errors"]


def test_no_words_for_a_refusal():
    """A model that draws cannot decline in words."""
    call = recognised(post(f"{GENERATE}/core", b""))
    with pytest.raises(FaultUnfit, match="no words"):
        call.speaks.error("policy_refusal", call, Draw("seed", WALL), form="refusal")
