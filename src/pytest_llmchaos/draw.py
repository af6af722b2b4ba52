"""Seeded chance for one call: numbers, ids and text that come out the same for the same seed and call."""

from __future__ import annotations

import threading
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["Draw"]

_local = threading.local()


class Draw:
    """A source of chance for one call.

    Args:
        key: everything the chance may depend on, in one text; equal keys draw equal things.
        wall: the app's time of day in epoch seconds, for dates in headers and bodies.
    """

    def __init__(self, key: str, wall: float) -> None:
        self.key = key
        self.wall = wall

    @cached_property
    def rng(self) -> Random:
        """The generator behind all other draws."""
        return Random(self.key)

    def part(self, name: str) -> Draw:
        """Return an independent source, so that one user of chance cannot shift another's."""
        return Draw(f"{self.key}|{name}", self.wall)

    def hex(self, digits: int) -> str:
        """Return that many random hexadecimal digits."""
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def token(self, length: int) -> str:
        """Return that many random letters and digits, as provider ids use them."""
        return "".join(self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789", k=length))

    @cached_property
    def fake(self) -> Faker:
        """A Faker seeded for this call; do not keep it beyond the call."""
        fake: Any = getattr(_local, "fake", None)
        if fake is None:
            from faker import Faker

            fake = _local.fake = Faker("en_US", use_weighting=False)
        fake.random = Random(self.rng.getrandbits(64))  # what seed_instance does, at a tenth of its cost
        found: Faker = fake
        return found
