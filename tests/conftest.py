"""Shared by all tests: everything heavy is imported once, so that pytest runs inside tests find it loaded."""

from __future__ import annotations

import anthropic  # noqa: F401
import httpx  # noqa: F401
import openai  # noqa: F401
import pytest

import pytest_llmchaos._pytest_run  # noqa: F401
from pytest_llmchaos.session import active


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
