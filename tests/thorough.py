"""How much is tried: a fair share of it at each run of the tests, all of it where LLMCHAOS_THOROUGH=1.

`.ci/run` tries all of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

Way = TypeVar("Way")

THOROUGH = os.environ.get("LLMCHAOS_THOROUGH") == "1"

EXAMPLES = 100 if THOROUGH else 20
"""How many examples a property is tried with. They are the same each time, so that more of them find more once."""


def turn(number: int, ways: Sequence[Way]) -> Sequence[Way]:
    """Return in which of the ways the row of that number is tried: all of them, or one, by turns."""
    return ways if THOROUGH else ways[number % len(ways) :][:1]
