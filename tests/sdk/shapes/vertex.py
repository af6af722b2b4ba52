"""Google's SDK at Vertex AI."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import gemini


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client, one for both modes."""
    from google.oauth2.credentials import Credentials

    where = {"project": "shop", "location": "us-central1", "credentials": Credentials(token="ya29.canary")}
    return gemini.make(mode, timeout, **{"api_key": None, "vertexai": True, **where, **options})


SDK = replace(gemini.SDK, make=make)
