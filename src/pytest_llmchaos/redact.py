"""Credentials are dropped before anything is recorded: in bodies here; headers and queries are never recorded at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["HIDDEN", "redact", "redact_text"]

HIDDEN = "[hidden]"

# Names that hold credentials in request bodies and query strings of LLM and token endpoints.
_SECRET_NAME = re.compile(
    r"(?i)^(x-)?(api[-_]?key|apikey|key|token|access[-_]?token|refresh[-_]?token|id[-_]?token|auth|authorization|"
    r"client[-_]?secret|secret|secret[-_]?(access[-_]?)?key|password|passwd|credentials?|bearer|session[-_]?token|"
    r"private[-_]?key|assertion|signature)$"
)
# Shapes of real keys, wherever they stand.
_SECRET_SHAPE = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|r8|hf|pplx|sess|key)[-_][A-Za-z0-9_-]{16,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}|\bya29\.[0-9A-Za-z_.-]{16,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|(?<=Bearer )[A-Za-z0-9._~+/-]{8,}=*"
)


def redact(value: Any) -> Any:
    """Return a copy of parsed JSON without credentials: values under secret names and texts shaped like keys."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN
            if isinstance(key, str) and _SECRET_NAME.match(key) and isinstance(each, str)
            else redact(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(each) for each in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Return the text with everything shaped like a key hidden."""
    return _SECRET_SHAPE.sub(HIDDEN, text)
