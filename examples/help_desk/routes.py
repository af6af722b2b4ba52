"""The ways to a model: each provider through the SDK it is meant for. Errors come out as the SDK raises them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar

import anthropic
import httpx2
import openai

from .work import ARGUMENTS, SCHEMA, SYSTEM, TOOL, Reply, Work

__all__ = ["Route", "TooSlow", "route"]


class TooSlow(Exception):
    """An answer goes on, but longer than there is time."""


class Route:
    """One model of one provider.

    Args:
        name: `provider/model`.
        retries: how often the SDK tries again by itself; None for its default.
    """

    speaks: ClassVar[frozenset[str]] = frozenset({"chat", "stream", "tools", "structured"})

    def __init__(self, name: str, retries: int | None = 0) -> None:
        self.name = name
        self.provider, _, self.model = name.partition("/")
        self._retries = retries

    def ask(self, work: Work, limit: float | None = None) -> Reply:
        """Ask the model; `limit` in seconds is for the whole call, None is the SDK's own idea of patience."""
        raise NotImplementedError

    def options(self, limit: float | None) -> dict[str, Any]:
        """Return how patient and how stubborn the client shall be, for `with_options`."""
        given: dict[str, Any] = {} if limit is None else {"timeout": limit}
        return given if self._retries is None else {**given, "max_retries": self._retries}


class OpenAIRoute(Route):
    """OpenAI and every server that speaks its dialect, a self-hosted open model among them."""

    def __init__(self, name: str, retries: int | None = 0, base_url: str | None = None) -> None:
        super().__init__(name, retries)
        self._base_url = base_url
        # The context and the tools of a small open model are smaller: it gets no tools.
        self.small = self.provider == "ollama"

    def client(self, limit: float | None) -> openai.OpenAI:
        """Return the client."""
        return _openai(self._base_url).with_options(**self.options(limit))

    def ask(self, work: Work, limit: float | None = None) -> Reply:
        """Ask by chat completions, a model of the first generation by completions."""
        client = self.client(limit)
        if self.model.startswith("text-"):
            old = client.completions.create(model=self.model, prompt=f"{SYSTEM}\n\n{work.text}", max_tokens=500)
            return Reply(old.choices[0].text, self.name, old.model, old.choices[0].finish_reason == "stop")
        asked: dict[str, Any] = {"model": self.model, "messages": _messages(work)}
        if work.user:
            asked["safety_identifier"] = work.user
        if work.kind == "structured":
            schema = {"name": "mail", "strict": True, "schema": SCHEMA}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        if work.kind == "tools" and not self.small:
            function = {"name": TOOL, "description": "Look up an order", "parameters": ARGUMENTS}
            asked["tools"] = [{"type": "function", "function": function}]
        if work.kind == "stream":
            return self._stream(client, asked)
        said = client.chat.completions.create(**asked)
        choice = said.choices[0]
        tool = next(((each.function.name, each.function.arguments) for each in choice.message.tool_calls or ()), None)
        usage = said.usage
        return Reply(
            choice.message.content or choice.message.refusal or "",
            self.name,
            said.model,
            choice.finish_reason in ("stop", "tool_calls"),
            choice.finish_reason == "content_filter" or bool(choice.message.refusal),
            tool,
            (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0),
        )

    def _stream(self, client: openai.OpenAI, asked: dict[str, Any]) -> Reply:
        parts, finish, model = [], None, ""
        with client.chat.completions.create(**asked, stream=True) as stream:
            for chunk in stream:
                model = chunk.model
                for choice in chunk.choices:
                    parts.append(choice.delta.content or "")
                    finish = choice.finish_reason or finish
        return Reply("".join(parts), self.name, model, finish == "stop", finish == "content_filter")

    def embed(self, text: str, limit: float | None = None) -> list[float]:
        """Return the vector of a text."""
        made = self.client(limit).embeddings.create(model="text-embedding-3-small", input=[text])
        return made.data[0].embedding

    def picture(self, prompt: str, limit: float | None = None) -> str:
        """Return a picture in base64."""
        made = self.client(limit).images.generate(model="gpt-image-1", prompt=prompt)
        return (made.data or [])[0].b64_json or ""


class AzureRoute(OpenAIRoute):
    """OpenAI's models at Azure."""

    def client(self, limit: float | None) -> openai.OpenAI:
        """Return the client."""
        return _azure().with_options(**self.options(limit))


class AnthropicRoute(Route):
    """Claude."""

    def ask(self, work: Work, limit: float | None = None) -> Reply:
        """Ask by the Messages API."""
        client = _anthropic().with_options(**self.options(limit))
        messages = [{"role": "user", "content": work.text}]
        asked: dict[str, Any] = {"model": self.model, "max_tokens": 500, "system": SYSTEM, "messages": messages}
        if work.user:
            asked["metadata"] = {"user_id": work.user}
        if work.kind == "structured":
            asked["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if work.kind == "tools":
            asked["tools"] = [{"name": TOOL, "description": "Look up an order", "input_schema": ARGUMENTS}]
        if work.kind == "stream":
            with client.messages.stream(**asked) as stream:
                stream.until_done()  # here an app shows what comes
                said = stream.get_final_message()
        else:
            said = client.messages.create(**asked)
        text = "".join(block.text for block in said.content if block.type == "text")
        called = [block for block in said.content if block.type == "tool_use"]
        return Reply(
            text,
            self.name,
            said.model,
            said.stop_reason in ("end_turn", "tool_use"),
            said.stop_reason == "refusal",
            (called[0].name, json.dumps(called[0].input)) if called else None,
            (said.usage.input_tokens, said.usage.output_tokens),
        )


class JsonRoute(Route):
    """Providers whose own SDK this app does without: one POST, plain chat only."""

    speaks = frozenset({"chat"})

    def __init__(self, name: str, url: str, body: Callable[[str, Work], Any], read: Callable[[Any], Any]) -> None:
        super().__init__(name)
        self._url, self._body, self._read = url.format(model=self.model), body, read

    def ask(self, work: Work, limit: float | None = None) -> Reply:
        """Ask, and read the answer."""
        headers = {"authorization": "Bearer no-key", "x-goog-api-key": "no-key"}
        body = self._body(self.model, work)
        answer = _http().post(self._url, json=body, headers=headers, timeout=limit or 600)
        answer.raise_for_status()
        text, finish = self._read(answer.json())
        return Reply(text, self.name, "", finish in ("STOP", "COMPLETE", "end_turn"))


def route(name: str, retries: int | None = 0) -> Route:
    """Return the route `provider/model`; a provider that is a host (`gone.example:8000`) speaks OpenAI's dialect."""
    provider = name.partition("/")[0]
    if provider == "anthropic":
        return AnthropicRoute(name, retries)
    if provider == "azure":
        return AzureRoute(name, retries)
    if provider in _GOOGLE:
        return JsonRoute(name, _GOOGLE[provider], _google, _from_google)
    if provider == "bedrock":
        return JsonRoute(name, _BEDROCK, _converse, _from_converse)
    if provider == "cohere":
        return JsonRoute(name, "https://api.cohere.com/v2/chat", _cohere, _from_cohere)
    return OpenAIRoute(name, retries, _BASES.get(provider, f"https://{provider}/v1"))


_BASES = {
    "openai": "https://api.openai.com/v1",
    "ollama": "http://llm.internal:11434/v1",
    "groq": "https://api.groq.com/openai/v1",
    "xai": "https://api.x.ai/v1",
    "deepseek": "https://api.deepseek.com",
    "huggingface": "https://router.huggingface.co/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "mistral": "https://api.mistral.ai/v1",
}
_BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model/{model}/converse"
_VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/shop/locations/us-central1/publishers/google"
_GOOGLE = {
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent",
    "vertex": _VERTEX + "/models/{model}:generateContent",
}


# Most of what a call costs on this side is the TLS context of its client: one for all.


@cache
def _openai(base_url: str | None) -> openai.OpenAI:
    return openai.OpenAI(api_key="no-key", base_url=base_url, http_client=_http())


@cache
def _azure() -> openai.OpenAI:
    return openai.AzureOpenAI(
        api_key="no-key", azure_endpoint="https://shop.openai.azure.com", api_version="2024-10-21", http_client=_http()
    )


@cache
def _anthropic() -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="no-key", http_client=_http())


@cache
def _http() -> httpx2.Client:
    return httpx2.Client(event_hooks={"request": [_began], "response": [_bounded]})


# The read timeout of an HTTP library starts again with every byte, and SDKs hide the heartbeats that restart it. So the
# bytes themselves are watched: what is asked for as a timeout holds for the whole answer.


def _began(request: httpx2.Request) -> None:
    request.extensions["began"] = time.monotonic()


def _bounded(response: httpx2.Response) -> None:
    sent = response.request.extensions
    limit = sent.get("timeout", {}).get("read")
    if limit is not None and isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Bounded(response.stream, sent["began"] + limit)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, end: float) -> None:
        self._stream, self._end = stream, end

    def __iter__(self) -> Iterator[bytes]:
        for data in self._stream:
            if time.monotonic() > self._end:
                raise TooSlow
            yield data

    def close(self) -> None:
        self._stream.close()


def _messages(work: Work) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": work.text}]


def _google(model: str, work: Work) -> Any:
    return {"contents": [{"role": "user", "parts": [{"text": f"{SYSTEM}\n\n{work.text}"}]}]}


def _from_google(body: Any) -> Any:
    candidate = body["candidates"][0]
    return "".join(part.get("text", "") for part in candidate["content"]["parts"]), candidate.get("finishReason")


def _converse(model: str, work: Work) -> Any:
    return {"system": [{"text": SYSTEM}], "messages": [{"role": "user", "content": [{"text": work.text}]}]}


def _from_converse(body: Any) -> Any:
    content = body["output"]["message"]["content"]
    return "".join(part.get("text", "") for part in content), body["stopReason"]


def _cohere(model: str, work: Work) -> Any:
    return {"model": model, "messages": _messages(work)}


def _from_cohere(body: Any) -> Any:
    return "".join(part.get("text", "") for part in body["message"]["content"]), body.get("finish_reason")
