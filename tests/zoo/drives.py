"""How the apps of the zoo are used: once, again after the outage, by many at a time. None of them asserts anything."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pytest_llmchaos import Chaos

App = Callable[..., Any]
Drive = Callable[[Chaos, App], None]
QUESTION = "Where is my order?"


def _asked(chaos: Chaos, name: str, app: App, *args: Any) -> None:
    """Ask once, as a user does who gets the answer or sees the error."""
    with suppress(Exception), chaos.request(name) as request:
        answer = app(*args)
        request.result = asyncio.run(answer) if inspect.iscoroutine(answer) else answer


def once(chaos: Chaos, app: App) -> None:
    """Ask once."""
    _asked(chaos, "ask", app, QUESTION)


def impatient(seconds: float) -> Drive:
    """Return a drive whose user leaves after so many seconds; the app is async."""

    def drive(chaos: Chaos, app: App) -> None:
        async def asked(question: str) -> Any:
            return await asyncio.wait_for(app(question), seconds)

        _asked(chaos, "ask", asked, QUESTION)

    return drive


def leaves(seconds: float) -> Drive:
    """Return a drive whose user leaves after so many seconds, while the app lives on; the app is async."""

    async def used(chaos: Chaos, app: App) -> None:
        with suppress(TimeoutError), chaos.request("ask"):
            await asyncio.wait_for(app(QUESTION), seconds)
        await asyncio.sleep(10 * seconds)

    return lambda chaos, app: asyncio.run(used(chaos, app))


def again_when_healed(chaos: Chaos, app: App) -> None:
    """Ask, let the provider recover, ask the same again."""
    _asked(chaos, "ask", app, QUESTION)
    chaos.clear()
    _asked(chaos, "ask", app, QUESTION)


def every(seconds: float, times: int) -> Drive:
    """Return a drive that asks something new at a steady pace."""

    def drive(chaos: Chaos, app: App) -> None:
        for number in range(times):
            _asked(chaos, f"ask {number}", app, f"Where is order {number}?")
            chaos.advance(seconds)

    return drive


def crowd(users: int) -> Drive:
    """Return a drive in which so many users ask at the same moment; the app is async."""

    async def one(chaos: Chaos, app: App, number: int) -> None:
        with suppress(Exception), chaos.request(f"user {number}") as request:
            request.result = await app(f"Where is order {number}?")

    def drive(chaos: Chaos, app: App) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(one(chaos, app, number) for number in range(users)))

        asyncio.run(all_of_them())

    return drive


def with_a_card(chaos: Chaos, app: App) -> None:
    """Ask once, with a tool that charges a card and says so."""
    _asked(chaos, "ask", app, QUESTION, lambda order: chaos.effect("charge", order))
