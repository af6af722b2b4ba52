"""httpr is Rust beneath a Python class: its calls are seen and stopped, not broken."""

from __future__ import annotations

from ._native import NativeStack

__all__ = ["STACK"]

STACK = NativeStack("httpr", ":Client", ":AsyncClient")
