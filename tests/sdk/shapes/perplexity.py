"""OpenAI's SDK at Perplexity."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at("perplexity", "https://api.perplexity.ai", "sonar")
