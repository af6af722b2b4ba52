"""OpenAI's SDK at Fireworks AI."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at(
    "fireworks", "https://api.fireworks.ai/inference/v1", "accounts/fireworks/models/llama-v3p3-70b-instruct"
)
