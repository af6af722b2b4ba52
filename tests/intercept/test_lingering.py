"""While a thread of a run still lives, mocks that come and go work as ever."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import httpx
import pytest
import respx

from pytest_llmchaos import faults, inject

from .scripted import BODY, URL


@contextmanager
def left_behind():
    """Leave a thread of a run behind for as long as the block takes."""
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    with inject(clock="real"):
        thread.start()
    try:
        yield
    finally:
        go.set()
        thread.join()


def status():
    """Ask the provider once."""
    return httpx.post(URL, json=BODY).status_code


@pytest.mark.parametrize("tool", ["respx", "patch"])
def test_a_mock_that_has_gone_is_no_mock(tool, monkeypatch):
    """What it puts back as it ends is ours, and is not taken for another mock."""

    def mocked(*_):
        return httpx.Response(207, json={})

    with left_behind():
        for _ in range(2):
            if tool == "respx":
                with respx.mock as routes, inject(upstream="passthrough"):
                    routes.post(URL).respond(207, json={})
                    assert status() == 207
            else:
                with monkeypatch.context() as patch:
                    patch.setattr(httpx.HTTPTransport, "handle_request", mocked)
                    with inject(upstream="passthrough"):
                        assert status() == 207
            with inject():
                assert status() == 200


def test_a_mock_that_began_before_the_thread_ended_is_kept(monkeypatch):
    """The next run finds it beneath itself."""
    with left_behind():
        monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda *_: httpx.Response(207, json={}))
    with inject():
        assert status() == 207
    monkeypatch.undo()
    with inject(faults.outage()):
        assert status() == 503
