"""The last line: nothing reaches a provider unnoticed, whatever library it uses."""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.request

import pytest

from pytest_llmchaos import ChaosFailed, inject


def by_urllib():
    """Call through the standard library."""
    urllib.request.urlopen("https://api.anthropic.com/v1/messages", data=b"{}")


def by_http_client():
    """Call through its lower half."""
    http.client.HTTPSConnection("api.openai.com").request("POST", "/v1/chat/completions", body=b"{}")


def by_asyncio():
    """Connect as a websocket library does."""
    asyncio.run(asyncio.open_connection("api.openai.com", 443))


@pytest.mark.parametrize("call", [by_urllib, by_http_client, by_asyncio])
def test_a_library_that_is_not_intercepted_is_stopped_and_told(call):
    """The call fails as an unknown host does, and the run fails although the app swallowed that."""
    with (
        pytest.raises(ChaosFailed, match="its name was looked up"),
        inject(),
        pytest.raises(OSError, match="nothing intercepted"),
    ):
        call()


def test_other_names_are_resolved():
    """Local services stay reachable, and everything is restored after the run."""
    original = socket.getaddrinfo
    with inject():
        assert socket.getaddrinfo("127.0.0.1", 80)
        assert socket.getaddrinfo(None, 80)
        assert socket.getaddrinfo(b"localhost", 80)
    assert socket.getaddrinfo is original


def test_passthrough_may_look_up_what_it_wants(monkeypatch):
    """With the real provider as upstream its name is resolved like any other."""
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: asked.append(args[0]) or [])
    with inject(upstream="passthrough"):
        socket.getaddrinfo("api.openai.com", 443)
    assert asked == ["api.openai.com"]
