"""gRPC clients cannot be broken; they are noticed."""

from __future__ import annotations

import asyncio

import pytest

from pytest_llmchaos import ChaosError, ChaosFailed, inject

grpc = pytest.importorskip("grpc")
cygrpc = pytest.importorskip("grpc._cython.cygrpc")

METHOD = "/xai_api.Chat/GetCompletion"
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


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


@pytest.mark.parametrize(
    ("kind", "way"),
    [(kind, "__call__") for kind in KINDS]
    + [(kind, way) for kind in ("unary_unary", "stream_unary") for way in ("with_call", "future")],
)
def test_a_call_on_an_earlier_channel_is_an_escape(kind, way):
    """A client made at import is seen when it calls, in each way of calling, and nothing is sent."""
    with grpc.insecure_channel("api.x.ai:443") as channel:
        stub = getattr(channel, kind)(METHOD)
        with (
            pytest.raises(ChaosFailed, match=r"(?s)api\.x\.ai: a gRPC call was made to it.*call\s+to\s+xai"),
            inject(),
            pytest.raises(ChaosError, match="cannot be broken"),
        ):
            getattr(stub, way)(b"")


@pytest.mark.skipif(not hasattr(cygrpc.AioChannel, "target"), reason="this grpcio's asyncio channels tell no target")
@pytest.mark.parametrize("kind", KINDS)
def test_an_asyncio_call_on_an_earlier_channel_is_an_escape(kind):
    """The same for asyncio, before anything is sent."""

    async def run():
        async with grpc.aio.insecure_channel("dns:///api.x.ai:443") as channel:
            stub = getattr(channel, kind)(METHOD)
            with (
                pytest.raises(ChaosFailed, match=r"a gRPC call was made to it"),
                inject(),
                pytest.raises(ChaosError, match="cannot be broken"),
            ):
                stub(b"")

    asyncio.run(run())


def test_an_interceptor_does_not_hide_a_call():
    """The app's own gRPC interceptors lie above."""

    class Passing(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation, details, request):
            return continuation(details, request)

    with grpc.insecure_channel("api.x.ai:443") as channel:
        stub = grpc.intercept_channel(channel, Passing()).unary_unary(METHOD)
        with pytest.raises(ChaosFailed, match="a gRPC call was made to it"), inject(), pytest.raises(ChaosError):
            stub(b"")


def test_other_calls_are_sent():
    """A call to a service of the app's own goes out, and fails only where nothing listens; so does one of no run."""
    with grpc.insecure_channel("localhost:1") as channel:
        stub = channel.unary_unary("/own.Service/Ask")
        for _ in range(2):
            with inject(clock="real"), pytest.raises(grpc.RpcError) as caught:
                stub(b"", timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError):
            stub(b"", timeout=5)


def test_a_vanished_class_is_told(monkeypatch):
    """A release that moves what we rely on fails the run, and says so."""
    monkeypatch.delattr("grpc._channel._UnaryUnaryMultiCallable")
    with pytest.raises(ChaosError, match=r"grpc\._channel\._UnaryUnaryMultiCallable is gone"), inject():
        pass
