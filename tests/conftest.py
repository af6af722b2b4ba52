"""Shared by all tests: everything heavy is imported once, so that pytest runs inside tests find it loaded."""

from __future__ import annotations

import gc

import anthropic  # noqa: F401
import httpx
import hypothesis  # noqa: F401
import openai  # noqa: F401
import pytest

import pytest_llmchaos._pytest_run  # noqa: F401
from pytest_llmchaos import inject
from pytest_llmchaos.session import active


@pytest.fixture(scope="session")
def warm():
    """Have the SDKs and our own lazy parts imported: an in-process pytest run drops what it imported itself."""
    import pytest_llmchaos.library
    import pytest_llmchaos.report.failure
    import pytest_llmchaos.scenario_file  # noqa: F401

    messages = [{"role": "user", "content": "x"}]
    with inject("openai-outage", checks=[], allow_unused=True):
        for ask in (
            lambda: openai.OpenAI(api_key="k").chat.completions.create(model="m", messages=messages),
            lambda: anthropic.Anthropic(api_key="k").messages.create(model="m", max_tokens=9, messages=messages),
        ):
            try:
                ask()
            except openai.APIError:
                continue
    # pytest collects garbage five times at the end of each inner run; the SDKs' classes need not be walked again.
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """No test may leave a run active or a library patched."""
    import time

    import httpx2

    before = (httpx.HTTPTransport.handle_request, httpx2.HTTPTransport.handle_request, httpx2.Client.send, time.sleep)
    yield
    assert active() is None
    after = (httpx.HTTPTransport.handle_request, httpx2.HTTPTransport.handle_request, httpx2.Client.send, time.sleep)
    assert after == before
