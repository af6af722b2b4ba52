"""The control API of a running proxy: what goes wrong, what came of it, and the switches.

Whoever may use it holds a token. A web page that a browser has open elsewhere may not, whatever it holds: requests with
another origin, or for another host's name than the proxy's, are refused.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.errors import ChaosError, UsageProblem, near, shown
from ..journal.entries import Exchange
from .known import CONTROL

if TYPE_CHECKING:
    from ..faults import Injection
    from .proxy import Proxy
    from .wire import Reply, Request

__all__ = ["Control"]

_Action = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Control:
    """Answers what stands behind `/__llmchaos/`.

    Args:
        proxy: what is controlled.
        token: what a request must show as `Authorization: Bearer ...`.
        hosts: names by which the proxy may be asked for.
        stopped: set when somebody asks to stop.
    """

    def __init__(self, proxy: Proxy, token: str, hosts: set[str], stopped: asyncio.Event) -> None:
        self._proxy = proxy
        self._token = token
        self._hosts = hosts
        self._stopped = stopped
        self._actions: dict[tuple[str, str], _Action] = {
            ("GET", "status"): self._status,
            ("GET", "calls"): self._calls,
            ("POST", "inject"): self._inject,
            ("POST", "clear"): self._clear,
            ("POST", "phase"): self._enter,
            ("POST", "stop"): self._stop,
        }

    async def answer(self, request: Request, reply: Reply) -> None:
        """Answer one request; what is wrong with it is told as `{"error": ...}`."""
        status, told = await self._answer(request)
        for _ in range(3):  # connections that are closed by it are closed before the asker goes on
            await asyncio.sleep(0)
        await reply.send(status, json.dumps(told).encode() + b"\n", "application/json", ("cache-control", "no-store"))

    async def _answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        if (problem := self._stranger(request)) is not None:
            return problem
        name = request.target.partition("?")[0].removeprefix(CONTROL)
        action = self._actions.get((request.method, name))
        if action is None:
            known = sorted(each for _, each in self._actions)
            if name in known:
                return 405, {"error": f"{name} is not asked by {request.method}"}
            return 404, {"error": f"{shown(name)} is not known ({', '.join(known)}){near(name, known)}"}
        try:
            given = json.loads(request.body) if request.body.strip() else {}
        except (ValueError, RecursionError):
            return 400, {"error": "the body is not JSON"}
        if not isinstance(given, dict):
            return 400, {"error": 'the body must be an object such as {"what": ["openai-outage"]}'}
        try:
            return 200, await action(given)
        except ChaosError as problem_:
            return 400, {"error": str(problem_)}

    def _stranger(self, request: Request) -> tuple[int, dict[str, Any]] | None:
        host = (request.header("host") or "").rpartition(":")[0] or (request.header("host") or "")
        if host.strip("[]").lower() not in self._hosts:
            return 421, {"error": "the proxy is not asked for by that name"}
        origin = request.header("origin")
        if origin is not None and urlsplit(origin).netloc != request.header("host"):
            return 403, {"error": "another site may not ask this"}
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token.encode()):
            return 401, {"error": "a token is needed: Authorization: Bearer TOKEN, as .llmchaos/serve.json has it"}
        return None

    # --- what can be asked ---

    async def _status(self, given: Mapping[str, Any]) -> dict[str, Any]:
        run, proxy = self._proxy.run, self._proxy
        return {
            "seconds": round(run.now, 3),
            "phase": run.phase,
            "scenarios": [each.name for each in run.scenarios],
            "injected": [text for player in run.players for text in player.at_work()],
            "upstream": "real" if proxy.real else "simulated",
            "calls": sum(found.total() for found in proxy.outcomes.values()),
            "under_way": proxy.under_way,
            "struck": proxy.struck,
            "by_provider": {name: dict(found.most_common()) for name, found in sorted(proxy.outcomes.items())},
            "not_answered": dict(proxy.unknown.most_common(20)),
        }

    async def _calls(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": [_told(each) for each in self._proxy.run.journal.latest]}

    async def _inject(self, given: Mapping[str, Any]) -> dict[str, Any]:
        from ..scenarios import library
        from ..scenarios.one_line import injection_of

        what = given.get("what")
        what = [what] if isinstance(what, str) else what
        if not isinstance(what, list) or not what or not all(isinstance(each, str) for each in what):
            raise UsageProblem(
                "inject takes what goes wrong: scenarios by name, or lines such as 'outage -> openai, 30%'"
            )
        known = library.names()
        self._proxy.run.inject(
            *(library.load(each) if each in known else _narrowed(injection_of(each)) for each in what)
        )
        self._proxy.changed()
        return await self._status({})

    async def _clear(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._proxy.clear()
        return await self._status({})

    async def _enter(self, given: Mapping[str, Any]) -> dict[str, Any]:
        name = given.get("name")
        if not isinstance(name, str):
            raise UsageProblem('phase takes a name, such as {"name": "collapse"}')
        self._proxy.run.enter(name, at_once=True)
        self._proxy.changed()
        return await self._status({})

    async def _stop(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self._proxy.clear()
        told = await self._status({})
        asyncio.get_running_loop().call_later(0.1, self._stopped.set)  # once this has been answered
        return told


def _narrowed(injection: Injection) -> Injection:
    """A fault of streams is meant for streams: plain calls beside them are no mistake of whoever injects it."""
    if injection.fault.streams_only and injection.stream is None:
        return replace(injection, stream=True)
    return injection


def _told(exchange: Exchange) -> dict[str, Any]:
    return {
        "call": exchange.label,
        "stream": exchange.stream,
        "outcome": exchange.outcome,
        "faults": list(exchange.faults),
        "phase": exchange.phase,
        "started": round(exchange.started, 3),
        "ended": None if exchange.ended is None else round(exchange.ended, 3),
    }
