"""What many help desks ship: the SDK's defaults, and hope."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import httpx2

from .routes import OpenAIRoute, route
from .work import Reply, Work

__all__ = ["NaiveDesk"]

PAGES = {"returns": [0.01] * 1536, "shipping": [-0.01] * 1536}
"""The index: pages and their vectors."""


class NaiveDesk:
    """Asks its first provider and takes what comes.

    Args:
        routes: `provider/model`, the best first.
        careless: on any error ask the next route, whatever the error means and wherever that route is.
        trusting: ask the next route only while the provider's status page is red.
        warm_up: ask the model something when the app starts.
    """

    def __init__(
        self, routes: Iterable[str], *, careless: bool = False, trusting: bool = False, warm_up: bool = False
    ) -> None:
        self._routes = [route(each, retries=None) for each in routes]
        self._careless = careless
        self._trusting = trusting
        if warm_up:
            self._routes[0].ask(Work("Are you there?"))

    def ask(self, work: Work) -> Reply:
        """Answer a customer."""
        if self._trusting and not self._green():
            return self._routes[1].ask(work)
        if not self._careless:
            return self._read(self._routes[0].ask(work), work)
        problem: Exception | None = None
        for each in self._routes:
            if work.kind not in each.speaks:
                continue
            try:
                return self._read(each.ask(work), work)
            except Exception as again:  # whatever it means
                problem = again
        raise problem or RuntimeError("no route")

    def search(self, question: str) -> Reply:
        """Answer from the shop's own pages."""
        first = self._routes[0]
        assert isinstance(first, OpenAIRoute)
        vector = first.embed(question)
        length = math.sqrt(sum(each * each for each in vector))
        nearest = max(PAGES, key=lambda page: sum(a * b for a, b in zip(vector, PAGES[page], strict=True)) / length)
        return self.ask(Work(f"{question}\n\n(see {nearest})"))

    def picture(self, prompt: str) -> str:
        """Return a picture for a product."""
        first = self._routes[0]
        assert isinstance(first, OpenAIRoute)
        return first.picture(prompt)

    def _read(self, reply: Reply, work: Work) -> Reply:
        if work.kind == "structured":
            reply.data()
        elif not reply.text and reply.tool is None:
            raise ValueError("an empty answer")
        if reply.tool is not None:
            json.loads(reply.tool[1])["order"]
        return reply

    def _green(self) -> bool:
        page = httpx2.get("https://status.openai.com/api/v2/status.json", timeout=10).json()
        return bool(page["status"]["indicator"] == "none")
