"""litellm keeps clients and callbacks in the process: each test here starts without those of another."""

from __future__ import annotations

import sys

import pytest

from ..litellm.conftest import CALLBACKS  # and the switches that keep it off the network


@pytest.fixture(autouse=True)
def _own_litellm():
    """Forget the clients that an app made, and the callbacks that its router registered."""
    litellm = sys.modules.get("litellm")
    before = {name: list(getattr(litellm, name)) for name in CALLBACKS} if litellm else {}
    yield
    for name, callbacks in before.items():
        getattr(litellm, name)[:] = callbacks
    if litellm:
        litellm.in_memory_llm_clients_cache.flush_cache()
