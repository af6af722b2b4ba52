"""The careful help desk: every request ends in time, with the best answer that may be had."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from .guards import Breaker, Budget, Purse, retired
from .routes import OpenAIRoute, Route, route
from .troubles import ERRORS, Trouble, trouble
from .validation import Unusable, check, check_vector, tool_arguments
from .work import Reply, Work

__all__ = ["DECLINED", "ROUTES", "SORRY", "HelpDesk"]

ROUTES = ("openai/gpt-4.1", "anthropic/claude-sonnet-5", "ollama/llama3.1:8b")
SORRY = "We are having trouble answering right now. A colleague will write to you within the hour."
DECLINED = "We cannot answer this automatically. A colleague will look at it."


class HelpDesk:
    """Asks one route after the other, within one deadline.

    Args:
        routes: `provider/model`, the best first.
        deadline: seconds within which a customer has an answer.
        allowed: for each tag of work the providers that may see it; work without a tag may go anywhere.
        hourly: US dollars that may be spent in an hour.
    """

    def __init__(
        self,
        routes: Iterable[str] = ROUTES,
        *,
        deadline: float = 9.0,
        allowed: Mapping[str, Sequence[str]] | None = None,
        hourly: float = float("inf"),
    ) -> None:
        self._routes = [route(each) for each in routes]
        self._deadline = deadline
        self._allowed = allowed or {}
        self._breakers = {each.name: Breaker() for each in self._routes}
        self._index = Breaker()
        self._budget = Budget()
        self._purse = Purse(hourly)
        self._unstreamed: set[str] = set()

    def ask(self, work: Work) -> Reply:
        """Answer a customer, whatever the providers do."""
        self._budget.request()
        end = time.monotonic() + self._deadline
        ready = [each for each in self._routes if self._may(each, work)]
        for nth, each in enumerate(ready):
            limit = (end - time.monotonic()) / (len(ready) - nth)
            found = self._try(each, work, limit)
            if isinstance(found, Reply):
                return replace(self._looked_up(found, work), degraded=each is not self._routes[0])
            if found.kind == "refused":
                # Another provider might let it pass, and that is what the policy is there to prevent.
                return Reply(DECLINED, "canned", refused=True, degraded=True)
        return Reply(SORRY, "canned", degraded=True)

    def search(self, question: str) -> Reply:
        """Answer from the shop's own pages: found by their meaning, or by their words where that cannot be had."""
        found = "by words"
        first = self._routes[0]
        if isinstance(first, OpenAIRoute) and self._index.closed:
            try:
                check_vector(first.embed(question, self._deadline / 3))
                found = "by meaning"
                self._index.worked()
            except ERRORS:
                # Vectors of another model would not fit the index, so there is no other provider to ask.
                self._index.failed()
        return self.ask(Work(f"{question}\n\n(pages found {found})"))

    def picture(self, prompt: str) -> str:
        """Return a picture for a product, empty where there is none to be had; nothing waits for it."""
        first = self._routes[0]
        if not isinstance(first, OpenAIRoute) or not self._breakers[first.name].closed:
            return ""
        try:
            return first.picture(prompt, self._deadline)
        except ERRORS:
            return ""

    def _may(self, each: Route, work: Work) -> bool:
        # Where the data may go comes before who is there to take it.
        allowed = each.provider in self._allowed.get(work.tag, (each.provider,))
        able = work.kind in each.speaks and not retired(each.name)
        return allowed and able and self._breakers[each.name].closed and self._purse.allows(each.name)

    def _try(self, each: Route, work: Work, limit: float) -> Reply | Trouble:
        """Ask one route, twice where a second try may help and there is budget for it."""
        end = time.monotonic() + limit
        found = self._once(each, work, limit)
        if isinstance(found, Trouble) and (wait := self._worth_a_retry(found, end)) is not None:
            time.sleep(wait)
            found = self._once(each, work, end - time.monotonic())
        if isinstance(found, Reply):
            self._breakers[each.name].worked()
        elif found.kind != "refused":
            self._breakers[each.name].failed(found.wait)
        return found

    def _worth_a_retry(self, found: Trouble, end: float) -> float | None:
        """Return how long to wait before a second try; None for none."""
        if found.kind == "broken":
            wait = random.uniform(0.1, 0.5) if found.wait is None else found.wait  # noqa: S311 - jitter
        elif found.kind == "busy" and found.wait is not None:
            wait = found.wait
        else:
            return None
        left = end - time.monotonic() - wait
        return wait if left > 0.5 and self._budget.spend() else None

    def _once(self, each: Route, work: Work, limit: float) -> Reply | Trouble:
        if work.kind == "stream" and each.name in self._unstreamed:
            work = replace(work, kind="chat")
        try:
            reply = each.ask(work, limit)
            self._purse.paid(each.name, reply.tokens)
            if reply.refused:
                return Trouble("refused")
            check(reply, work, each.model)
        except Unusable:
            return Trouble("unusable")
        except ERRORS as problem:
            if work.kind == "stream" and "verified to stream" in str(problem):
                self._unstreamed.add(each.name)
                return self._once(each, work, limit)
            return trouble(problem)
        return reply

    def _looked_up(self, reply: Reply, work: Work) -> Reply:
        if reply.tool is None:
            return reply
        order = tool_arguments(reply, work)["order"]
        return replace(reply, text=f"Order {order} is on its way.")
