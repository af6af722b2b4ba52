"""What people see of a run: the timeline of calls and the text of a failure."""

from __future__ import annotations

__all__: list[str] = []
