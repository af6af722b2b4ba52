"""Bugs in the released framework that has them, in a pinned version; the apps are in tests/environments/zoo."""

from __future__ import annotations

from pytest_llmchaos import faults

from .drives import every
from .row import DOWN, Released, github

__all__ = ["RELEASED"]


LITELLM = ("litellm", "1.63.14")
PYDANTIC_AI = ("pydantic-ai-slim", "1.18.0")

RELEASED = (
    Released(
        "The router's fallback is over when a stream is open: an overloaded provider says so within it",
        github("BerriAI/litellm/issues/6532", "BerriAI/litellm/issues/6957", "BerriAI/litellm/issues/5512"),
        *LITELLM, "in_litellm.buggy_overloaded_in_a_stream", "failed_over", {"from": "anthropic", "to": "openai"},
        (faults.stream_error(after=2, target="anthropic"),),
    ),
    Released(
        "A stream that broke off is given a finish reason that never came, `stop`",
        github("BerriAI/litellm/issues/33404", "BerriAI/litellm/issues/42085"),
        *LITELLM, "in_litellm.buggy_end_made_up", "partial_not_complete", {},
        (faults.stream_truncated(after=3, target="openai"),),
    ),
    Released(
        "The router's retries are spent on a request that can never work",
        github("BerriAI/litellm/issues/19216"),
        *LITELLM, "in_litellm.buggy_router_retries_bad_requests", "permanent_error_loop", {},
        (faults.policy_refusal(form="error", target="openai"),),
    ),
    Released(
        "The key of Gemini stands in the address, and so in the error",
        github("BerriAI/litellm/issues/15799", "BerriAI/litellm/issues/24902"),
        *LITELLM, "in_litellm.buggy_key_in_address", "leaked_key", {}, (faults.outage(target="gemini"),),
    ),
    Released(
        "Asked for two retries it makes five calls, as the SDK beneath retries too",
        github("BerriAI/litellm/issues/12358", "BerriAI/litellm/pull/25285"),
        *LITELLM, "in_litellm.buggy_retries_multiply", "attempts", {"at_most": 3}, (DOWN,),
    ),
    Released(
        "A refused connection has no status, and `FallbackModel` waits for one",
        github("pydantic/pydantic-ai/issues/3439"),
        *PYDANTIC_AI, "in_pydantic_ai.buggy_refused_connection", "failed_over", {"to": "anthropic"},
        (faults.connection_refused(target="openai"),),
    ),
    Released(
        "`FallbackModel` is done with its choice when a stream is open, and what breaks later ends the run",
        github("pydantic/pydantic-ai/pull/4953", "pydantic/pydantic-ai/pull/5321"),
        *PYDANTIC_AI, "in_pydantic_ai.buggy_broken_stream", "failed_over", {"to": "anthropic"},
        (faults.stream_cut(after=3, target="openai"),),
    ),
    Released(
        "`max_retries` of `ChatMistralAI` has no effect: the code that uses it is commented out",
        github("langchain-ai/langchain/issues/30362"),
        "langchain-mistralai", "0.2.9", "in_langchain.buggy_max_retries", "survives_a_blip", {},
        (faults.connection_refused(target="mistral", calls=1),),
    ),
    Released(
        "A fallback decorator is over before the stream that it guards is read",
        github("Mirascope/mirascope/issues/1120"),
        "mirascope", "1.25.7", "in_mirascope.buggy_decorator", "failed_over", {"to": "anthropic"},
        (faults.stream_error(after=2, target="openai"),),
    ),
    Released(
        "A streamed request with an error status is never closed",
        github("mistralai/client-python/issues/532"),
        "mistralai", "2.4.5", "in_mistralai.BuggyUnreadErrors", "answers_released", {},
        (faults.rate_limit(target="mistral"),),
    ),
    Released(
        "An overloaded provider within a stream raises an error with status 200, of no class that is retried",
        github("anthropics/anthropic-sdk-python/issues/1918"),
        "anthropic", "0.73.0", "in_anthropic.buggy_class_of_an_event", "survives_a_blip", {},
        (faults.stream_error(after=0, target="anthropic", calls=1),),
    ),
    Released(
        "A breaker around a coroutine function never opens",
        github("danielfm/pybreaker/issues/7"),
        "pybreaker", "1.4.1", "in_pybreaker.BuggyCoroutine", "breaker",
        {"opens_after": 2, "half_opens_after": "30s"}, (DOWN,), drive=every(5, 8),
    ),
)  # fmt: skip
