"""Where a child process has its run from, when none was started in it. A module of its own, so that it is free."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["elsewhere"]

elsewhere: Callable[[], Any] | None = None
"""Gives the run that a child's calls belong to, None while none is on; None in a process that is no child."""
