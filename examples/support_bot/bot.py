"""A support bot: answers customers with OpenAI, falls back to Anthropic, keeps a deadline.

Two builds of it: `NaiveBot` is what many apps ship, `ResilientBot` is what holds when the provider does not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import anthropic
import openai

SYSTEM = "You answer customers of a small web shop, in one or two friendly sentences."
PRIMARY = "gpt-4.1"
FALLBACK = "claude-sonnet-5"
SORRY = "We are having trouble answering right now. A colleague will write to you within the hour."


@dataclass(frozen=True)
class Reply:
    """What the customer gets; `degraded` when it is not the usual answer."""

    text: str
    source: str
    degraded: bool = False


class NaiveBot:
    """Calls one provider with the SDK's defaults and hopes."""

    def __init__(self, api_key: str) -> None:
        self._openai = openai.OpenAI(api_key=api_key)

    def ask(self, question: str) -> Reply:
        """Answer one question."""
        completion = self._openai.chat.completions.create(
            model=PRIMARY,
            messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
        )
        return Reply(completion.choices[0].message.content or "", source="openai")


class ResilientBot:
    """Gives each provider a share of the deadline, falls back, and leaves a broken provider alone for a while.

    Args:
        openai_key, anthropic_key: credentials.
        deadline: seconds within which a customer has an answer.
        rest: seconds for which a provider that failed is not asked.
    """

    def __init__(self, openai_key: str, anthropic_key: str, deadline: float = 9.0, rest: float = 60.0) -> None:
        share = deadline / 2
        # One try each: a retry would eat the other provider's share of the deadline.
        self._openai = openai.OpenAI(api_key=openai_key, timeout=share, max_retries=0)
        self._anthropic = anthropic.Anthropic(api_key=anthropic_key, timeout=share, max_retries=0)
        self._rest = rest
        self._asleep_until = float("-inf")

    def ask(self, question: str) -> Reply:
        """Answer one question, whatever the providers do."""
        if time.monotonic() >= self._asleep_until:
            try:
                return self._ask_openai(question)
            except (openai.APIError, ValueError):
                self._asleep_until = time.monotonic() + self._rest
        try:
            return self._ask_anthropic(question)
        except (anthropic.APIError, ValueError):
            return Reply(SORRY, source="canned", degraded=True)

    def _ask_openai(self, question: str) -> Reply:
        completion = self._openai.chat.completions.create(
            model=PRIMARY,
            messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
        )
        # A provider in trouble may answer 200 with an HTML page or an empty object.
        choices = getattr(completion, "choices", None)
        if not choices or choices[0].finish_reason != "stop" or not choices[0].message.content:
            raise ValueError("no usable answer")
        return Reply(choices[0].message.content, source="openai")

    def _ask_anthropic(self, question: str) -> Reply:
        message = self._anthropic.messages.create(
            model=FALLBACK,
            max_tokens=500,
            system=SYSTEM,
            messages=[{"role": "user", "content": question}],
        )
        blocks = getattr(message, "content", None) or []
        text = "".join(block.text for block in blocks if block.type == "text")
        if message.stop_reason != "end_turn" or not text:
            raise ValueError("no usable answer")
        return Reply(text, source="anthropic", degraded=True)
