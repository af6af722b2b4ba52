"""gRPC clients cannot be broken; they are noticed."""

from __future__ import annotations

import asyncio

import pytest

from pytest_llmchaos import ChaosError, ChaosFailed, inject

grpc = pytest.importorskip("grpc")


def sync():
    """Open a channel as xai-sdk does."""
    grpc.secure_channel("api.x.ai:443", grpc.ssl_channel_credentials())


def by_resolver():
    """Open one with the resolver named."""
    grpc.insecure_channel("dns:///api.x.ai:443")


def asynchronous():
    """Open an asyncio channel."""

    async def opened():
        grpc.aio.secure_channel("api.x.ai:443", grpc.ssl_channel_credentials())

    asyncio.run(opened())


@pytest.mark.parametrize("opened", [sync, by_resolver, asynchronous])
def test_a_channel_to_a_provider_is_an_escape(opened):
    """It is not opened, and the run fails although the app swallowed that."""
    with (
        pytest.raises(ChaosFailed, match=r"(?s)api\.x\.ai: a gRPC channel was opened to it.*call\s+to xai"),
        inject(),
        pytest.raises(ChaosError, match="cannot be broken"),
    ):
        opened()


def test_other_channels_are_opened():
    """A service of the app's own is left alone, and so is a provider's with the real one as upstream."""
    original = grpc.secure_channel
    with inject():
        grpc.insecure_channel("localhost:50051").close()
    with inject(upstream="passthrough"):
        grpc.insecure_channel("api.x.ai:443").close()
    assert grpc.secure_channel is original
