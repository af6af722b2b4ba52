"""litellm: fallbacks that streams never reach, a made-up end, retries of what cannot work, keys in addresses."""

from __future__ import annotations

from typing import Any

import litellm
import openai

litellm.suppress_debug_info = True  # it prints advice at each exception otherwise

KEY = "zoo-9f31c7e08b5d42a6b1e4"
CLAUDE = {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-sonnet-5", "api_key": KEY}}
GPT = {"model_name": "gpt", "litellm_params": {"model": "openai/gpt-5", "api_key": KEY}}


def buggy_overloaded_in_a_stream(question: str) -> str:
    """Rely on the router's fallback, which is over when the stream is open."""
    return _words(_router().completion("claude", _said(question), stream=True))


def fixed_overloaded_in_a_stream(question: str) -> str:
    """Read the stream under a guard of one's own."""
    router = _router()
    try:
        return _words(router.completion("claude", _said(question), stream=True))
    except openai.APIError:
        return _words(router.completion("gpt", _said(question), stream=True))


def buggy_end_made_up(question: str) -> str:
    """Ask for a finish reason before taking an answer for whole; litellm gives one where the provider gave none."""
    stream = _streamed(question)
    chunks = list(stream)
    if "stop" not in [chunk.choices[0].finish_reason for chunk in chunks]:
        raise RuntimeError("the answer broke off")
    return _words(chunks)


def fixed_end_made_up(question: str) -> str:
    """Ask for what litellm received."""
    stream = _streamed(question)
    chunks = list(stream)
    if stream.received_finish_reason != "stop":
        raise RuntimeError("the answer broke off")
    return _words(chunks)


def buggy_router_retries_bad_requests(question: str) -> str:
    """Give the router a number of retries, which it uses for requests that can never work."""
    return _text(_router(num_retries=3, fallbacks=[]).completion("gpt", _said(question)))


def fixed_router_retries_bad_requests(question: str) -> str:
    """Tell it which errors pass."""
    policy = litellm.RetryPolicy(BadRequestErrorRetries=0)
    return _text(_router(num_retries=3, fallbacks=[], retry_policy=policy).completion("gpt", _said(question)))


def buggy_key_in_address(question: str) -> str:
    """Let litellm's error out, with the address that it asked."""
    return _text(litellm.completion("gemini/gemini-2.5-flash", _said(question), api_key=KEY))


def fixed_key_in_address(question: str) -> str:
    """Raise an error of one's own, outside of the handler: as its context, litellm's would come along."""
    try:
        return buggy_key_in_address(question)
    except openai.APIError as error:
        kind = type(error).__name__
    raise RuntimeError(f"Gemini failed with {kind}")


def buggy_retries_multiply(question: str) -> str:
    """Ask litellm for two retries, and get those of the SDK beneath it as well."""
    return _text(litellm.completion("openai/gpt-5", _said(question), api_key=KEY, num_retries=2))


def fixed_retries_multiply(question: str) -> str:
    """Leave them to the SDK."""
    return _text(litellm.completion("openai/gpt-5", _said(question), api_key=KEY, max_retries=2))


def _said(question: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question}]


def _router(**options: Any) -> litellm.Router:
    options = {"num_retries": 0, "fallbacks": [{"claude": ["gpt"]}], **options}
    return litellm.Router(model_list=[CLAUDE, GPT], **options)


def _text(answer: Any) -> str:
    return answer.choices[0].message.content or ""


def _streamed(question: str) -> Any:
    return litellm.completion("openai/gpt-5", _said(question), api_key=KEY, stream=True)


def _words(chunks: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
