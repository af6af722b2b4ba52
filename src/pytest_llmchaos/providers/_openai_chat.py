"""Chat completions, and the legacy text completions, of the OpenAI dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._openai_logprobs import logprobs, wanted
from ._openai_wire import answered_by, chunks_answer, fingerprint, plain_answer, vendor, written_answer
from ._read import mapping, mappings, positive, word
from ._say import DECLINED, NOTHING_ASKED, Asked, Said, Tool, choose, say
from ._template import GAP, Template

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["chat", "completions", "functions", "spoken_tokens", "what_is_asked"]

_MOST_CHOICES = 128  # the API's own limit of `n`


def chat(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /v1/chat/completions`."""
    asked = what_is_asked(call.body)
    said = [say(reply, asked, draw.part(f"choice {index}")) for index in range(_wanted(call.body))]
    ids = [_call_ids(each, draw, index) for index, each in enumerate(said)]
    name, created, model = f"chatcmpl-{draw.part('id').token(29)}", int(draw.wall), answered_by(call)
    named = asked.must_call == "named"
    if call.stream:
        base = _base(name, created, model, fingerprint(model), "chat.completion.chunk")
        return chunks_answer(call, draw, lambda: _stream(base, call, said, ids, named), error=error)
    prompt, completion = _counted(call, said)
    total = prompt + completion
    if not vendor(call).alters and _is_plain(call, said):
        text = said[0].text or ""
        filled = _plain().filled(name, created, model, fingerprint(model), text, prompt, completion, total)
        return written_answer(call, draw, filled, error=error)
    choices = [_choice(index, each, ids[index], _logprobs(call, each), named) for index, each in enumerate(said)]
    whole = {
        **_base(name, created, model, fingerprint(model)),
        "choices": choices,
        "usage": _usage(prompt, completion, total),
    }
    return plain_answer(call, draw, whole, error=error)


def _base(name: str, created: int, model: str, backend: str, kind: str = "chat.completion") -> dict[str, Any]:
    return {
        "id": name,
        "object": kind,
        "created": created,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": backend,
    }


def _is_plain(call: Call, said: list[Said]) -> bool:
    """Tell whether there is nothing but text: the most of all answers, and so the quickest way."""
    return len(said) == 1 and not said[0].calls and said[0].finish == "stop" and wanted(call.body) is None


@cache
def _plain() -> Template:
    """Return such an answer with gaps for its id, date, model, backend, text, and tokens of prompt, answer, both."""
    choice = _choice(0, Said(GAP, (), "stop"), [], None, False)
    return Template({**_base(GAP, GAP, GAP, GAP), "choices": [choice], "usage": _usage(GAP, GAP, GAP)})


def completions(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer the legacy `POST /v1/completions`: text only, no tools, no structured output."""
    prompts = call.body.get("prompt")
    many = len(prompts) if isinstance(prompts, list) and prompts and isinstance(prompts[0], str | list) else 1
    asked = Asked(limit=positive(call.body.get("max_tokens")))
    count = min(many * _wanted(call.body), _MOST_CHOICES)
    said = [say(reply, asked, draw.part(f"choice {index}")) for index in range(count)]
    base = {
        "id": f"cmpl-{draw.part('id').token(29)}",
        "object": "text_completion",
        "created": int(draw.wall),
        "model": answered_by(call),
    }
    if call.stream:
        return chunks_answer(call, draw, lambda: _stream_text(base, call, said), error=error)
    choices = [_text_choice(index, each.text or "", _finish(each, False)) for index, each in enumerate(said)]
    return plain_answer(call, draw, {**base, "choices": choices, "usage": _usage_of(call, said)}, error=error)


# --- what is asked for --------------------------------------------------------------------------------------


def what_is_asked(body: Mapping[str, Any]) -> Asked:
    """Return what a chat request with these members asks for."""
    if _ASKING.isdisjoint(body):
        return NOTHING_ASKED
    limit = positive(body.get("max_completion_tokens")) or positive(body.get("max_tokens"))
    schema = _schema(mapping(body.get("response_format")))
    if "tools" not in body and "tool_choice" not in body:
        return Asked(schema=schema, limit=limit)
    tools = functions(mapping(each.get("function")) for each in mappings(body.get("tools")))
    choice = body.get("tool_choice")
    allowed = mapping(mapping(choice).get("allowed_tools"))
    name = word(mapping(mapping(choice).get("function")).get("name"))
    allowed_names = [mapping(each.get("function")).get("name") for each in mappings(allowed.get("tools"))]
    tools, must_call = choose(tools, allowed.get("mode") or choice, name, allowed_names)
    made = [
        mapping(each.get("function")).get("name")
        for message in mappings(body.get("messages"))
        for each in mappings(message.get("tool_calls"))
    ]
    called = frozenset(each for each in made if isinstance(each, str))
    return Asked(tools, called, must_call, schema, limit)


_ASKING = frozenset(["max_completion_tokens", "max_tokens", "response_format", "tools", "tool_choice"])


def _schema(wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if wanted.get("type") == "json_schema":
        return mapping(mapping(wanted.get("json_schema")).get("schema"))
    return {} if wanted.get("type") == "json_object" else None


def functions(described: Any) -> tuple[Tool, ...]:
    """Return the tools of function descriptions (`name`, `parameters`); other kinds have no name there."""
    return tuple(Tool(each["name"], mapping(each.get("parameters"))) for each in described if word(each.get("name")))


def _wanted(body: Mapping[str, Any]) -> int:
    return min(positive(body.get("n")) or 1, _MOST_CHOICES)


# --- what comes back ----------------------------------------------------------------------------------------


def _finish(said: Said, named: bool) -> str:
    if said.finish in ("length", "content_filter"):
        return said.finish
    # A call of the one function that the request names ends with `stop`, any other with `tool_calls`,
    # streamed or not: measured against the API in vllm-project/vllm pull request 25054.
    return "tool_calls" if said.calls and not named else "stop"


def _choice(index: int, said: Said, ids: list[str], sure: dict[str, Any] | None, named: bool) -> dict[str, Any]:
    return {
        "index": index,
        "message": _message(said, ids),
        "logprobs": sure,
        "finish_reason": _finish(said, named),
    }


def _message(said: Said, ids: list[str]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": _content(said),
        "refusal": None,
        "annotations": [],
    }
    if said.finish == "refusal":
        message.update(content=None, refusal=said.text or DECLINED)
    if said.calls:
        message["tool_calls"] = [
            {"id": ids[index], "type": "function", "function": {"name": each.name, "arguments": arguments}}
            for index, (each, arguments) in enumerate(zip(said.calls, said.arguments(), strict=True))
        ]
    return message


def _logprobs(call: Call, said: Said) -> dict[str, Any] | None:
    count, refused = wanted(call.body), said.finish == "refusal"
    text = (said.text or DECLINED) if refused else said.text
    return None if count is None or not text else logprobs(text, count, refused=refused)


def _content(said: Said) -> str | None:
    """Return the text; null beside tool calls, empty where the content filter omitted it."""
    return said.text if said.text is not None or said.calls else ""


def _call_ids(said: Said, draw: Draw, index: int) -> list[str]:
    if not said.calls:
        return []
    ids = draw.part(f"ids {index}")
    return [f"call_{ids.token(24)}" for _ in said.calls]


def _counted(call: Call, said: list[Said]) -> tuple[int, int]:
    asked = [value for key, value in call.body.items() if key in _PROMPT]
    return request_tokens(*asked), max(sum([spoken_tokens(each) for each in said]), 1)


def _usage(prompt: int, completion: int, total: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": total,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _usage_of(call: Call, said: list[Said]) -> dict[str, Any]:
    prompt, completion = _counted(call, said)
    return _usage(prompt, completion, prompt + completion)


_PROMPT = ("messages", "prompt", "tools", "response_format")


def spoken_tokens(said: Said) -> int:
    """Return roughly how many tokens the answer is."""
    if said.tokens is not None:
        return said.tokens
    text = said.text or (DECLINED if said.finish == "refusal" else "")
    if not said.calls:
        return tokens(text)
    called = (*(each.name for each in said.calls), *said.arguments())
    return tokens(text) + sum(tokens(each) for each in called)


# --- as a stream --------------------------------------------------------------------------------------------


def _stream(
    base: Mapping[str, Any], call: Call, said: list[Said], ids: list[list[str]], named: bool
) -> Iterator[dict[str, Any]]:
    unasked = vendor(call).tells_usage
    usage = not unasked and mapping(call.body.get("stream_options")).get("include_usage") is True
    null = {"usage": None} if usage else {}  # asked for, it stands in every chunk and is null until the last
    sure = wanted(call.body)
    left = len(said)  # choices that have not finished

    def choice(index: int) -> Iterator[dict[str, Any]]:
        for delta, finish in _deltas(said[index], ids[index], named):
            told = None
            if sure is not None and (piece := delta.get("content") or delta.get("refusal")):
                told = logprobs(piece, sure, refused="refusal" in delta and "role" not in delta)
            yield {"index": index, "delta": delta, "logprobs": told, "finish_reason": finish}

    # The choices come interleaved.
    for row in zip_longest(*(choice(index) for index in range(len(said)))):
        for each in row:
            if each is not None:
                left -= each["finish_reason"] is not None
                told = {"usage": _usage_of(call, said)} if unasked and not left else null
                yield {**base, "choices": [each], **told}
    if usage:
        yield {**base, "choices": [], "usage": _usage_of(call, said)}


def _deltas(said: Said, ids: list[str], named: bool) -> Iterator[tuple[dict[str, Any], str | None]]:
    refused = said.finish == "refusal"
    silent = refused or _content(said) is None
    yield {"role": "assistant", "content": None if silent else "", "refusal": None}, None
    for piece in pieces((said.text or DECLINED) if refused else (said.text or "")):
        yield {"refusal" if refused else "content": piece}, None
    for index, (each, arguments) in enumerate(zip(said.calls, said.arguments(), strict=True)):
        start = {"name": each.name, "arguments": ""}
        yield (
            {"tool_calls": [{"index": index, "id": ids[index], "type": "function", "function": start}]},
            None,
        )
        for piece in pieces(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None
    yield {}, _finish(said, named)


def _text_choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _stream_text(base: Mapping[str, Any], call: Call, said: list[Said]) -> Iterator[dict[str, Any]]:
    for index, each in enumerate(said):
        for piece in pieces(each.text or ""):
            yield {**base, "choices": [_text_choice(index, piece, None)]}
        yield {**base, "choices": [_text_choice(index, "", _finish(each, False))]}
    if mapping(call.body.get("stream_options")).get("include_usage") is True:
        yield {**base, "choices": [], "usage": _usage_of(call, said)}
