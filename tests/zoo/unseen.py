"""Bugs that no check of ours can see, and why."""

from __future__ import annotations

from .row import Unseen

__all__ = ["UNSEEN"]

UNSEEN = (
    Unseen(
        "The pool is not filled again, and requests time out after a day",
        "https://github.com/openai/openai-python/issues/763",
        "a run takes the place of the HTTP library's pool of connections",
    ),
    Unseen(
        "One in ten concurrent requests hangs without a word",
        "https://github.com/openai/openai-python/issues/3054",
        "it comes of the pool and real sockets under load; `hung` catches an app that waits for ever, not this cause",
    ),
    Unseen(
        "Cancelled HTTP/2 streams are not reset, until the limit of a hundred is reached",
        "https://github.com/bolna-ai/bolna/pull/770",
        "frames of HTTP/2 are beneath the place where calls are intercepted",
    ),
    Unseen(
        "A connection that the peer has half closed is waited on for ever",
        "https://github.com/openonion/connectonion/issues/1116",
        "a half-closed socket is a state of the kernel; the silence that it shows is `no_response`, and seen",
    ),
    Unseen(
        "The user disconnects, and the call to the provider goes on",
        "https://github.com/BerriAI/litellm/issues/13774",
        "the app is a server there, and its clients are no LLM traffic: nothing tells that the user has gone",
    ),
    Unseen(
        "The places for probes of a breaker around tools are never given back",
        "https://github.com/kubeflow/mcp-server/issues/221",
        "the tools speak another protocol than an LLM provider's, so their calls are not seen",
    ),
    Unseen(
        "A tool that fails runs twice",
        "https://github.com/crewAIInc/crewAI/issues/7449",
        "the tool's body makes no LLM call; `side_effects_once` sees it where the tool reports what it did",
    ),
    Unseen(
        "Texts of errors, with names of deployments and limits, go into the next prompt",
        "https://github.com/567-labs/instructor/issues/1907",
        "telling a model of an error can be right; only keys and canaries in it are wrong for sure",
    ),
    Unseen(
        "A request that can never work is paid for again at each turn of a conversation",
        "https://github.com/alphaXiv/agents/pull/47",
        "each turn is a request of its own with a longer body, so nothing tells that it is the same mistake",
    ),
    Unseen(
        "A stream that ends with `[DONE]` and no finish reason is called truncated",
        "https://github.com/can1357/oh-my-pi/issues/9433",
        "whether such an answer is whole cannot be told, so an app that refuses it is not blamed",
    ),
    Unseen(
        "Signatures of another model's thoughts are rejected, and that ends the chain",
        "https://github.com/danialranjha/pi-auto-router/issues/11",
        "no check reads signatures, and a simulated provider does not verify them",
    ),
    Unseen(
        "A cut stream of the Responses API is reported to clients as a 400",
        "https://github.com/BerriAI/litellm/issues/41777",
        "what a gateway answers to its own clients is not among the calls it makes",
    ),
)
