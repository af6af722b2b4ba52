"""Clients that are no Python inside, played by modules of the same shape; escapes/ tries the real ones."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from pytest_llmchaos import ChaosFailed, faults, inject
from pytest_llmchaos.intercept.stacks import curl_cffi, pycurl
from pytest_llmchaos.intercept.stacks._native import NativeStack

URL = "https://me:key@api.openai.com/v1/models?key=secret"


class Client:
    """A client of that shape."""

    def __init__(self):
        self.asked = []

    def get(self, url, **options):
        """Ask."""
        self.asked.append(url)

    def request(self, method, url, **options):
        """Ask."""
        self.asked.append(url)


class Curl:
    """A handle of that shape."""

    def __init__(self, url=URL):
        self.url = url
        self.asked = []

    def getinfo(self, _):
        """Tell the URL."""
        return self.url

    def perform(self):
        """Ask."""
        self.asked.append(self.url)

    ws_send = perform_rb = perform_rs = perform


class Multi:
    """What plays several handles."""

    def add_handle(self, curl):
        """Ask."""
        curl.asked.append(curl.url)


@pytest.fixture
def library(monkeypatch):
    """Put a module of that shape in place of a library."""

    def put(name, **members):
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return put


@pytest.fixture
def watched():
    """Install a stack, and take it away again."""
    left = []

    def watch(stack):
        stack.install()
        left.append(stack)

    yield watch
    for stack in left:
        stack.uninstall()


@pytest.mark.parametrize(
    "ask",
    [
        lambda made, _: made.get(URL),
        lambda made, _: made.request("GET", url=URL),
        lambda made, _: made.request("GET", URL),
        lambda _, module: module.get(URL),
    ],
)
def test_a_call_is_stopped_and_told_without_its_secrets(library, watched, ask):
    """By method or function, and by a client made before."""
    asked = []
    kind = type("Client", (), {name: vars(Client)[name] for name in ("__init__", "get", "request")})
    module = library("made_up", Client=kind, get=asked.append)
    made = kind()
    with pytest.raises(ChaosFailed, match=r"api\.openai\.com/v1/models: a request was sent to it") as failed, inject():
        watched(NativeStack("made_up", "", ":Client"))
        with pytest.raises(ConnectionRefusedError):
            ask(made, module)
        made.get("http://localhost:5000/own")
    assert not asked
    assert made.asked == ["http://localhost:5000/own"]
    assert "secret" not in str(failed.value)
    assert "me:key" not in str(failed.value)


def test_libcurl_by_pycurl(library, watched):
    """A handle of the run, and one of before in a multi handle of the run."""
    module = library("pycurl", Curl=Curl, CurlMulti=Multi, EFFECTIVE_URL=1)
    before = Curl()
    with pytest.raises(ChaosFailed, match="a request was sent to it"), inject():
        watched(pycurl.STACK)
        for way in ("perform", "perform_rb", "perform_rs"):
            with pytest.raises(ConnectionRefusedError):
                getattr(module.Curl(), way)()
        with pytest.raises(ConnectionRefusedError):
            module.CurlMulti().add_handle(before)
        module.Curl("http://localhost/own").perform()
    assert not before.asked


def test_libcurl_by_curl_cffi(library, watched):
    """Handles of before too."""
    made = type("Curl", (), dict(vars(Curl)))
    multi = type("AsyncCurl", (), dict(vars(Multi)))
    library("curl_cffi", CurlInfo=type("CurlInfo", (), {"EFFECTIVE_URL": 1}))
    library("curl_cffi.curl", Curl=made)
    library("curl_cffi.aio", AsyncCurl=multi)
    before = made(URL.encode())
    with pytest.raises(ChaosFailed, match="a request was sent to it"), inject():
        watched(curl_cffi.STACK)
        for ask in (before.perform, before.ws_send, lambda: multi().add_handle(before)):
            with pytest.raises(ConnectionRefusedError):
                ask()
        made("http://localhost/own").perform()
    assert not before.asked


def test_a_run_without_a_call_names_what_it_may_have_missed(library):
    """Whoever merely has such a library hears of it only where nothing was hit."""
    library("noble_tls")
    with pytest.raises(ChaosFailed) as failed, inject(faults.outage()):
        pass
    assert re.search(r"not\s+seen\s+in\s+all\s+that\s+they\s+do[^:]*:[^:]*noble_tls", str(failed.value))
    with inject(allow_unused=True):
        pass
