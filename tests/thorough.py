"""How much is tried: a fair share of it at each run of the tests, all of it where LLMCHAOS_THOROUGH=1.

`.ci/run` tries all of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

THOROUGH = os.environ.get("LLMCHAOS_THOROUGH") == "1"

EXAMPLES = 100 if THOROUGH else 20
"""How many examples a property is tried with. They are the same each time, so that more of them find more once."""


def cells(*axes: Sequence[Any], always: Sequence[tuple[Any, ...]] = ()) -> list[tuple[Any, ...]]:
    """Return the cells of a table that are tried: of two axes one cell for each row and each column, turn by turn.

    Those of `always` are tried whatever their turn, and all of them where all are asked for.
    """
    rows, columns = axes
    every = [(row, column) for row in rows for column in columns]
    if THOROUGH:
        return every
    longest = max(len(rows), len(columns))
    turns = {(rows[turn % len(rows)], columns[turn % len(columns)]) for turn in range(longest)}
    return [cell for cell in every if cell in turns or cell in always]
