"""Bedrock's `invoke` and `invoke-with-response-stream`: each model's own body.

Bodies follow AWS's guide (docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html).
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.tokens import request_tokens
from ._anthropic_messages import messages
from ._bedrock_converse import conversation
from ._bedrock_frames import event_frame
from ._bedrock_texts import text_body, text_chunks
from ._bedrock_wire import frames_answer, latency, plain_answer
from ._cohere_data import embeddings, inputs, rerank
from ._cohere_wire import new_id
from ._openai_chat import chat
from ._read import positive
from ._vectors import vector
from ._wire import dump
from .openai import OpenAI

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["invoke", "of_claude", "operation"]

_CLAUDE = re.compile(r"(?:^|[./])anthropic\.(claude-[a-z0-9.-]+?)(?:-v\d+)?(?::\d+\w*)?\Z")


def operation(model: str) -> str:
    """Return what a model is invoked for, told by its name."""
    if "rerank" in model:
        return "rerank"
    return "embeddings" if "embed" in model else "chat"


def of_claude(call: Call) -> bool:
    """Tell whether the body is that of Anthropic's messages; a profile's ARN does not name its model."""
    return "anthropic_version" in call.body or "anthropic." in (call.model or "")


@dataclass(frozen=True, slots=True)
class _Invoked:
    """What a model answers: its body, what starts the data of its stream afresh, and tokens read and written."""

    body: Mapping[str, Any]
    stream: Callable[[], Iterator[dict[str, Any]]]
    asked: int
    spoken: int


def invoke(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer an invocation in the dialect of its model: Claude, Nova, Llama, Cohere, Mistral, Titan's and Cohere's
    embeddings, Cohere's reranking; for others that of OpenAI's chat if the body has messages, else Mistral's.
    """
    made = _dialect(call)(call, reply, draw)
    return _framed(made, draw, error) if call.stream else _plain(made, draw, error)


def _dialect(call: Call) -> Callable[[Call, Reply | None, Draw], _Invoked]:
    if call.operation != "chat":
        return _data
    if of_claude(call):
        return _claude
    if "amazon.nova" in (call.model or ""):
        return _nova
    return _openai if "messages" in call.body else _text


def _claude(call: Call, reply: Reply | None, draw: Draw) -> _Invoked:
    named = _CLAUDE.search(call.model or "")
    asked = replace(call, model=named[1] if named else call.model)
    body = _body(messages(replace(asked, stream=False), reply, draw))
    streamed = messages(replace(asked, stream=True), reply, draw)
    return _Invoked(body, lambda: _events(streamed), body["usage"]["input_tokens"], body["usage"]["output_tokens"])


def _openai(call: Call, reply: Reply | None, draw: Draw) -> _Invoked:
    asked = replace(call, speaks=OpenAI(call.provider, ()))
    body = _body(chat(replace(asked, stream=False), reply, draw))
    counted = {**call.body, "stream_options": {"include_usage": True}}
    streamed = chat(replace(asked, stream=True, body=counted), reply, draw)
    usage = body["usage"]
    return _Invoked(body, lambda: _events(streamed), usage["prompt_tokens"], usage["completion_tokens"])


def _nova(call: Call, reply: Reply | None, draw: Draw) -> _Invoked:
    body, events = conversation(call, reply, draw)
    del body["metrics"]
    usage = body["usage"]
    return _Invoked(
        body, lambda: ({kind: data} for kind, data in events()), usage["inputTokens"], usage["outputTokens"]
    )


def _text(call: Call, reply: Reply | None, draw: Draw) -> _Invoked:
    body, told = text_body(call, reply, draw)
    return _Invoked(body, lambda: text_chunks(told), told.asked, told.spoken)


def _data(call: Call, reply: Reply | None, draw: Draw) -> _Invoked:
    body = _data_body(call, draw)
    return _Invoked(body, lambda: iter((body,)), request_tokens(call.body), 0)


def _data_body(call: Call, draw: Draw) -> dict[str, Any]:
    model = call.model or "cohere.embed-english-v3"
    if call.operation == "rerank":
        return {"results": rerank(call.body)}
    if "titan" in model:
        text = str(call.body.get("inputText") or "")
        size = positive(call.body.get("dimensions")) or (1536 if "v1" in model else 1024)
        return {"embedding": vector(model, text, size).tolist(), "inputTextTokenCount": request_tokens(text)}
    made = embeddings(model, call.body)
    typed = isinstance(call.body.get("embedding_types"), list)
    return {
        "id": new_id(draw),
        "texts": inputs(call.body),
        "embeddings": made if typed else made["float"],
        "response_type": "embeddings_by_type" if typed else "embeddings_floats",
    }


def _body(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(b"".join(answer.chunks))
    return body


def _events(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield the data of a maker's own event stream; keep-alives and the terminator do not cross Bedrock."""
    for each in answer.chunks:
        data = each.partition(b"data: ")[2].strip()
        if data.startswith(b"{") and (made := json.loads(data)).get("type") != "ping":
            yield made


def _plain(made: _Invoked, draw: Draw, error: str | None) -> Answer:
    counts = (
        ("x-amzn-bedrock-invocation-latency", str(latency(draw))),
        ("x-amzn-bedrock-output-token-count", str(made.spoken)),
        ("x-amzn-bedrock-input-token-count", str(made.asked)),
    )
    return plain_answer(draw, made.body, extra=counts, error=error)


def _framed(made: _Invoked, draw: Draw, error: str | None) -> Answer:
    metrics = {
        "inputTokenCount": made.asked,
        "outputTokenCount": made.spoken,
        "invocationLatency": latency(draw),
        "firstByteLatency": latency(draw) // 3,
    }

    def frames() -> Iterator[bytes]:
        held: dict[str, Any] | None = None
        for each in made.stream():
            if held is not None:
                yield _chunk(held)
            held = each
        # The service adds its metrics to what the model sends last.
        yield _chunk({**(held or {}), "amazon-bedrock-invocationMetrics": metrics})

    return frames_answer(draw, frames, extra=(("x-amzn-bedrock-content-type", "application/json"),), error=error)


def _chunk(data: Mapping[str, Any]) -> bytes:
    return event_frame("chunk", {"bytes": b64encode(dump(data)).decode()})
