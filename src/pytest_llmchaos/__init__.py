"""pytest-llmchaos: break your LLM provider on purpose, and see whether your app holds."""

from __future__ import annotations
