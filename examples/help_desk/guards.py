"""What keeps the app from making things worse: a breaker per route, a retry budget, a spending limit."""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Mapping

__all__ = ["PRICES", "RETIRED", "Breaker", "Budget", "Purse", "retired"]


class Breaker:
    """Leaves a route alone after a failure, each time twice as long, and lets one call try it then.

    Args:
        first, most: seconds of rest after the first failure, and at most.
    """

    def __init__(self, first: float = 30.0, most: float = 120.0) -> None:
        self._first, self._most = first, most
        self._rest = first
        self._until = float("-inf")

    @property
    def closed(self) -> bool:
        """Whether the route may be asked."""
        return time.monotonic() >= self._until

    def failed(self, wait: float | None = None) -> None:
        """Leave the route alone, at least as long as it asked."""
        self._until = time.monotonic() + max(self._rest, wait or 0.0)
        self._rest = min(2 * self._rest, self._most)

    def worked(self) -> None:
        """The route is well."""
        self._rest = self._first


class Budget:
    """Retries, as a share of the requests: a provider that fails for all must not get twice the load.

    Args:
        share: retries for each request.
        saved: retries that may be saved up for a bad moment; so many there are at the start.
    """

    def __init__(self, share: float = 0.1, saved: float = 2.0) -> None:
        self._share, self._saved = share, saved
        self._left = saved

    def request(self) -> None:
        """A request came."""
        self._left = min(self._left + self._share, self._saved)

    def spend(self) -> bool:
        """Take one retry; tell whether there was one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


# US dollars for a million tokens of prompt and of answer, from a day on. The app keeps its own list, because no
# provider says in an answer what it cost.
PRICES: Mapping[str, tuple[tuple[dt.date, float, float], ...]] = {
    "anthropic/claude-3-5-haiku": (
        (dt.date(2024, 10, 22), 0.25, 1.25),
        (dt.date(2024, 11, 4), 1.00, 5.00),
    ),
}


class Purse:
    """How much may be spent in an hour.

    Args:
        limit: US dollars.
    """

    def __init__(self, limit: float = float("inf")) -> None:
        self._limit = limit
        self._spent: deque[tuple[float, float]] = deque()

    def allows(self, route: str) -> bool:
        """Tell whether the route may still be asked; one without a price costs nothing."""
        while self._spent and self._spent[0][0] < time.monotonic() - 3600:
            self._spent.popleft()
        return _price(route) is None or sum(cost for _, cost in self._spent) < self._limit

    def paid(self, route: str, tokens: tuple[int, int]) -> None:
        """Write down what an answer cost."""
        if price := _price(route):
            cost = sum(count * each for count, each in zip(tokens, price, strict=True)) / 1e6
            self._spent.append((time.monotonic(), cost))


def _price(route: str) -> tuple[float, float] | None:
    today = dt.datetime.now(dt.UTC).date()
    steps = next((steps for name, steps in PRICES.items() if route.startswith(name)), ())
    return next(((put, got) for since, put, got in reversed(steps) if today >= since), None)


# A retired name may go on to answer, served by another model at another price; so the app goes by the calendar too.
RETIRED: Mapping[str, dt.date] = {"xai/grok-4-1-fast": dt.date(2026, 5, 15)}


def retired(route: str) -> bool:
    """Tell whether the model is past its announced end."""
    end = RETIRED.get(route)
    return end is not None and dt.datetime.now(dt.UTC).date() >= end
