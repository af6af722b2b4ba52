"""No credential survives; ordinary text is unharmed."""

# ruff: noqa: E501 - names and shapes in a table, not in a column
from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.redact import HIDDEN, look_around, redact, redact_text

CANARY = "canary7hunter2"

SECRET_NAMES = [
    "api_key", "apiKey", "API-KEY", "apikey", "x-api-key", "X-Goog-Api-Key", "OPENAI_API_KEY", "openai_api_key",
    "key", "token", "auth_token", "accessToken", "access_token", "refresh_token", "id_token", "hf_token", "github-token",
    "session_token", "AWS_SESSION_TOKEN", "x-amz-security-token", "aws_secret_access_key", "aws_access_key_id",
    "secret", "client_secret", "clientSecret", "secretKey", "secret_key", "password", "db_password", "passwd",
    "passphrase", "authorization", "Proxy-Authorization", "auth", "bearer", "credentials", "credential", "private_key",
    "privateKey", "subscription-key", "Ocp-Apim-Subscription-Key", "assertion", "client_assertion", "signature",
    "X-Amz-Signature", "X-Amz-Credential", "cookie", "Set-Cookie", "signing_key", "encryption_key", "HTTPAuth",
]  # fmt: skip
HARMLESS_NAMES = [
    "max_tokens", "max_completion_tokens", "token_count", "tokens", "prompt_tokens", "keyboard", "monkey", "keys",
    "prompt_cache_key", "idempotency_key", "sort_key", "eos_token", "stop_token", "next_page_token", "author",
    "authority", "secretary", "model", "messages", "content", "role", "key_points", "token_type", "passage",
    "cookies_allowed", "top_logprobs", "safety_identifier", "previous_response_id", "designature", "tokenizer",
]  # fmt: skip

ALNUM = string.ascii_letters + string.digits


def tail(low, high, alphabet=ALNUM):
    """The random part of a key."""
    return st.text(alphabet, min_size=low, max_size=high)


def with_digit(low, high):
    """One with a digit in it."""
    return st.tuples(tail(low, high), st.sampled_from(string.digits), tail(low, high)).map("".join)


SHAPES = st.one_of(
    tail(16, 48).map("sk-".__add__),
    tail(20, 60, ALNUM + "_-").map("sk-proj-".__add__),
    tail(20, 60, ALNUM + "_-").map("sk-ant-api03-".__add__),
    tail(20, 40).map("gsk_".__add__),
    tail(20, 40).map("xai-".__add__),
    tail(30, 37).map("r8_".__add__),
    tail(34, 34, string.ascii_letters).map("hf_".__add__),
    tail(35, 35, ALNUM + "_-").map("AIza".__add__),
    tail(16, 16, string.ascii_uppercase + string.digits).map("AKIA".__add__),
    tail(40, 80, ALNUM + "_-").map("ya29.".__add__),
    tail(36, 36).map("ghp_".__add__),
    with_digit(20, 30).map("github_pat_".__add__),
    with_digit(10, 20).map("pk_live_".__add__),
    st.tuples(tail(12, 20), tail(12, 40), tail(20, 43)).map(lambda parts: "eyJ" + ".".join(parts)),
)
BETWEEN = st.sampled_from([" ", "\n", '"', "'", "=", ":", ", ", "(", "/", "_", "", ">"])


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    "value",
    [CANARY, [CANARY], {"value": CANARY}, [{"a": [CANARY]}], (CANARY,)],
    ids=["text", "list", "map", "deep", "tuple"],
)
def test_what_stands_under_a_secret_name_is_hidden(name, value):
    """Whatever holds the credential, and however the name is written."""
    assert CANARY not in repr(redact({"outer": [{name: value}]}))


@pytest.mark.parametrize("name", ["password", "pin_secret"])
def test_a_number_under_a_secret_name_is_hidden(name):
    """A password may be a number."""
    assert redact({name: 123456}) == {name: HIDDEN}


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_what_stands_under_a_harmless_name_is_kept(name):
    """Names that only resemble secret ones keep their values."""
    body = {name: "ordinary", "nested": {name: [1, "ordinary", None, True]}}
    assert redact(body) == body


@pytest.mark.parametrize("name", ["api_key", "token", "password"])
def test_nothing_under_a_secret_name_stays_nothing(name):
    """That no credential was given may be told."""
    assert redact({name: None, "more": {name: True}}) == {name: None, "more": {name: True}}


def test_a_schema_that_describes_a_secret_is_kept():
    """A tool's parameter may be called `token`; its description is no credential."""
    tool = {"parameters": {"properties": {"token": {"type": "string", "description": "the token to count"}}}}
    assert redact(tool) == tool
    assert CANARY not in repr(redact({"properties": {"token": CANARY}}))


@given(SHAPES, st.text(max_size=10), BETWEEN)
def test_what_is_shaped_like_a_key_is_hidden_anywhere(key, before, between):
    """In values, in text, as a name, beneath a harmless name: a real key's shape is enough."""
    if between == "" and before[-1:].isascii() and before[-1:].isalnum():
        between = " "
    text = f"{before}{between}{key} {before}"
    body = {"content": text, "list": [text, {"x": (text,)}], key: 1}
    assert key not in repr(redact(body))
    assert key not in redact_text(text)


@given(SHAPES)
def test_hiding_twice_is_hiding_once(key):
    """What is hidden holds nothing more to hide."""
    once = redact({"text": f"use {key}", "api_key": key})
    assert redact(once) == once


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization: bearer  {CANARY}",
        "Authorization: Basic dXNlcjpjYW5hcnk3aHVudGVyMg==",
        f"https://user:{CANARY}@example.org/v1",
        f"https://example.org/v1?x=1&api_key={CANARY}&y=2",
        f"https://example.org/v1?key={CANARY}",
        f"OPENAI_API_KEY={CANARY}",
        f"export ANTHROPIC_AUTH_TOKEN='{CANARY}'",
        json.dumps({"api_key": CANARY}),
        json.dumps(json.dumps({"apiKey": CANARY})),
        json.dumps({"password": 'a"\\\n' + CANARY}),
        json.dumps(json.dumps({"password": 'a"\\\n' + CANARY})),
        '{"note": "", "password": "' + CANARY,
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
    ],
)
def test_a_credential_in_the_usual_places_of_a_text_is_hidden(text):
    """Headers, addresses, environment files, JSON within text (a tool call's arguments) and PEM blocks."""
    hidden = redact_text(text)
    assert CANARY not in hidden
    assert "dXNlcjpj" not in hidden
    assert HIDDEN in hidden


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens, token_count and the keyboard",
        "key_performance_indicators and key-value-store-design",
        "The key to success is a good password policy.",
        "the bearer certificates; Bearer of bad news",
        "basic understanding of authorization",
        "Summarise https://example.org/a?page=2&sort=key and mail a@example.org",
        "risk-assessment-of-everything-we-do, task-force-of-the-year",
        "session_management_is_hard; pkg_resources_are_deprecated",
        "hf_transfer_enabled_by_default",
        "secret: none; token = next(tokens)",
        '{"max_tokens": 5, "keyboard": "qwerty", "sort_key": "name"}',
        "x" * 5000,
        "",
    ],
)
def test_ordinary_text_is_unharmed(text):
    """Words that resemble a key's name or shape stay readable."""
    assert redact_text(text) == text
    assert redact({"content": text}) == {"content": text}


@given(st.text(string.ascii_lowercase + " .,_-\n", max_size=80).filter(lambda text: "sk-" not in text))
def test_plain_prose_is_unharmed(text):
    """Text without digits and capitals is no key, whatever its hyphens and underscores."""
    if not any(shape in text for shape in ("sk_", "xai", "r8", "hf_", "ghp", "pplx")):
        assert redact_text(text) == text


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz", max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(BODIES)
def test_a_body_without_secrets_is_copied_as_it_is(body):
    """The copy is equal and its containers are its own."""
    copy = redact(body)
    assert copy == body
    if isinstance(body, dict | list):
        assert copy is not body


def test_every_key_of_a_large_environment_is_hidden(monkeypatch):
    """However many there are, and each is looked at once."""
    keys = {f"TENANT_{nth}_API_KEY": f"Qw{nth:05}Zx-{'ab3' * 9}{nth:05}" for nth in range(1000)}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    look_around()
    assert all(redact_text(f"with {value}, it says") == f"with {HIDDEN}, it says" for value in keys.values())
