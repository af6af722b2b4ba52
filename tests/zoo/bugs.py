"""The table: which real bug, re-created by which app, under which faults, is caught by which check."""

from __future__ import annotations

from pytest_llmchaos import Reply, faults

from . import breaker, content, deadlines, elsewhere, fallback, leaks, load, retries, streams, tools
from .drives import again_when_healed, crowd, every, impatient, leaves, with_a_card
from .row import Bug, Unseen

__all__ = ["BUGS", "UNSEEN"]


def _github(*places: str) -> tuple[str, ...]:
    return tuple(f"https://github.com/{each}" for each in places)


DOWN = faults.outage(target="openai")
PROBED = {"opens_after": breaker.FAILURES, "half_opens_after": "30s"}

BUGS = (
    # --- retries
    Bug(
        "Retries multiply: the app tries three times around an SDK that tries three times",
        _github(
            "HKUDS/nanobot/issues/2760", "BerriAI/litellm/pull/7221", "mpfaffenberger/code_puppy/pull/317",
            "QwenLM/Qwen-Agent/issues/594", "livekit/agents/pull/5335",
        ),
        retries.buggy_nested, retries.fixed_nested, "attempts", {"at_most": 3}, (DOWN,),
    ),
    Bug(
        "A function calls itself on every rate limit and counts nothing",
        _github("ambient-code/agentready/issues/104"),
        retries.buggy_recursion, retries.fixed_recursion, "runaway_retries", {},
        (faults.rate_limit(target="openai"),), drive=impatient(40),
    ),
    Bug(
        "When the fallback fails too, the retry cycle starts over",
        _github("BerriAI/litellm/issues/19985"),
        retries.buggy_fallback_starts_over, retries.fixed_fallback_starts_over, "attempts", {"at_most": 4}, (DOWN,),
    ),
    Bug(
        "A rejected key is tried again for minutes",
        _github("BerriAI/litellm/issues/18395"),
        retries.buggy_retries_everything, retries.fixed_retries_everything, "permanent_errors_not_retried", {},
        (faults.auth_revoked(target="openai"),),
    ),
    Bug(
        "A spent quota is taken for a busy minute, because both are a 429",
        _github(
            "QwenLM/qwen-code/issues/7841", "NousResearch/hermes-agent/issues/36276", "openai/codex/pull/6340",
            "OpenHands/software-agent-sdk/pull/4938",
        ),
        retries.buggy_quota, retries.fixed_quota, "permanent_errors_not_retried", {},
        (faults.quota_exhausted(target="openai"),),
    ),
    Bug(
        "A wrapper's option for retries has no effect, so one blip is fatal",
        _github("langchain-ai/langchain/issues/30362", "stanfordnlp/dspy/issues/7949"),
        retries.buggy_option_without_effect, retries.fixed_option_without_effect, "survives_a_blip", {},
        (faults.outage(target="openai", calls=1),),
    ),
    Bug(
        "An overloaded provider says so within a stream, under status 200, and the retry looks at the status",
        _github(
            "anthropics/anthropic-sdk-python/issues/1258", "vellum-ai/vellum-assistant/pull/22759",
            "tailcallhq/forgecode/pull/2595",
        ),
        retries.buggy_status_of_an_event, retries.fixed_status_of_an_event, "survives_a_blip", {},
        (faults.stream_error(after=0, target="anthropic", calls=1),),
    ),
    Bug(
        "The agent's own loop waits 2 s where the provider asked for 30 s",
        _github("earendil-works/pi/issues/9595", "vercel/ai/issues/5018"),
        retries.buggy_outer_layer_ignores_retry_after, retries.fixed_outer_layer_ignores_retry_after,
        "retry_after_honoured", {}, (faults.rate_limit(retry_after="30s", target="openai", calls=1),),
    ),
    Bug(
        "Of the forms that retry-after has only one is read",
        _github("HKUDS/nanobot/issues/2763"),
        retries.buggy_one_shape_of_retry_after, retries.fixed_one_shape_of_retry_after, "retry_after_ignored", {},
        (faults.rate_limit(retry_after="30s", form="date", target="openai", calls=1),),
    ),
    Bug(
        "A model that does not exist is asked for again and again",
        _github("BerriAI/litellm/issues/1418"),
        retries.buggy_missing_model, retries.fixed_missing_model, "permanent_error_loop", {},
        (faults.model_retired(target="openai/gpt-4-0613"),),
    ),
    Bug(
        "All workers back off by the same steps and come back together",
        _github("bytedance/deer-flow/pull/4294", "NousResearch/hermes-agent/pull/109234"),
        retries.buggy_lockstep, retries.fixed_lockstep, "retries_spread", {"within": "1s"},
        (faults.rate_limit(target="openai", calls="1-8"),), drive=crowd(8),
    ),
    Bug(
        "Each silence of a stream starts the request anew, and every start is billed",
        _github("openclaw/openclaw/issues/76293"),
        retries.buggy_stalled_stream_restarts, retries.fixed_stalled_stream_restarts, "cost_within", {"times": 4},
        (faults.stream_stall(after=3, target="openai", calls="1-15", stream=True),),
    ),
    # --- fallback
    Bug(
        "Anthropic is overloaded within the stream: the guard was left when the stream was opened",
        _github("BerriAI/litellm/issues/6532", "BerriAI/litellm/issues/6957"),
        fallback.buggy_guard_ends_before_the_stream, fallback.fixed_guard_ends_before_the_stream, "failed_over",
        {"from": "anthropic", "to": "openai"}, (faults.stream_error(after=2, target="anthropic"),),
    ),
    Bug(
        "A fallback decorator is over before the stream that it guards is read",
        _github("Mirascope/mirascope/issues/1120"),
        fallback.buggy_decorator, fallback.fixed_decorator, "failed_over", {"to": "anthropic"},
        (faults.model_retired(target="openai"),),
    ),
    Bug(
        "A stream that is cut has no status, and the fallback waits for one",
        _github("BerriAI/litellm/issues/40404"),
        fallback.buggy_only_status_errors, fallback.fixed_only_status_errors, "failed_over", {"to": "anthropic"},
        (faults.stream_cut(after=3, target="openai"),),
    ),
    Bug(
        "A refused connection crashes the app instead of leading to the fallback",
        _github("pydantic/pydantic-ai/issues/3439"),
        fallback.buggy_only_status_errors, fallback.fixed_only_status_errors, "failed_over", {"to": "anthropic"},
        (faults.connection_refused(target="openai"),),
    ),
    Bug(
        "Streamed calls skip the fallback that plain ones have",
        _github("BerriAI/litellm/issues/10972", "BerriAI/litellm/issues/1226"),
        fallback.buggy_not_for_streams, fallback.fixed_not_for_streams, "failed_over", {"to": "anthropic"}, (DOWN,),
    ),
    Bug(
        "The async twin raises the timeout within a stream that the sync one turns into a fallback",
        _github("BerriAI/litellm/pull/26998"),
        fallback.buggy_async_twin, fallback.fixed_async_twin, "failed_over", {"to": "anthropic", "within": "10s"},
        (faults.stream_stall(after=3, target="openai"),),
    ),
    Bug(
        "The fallback comes after the last retry, and an error that is not retried never gets there",
        _github("MoonshotAI/kimi-code/issues/3686"),
        fallback.buggy_only_after_the_retries, fallback.fixed_only_after_the_retries, "failed_over",
        {"to": "anthropic"}, (faults.policy_refusal(target="openai"),),
    ),
    Bug(
        "A 403 about this account ends the whole chain of providers",
        _github("Alishahryar1/free-claude-code/issues/1543"),
        fallback.buggy_refused_is_final, fallback.fixed_refused_is_final, "failed_over", {"to": "anthropic"},
        (faults.region_blocked(target="openai"),),
    ),
    Bug(
        "The error handler reads JSON and meets the HTML page of a gateway",
        _github("Significant-Gravitas/AutoGPT/issues/944"),
        fallback.buggy_gateway_page, fallback.fixed_gateway_page, "failed_over", {"to": "anthropic"},
        (faults.outage(502, page="html", target="openai"),),
    ),
    Bug(
        "Models of the list have been retired, and the list ends with one of them",
        _github("BerriAI/litellm/pull/29685", "janhq/jan/issues/6595"),
        fallback.buggy_retired_model, fallback.fixed_retired_model, "failed_over", {"from": "openai/gpt-4-*"},
        (faults.model_retired(target="openai/gpt-4-*"),),
    ),
    Bug(
        "Adding a fallback silently turns streaming off, so nothing that breaks streams is ever met",
        _github("langchain-ai/langchainjs/issues/6026", "langchain-ai/langchain/issues/15191"),
        fallback.buggy_streaming_off, fallback.fixed_streaming_off, "unused", {},
        (faults.stream_cut(after=3, target="openai", stream=True),),
    ),
    # --- elsewhere
    Bug(
        "The fallback of an embedding goes to the endpoint for chats",
        _github("BerriAI/litellm/issues/14403"),
        elsewhere.buggy_embeddings_go_to_chat, elsewhere.fixed_embeddings_go_to_chat, "failed_over",
        {"to": "mistral"}, (faults.outage(target="openai:embeddings"),),
    ),
    Bug(
        "Vectors of the fallback's model go into the same index",
        _github("qualixar/superlocalmemory/issues/99"),
        elsewhere.buggy_mixed_vectors, elsewhere.fixed_mixed_vectors, "one_embedding_space", {},
        (faults.outage(target="openai:embeddings", calls=2),),
    ),
    Bug(
        "A stream that is empty and right is taken for a failure, and the fallback replaces it",
        _github("langchain-ai/langchain/issues/38886"),
        elsewhere.buggy_empty_is_failure, elsewhere.fixed_empty_is_failure, "fallback_only_on_fault",
        {"to": "anthropic"}, replies=(Reply(text=""),),
    ),
    Bug(
        "What the content filter ended is taken for a broken provider, and the chain is burnt",
        _github("diegosouzapw/OmniRoute/pull/7973"),
        elsewhere.buggy_filter_is_failure, elsewhere.fixed_filter_is_failure, "fallback_only_on_fault",
        {"to": "anthropic"}, replies=(Reply(text="", finish="content_filter"),),
    ),
    Bug(
        "The fallback sends the whole prompt to a provider that must not have it",
        _github("project-arbr/arbr-control-plane/issues/77", "aaif-goose/goose/issues/12316"),
        elsewhere.buggy_anywhere, elsewhere.fixed_anywhere, "destinations", {"only": ["openai", "anthropic"]}, (DOWN,),
    ),
    Bug(
        "Ids that Anthropic gave its tool calls are sent to OpenAI, which refuses them",
        _github("openclaw/openclaw/issues/24900"),
        elsewhere.buggy_foreign_ids, elsewhere.fixed_foreign_ids, "fallback_well_formed", {"to": "openai"},
        (faults.outage(target="anthropic", calls="2-"),),
    ),
    Bug(
        "The fallback is asked without the tools",
        _github("diegosouzapw/OmniRoute/issues/8437"),
        elsewhere.buggy_loses_its_tools, elsewhere.fixed_loses_its_tools, "fallback_well_formed", {"to": "anthropic"},
        (DOWN,),
    ),
    Bug(
        "A model in the cloud is asked for a title, though a local one was chosen",
        _github("anomalyco/opencode/issues/15854"),
        elsewhere.buggy_title_from_the_cloud, elsewhere.fixed_title_from_the_cloud, "not_called", {"target": "openai"},
    ),
    Bug(
        "The backend has an HTTP library of its own, which takes no notice of the proxy",
        _github("cowrie/cowrie/pull/34061"),
        elsewhere.buggy_past_the_proxy, elsewhere.fixed_past_the_proxy, "escape",
    ),
    # --- breaker
    Bug(
        "A probe that fails in another way than the breaker knows leaves it half open for ever",
        _github("bytedance/deer-flow/pull/3991"),
        breaker.BuggyProbeEndsUnforeseen, breaker.FixedProbeEndsUnforeseen, "recovered",
        {"to": "openai", "within": "90s"},
        (
            faults.outage(target="openai", between=("0s", "50s")),
            faults.auth_revoked(target="openai", between=("50s", "70s")),
        ),
        drive=every(20, 10),
    ),
    Bug(
        "A probe that is cancelled leaves it half open for ever",
        _github("BerriAI/litellm/pull/39701"),
        breaker.BuggyCancelledProbe, breaker.FixedCancelledProbe, "recovered", {"to": "openai", "within": "90s"},
        (
            faults.outage(target="openai", between=("0s", "50s")),
            faults.latency("20s", target="openai", between=("50s", "70s")),
        ),
        drive=every(20, 10),
    ),
    Bug(
        "A probe that fails is forgotten, and the next one follows at once",
        _github("msoedov/agentic_security/pull/328"),
        breaker.BuggyForgetsInHalfOpen, breaker.FixedForgetsInHalfOpen, "breaker", PROBED,
        (faults.outage(target="openai", calls="1-6"),), drive=every(10, 12),
    ),
    Bug(
        "A breaker for plain functions around a coroutine function never opens",
        _github("danielfm/pybreaker/issues/7"),
        breaker.BuggySyncBreakerOnAsync, breaker.FixedSyncBreakerOnAsync, "breaker", PROBED,
        (DOWN,), drive=every(5, 8),
    ),
    Bug(
        "A rest of 30 s lasts 600 s after its way through the shared cache",
        _github("BerriAI/litellm/pull/34416"),
        breaker.BuggyCooldown, breaker.FixedCooldown, "recovered", {"to": "openai", "within": "60s"},
        (faults.outage(target="openai", between=("0s", "30s")),), drive=every(20, 12),
    ),
    Bug(
        "Of several deployments that fail in one request only the first is rested",
        _github("BerriAI/litellm/issues/32574"),
        breaker.BuggyRestsOnlyTheFirst, breaker.FixedRestsOnlyTheFirst, "breaker",
        {"opens_after": 2, "half_opens_after": "60s", "target": "openai/gpt-5-mini"}, (DOWN,), drive=every(5, 6),
    ),
    Bug(
        "A request fails because all deployments rest, where a short wait would do",
        _github("BerriAI/litellm/issues/3646"),
        breaker.BuggyAllAtRest, breaker.FixedAllAtRest, "answered_within", {"within": "15s"},
        (faults.rate_limit(target="openai", between=("0s", "5s")),),
    ),
    Bug(
        "The apology goes into the cache and is told again when all is well",
        _github("Aharshi3614/Devwhisper/issues/293"),
        breaker.BuggyCachedApology, breaker.FixedCachedApology, "failure_not_cached", {}, (DOWN,),
        drive=again_when_healed,
    ),
    # --- deadlines
    Bug(
        "A stream has no timeout, and the retry needs an error that never comes",
        _github("agent0ai/agent-zero/issues/1882", "octos-org/octos/issues/29"),
        deadlines.buggy_no_timeout, deadlines.fixed_no_timeout, "hung", {},
        (faults.stream_stall(after=3, target="openai"),),
    ),
    Bug(
        "The reader hangs behind `[DONE]` while the connection stays open",
        _github("ltmoerdani/opencode-copilot-chat/pull/170"),
        deadlines.buggy_reads_behind_done, deadlines.fixed_reads_behind_done, "hung", {},
        (faults.stream_held_open(target="openai"),),
    ),
    Bug(
        "One 503, then silence: the second try waits for ever",
        _github("OpenHands/software-agent-sdk/issues/4997"),
        deadlines.buggy_retry_without_timeout, deadlines.fixed_retry_without_timeout, "hung", {},
        (faults.outage(target="openai", calls=1), faults.no_response(target="openai", calls="2-")),
    ),
    Bug(
        "A timeout of 20 s lasts far longer, because each retry has it anew",
        _github("BerriAI/litellm/issues/7303"),
        deadlines.buggy_timeout_times_retries, deadlines.fixed_timeout_times_retries, "answered_within",
        {"within": "25s"}, (faults.no_response(target="openai", calls="1-2"),),
    ),
    Bug(
        "A timeout of half a second fails after two minutes of backing off",
        _github("langchain-ai/langchain/issues/32439", "stanfordnlp/dspy/issues/207"),
        deadlines.buggy_retries_forget_the_deadline, deadlines.fixed_retries_forget_the_deadline, "answered_within",
        {"within": "10s"}, (faults.latency("20s", target="openai"),),
    ),
    Bug(
        "No limit between two words: heartbeats start the read timeout again and again",
        _github("anomalyco/opencode/pull/16366", "Mirrowel/LLM-API-Key-Proxy/pull/39"),
        deadlines.buggy_heartbeats, deadlines.fixed_heartbeats, "idle_gap_within", {"within": "15s"},
        (faults.stream_heartbeats(after=3, delay="10m", every="5s", target="openai"),),
    ),
    Bug(
        "The first word may take as long as it likes",
        _github("agent0ai/agent-zero/issues/1882"),
        deadlines.buggy_first_word, deadlines.fixed_first_word, "first_token_within", {"within": "10s"},
        (faults.stream_stall(after=0, delay="2m", target="openai", calls=1),),
    ),
    # --- streams
    Bug(
        "Half a message is stored as the whole of it when the connection closes cleanly",
        _github("anomalyco/opencode/issues/26170", "GCWing/OpenBitFun/pull/2038"),
        streams.buggy_stored_half, streams.fixed_stored_half, "partial_stream_not_final", {},
        (faults.stream_truncated(after=3, target="openai"),),
    ),
    Bug(
        "Anthropic's raw stream ends without `message_stop` and counts as a full turn",
        _github("griffinwork40/agent-afk/pull/635"),
        streams.buggy_no_message_stop, streams.fixed_no_message_stop, "partial_not_complete", {},
        (faults.stream_truncated(after=4, target="anthropic"),),
    ),
    Bug(
        "What breaks a stream is swallowed, and it ends as if it were whole",
        _github("shiaho777/web-to-app/pull/438", "BerriAI/litellm/issues/33404"),
        streams.buggy_swallowed, streams.fixed_swallowed, "partial_not_complete", {},
        (faults.stream_cut(after=4, target="openai"),),
    ),
    Bug(
        "A retry in the middle of a stream says the first half twice",
        _github("livekit/agents/pull/7233", "livekit/agents-js/issues/2477"),
        streams.buggy_replayed_prefix, streams.fixed_replayed_prefix, "no_splice", {},
        (faults.stream_cut(after=4, target="openai", calls=1),),
    ),
    # --- tools
    Bug(
        "A tool call whose arguments broke off is mended and run",
        _github("brightwave-inc/tidebreak/issues/1124", "langchain-ai/langchainjs/issues/11469"),
        tools.buggy_half_arguments, tools.fixed_half_arguments, "truncated_tool_call_not_executed", {},
        (faults.wrong_output(form="broken_arguments", target="openai", calls=1),),
    ),
    Bug(
        "A stream ends within the arguments of a tool call, and the tool runs on what had come",
        _github("langchain-ai/langchain/issues/39275"),
        tools.buggy_half_a_stream_of_arguments, tools.fixed_half_a_stream_of_arguments, "truncated_tool_call", {},
        (faults.stream_truncated(after=3, target="openai", calls=1),),
        drive=with_a_card,
    ),
    Bug(
        "A tool that always fails is tried for ever, with a history that grows each time",
        _github("Kilo-Org/kilocode/issues/13772", "Mintplex-Labs/anything-llm/issues/3348"),
        tools.buggy_tool_that_always_fails, tools.fixed_tool_that_always_fails, "cost_at_most", {"limit": 0.02},
    ),
    Bug(
        "A retry of the whole turn runs the tool again that had run already",
        _github("livekit/agents/pull/7233"),
        tools.buggy_turn_repeated, tools.fixed_turn_repeated, "side_effects_once", {},
        (faults.outage(target="openai", calls=2),),
        drive=with_a_card,
    ),
    # --- content
    Bug(
        "The event that tells of a failure is printed as the assistant's words",
        _github("lsdefine/GenericAgent/issues/753"),
        content.buggy_failed_event_printed, content.fixed_failed_event_printed, "error_never_the_answer", {},
        (faults.stream_error(after=3, target="openai"),),
    ),
    Bug(
        "The provider's raw JSON stands in the chat bubble",
        _github("umbraco/Umbraco.AI/issues/174"),
        content.buggy_error_in_the_chat, content.fixed_error_in_the_chat, "error_never_the_answer", {},
        (faults.auth_revoked(target="openai"),),
    ),
    Bug(
        "A refusal is taken for a success",
        _github("openai/openai-agents-python/pull/4188", "librefang/librefang/issues/3450"),
        content.buggy_refusal_is_an_answer, content.fixed_refusal_is_an_answer, "error_never_the_answer", {},
        (faults.policy_refusal(form="refusal", target="openai"),),
    ),
    Bug(
        "An answer does not say that another model gave it",
        _github("BerriAI/litellm/issues/28241"),
        content.buggy_unknown_author, content.fixed_unknown_author, "answer_marked_degraded",
        {"marked": content.marks_it}, (DOWN,),
    ),
    Bug(
        "The error handler itself breaks where no chunk came before the error",
        _github("BerriAI/litellm/pull/37781", "BerriAI/litellm/issues/17173"),
        content.buggy_handler_breaks, content.fixed_handler_breaks, "documented_error", {"types": "BotError"},
        (faults.stream_cut(after=0, target="openai"),),
    ),
    Bug(
        "A page with status 200 is taken for an answer, and an AttributeError comes out",
        _github("lynote-ai/humanize-text/issues/55"),
        content.buggy_page_with_status_200, content.fixed_page_with_status_200, "documented_error",
        {"types": "BotError"}, (faults.malformed(form="html", target="openai"),),
    ),
    # --- leaks
    Bug(
        "The key stands in the address, and so in every error message",
        _github("BerriAI/litellm/issues/15799", "BerriAI/litellm/issues/8075", "graniet/llm/issues/115"),
        leaks.buggy_key_in_url, leaks.fixed_key_in_url, "leaked_key", {}, (faults.outage(target="gemini"),),
    ),
    Bug(
        "The text of an error, with the key in it, is served to the app's own clients",
        _github("BerriAI/litellm/issues/5762", "buildingjoshbetter/TrueMemory/issues/259"),
        leaks.buggy_error_served, leaks.fixed_error_served, "no_secrets", {}, (faults.outage(target="gemini"),),
    ),
    # --- load
    Bug(
        "The limit on calls at a time holds in each part, and the parts run side by side",
        _github("NVIDIA/SkillSpector/issues/387"),
        load.buggy_limit_per_part, load.fixed_limit_per_part, "in_flight_at_most", {"count": load.LIMIT},
        (faults.latency("5s", target="openai"),),
    ),
    Bug(
        "The user has left, and the task that asks the provider goes on",
        _github("Nayjest/lm-proxy/issues/88"),
        load.buggy_goes_on_alone, load.fixed_goes_on_alone, "cancel_propagates", {},
        (faults.latency("20s", target="openai"),), drive=leaves(5),
    ),
    Bug(
        "A streamed request with an error status is never closed, and the pool runs dry after twenty",
        ("https://github.com/mistralai/client-python/issues/532",),
        load.BuggyUnreadError, load.FixedUnreadError, "answers_released", {},
        (faults.rate_limit(target="openai"),),
    ),
)  # fmt: skip

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
