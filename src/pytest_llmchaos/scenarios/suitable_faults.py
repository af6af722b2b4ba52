"""Which faults have a form at which provider: asked of both, as a run does, not written down."""

from __future__ import annotations

from functools import lru_cache

from .. import faults
from ..core.call import BESIDE, Call, Target
from ..core.draw import Draw
from ..core.errors import FaultUnfit, ParameterError
from ..core.plan import Plan
from ..faults import Fault
from ..providers import Provider, Sideline, StatusPage, beside, dialects

__all__ = ["suits"]


@lru_cache(maxsize=4096)
def suits(fault: str | Fault, target: Target, stream: bool | None) -> bool:
    """Tell whether a fault can be aimed at such calls.

    Args:
        fault: a fault, or the name of one, which suits where its bare form does or where it has none.
        target: which calls; where its provider is a pattern or a host, OpenAI stands in.
        stream: whether the calls are streamed; None for what suits the fault.
    """
    if isinstance(fault, str):
        kind = faults.find(fault).fault
        try:
            fault = kind.build()
        except ParameterError:  # it needs parameters; what is drawn is asked later
            return stream is not False or not kind.streams_only
    call = _call(target, stream=fault.streams_only if stream is None else stream)
    if fault.unfit(call) is not None:
        return False
    try:
        fault.meet(Plan(call.speaks.answer(call, None, _DRAW).steps), call, _DRAW, fault.begin())
    except FaultUnfit:
        return False
    return True


_STREAMED = ("chat", "completions", "images", "audio")
_DRAW = Draw("suits", 1_700_000_000.0)


def _call(target: Target, *, stream: bool) -> Call:
    """Return a call that the target names."""
    operation = "chat" if target.operation == "*" else target.operation
    speaks = _speaks(target.provider)
    host = (speaks.default_hosts or ("localhost",))[0]
    path = "/v1/chat/completions"
    if operation == "status":
        speaks, path = StatusPage(speaks.name, speaks.status_hosts), "/api/v2/status.json"
    elif operation in BESIDE:
        speaks, path = Sideline(speaks, beside("health")), "/health"
    stream = stream and operation in _STREAMED
    return Call(speaks.name, operation, "model", stream, "POST", host, path, speaks)


@lru_cache
def _speaks(provider: str) -> Provider:
    return dialects().get(provider, dialects()["openai"])()
