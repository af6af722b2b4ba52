"""Credentials are dropped before anything is recorded: in bodies here; headers and queries are never recorded
at all.

What is hidden: everything under a name that means a credential (`api_key`, `client_secret`), and everything
in a text that is shaped like one or known to be one (`known_keys.py`), wherever it stands. When in doubt it is hidden;
words that only resemble one (`max_tokens`, `sort_key`, "key-value-store") are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from .known_keys import hide, know_environment

__all__ = ["HIDDEN", "look_around", "redact", "redact_name", "redact_text"]

HIDDEN = "[hidden]"

# --- names ---

_SECRET_WORDS = frozenset(
    [
        "secret",
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "credential",
        "credentials",
        "authorization",
        "auth",
        "bearer",
        "assertion",
        "signature",
        "cookie",
        "apikey",
        "apitoken",
        "accesskey",
        "accesstoken",
        "authtoken",
        "refreshtoken",
        "idtoken",
        "sessiontoken",
        "clientsecret",
        "secretkey",
        "privatekey",
    ]
)
# `..._key` and `..._token` are credentials, unless the word before says that they are something else.
_HARMLESS_BEFORE_KEY = frozenset(
    [
        "cache",
        "idempotency",
        "sort",
        "primary",
        "foreign",
        "partition",
        "public",
        "row",
        "group",
        "map",
        "dict",
        "lookup",
        "routing",
        "dedup",
        "object",
    ]
)
_HARMLESS_BEFORE_TOKEN = frozenset(
    [
        "eos",
        "bos",
        "pad",
        "unk",
        "sep",
        "cls",
        "mask",
        "stop",
        "page",
        "next",
        "previous",
        "continuation",
        "special",
        "start",
        "end",
        "first",
        "last",
    ]
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@lru_cache(maxsize=1024)
def _names_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return False
    *before, last = words
    if last in ("key", "token"):
        harmless = _HARMLESS_BEFORE_KEY if last == "key" else _HARMLESS_BEFORE_TOKEN
        return not before or before[-1] not in harmless
    return last in _SECRET_WORDS or words[-3:] == ["access", "key", "id"]


# --- shapes ---

# A look-behind that takes `_` for a boundary, as in `MY_sk-...`; `\b` would not.
_START = r"(?<![A-Za-z0-9])"
_DIGIT_AHEAD = r"(?=[A-Za-z0-9_-]*[0-9])"
_SHAPE = re.compile(
    _START + r"(?:"
    r"(?:sk|gsk|xai|r8|pplx)[-_][A-Za-z0-9_-]{16,}"
    rf"|(?:pk|rk|sess|key|hf|glpat|xox[a-z])[-_]{_DIGIT_AHEAD}[A-Za-z0-9_-]{{10,}}"
    r"|hf_[A-Za-z0-9]{30,}"
    r"|gh[opsur]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_.-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r")",
    re.IGNORECASE,
)
_SHORTEST = 12  # of a word that can be shaped like a credential
# Places in a text where a credential of any shape stands, each with what a lower-case text must have for it
# to be looked for (most prompts have none of it); the pattern's first group stays.
_PLACES = (
    (
        "bearer",
        re.compile(r"(\bbearer\s+)(?:(?=[^\s\"',;]*[0-9])[^\s\"',;]{8,}|[A-Za-z0-9._~+/-]{24,}=*)", re.IGNORECASE),
    ),
    ("basic", re.compile(r"(\bbasic\s+)(?=[A-Za-z0-9+/]*[0-9=])[A-Za-z0-9+/]{12,}={0,2}", re.IGNORECASE)),
    ("://", re.compile(r"(://[^/\s:@\"']*:)[^/\s@\"']+(?=@)")),
    (
        "=",
        re.compile(
            r"([?&](?:[A-Za-z_-]*[_-])?(?:key|apikey|token|secret|password|signature|sig)=)[^&\s#\"']+",
            re.IGNORECASE,
        ),
    ),
    ("=", re.compile(r"(\b[A-Z][A-Z0-9_]*_(?:KEY|TOKEN|SECRET|PASSWORD)\s*=\s*[\"']?)[^\s\"']+")),
    (
        "private key",
        re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
)
# JSON within a text, such as a tool call's arguments, its quotes escaped any number of times.
_MEMBER = re.compile(
    r"(?P<member>\"(?P<name>[A-Za-z0-9_-]{2,60})(?P<escape>\\*)\"\s*:\s*(?P=escape)\")"
    r"(?P<value>.*?)(?=(?<!\\)(?P=escape)\"|\Z)",
    re.DOTALL,
)


def redact(value: Any) -> Any:
    """Return a copy of parsed JSON without what stands under secret names, is shaped like a credential or known."""
    if isinstance(value, Mapping):
        return {_name(key): _member(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact(each) for each in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """Return the text with everything hidden that is shaped like a credential or known to be one."""
    if max(map(len, text.split()), default=0) >= _SHORTEST:
        text = _SHAPE.sub(HIDDEN, text)
    lower = text.lower()
    text = hide(text, lower, HIDDEN)
    for sign, place in _PLACES:
        if sign in lower:
            text = place.sub(rf"\1{HIDDEN}", text)
    return _MEMBER.sub(_json_member, text) if '"' in text else text


def look_around() -> None:
    """Take what the environment names as credentials for such, wherever it stands from now on."""
    know_environment(_names_secret)


def redact_name(text: str) -> str:
    """Return the same of a name that tells things apart, such as a test's id: two that are hidden stay two."""
    shown = redact_text(text)
    return shown if shown == text else f"{shown}#{blake2b(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _name(key: Any) -> Any:
    return redact_text(key) if isinstance(key, str) else key


def _member(key: Any, value: Any) -> Any:
    if key == "properties" and isinstance(value, Mapping):
        # A JSON schema: the names are those of parameters, and what stands beneath describes them.
        return {
            _name(name): redact(each) if isinstance(each, Mapping) else _member(name, each)
            for name, each in value.items()
        }
    return _hidden(value) if isinstance(key, str) and _names_secret(key) else redact(value)


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_name(key): _hidden(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return value if value is None or isinstance(value, bool) else HIDDEN


def _json_member(found: re.Match[str]) -> str:
    value = found["value"]
    return found["member"] + (HIDDEN if value and _names_secret(found["name"]) else value)


look_around()
