"""Names of models for tests that call them through an SDK which judges names: anthropic warns of those about to go.

They are snapshots of a day that never comes, so that no vendor's calendar can hold them, and cost what the model
without its date does. Tests of what a real name means (the wire, the calendar, scenarios) have it themselves.
"""

from __future__ import annotations

__all__ = ["CLAUDE", "DEAR_CLAUDE"]

CLAUDE = "claude-sonnet-5-99991231"
DEAR_CLAUDE = "claude-opus-4-5-99991231"
