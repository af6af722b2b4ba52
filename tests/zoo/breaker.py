"""Breakers that never open, wedge, or forget; cooldowns that last too long; caches that keep a failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import openai

from pytest_llmchaos import faults

from .clients import GPT, ask_claude, ask_gpt, async_gpt, said
from .drives import again_when_healed, every
from .row import DOWN, Bug, github

FAILURES = 2
WAIT = 30.0
SORRY = "Sorry, please try later."


class Breaker:
    """Lets calls through until some fail in a row, then none for a while, then one to see."""

    def __init__(self) -> None:
        self.failures = 0
        self.opened: float | None = None
        self.probing = False

    def lets_through(self) -> bool:
        """Tell whether a call may be made; when half open, this takes the only place for a probe."""
        if self.opened is None:
            return True
        if self.probing or time.monotonic() < self.opened + WAIT:
            return False
        self.probing = True
        return True

    def good(self) -> None:
        """Close."""
        self.failures, self.opened, self.probing = 0, None, False

    def bad(self) -> None:
        """Count a failure, and open on the last one allowed or when the probe failed."""
        self.failures += 1
        if self.probing or self.failures >= FAILURES:
            self.opened, self.probing = time.monotonic(), False

    def neither(self) -> None:
        """Give back the place of a probe that told nothing."""
        self.probing = False


class BuggyProbeEndsUnforeseen:
    """A probe that fails in a way that is no failure of the provider leaves the breaker half open for ever."""

    def __init__(self) -> None:
        self.breaker = Breaker()

    def __call__(self, question: str) -> str:
        """Ask the first choice as the breaker allows, else the other one."""
        if not self.breaker.lets_through():
            return ask_claude(question)
        try:
            answer = ask_gpt(question)
        except openai.InternalServerError:
            self.breaker.bad()
            return ask_claude(question)
        except openai.AuthenticationError:
            self.unforeseen()
            return ask_claude(question)
        self.breaker.good()
        return answer

    def unforeseen(self) -> None:
        """Forget that this was the probe."""


class FixedProbeEndsUnforeseen(BuggyProbeEndsUnforeseen):
    """Gives the probe's place back, however it ended."""

    def unforeseen(self) -> None:
        """Give it back."""
        self.breaker.neither()


class BuggyCancelledProbe:
    """A probe that the app itself cancels keeps its place."""

    def __init__(self) -> None:
        self.breaker = Breaker()

    async def __call__(self, question: str) -> str:
        """Ask the first choice with a deadline as the breaker allows, else the other one."""
        if not self.breaker.lets_through():
            return await asyncio.to_thread(ask_claude, question)
        async with async_gpt() as client:
            try:
                async with asyncio.timeout(5):
                    answer = await client.chat.completions.create(model=GPT, messages=said(question))
            except openai.InternalServerError:
                self.breaker.bad()
                return await asyncio.to_thread(ask_claude, question)
            except TimeoutError:
                self.cancelled()
                return await asyncio.to_thread(ask_claude, question)
        self.breaker.good()
        return answer.choices[0].message.content or ""

    def cancelled(self) -> None:
        """Count it neither way, and forget that it was the probe."""


class FixedCancelledProbe(BuggyCancelledProbe):
    """Gives the place back."""

    def cancelled(self) -> None:
        """Give it back."""
        self.breaker.neither()


class BuggyForgetsInHalfOpen:
    """Counts good probes only: one that fails between two good ones is forgotten, and the breaker closes."""

    forgets = True

    def __init__(self) -> None:
        self.failures = self.good = 0
        self.opened: float | None = None

    def __call__(self, question: str) -> str:
        """Ask, or apologise."""
        now = time.monotonic()
        if self.opened is not None and now < self.opened + WAIT:
            return SORRY
        half_open = self.opened is not None
        try:
            answer = ask_gpt(question)
        except openai.InternalServerError:
            self.failures += 1
            if (half_open and not self.forgets) or (not half_open and self.failures >= FAILURES):
                self.opened = now
            return SORRY
        self.failures, self.opened = 0, None
        return answer


class FixedForgetsInHalfOpen(BuggyForgetsInHalfOpen):
    """Opens again for the whole time when a probe fails."""

    forgets = False


class BuggySyncBreakerOnAsync:
    """A breaker for plain functions around a coroutine function: making the coroutine always succeeds."""

    def __init__(self) -> None:
        self.breaker = Breaker()

    def guarded(self, function: Callable[[], Any]) -> Any:
        """Call a function as the breaker allows."""
        if not self.breaker.lets_through():
            raise RuntimeError("the breaker is open")
        try:
            result = function()
        except openai.APIError:
            self.breaker.bad()
            raise
        self.breaker.good()
        return result

    async def __call__(self, question: str) -> str:
        """Ask."""
        return str(await self.guarded(lambda: _ask(question)))


class FixedSyncBreakerOnAsync(BuggySyncBreakerOnAsync):
    """Waits for the coroutine within the guard."""

    async def __call__(self, question: str) -> str:
        """Ask."""
        if not self.breaker.lets_through():
            raise RuntimeError("the breaker is open")
        try:
            answer = await _ask(question)
        except openai.APIError:
            self.breaker.bad()
            raise
        self.breaker.good()
        return answer


async def _ask(question: str) -> str:
    async with async_gpt() as client:
        answer = await client.chat.completions.create(model=GPT, messages=said(question))
        return answer.choices[0].message.content or ""


class BuggyCooldown:
    """Rests a deployment for 30 s; on its way through the shared cache the time becomes the cache's own 600 s."""

    seconds = 600.0

    def __init__(self) -> None:
        self.until = 0.0

    def __call__(self, question: str) -> str:
        """Ask the first choice unless it rests, else the other one."""
        if time.monotonic() >= self.until:
            try:
                return ask_gpt(question)
            except openai.APIError:
                self.until = time.monotonic() + self.seconds
        return ask_claude(question)


class FixedCooldown(BuggyCooldown):
    """Keeps the 30 s."""

    seconds = WAIT


class BuggyAllAtRest:
    """Rests each deployment that is limited, and fails at once when all of them rest, although a wait would do."""

    waits = False

    def __init__(self) -> None:
        self.until = dict.fromkeys((GPT, "gpt-5-mini"), 0.0)

    def __call__(self, question: str) -> str:
        """Ask whoever does not rest."""
        for _ in range(2):
            for model, until in self.until.items():
                if time.monotonic() < until:
                    continue
                try:
                    return ask_gpt(question, model=model)
                except openai.RateLimitError:
                    self.until[model] = time.monotonic() + 10
            if not self.waits:
                break
            time.sleep(max(0, min(self.until.values()) - time.monotonic()))
        raise RuntimeError("no deployment is available")


class FixedAllAtRest(BuggyAllAtRest):
    """Waits for the first that comes back."""

    waits = True


class BuggyRestsOnlyTheFirst:
    """Notes one failure for each request, so that the second deployment that fails is never rested."""

    rests_all = False

    def __init__(self) -> None:
        self.failures = {GPT: 0, "gpt-5-mini": 0}
        self.until = dict.fromkeys(self.failures, 0.0)

    def __call__(self, question: str) -> str:
        """Go down the list of deployments."""
        noted = False
        for model in self.failures:
            if time.monotonic() < self.until[model]:
                continue
            try:
                return ask_gpt(question, model=model)
            except openai.APIError:
                if self.rests_all or not noted:
                    self.note(model)
                noted = True
        return ask_claude(question)

    def note(self, model: str) -> None:
        """Count a failure and rest the deployment after some."""
        self.failures[model] += 1
        if self.failures[model] >= FAILURES:
            self.until[model] = time.monotonic() + 60


class FixedRestsOnlyTheFirst(BuggyRestsOnlyTheFirst):
    """Notes each."""

    rests_all = True


class BuggyCachedApology:
    """Keeps whatever it said, the apology too."""

    keeps_apologies = True

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def __call__(self, question: str) -> str:
        """Answer from the cache, or ask."""
        if question in self.known:
            return self.known[question]
        try:
            self.known[question] = ask_gpt(question)
        except openai.APIError:
            if self.keeps_apologies:
                self.known[question] = SORRY
            return SORRY
        return self.known[question]


class FixedCachedApology(BuggyCachedApology):
    """Keeps answers only."""

    keeps_apologies = False


PROBED = {"opens_after": FAILURES, "half_opens_after": "30s"}

BUGS = (
    Bug(
        "A probe that fails in another way than the breaker knows leaves it half open for ever",
        github("bytedance/deer-flow/pull/3991"),
        BuggyProbeEndsUnforeseen, FixedProbeEndsUnforeseen, "recovered",
        {"to": "openai", "within": "90s"},
        (
            faults.outage(target="openai", between=("0s", "50s")),
            faults.auth_revoked(target="openai", between=("50s", "70s")),
        ),
        drive=every(20, 10),
    ),
    Bug(
        "A probe that is cancelled leaves it half open for ever",
        github("BerriAI/litellm/pull/39701"),
        BuggyCancelledProbe, FixedCancelledProbe, "recovered", {"to": "openai", "within": "90s"},
        (
            faults.outage(target="openai", between=("0s", "50s")),
            faults.latency("20s", target="openai", between=("50s", "70s")),
        ),
        drive=every(20, 10),
    ),
    Bug(
        "A probe that fails is forgotten, and the next one follows at once",
        github("msoedov/agentic_security/pull/328"),
        BuggyForgetsInHalfOpen, FixedForgetsInHalfOpen, "breaker", PROBED,
        (faults.outage(target="openai", calls="1-6"),), drive=every(10, 12),
    ),
    Bug(
        "A breaker for plain functions around a coroutine function never opens",
        github("danielfm/pybreaker/issues/7"),
        BuggySyncBreakerOnAsync, FixedSyncBreakerOnAsync, "breaker", PROBED,
        (DOWN,), drive=every(5, 8),
    ),
    Bug(
        "A rest of 30 s lasts 600 s after its way through the shared cache",
        github("BerriAI/litellm/pull/34416"),
        BuggyCooldown, FixedCooldown, "recovered", {"to": "openai", "within": "60s"},
        (faults.outage(target="openai", between=("0s", "30s")),), drive=every(20, 12),
    ),
    Bug(
        "Of several deployments that fail in one request only the first is rested",
        github("BerriAI/litellm/issues/32574"),
        BuggyRestsOnlyTheFirst, FixedRestsOnlyTheFirst, "breaker",
        {"opens_after": 2, "half_opens_after": "60s", "target": "openai/gpt-5-mini"}, (DOWN,), drive=every(5, 6),
    ),
    Bug(
        "A request fails because all deployments rest, where a short wait would do",
        github("BerriAI/litellm/issues/3646"),
        BuggyAllAtRest, FixedAllAtRest, "answered_within", {"within": "15s"},
        (faults.rate_limit(target="openai", between=("0s", "5s")),),
    ),
    Bug(
        "The apology goes into the cache and is told again when all is well",
        github("Aharshi3614/Devwhisper/issues/293"),
        BuggyCachedApology, FixedCachedApology, "failure_not_cached", {}, (DOWN,),
        drive=again_when_healed,
    ),
)  # fmt: skip
