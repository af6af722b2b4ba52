"""The forms in which people see what tests came to: terminal, HTML, Markdown, JUnit, GitHub, pictures.

A form that `llmchaos report` writes to a file is a `ReportForm` class in a module of this package that does not start
with an underscore; adding one means adding its file. Third parties add theirs through the entry point group
`llmchaos.reports`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..core.discovery import discover
from ._base import ReportForm

__all__ = ["ReportForm", "forms"]


@cache
def forms() -> dict[str, type[ReportForm]]:
    """Return the forms that are written to a file, by their options of `llmchaos report`."""
    abstract: type[Any] = ReportForm
    return discover(__name__, __path__, abstract, "llmchaos.reports", "option")
