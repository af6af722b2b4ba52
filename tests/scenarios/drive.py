"""Plays a scenario of the library against the help desk of `examples`: which requests come, and when.

What is asked comes from the scenario itself (its targets, its tags, its phases); what cannot, from `CASES`.
"""

from __future__ import annotations

import importlib.util
import math
import random
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from pytest_llmchaos import ToolCall, inject
from pytest_llmchaos.core.conditions import Ramp
from pytest_llmchaos.core.errors import ChaosFailed
from pytest_llmchaos.scenarios import library

EXAMPLE = Path(__file__).parents[2] / "examples" / "help_desk" / "__init__.py"
SEED = 7
MODELS = {
    "openai": "gpt-4.1",
    "anthropic": "claude-sonnet-5",
    "ollama": "llama3.1:8b",
    "azure": "gpt-5.2",
    "gemini": "gemini-2.5-flash",
    "vertex": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-r",
    "groq": "llama-3.1-8b-instant",
    "xai": "grok-4-1-fast",
    "deepseek": "deepseek-chat",
    "huggingface": "meta-llama/Llama-3.1-8B-Instruct",
    "openrouter": "mistralai/mistral-small",
}
"""The model that is asked of each provider where no case says otherwise."""
FALLBACKS = ("openai", "anthropic", "ollama")
QUESTIONS = (
    "Where is my order?",
    "Can I return shoes I wore once?",
    "Do you ship to Norway?",
    "My code FRIDAY20 does not work.",
    "Is the blue one back in stock?",
)


@dataclass(frozen=True)
class Case:
    """What a scenario needs beyond what it says itself.

    Attributes:
        routes: `provider/model`, the best first.
        desk, naive: options of the two builds.
    """

    routes: tuple[str, ...] = ()
    desk: dict[str, Any] = field(default_factory=dict)
    naive: dict[str, Any] = field(default_factory=dict)


CASES = {
    "anthropic-2026-03-17-sibling-overload": Case(
        ("anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-6", "openai/gpt-4.1")
    ),
    "anthropic-2026-06-05-staggered": Case(
        ("anthropic/claude-sonnet-4-6", "anthropic/claude-opus-4-6", "openai/gpt-4.1")
    ),
    "app-restarts-in-the-outage": Case(naive={"warm_up": True}),
    "claude-model-retired": Case(("anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-5")),
    "data-may-not-leave": Case(("azure/gpt-5.2", "deepseek/deepseek-chat")),
    "gemini-retired-as-429": Case(("gemini/gemini-2.0-flash", "openai/gpt-4.1")),
    "guard-model-retired": Case(("anthropic/claude-3-5-haiku-20241022", "anthropic/claude-sonnet-5")),
    "haiku-price-times-four": Case(("anthropic/claude-3-5-haiku-20241022",), desk={"hourly": 0.001}),
    "openai-2024-01-04-completions": Case(("openai/text-davinci-003", "anthropic/claude-sonnet-5")),
    "openai-2024-07-26-fallback-model-down": Case(
        ("openai/gpt-4.1-mini", "openai/gpt-4.1", "anthropic/claude-sonnet-5")
    ),
    "open-model-fallback": Case(("openai/gpt-4.1", "ollama/llama3.1:8b"), naive={"careless": True}),
    "policy-tightens": Case(naive={"careless": True}),
    "refusal-in-a-200": Case(naive={"careless": True}),
    "xai-2026-05-15-substitution": Case(("xai/grok-4-1-fast", "xai/grok-4.3", "openai/gpt-4.1")),
    "stampede-to-competitors": Case(naive={"careless": True}),
    "status-page-lies": Case(naive={"trusting": True}),
}


def help_desk(module: str) -> Any:
    """Import a module of the example, which is no installed package."""
    if "help_desk" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "help_desk", EXAMPLE, submodule_search_locations=[str(EXAMPLE.parent)]
        )
        sys.modules["help_desk"] = importlib.util.module_from_spec(spec)
    return import_module(f"help_desk.{module}")


@cache
def shipped(name: str) -> Any:
    """Return a scenario of the library, read once."""
    return library.load(name, ())


def names(*, short: bool = False) -> list[str]:
    """Return the names of all scenarios, or of those that one request is enough for; nothing is parsed for it."""
    files = library.files_in(EXAMPLE.parents[2] / "scenarios")
    return sorted(each.stem for each in files if not short or "game-day" not in each.read_text(encoding="utf-8"))


def play(scenario: Any, *, careful: bool, requests: int | None = None, seed: int = SEED) -> tuple[Any, ...]:
    """Play a scenario against one build of the desk, with so many requests or all; return what did not hold."""
    random.seed(seed)  # the careful build's jitter
    try:
        with inject(scenario, seed=seed) as chaos:
            _Script(scenario, chaos, careful=careful).run(requests)
    except ChaosFailed as failed:
        return failed.verdicts
    return ()


def good_weather(scenario: Any, *, careful: bool) -> list[Any]:
    """Let one build of the desk do the same work while every provider is well; return what customers got."""
    with inject(scenario, seed=SEED, checks=[], allow_unused=True) as chaos:
        chaos.clear()
        script = _Script(scenario, chaos, careful=careful)
        return [script.ask(script.desk(), nth) for nth in range(4)]


def moments(scenario: Any) -> Iterator[tuple[float, bool]]:
    """Yield when a request comes, in seconds of scenario time, and whether its phase has faults."""
    for start, phase in zip(scenario.starts(), scenario.flat, strict=True):
        lasts = 600.0 if math.isinf(phase.seconds) else phase.seconds
        for offset in _offsets(phase, lasts):
            if offset < lasts:
                yield start + offset, bool(phase.inject)


def _offsets(phase: Any, lasts: float) -> list[float]:
    if not phase.inject:  # the app comes back: soon, and once more when its breakers have rested
        return [1.0, 150.0, 240.0]
    shares = [each.rate.end if isinstance(each.rate, Ramp) else each.rate for each in phase.inject]
    if any(each.above or each.fault.name == "token_bucket" for each in phase.inject):
        return [1.0 + 3 * nth for nth in range(12)]
    varied = min(shares) < 1 or any(each.between or each.fault.name == "mix" for each in phase.inject)
    asks = 40 if min(shares) <= 0.2 else 12 if varied else 4
    return [1.0 + nth * lasts / asks for nth in range(asks)]


class _Script:
    """The requests of one run."""

    def __init__(self, scenario: Any, chaos: Any, *, careful: bool) -> None:
        self._scenario, self._chaos, self._careful = scenario, chaos, careful
        self._case = CASES.get(scenario.name, Case())
        self._forbidden = [
            each.target.provider for each in scenario.expect if each.name == "not_called" and each.target.model == "*"
        ]
        self._routes = self._case.routes or _routes(scenario)
        self._kinds = _kinds(scenario)
        self._work = help_desk("work").Work
        sizes = [each.prompt_tokens.first for each in scenario.injections if each.prompt_tokens]
        self._long = "and so on " * (max(sizes, default=0) // 2)
        self._asked = 0
        if "tools" in self._kinds:
            for each in ("openai", "anthropic"):
                chaos.replies(ToolCall("order_status", {"order": "4711"}), target=f"{each}:chat")

    def run(self, requests: int | None) -> None:
        """Ask at every moment; the naive build may raise whatever it likes."""
        desk = None if "restart" in self._scenario.tags else self.desk()
        turns = "conversation" in self._scenario.tags
        for at, broken in islice(moments(self._chaos.scenarios[0]), requests):
            if at > self._chaos.now:
                self._chaos.advance(at - self._chaos.now)
            with nullcontext() if self._careful else suppress(Exception), self._chaos.request(f"request {self._asked}"):
                for _ in range((12 if broken else 3) if turns else 1):
                    self.ask(desk or self.desk(), self._asked)
                    if turns:
                        self._chaos.advance(10)
            self._asked += 1

    def desk(self) -> Any:
        """Start the app."""
        if not self._careful:
            careless = {"careless": True} if self._forbidden else {}
            return help_desk("naive").NaiveDesk(self._routes, **{**careless, **self._case.naive})
        providers = {each.partition("/")[0] for each in self._routes}
        allowed = {"held": sorted(providers - set(self._forbidden))}
        return help_desk("desk").HelpDesk(self._routes, allowed=allowed, **self._case.desk)

    def ask(self, desk: Any, nth: int) -> Any:
        """Let the desk do its n-th piece of the work that the scenario is about."""
        tags = self._scenario.tags
        question = QUESTIONS[nth % len(QUESTIONS)]
        if "images" in tags:
            return desk.picture(question)
        if "embeddings" in tags:
            return desk.search(question)
        text = f"{question} {self._long}" if self._long and nth % 2 else question
        kind, tag = self._kinds[nth % len(self._kinds)], "held" if self._forbidden else ""
        return desk.ask(self._work(text, kind, tag, f"customer-{nth % 50}"))


def _routes(scenario: Any) -> tuple[str, ...]:
    """Return the providers that the scenario is about, in the order of its tags, then those that help out."""
    named = [each for each in scenario.tags if each in MODELS]
    hit = {one.provider for each in scenario.injections for one in each.target.each}
    named.sort(key=lambda each: not any(fnmatchcase(each, one) for one in hit))
    return tuple(f"{each}/{MODELS[each]}" for each in dict.fromkeys([*named, *FALLBACKS]))


def _kinds(scenario: Any) -> tuple[str, ...]:
    """Return what kinds of work the scenario is played with."""
    kinds = [each for each in ("stream", "tools", "structured") if each in scenario.tags]
    plain = any(each.stream is not True and not each.fault.streams_only for each in scenario.injections)
    return tuple([*kinds, "chat"] if not kinds or (kinds == ["stream"] and plain) else kinds)
