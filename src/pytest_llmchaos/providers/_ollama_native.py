"""Healthy answers of Ollama's own API: JSON, streamed as one object on each line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer
from ..core.tokens import pieces, request_tokens
from ._openai_chat import spoken_tokens, what_is_asked
from ._read import mapping, positive
from ._say import DECLINED, Asked, Said, say
from ._sse import Events
from ._vectors import vector
from ._wire import dump, http_date

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.replies import Reply

__all__ = ["embed", "listed", "talk"]

_DIMENSIONS = {"nomic-embed-text": 768, "mxbai-embed-large": 1024, "all-minilm": 384, "bge-m3": 1024}
_OTHERWISE = 768
_DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "3.2B",
    "quantization_level": "Q4_K_M",
}


def talk(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /api/chat` and `POST /api/generate`."""
    said = say(reply, _asked(call), draw)
    chat = call.operation == "chat"
    base = {"model": call.model or "", "created_at": _now(draw)}
    text = said.text or (DECLINED if said.finish == "refusal" else "")
    tools = [{"function": {"name": each.name, "arguments": dict(each.arguments)}} for each in said.calls]

    def part(piece: str, called: bool = False) -> dict[str, Any]:
        if not chat:
            return {"response": piece}
        return {"message": {"role": "assistant", "content": piece, **({"tool_calls": tools} if called else {})}}

    def lines() -> Iterator[bytes]:
        for piece in pieces(text):
            yield _line({**base, **part(piece), "done": False})
        if tools:
            yield _line({**base, **part("", called=True), "done": False})
        yield _line({**base, **part(""), **_end(call, said)})

    if call.stream:
        head = (("content-type", "application/x-ndjson"), ("date", http_date(draw.wall)))
        return Answer(200, head, Events(lines), events=True, error=error)
    return _answer(draw, {**base, **part(text, called=bool(tools)), **_end(call, said)}, error)


def embed(call: Call, draw: Draw) -> Answer:
    """Answer `POST /api/embed`, and the older `POST /api/embeddings` for one text."""
    older = call.path.rstrip("/").endswith("/embeddings")
    given: Any = call.body.get("prompt" if older else "input")
    model = call.model or ""
    size = positive(call.body.get("dimensions")) or _DIMENSIONS.get(model.partition(":")[0], _OTHERWISE)
    vectors = [vector(model, str(each), size).tolist() for each in (given if isinstance(given, list) else [given])]
    if older:
        return _answer(draw, {"embedding": vectors[0] if vectors else []})
    used = request_tokens(given)
    return _answer(draw, {"model": model, "embeddings": vectors, **_TIMES, "prompt_eval_count": used})


def listed(call: Call, draw: Draw, served: tuple[str, ...]) -> Answer:
    """Answer `GET /api/tags`, `GET /api/ps`, `GET /api/version` and `POST /api/show`.

    Any model that is asked for is there: it goes away when a scenario says so.
    """
    kind = call.path.rstrip("/").rpartition("/")[2]
    if kind == "version":
        return _answer(draw, {"version": "0.12.6"})
    if kind == "show":
        told = {"details": _DETAILS, "model_info": {"general.architecture": "llama"}, "capabilities": ["completion"]}
        return _answer(draw, {"modelfile": "", "template": "{{ .Prompt }}", **told, "modified_at": _now(draw)})
    models = [_model(name, draw, running=kind == "ps") for name in served]
    return _answer(draw, {"models": models})


def _model(name: str, draw: Draw, running: bool) -> dict[str, Any]:
    model = {"name": name, "model": name, "size": 2019393189, "digest": draw.part(name).hex(64), "details": _DETAILS}
    if running:
        return {**model, "expires_at": _now(draw, later=300), "size_vram": 2019393189, "context_length": 4096}
    return {**model, "modified_at": _now(draw)}


def _asked(call: Call) -> Asked:
    """Read the request by translating it into what the OpenAI dialect would say."""
    body = call.body
    wanted: Any = body.get("format")
    if wanted == "json":
        form: dict[str, Any] = {"type": "json_object"}
    else:
        form = {"type": "json_schema", "json_schema": {"schema": wanted}} if mapping(wanted) else {}
    limit = positive(mapping(body.get("options")).get("num_predict"))
    same = {key: body.get(key) for key in ("tools", "messages")}
    return what_is_asked({**same, "response_format": form, "max_tokens": limit})


_TIMES = {"total_duration": 1_208_554_917, "load_duration": 21_386_458}
"""Nanoseconds, made up."""


def _end(call: Call, said: Said) -> dict[str, Any]:
    asked = request_tokens(*(call.body.get(key) for key in ("messages", "prompt", "system", "tools", "format")))
    return {
        "done": True,
        "done_reason": "length" if said.finish == "length" else "stop",
        **_TIMES,
        "prompt_eval_count": asked,
        "prompt_eval_duration": 105_000_000,
        "eval_count": max(spoken_tokens(said), 1),
        "eval_duration": 1_080_000_000,
    }


def _answer(draw: Draw, body: Any, error: str | None = None) -> Answer:
    head = (("content-type", "application/json; charset=utf-8"), ("date", http_date(draw.wall)))
    return Answer(200, head, (dump(body),), error=error)


def _line(body: Any) -> bytes:
    return dump(body) + b"\n"


def _now(draw: Draw, later: float = 0) -> str:
    return datetime.fromtimestamp(draw.wall + later, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
