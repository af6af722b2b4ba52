"""What happened in a run: exchanges, events, what the app showed, and how to read and search it."""

from __future__ import annotations

from .entries import Calls, Event, Exchange, Journal

__all__ = ["Calls", "Event", "Exchange", "Journal"]
