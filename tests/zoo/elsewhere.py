"""Calls that go elsewhere without need, where they must not, or in a form that is no good there."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import openai

from pytest_llmchaos import Reply, faults

from .clients import CLAUDE, GPT, ask_claude, ask_gpt, claude, gpt, gpt_stream, said, words
from .row import DOWN, Bug, github

MISTRAL = "https://api.mistral.ai/v1"
DEEPSEEK = "https://api.deepseek.com/v1"
OLLAMA = "http://localhost:11434/v1"
HEADERS = {"authorization": "Bearer zoo-key", "content-type": "application/json"}


def buggy_embeddings_go_to_chat(question: str) -> str:
    """Send the fallback of an embedding to the endpoint for chats."""
    try:
        return str(_vector(question, gpt(), "text-embedding-3-small")[0])
    except openai.APIError:
        return ask_gpt(question, gpt(base_url=MISTRAL), model="mistral-embed")


def fixed_embeddings_go_to_chat(question: str) -> str:
    """Keep the operation when the provider changes."""
    try:
        return str(_vector(question, gpt(), "text-embedding-3-small")[0])
    except openai.APIError:
        return str(_vector(question, gpt(base_url=MISTRAL), "mistral-embed")[0])


def _vector(text: str, client: openai.OpenAI, model: str) -> list[float]:
    return client.embeddings.create(model=model, input=text).data[0].embedding


def buggy_mixed_vectors(question: str) -> int:
    """Fill one index with what two models made."""
    index = []
    for text in (question, "My parcel is late."):
        try:
            index.append(_vector(text, gpt(), "text-embedding-3-small"))
        except openai.APIError:
            index.append(_vector(text, gpt(base_url=MISTRAL), "mistral-embed"))
    return len(index)


def fixed_mixed_vectors(question: str) -> int:
    """Wait for the model that the index was made with."""
    index = []
    for text in (question, "My parcel is late."):
        try:
            index.append(_vector(text, gpt(), "text-embedding-3-small"))
        except openai.APIError:
            index.append(_vector(text, gpt(), "text-embedding-3-small"))
    return len(index)


def buggy_empty_is_failure(question: str) -> str:
    """Take an answer without words for a failed one."""
    return "".join(words(gpt_stream(question))) or ask_claude(question)


def fixed_empty_is_failure(question: str) -> str:
    """Take it for what it is."""
    return "".join(words(gpt_stream(question)))


def buggy_filter_is_failure(question: str) -> str:
    """Take the content filter's answer for a broken provider and try the whole chain."""
    answer = gpt().chat.completions.create(model=GPT, messages=said(question))
    if answer.choices[0].finish_reason != "stop":
        return ask_claude(question)
    return answer.choices[0].message.content or ""


def fixed_filter_is_failure(question: str) -> str:
    """Tell the user."""
    answer = gpt().chat.completions.create(model=GPT, messages=said(question))
    if answer.choices[0].finish_reason == "content_filter":
        return "The provider's filter refuses this question."
    return answer.choices[0].message.content or ""


def buggy_anywhere(question: str) -> str:
    """Send the question to whoever answers."""
    try:
        return ask_gpt(question)
    except openai.APIError:
        return ask_gpt(question, gpt(base_url=DEEPSEEK), model="deepseek-chat")


def fixed_anywhere(question: str) -> str:
    """Send it only where the data may go."""
    try:
        return ask_gpt(question)
    except openai.APIError:
        return ask_claude(question)


SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
CLAUDES_TOOLS: Any = [{"name": "find_order", "description": "Find an order.", "input_schema": SCHEMA}]
GPTS_TOOLS: Any = [{"type": "function", "function": {"name": "find_order", "parameters": SCHEMA}}]


def buggy_foreign_ids(question: str) -> str:
    """Hand the ids that Anthropic gave its tool calls to OpenAI."""
    return _conversation(question, lambda identity: identity)


def fixed_foreign_ids(question: str) -> str:
    """Give the tool calls ids of the form that the new provider has."""
    return _conversation(question, lambda identity: identity.replace("toolu_", "call_"))


def _conversation(question: str, renamed: Callable[[str], str]) -> str:
    asked: Any = claude().messages.create(
        model=CLAUDE, max_tokens=200, messages=said(question), tools=CLAUDES_TOOLS, tool_choice={"type": "any"}
    )
    use = next(block for block in asked.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "on its way"}
    history = [*said(question), {"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}]
    try:
        return ask_claude(question, messages=history, tools=CLAUDES_TOOLS)
    except anthropic.APIError:
        identity = renamed(use.id)
        function = {"name": use.name, "arguments": json.dumps(use.input)}
        messages: Any = [
            *said(question),
            {"role": "assistant", "tool_calls": [{"id": identity, "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": identity, "content": "on its way"},
        ]
        answer = gpt().chat.completions.create(model=GPT, messages=messages, tools=GPTS_TOOLS)
        return answer.choices[0].message.content or ""


def buggy_loses_its_tools(question: str) -> str:
    """Ask the fallback without the tools, so that it makes something up."""
    try:
        return ask_gpt(question, tools=GPTS_TOOLS)
    except openai.APIError:
        return ask_claude(question)


def fixed_loses_its_tools(question: str) -> str:
    """Offer it the same tools."""
    try:
        return ask_gpt(question, tools=GPTS_TOOLS)
    except openai.APIError:
        return ask_claude(question, tools=CLAUDES_TOOLS)


def buggy_title_from_the_cloud(question: str) -> dict[str, str]:
    """Answer with the local model, and have a cloud's give the conversation its title."""
    return {"text": _local(question), "title": ask_gpt(f"Give this a title: {question}")}


def fixed_title_from_the_cloud(question: str) -> dict[str, str]:
    """Ask the local one for both."""
    return {"text": _local(question), "title": _local(f"Give this a title: {question}")}


def _local(question: str) -> str:
    return ask_gpt(question, gpt(base_url=OLLAMA), model="qwen3")


def buggy_past_the_proxy(question: str) -> str:
    """Ask over an HTTP library that knows nothing of the proxy in the environment."""
    connection = http.client.HTTPSConnection("api.openai.com")
    connection.request("POST", "/v1/chat/completions", json.dumps(_body(question)), HEADERS)
    return _content(json.load(connection.getresponse()))


def fixed_past_the_proxy(question: str) -> str:
    """Ask over the one that the rest of the app uses."""
    return _content(
        httpx2.post("https://api.openai.com/v1/chat/completions", json=_body(question), headers=HEADERS).json()
    )


def _body(question: str) -> dict[str, Any]:
    return {"model": GPT, "messages": said(question)}


def _content(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


BUGS = (
    Bug(
        "The fallback of an embedding goes to the endpoint for chats",
        github("BerriAI/litellm/issues/14403"),
        buggy_embeddings_go_to_chat, fixed_embeddings_go_to_chat, "failed_over",
        {"to": "mistral"}, (faults.outage(target="openai:embeddings"),),
    ),
    Bug(
        "Vectors of the fallback's model go into the same index",
        github("qualixar/superlocalmemory/issues/99"),
        buggy_mixed_vectors, fixed_mixed_vectors, "one_embedding_space", {},
        (faults.outage(target="openai:embeddings", calls=2),),
    ),
    Bug(
        "A stream that is empty and right is taken for a failure, and the fallback replaces it",
        github("langchain-ai/langchain/issues/38886"),
        buggy_empty_is_failure, fixed_empty_is_failure, "fallback_only_on_fault",
        {"to": "anthropic"}, replies=(Reply(text=""),),
    ),
    Bug(
        "What the content filter ended is taken for a broken provider, and the chain is burnt",
        github("diegosouzapw/OmniRoute/pull/7973"),
        buggy_filter_is_failure, fixed_filter_is_failure, "fallback_only_on_fault",
        {"to": "anthropic"}, replies=(Reply(text="", finish="content_filter"),),
    ),
    Bug(
        "The fallback sends the whole prompt to a provider that must not have it",
        github("project-arbr/arbr-control-plane/issues/77", "aaif-goose/goose/issues/12316"),
        buggy_anywhere, fixed_anywhere, "destinations", {"only": ["openai", "anthropic"]}, (DOWN,),
    ),
    Bug(
        "Ids that Anthropic gave its tool calls are sent to OpenAI, which refuses them",
        github("openclaw/openclaw/issues/24900"),
        buggy_foreign_ids, fixed_foreign_ids, "fallback_well_formed", {"to": "openai"},
        (faults.outage(target="anthropic", calls="2-"),),
    ),
    Bug(
        "The fallback is asked without the tools",
        github("diegosouzapw/OmniRoute/issues/8437"),
        buggy_loses_its_tools, fixed_loses_its_tools, "fallback_well_formed", {"to": "anthropic"},
        (DOWN,),
    ),
    Bug(
        "A model in the cloud is asked for a title, though a local one was chosen",
        github("anomalyco/opencode/issues/15854"),
        buggy_title_from_the_cloud, fixed_title_from_the_cloud, "not_called", {"target": "openai"},
    ),
    Bug(
        "The backend has an HTTP library of its own, which takes no notice of the proxy",
        github("cowrie/cowrie/pull/34061"),
        buggy_past_the_proxy, fixed_past_the_proxy, "escape",
    ),
)  # fmt: skip
