"""Seeded chance for one call: numbers, ids and text that come out the same for the same seed and call."""

from __future__ import annotations

import math
import threading
from functools import cached_property
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Any

from .word_list import WORDS

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["Draw"]

_local = threading.local()
_LETTERS = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"
_AS_LETTERS = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))


class Draw:
    """A source of chance for one call.

    Args:
        key: everything the chance may depend on, in one text; equal keys draw equal things.
        wall: the app's time of day in epoch seconds, for dates in headers and bodies.
        run: what is the same for all calls of the run.
        into: seconds since the phase began, for what changes while it lasts.
        lasts: seconds that the phase lasts.
        now: run time in seconds.
    """

    def __init__(
        self, key: str, wall: float, run: str = "", into: float = 0.0, lasts: float = math.inf, now: float = 0.0
    ) -> None:
        self.key = key
        self.wall = wall
        self.run = run
        self.into = into
        self.lasts = lasts
        self.now = now
        self._drawn = 0
        self._pool = b""

    def part(self, name: str, into: float | None = None, lasts: float = math.inf) -> Draw:
        """Return an independent source, so that one user of chance cannot shift another's."""
        if into is None:
            into, lasts = self.into, self.lasts
        return Draw(f"{self.key}|{name}", self.wall, self.run, into, lasts, self.now)

    def shared(self, name: str) -> Draw:
        """Return a source that is the same for every call of the run."""
        return Draw(f"{self.run}|{name}", self.wall, self.run)

    @cached_property
    def rng(self) -> Random:
        """A generator, for distributions and Faker. Making one costs more than the draws below, which hash."""
        return Random(self.key)  # noqa: S311 - repeatable on purpose

    def fraction(self) -> float:
        """Return a number from 0 (included) to 1 (excluded)."""
        return int.from_bytes(self.bytes(7)) / 2**56

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + (int.from_bytes(self.bytes(7)) * (high - low + 1) >> 56)

    def hex(self, digits: int) -> str:
        """Return that many random hexadecimal digits."""
        return self.bytes((digits + 1) // 2).hex()[:digits]

    def token(self, length: int) -> str:
        """Return that many random letters and digits, as provider ids use them."""
        return self.bytes(length).translate(_AS_LETTERS).decode("ascii")

    @cached_property
    def fake(self) -> Faker:
        """A Faker that draws from `rng`; do not keep it beyond the call."""
        fake: Any = getattr(_local, "fake", None)
        if fake is None:
            from faker import Faker

            fake = _local.fake = Faker("en_US", use_weighting=False)
        fake.random = self.rng
        found: Faker = fake
        return found

    def words(self, count: int) -> list[str]:
        """Return that many words."""
        raw = self.bytes(2 * count)
        return [WORDS[(raw[at] << 8 | raw[at + 1]) % len(WORDS)] for at in range(0, 2 * count, 2)]

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""
        while len(self._pool) < count:
            self._drawn += 1
            self._pool += blake2b(f"{self._drawn}|{self.key}".encode("utf-8", "replace")).digest()
        drawn, self._pool = self._pool[:count], self._pool[count:]
        return drawn
