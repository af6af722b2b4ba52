"""Tools that cannot be beneath a call, and those that came too late: the run fails, and tells what to do."""

from __future__ import annotations

import httpx2
import pytest
import respx

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject
from pytest_llmchaos.run.upstream import mocked_in_vain

from ..scripted import serving, whole
from .beneath import BODY, URL, ask


def test_a_respx_mock_for_a_library_that_it_does_not_mock():
    """respx mocks httpx only: an SDK on httpx2 would pass the mock by, and is stopped."""
    with (
        pytest.raises(ChaosFailed, match=r"(?s)sent over httpx2,\s+and respx mocks httpx only.*llmchaos\.upstream"),
        respx.mock(assert_all_called=False) as router,
        inject(upstream="passthrough"),
    ):
        router.post(URL).respond(json={})
        with pytest.raises(ChaosError, match="would have left this machine"):
            ask(httpx2, URL, BODY)


def test_respx_mocks_of_other_addresses_are_no_mistake():
    """A route that is not meant for the call, or for all calls alike, says nothing about it."""
    with serving(whole) as server, respx.mock(assert_all_called=False) as router, inject(upstream="passthrough"):
        router.get("https://example.com/").respond(json={})
        router.route()
        router.post(server.url).pass_through()
        assert ask(httpx2, server.url, BODY).status == 200


def test_a_run_without_respx_asks_for_no_routes(monkeypatch):
    """Where respx mocks nothing there is nothing to look up."""
    monkeypatch.delitem(__import__("sys").modules, "respx.mocks")
    assert mocked_in_vain(None, "httpx2") is None


def test_botocores_stubber():
    """It answers above the HTTP library: its calls are none to us, so the faults hit nothing."""
    boto3 = pytest.importorskip("boto3")
    stubbing = pytest.importorskip("botocore.stub")
    client = boto3.client("bedrock-runtime", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = stubbing.Stubber(client)
    answer = {"message": {"role": "assistant", "content": [{"text": "mine"}]}}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    stubber.add_response(
        "converse", {"stopReason": "end_turn", "output": answer, "usage": usage, "metrics": {"latencyMs": 1}}
    )
    with (
        pytest.raises(ChaosFailed, match=r"(?s)nothing was injected.*there was no LLM call"),
        inject(faults.outage(target="bedrock"), upstream="passthrough"),
        stubber,
    ):
        client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}])
