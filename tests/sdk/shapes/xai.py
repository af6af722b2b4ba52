"""OpenAI's SDK at xAI."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at("xai", "https://api.x.ai/v1", "grok-4")
