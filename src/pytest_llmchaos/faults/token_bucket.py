"""The provider's rate limiter, as it really counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..core import locks
from ..core.errors import ParameterError
from ..core.parameters import param, whole
from ..core.plan import Chunk, End, Head, Headers, Step
from ..core.units import duration
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan, StepMap

__all__ = ["TokenBucket"]


@dataclass
class _Bucket:
    """What one key has left: it fills evenly and never above its size."""

    size: float
    a_second: float
    left: float = field(init=False)
    seen: float | None = None

    def __post_init__(self) -> None:
        self.left = self.size

    def wait_for(self, amount: float, now: float) -> float:
        """Return how many seconds until there is room for the amount (for a full bucket, when it is larger)."""
        if self.seen is not None and now > self.seen:
            self.left = min(self.size, self.left + (now - self.seen) * self.a_second)
        self.seen = now if self.seen is None else max(now, self.seen)
        return max(0.0, (min(amount, self.size) - self.left) / self.a_second)


class _Meter:
    """The buckets of one injection by what each of them counts: a key at a provider."""

    def __init__(self, fault: TokenBucket) -> None:
        self._fault = fault
        self._lock = locks.lock()
        self._buckets: dict[tuple[str, str], dict[str, _Bucket]] = {}

    def take(self, whose: tuple[str, str], wanted: dict[str, float], now: float) -> tuple[float, dict[str, float]]:
        """Take what is wanted; return the seconds to wait (0 where it was given) and what is left by kind."""
        with self._lock:
            buckets = self._buckets.setdefault(whose, self._fault.buckets())
            wait = max(bucket.wait_for(wanted[kind], now) for kind, bucket in buckets.items())
            if not wait:
                for kind, bucket in buckets.items():
                    bucket.left -= wanted[kind]
            return wait, {kind: max(bucket.left, 0.0) for kind, bucket in buckets.items()}

    def spend(self, whose: tuple[str, str], tokens: float) -> None:
        """Take the tokens of an answer as they come; the bucket may fall below nothing."""
        with self._lock:
            if bucket := self._buckets[whose].get("tokens"):
                bucket.left -= tokens


@dataclass(frozen=True)
class TokenBucket(Fault):
    """A real limiter: it lets calls through until the key has no requests or tokens left, then answers 429 with the
    time to wait.

    Both buckets fill evenly over the time. Tokens are those of the prompt when a call comes, and those of the answer
    as it goes out: of a stream one for each event. Rate-limit headers that the answers have anyhow count down. Each
    key has buckets of its own at each provider. A call that is let through is not hit.

    Args:
        requests: calls in `per`; None for no such limit.
        tokens: tokens of prompts and answers in `per`; None for no such limit.
        per: the time in which an empty bucket fills, a duration.

    Source: https://developers.openai.com/api/docs/guides/rate-limits and
    https://platform.claude.com/docs/en/api/rate-limits, which tells of a token bucket that fills continuously.
    """

    name = "token_bucket"
    kind = "limit"

    requests: int | None = param(whole, default=None)
    tokens: int | None = param(whole, default=None)
    per: float = param(duration, default=60.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.requests and not self.tokens:
            raise ParameterError("requests", "a limit needs requests or tokens above 0")
        if not self.per:
            raise ParameterError("per", "must be longer than nothing")

    def buckets(self) -> dict[str, _Bucket]:
        """Return full buckets."""
        sizes = {"requests": self.requests, "tokens": self.tokens}
        return {kind: _Bucket(size, size / self.per) for kind, size in sizes.items() if size}

    def begin(self) -> Any:
        """Return the buckets of a run."""
        return _Meter(self)

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Meet full buckets."""
        return self.meet(plan, call, draw, self.begin())

    def meet(self, plan: Plan, call: Call, draw: Draw, state: Any) -> Plan:
        """Let the call through, or answer that it must wait."""
        meter: _Meter = state
        whose = (call.provider, call.key)
        wait, left = meter.take(whose, {"requests": 1.0, "tokens": float(call.prompt_tokens)}, draw.now)
        if wait:
            answer = call.speaks.error("rate_limit", call, draw, retry_after=wait, form="seconds")
            answer = replace(answer, headers=_counted(answer.headers, self._limits(), left))
            made = plan.answering(answer)
            return replace(made, faults=(*plan.faults, self.name))
        return plan.shaped(lambda: self._counting(meter, whose, left))

    def _limits(self) -> dict[str, float]:
        return {kind: bucket.size for kind, bucket in self.buckets().items()}

    def _counting(self, meter: _Meter, whose: tuple[str, str], left: dict[str, float]) -> StepMap:
        body = bytearray()
        events = 0

        def count(step: Step) -> Iterable[Step]:
            nonlocal events
            if isinstance(step, Head):
                return (replace(step, headers=_counted(step.headers, self._limits(), left)),)
            if isinstance(step, Chunk) and step.event:
                events += 1
                meter.spend(whose, 1)
            elif isinstance(step, Chunk):
                body.extend(step.data)
            elif isinstance(step, End) and not events:
                meter.spend(whose, _spoken(bytes(body)))
            return (step,)

        return count


_HEADER = re.compile(r"ratelimit.*?(?:(limit|remaining)-(requests|tokens)|(requests|tokens)-(limit|remaining))$", re.I)
_SPOKEN = ("completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens")


def _counted(headers: Headers, limits: dict[str, float], left: dict[str, float]) -> Headers:
    """Return the headers with the numbers of the buckets in those that tell of limits."""
    return tuple((name, _number(name, value, limits, left)) for name, value in headers)


def _number(name: str, value: str, limits: dict[str, float], left: dict[str, float]) -> str:
    found = _HEADER.search(name)
    if found is None:
        return value
    what, kind = (found[1] or found[4]).lower(), (found[2] or found[3]).lower()
    numbers = limits if what == "limit" else left
    return str(int(numbers[kind])) if kind in numbers else value


def _spoken(body: bytes) -> float:
    """Return how many tokens a plain answer says it has, or a guess from its length."""
    try:
        told = json.loads(body)
    except ValueError:
        return len(body) / 4
    usage = (told.get("usage") or told.get("usageMetadata")) if isinstance(told, dict) else None
    if isinstance(usage, dict):
        return float(next((usage[key] for key in _SPOKEN if isinstance(usage.get(key), int)), 0))
    return 0.0
