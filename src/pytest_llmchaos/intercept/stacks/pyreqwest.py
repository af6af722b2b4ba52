"""pyreqwest is Rust: its calls are seen and stopped, not broken."""

from __future__ import annotations

from ._native import NativeStack

__all__ = ["STACK"]

STACK = NativeStack("pyreqwest", "client:Client", "client:SyncClient", "simple.request", "simple.sync_request")
