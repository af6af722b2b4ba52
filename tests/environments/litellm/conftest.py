"""litellm keeps clients, cooldowns and callbacks in the process: each test here starts without those of another."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

# Documented switches: by default litellm fetches its price list when it is imported, and Anthropic's beta headers at
# the first call of it.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")

CALLBACKS = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "service_callback",
    "_async_input_callback",
    "_async_success_callback",
    "_async_failure_callback",
)


@pytest.fixture(autouse=True)
def _own_litellm():
    """Close and forget the clients that a test made, and the callbacks that its routers registered."""
    litellm = sys.modules.get("litellm")
    if litellm is None:
        yield
        return
    before = {name: list(getattr(litellm, name)) for name in CALLBACKS}
    yield
    asyncio.run(litellm.close_litellm_async_clients())
    litellm.in_memory_llm_clients_cache.flush_cache()
    for name, callbacks in before.items():
        getattr(litellm, name)[:] = callbacks
