"""What the model's answer said, as far as the app got it: read from the bytes, whatever dialect they are in.

One reader for all dialects: their JSON tells them apart by the names of its members. It reads for the checks and
leniently: what it does not know it leaves out.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeGuard

from .answer_documents import DONE, documents

__all__ = ["Asked", "ModelAnswer", "Pieces", "Reader", "read_answer"]

_KEPT = 192 * 1024  # bytes of an answer from its beginning, and as many from its end

_MOST_WHOLE = 4 * 2**20  # bytes of a later piece that is kept as it is


class Pieces:
    """The pieces of one body, as many of the first and the last as fit; a long stream takes no more memory."""

    __slots__ = ("_first", "_last", "_room", "_tail", "lost")

    def __init__(self) -> None:
        self._first: list[bytes] = []
        self._last: deque[bytes] | None = None  # most answers never come to it
        self._room = _KEPT
        self._tail = 0
        self.lost = False

    def add(self, data: bytes) -> None:
        """Keep a piece; of one that is far too long its beginning and its end, unless it is the first.

        The first is all of a plain answer, which must be whole to be read, or it is no longer than those of a stream.
        """
        size = len(data)
        if size > _MOST_WHOLE and self._first:
            self.add(data[:_KEPT])
            self.lost = True
            data, size = data[-_KEPT:], _KEPT
        if self._room > 0:
            self._first.append(data)
            self._room -= size
            return
        if self._last is None:
            self._last = deque()
        self._last.append(data)
        self._tail += size
        while self._tail > _KEPT and len(self._last) > 1:
            self._tail -= len(self._last.popleft())
            self.lost = True

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._first) if self._last is None else chain(self._first, self._last)


@dataclass(slots=True)
class Asked:
    """A tool that the model asked for; `arguments` is the JSON text as far as it came."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def whole(self) -> bool:
        """Whether the arguments are a JSON object, strictly read; null is none, and some models write theirs twice."""
        try:
            given = json.loads(self.arguments or "{}")
            given = json.loads(given) if isinstance(given, str) else given
        except ValueError:
            return False
        return given is None or isinstance(given, dict)


@dataclass(slots=True)
class ModelAnswer:
    """An answer, as far as it came.

    Attributes:
        text: what the model said.
        thought: its reasoning, as far as the provider shows it.
        tools: the tools it asked for.
        finish: why it stopped, in the provider's word; empty where nothing told so.
        model: the model that the answer names.
        prompt_tokens, completion_tokens: usage as told; None where it was not.
        dimensions: the lengths of embedding vectors.
        error: whether an error came within the answer.
        told: what the provider said of that error, as it came.
        done: whether the answer's own terminator came (`[DONE]`, `message_stop`, a finish reason).
        partial: whether pieces of a very long answer were not kept, so that `text` has a gap.
    """

    text: str = ""
    thought: str = ""
    tools: list[Asked] = field(default_factory=list)
    finish: str = ""
    model: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dimensions: set[int] = field(default_factory=set)
    error: bool = False
    told: Any = None
    done: bool = False
    partial: bool = False

    @property
    def aborted(self) -> bool:
        """Whether it was stopped in the middle by the provider, and not by the model or a limit."""
        return self.finish.casefold() in _ABORTED


def read_answer(pieces: Iterable[bytes]) -> ModelAnswer:
    """Read an answer, plain or streamed."""
    reader = Reader()
    for document in documents(b"".join(pieces)):
        reader.read(document)
    answer = reader.answer
    answer.text = "".join(reader.said)
    answer.thought = "".join(reader.thoughts)
    answer.tools = reader.asked
    answer.partial = bool(getattr(pieces, "lost", False))
    if answer.partial:  # a vector that the gap is in has any length
        answer.dimensions.clear()
    return answer


class Reader:
    """Reads an answer document by document."""

    def __init__(self) -> None:
        self.answer = ModelAnswer()
        self.said: list[str] = []
        self.thoughts: list[str] = []
        self.other: list[str] = []
        """What goes to the app and is neither text nor a tool, such as sound."""
        self.asked: list[Asked] = []
        self.tools: dict[Any, Asked] = {}
        self._tokens = False

    def read(self, told: Any) -> None:
        """Read one document of the answer; what is no object says nothing, but for the end."""
        if told == DONE:
            self.answer.done = True
        if not isinstance(told, dict):
            return
        if told.get("error"):
            self._failed(told["error"])
        self._facts(told)
        for name in ("message", "response"):  # Anthropic's message_start, the Responses API's envelope
            if isinstance(inner := told.get(name), dict) and "choices" not in told:
                self._facts(inner)
                if name == "message" and told.get("type") != "message_start":
                    self._content(inner)
        self._choices(told)
        self._blocks(told)
        self._parts(told)
        self._texts(told)
        self._thought(told)  # Ollama's generate
        self._vectors(told)
        self.answer.done = self.answer.done or bool(self.answer.finish)

    def _failed(self, told: Any) -> None:
        self.answer.error = True
        self.answer.told = self.answer.told or told

    def _texts(self, told: dict[str, Any]) -> None:
        """Read what says its text at the top: Ollama's generate, models at Bedrock, TGI, llama.cpp."""
        names = ["response", "generation", "outputText", "completion"]
        if "type" not in told:  # the Responses API repeats there what it has said
            names.append("text")
        if "stop" in told:  # llama.cpp's own
            names.append("content")
            self.answer.done = self.answer.done or told["stop"] is True
        if isinstance(token := told.get("token"), dict):  # TGI, whose last event repeats all
            self._tokens = True
            if isinstance(text := token.get("text"), str) and not token.get("special"):
                self.said.append(text)
        elif not self._tokens:
            names.append("generated_text")
        self.said += [text for name in names if isinstance(text := told.get(name), str)]
        for name in ("outputs", "generations"):
            for each in _mappings(told.get(name)):
                self._facts(each)
                self.said += [text] if isinstance(text := each.get("text"), str) else []
        if isinstance(details := told.get("details"), dict):
            self._facts(details)
        if told.get("is_finished") is True:
            self.answer.done = True

    def _thought(self, part: dict[str, Any]) -> None:
        """Read what a message, a delta or a block shows of the model's reasoning, under its many names."""
        if _THOUGHTS.isdisjoint(part):  # most show none, and are asked often
            return
        for name in ("reasoning_content", "reasoning", "thinking", "tool_plan"):
            thought = part.get(name)
            if isinstance(thought, str):
                self.thoughts.append(thought)
                break  # vLLM and its like give the same under two names
            self.thoughts += [text for each in _mappings(thought) if isinstance(text := each.get("text"), str)]
        else:
            for each in _mappings(part.get("reasoning_details")):  # OpenRouter
                self.thoughts += [text for name in ("text", "summary") if isinstance(text := each.get(name), str)]
        inner = part.get("reasoningContent")  # Bedrock's converse
        if isinstance(inner, dict):
            inner = inner.get("reasoningText", inner)
            self.thoughts += [str(inner["text"])] if isinstance(inner, dict) and "text" in inner else []

    def _facts(self, told: dict[str, Any]) -> None:
        answer = self.answer
        for name in ("model", "modelVersion"):
            if isinstance(model := told.get(name), str):
                answer.model = model
        usage = told.get("usage") or told.get("usageMetadata") or {}
        nested = usage.get("tokens") if isinstance(usage, dict) else None  # Cohere's
        for counts in (usage, nested, told):
            if not isinstance(counts, dict) or _COUNTS.isdisjoint(counts):
                continue
            for ours, theirs in _USAGE.items():
                for name in theirs:
                    if _is_count(number := counts.get(name)):
                        setattr(answer, ours, number)
        if isinstance(usage, dict) and _is_count(thought := usage.get("thoughtsTokenCount")):  # Gemini's, billed
            said = usage.get("candidatesTokenCount")
            answer.completion_tokens = thought + (said if _is_count(said) else 0)
        for name in () if _REASONS.isdisjoint(told) else _REASONS:
            if isinstance(reason := told.get(name), str) and reason not in _GOES_ON:
                answer.finish = reason
                if reason.casefold() == "error":  # Mistral, Cohere, OpenRouter
                    self._failed(told)
        if told.get("type") in ("message_stop", "response.completed", "response.incomplete", "message-end"):
            answer.done = True
            answer.finish = answer.finish or str(told["type"])
        elif told.get("done") is True or told.get("status") in ("completed", "incomplete", "cancelled"):
            answer.done = True
            answer.finish = answer.finish or str(told.get("status", ""))
        if told.get("type") in ("error", "response.failed") or told.get("object") == "error":
            inner = told.get("response")
            self._failed((isinstance(inner, dict) and inner.get("error")) or told)

    def _choices(self, told: dict[str, Any]) -> None:
        """OpenAI's chat and completions, and all who speak it; Gemini's candidates."""
        for choice in _mappings(told.get("choices")) or _mappings(told.get("candidates")):
            self._facts(choice)
            if isinstance(text := choice.get("text"), str):
                self.said.append(text)
            for name in ("message", "delta", "content"):
                if isinstance(part := choice.get(name), dict):
                    self._content(part)

    def _content(self, part: dict[str, Any], place: Any = 0) -> None:
        content = part.get("content")
        if isinstance(content, str):
            self.said.append(content)
        elif isinstance(content, dict):  # Cohere's deltas
            self._block(content)
        self._thought(part)
        for name in ("refusal", "audio"):  # OpenAI's: words to the user too
            more = part.get(name)
            more = more.get("transcript") or more.get("data") if isinstance(more, dict) else more
            if isinstance(more, str):
                self.other.append(more)
        for each in (*_mappings(content), *_mappings(part.get("parts"))):
            self._block(each)
        tools = part.get("tool_calls")
        if isinstance(tools, dict):  # an event of Cohere's, whose place stands outside of it
            tools = [{"index": place, **tools}]
        for number, tool in enumerate(_mappings(tools)):
            function = tool.get("function")
            if isinstance(function, dict):
                self._tool(tool.get("index", number), tool.get("id"), function.get("name"), function.get("arguments"))

    def _blocks(self, told: dict[str, Any]) -> None:
        """Anthropic's and Bedrock's blocks, the items of the Responses API, plain and as events."""
        index = told.get("index", told.get("contentBlockIndex", told.get("output_index", 0)))
        for block in (*_mappings(told.get("content")), *_mappings(told.get("output"))):
            self._block(block)
            for inner in _mappings(block.get("content")):
                self._block(inner)
        start = told.get("start")
        for found in (told.get("content_block"), told.get("item"), start):
            if isinstance(found, dict) and told.get("type") != "response.output_item.done":
                self._block(found, index, started=True)
        delta = told.get("delta")
        if isinstance(delta, str):
            kind = str(told.get("type", ""))
            if kind == "response.function_call_arguments.delta":
                self._tool(index, None, None, delta)
            else:
                text, thought = kind == "response.output_text.delta", "reasoning" in kind
                (self.said if text else self.thoughts if thought else self.other).append(delta)
        elif isinstance(delta, dict):
            if delta.get("error"):  # Cohere
                self._failed(delta["error"])
            self._facts(delta)
            self._block(delta, index)
            if isinstance(message := delta.get("message"), dict):  # Cohere
                self._content(message, index)
        output = told.get("output")
        if isinstance(output, dict) and isinstance(message := output.get("message"), dict):  # Bedrock's converse
            for block in _mappings(message.get("content")):
                self._block(block)

    def _parts(self, told: dict[str, Any]) -> None:
        for result in _mappings(told.get("results")):  # watsonx.ai and others of its shape
            self._facts(result)
            if isinstance(text := result.get("generated_text"), str):
                self.said.append(text)

    def _block(self, block: dict[str, Any], index: Any = None, *, started: bool = False) -> None:
        kind = block.get("type")
        self._thought(block)
        for each in _mappings(block.get("summary")):  # of a reasoning item
            self._block(each)
        if isinstance(text := block.get("text"), str) and not started:
            thought = block.get("thought") is True or kind in ("reasoning_text", "summary_text")
            (self.thoughts if thought else self.said).append(text)
        tool = block.get("toolUse") or block.get("functionCall")
        if isinstance(tool, dict):
            given = tool.get("input", tool.get("args"))
            self._tool(self._place(index), tool.get("toolUseId"), tool.get("name"), given)
        elif kind in ("tool_use", "function_call"):
            given = None if started and kind == "tool_use" else block.get("input", block.get("arguments"))
            self._tool(self._place(index), block.get("call_id") or block.get("id"), block.get("name"), given)
        elif isinstance(more := block.get("partial_json"), str):
            self._tool(index, None, None, more)

    def _place(self, index: Any) -> Any:
        return len(self.asked) if index is None else index

    def _tool(self, index: Any, identity: Any, name: Any, arguments: Any) -> None:
        tool = self.tools.get(index)
        # Not everybody counts: where all come as the first, a name with another id begins the next one.
        if tool is None or (name and identity and tool.id not in ("", str(identity))):
            tool = self.tools[index] = Asked()
            self.asked.append(tool)
        tool.id = tool.id or str(identity or "")
        tool.name = tool.name or str(name or "")
        if isinstance(arguments, str):
            tool.arguments += arguments
        elif arguments is not None:
            tool.arguments = json.dumps(arguments)

    def _vectors(self, told: dict[str, Any]) -> None:
        found = [each.get("embedding") for each in _mappings(told.get("data"))]
        listed = told.get("embeddings")
        if isinstance(listed, dict):  # Cohere: by type
            listed = next(iter(listed.values()), [])
        found += listed if isinstance(listed, list) else [told.get("embedding")]
        for vector in found:
            values = vector.get("values") if isinstance(vector, dict) else vector
            if isinstance(values, list) and values and isinstance(values[0], int | float):
                self.answer.dimensions.add(len(values))
            elif isinstance(values, str):  # base64 of 32-bit floats
                self.answer.dimensions.add(len(values) * 3 // 4 // 4)


_ABORTED = frozenset(["abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "network_error"])
"""Reasons that neither the model nor the caller gave: vLLM and SGLang, the Responses API, DeepSeek, Z.ai."""

_REASONS = dict.fromkeys(
    ("finish_reason", "stop_reason", "stopReason", "done_reason", "finishReason", "completionReason")
).keys()
_THOUGHTS = frozenset(
    ["reasoning_content", "reasoning", "thinking", "tool_plan", "reasoning_details", "reasoningContent"]
)

_GOES_ON = frozenset(["", "not_finished", "FINISH_REASON_UNSPECIFIED"])
"""What stands where a reason would, and is none."""

_USAGE = {
    "prompt_tokens": ("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens", "prompt_eval_count",
                      "input_token_count"),
    "completion_tokens": ("completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens", "eval_count",
                          "generated_token_count"),
}  # fmt: skip
_COUNTS = frozenset(name for names in _USAGE.values() for name in names)


def _is_count(value: Any) -> TypeGuard[int]:
    """Tell whether it is a number of tokens; a mock may write anything, and nobody can reckon with 400 digits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
