"""Shared by all tests: everything heavy is imported once, so that pytest runs inside tests find it loaded.

LLMCHAOS_THOROUGH=1 has property tests try five times as many examples, and tables tried in every cell (`thorough.py`).
"""

from __future__ import annotations

import gc
import os
import threading
import time
from contextlib import suppress
from importlib import import_module, metadata
from pathlib import Path

import httpx
import hypothesis
import openai  # noqa: F401
import pytest

import pytest_llmchaos.pytest_plugin.chaos_tests  # noqa: F401
from pytest_llmchaos import faults
from pytest_llmchaos.intercept import active_runs, stacks
from pytest_llmchaos.intercept.active_runs import active

# Imports and collected tests stay; to look through them for garbage again and again is a quarter of the start.
gc.disable()

from . import thorough, timing  # noqa: E402

# A busy machine must not fail a property, and a failure must be the same everywhere.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    max_examples=thorough.EXAMPLES,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

# Every client that is built reads one of these; the machine's own take it twenty milliseconds each.
for _name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"):
    os.environ[_name] = str(Path(__file__).parent / "intercept" / "localhost.pem")

for _name in ("aiohttp", "anthropic", "httpx2"):  # the environment of the older SDK line has neither
    with suppress(ImportError):
        import_module(_name)

# What a run within a test imports first is forgotten with it, and would be there twice from then on.
stacks.stacks()
for _name in faults.names():
    assert faults.find(_name).fault.name == _name


def pytest_collection_finish():
    """What all tests share is not walked again at each full collection, of which pytest makes five within each run."""
    gc.enable()
    gc.collect()
    gc.freeze()


def _patched():
    """Return what a run replaces while it is on, for each HTTP library at hand."""
    import sys

    libraries = [httpx, *([sys.modules["httpx2"]] if "httpx2" in sys.modules else [])]
    points = [(each.HTTPTransport.handle_request, each.Client.send) for each in libraries]
    if aiohttp := sys.modules.get("aiohttp"):
        points.append((aiohttp.BaseConnector.connect, aiohttp.ClientSession._request))
    return [*points, time.sleep]


def _let_servers_end():
    """Wait for the threads that the test's runs left: sockets stay watched for as long as they live."""
    if active_runs._lingering:
        gc.collect()  # a client that nobody closed holds its server's thread
    for thread in threading.enumerate():
        active_runs._reap()
        if any(vars(thread).get("_llmchaos_run") is run for run in active_runs._lingering):
            thread.join(10)
    active_runs._reap()


@pytest.fixture(autouse=True)
def _same_output_everywhere(monkeypatch):
    """Runs of pytest within tests print what a developer sees: a CI's machine gets longer summaries."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def _packages_with_plugins():
    return [each for each in metadata.distributions() if any(one.group == "pytest11" for one in each.entry_points)]


@pytest.fixture
def few_plugins(monkeypatch, _packages_with_plugins):
    """Have runs of pytest within the test load those plugins alone that they name: all take longer than such a run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # For each `-p` pytest reads anew what all that is installed declares.
    monkeypatch.setattr(metadata, "distributions", lambda: iter(_packages_with_plugins))


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """No test may leave a run active or a library patched."""
    before = _patched()
    timing.begin()
    yield
    assert active() is None
    _let_servers_end()
    assert _patched() == before
