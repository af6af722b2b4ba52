"""What the body of a chat asks for, whatever dialect it is in: tools, structured output, a system prompt, ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = [
    "asked_before",
    "conversation",
    "properties",
    "question",
    "results",
    "schema",
    "system",
    "tool_ids",
    "tools",
    "utterances",
    "walk",
]


def walk(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every JSON object within a value, however deep, in no order that matters."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, Mapping):
            yield each
            todo.extend(each.values())
        elif isinstance(each, list | tuple):
            todo.extend(each)


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def tools(body: Mapping[str, Any]) -> set[str]:
    """Return the names of the tools that the model may ask for."""
    listed = [*_items(body.get("tools")), *_items(body.get("functions"))]
    listed += _items(_mapping(body.get("toolConfig")).get("tools"))  # Bedrock
    names: set[str] = set()
    for each in listed:
        inner = [_mapping(each.get("function")), _mapping(each.get("toolSpec")), each]
        inner += _items(each.get("functionDeclarations")) + _items(each.get("function_declarations"))  # Gemini
        names |= {str(one["name"]) for one in inner if one.get("name")}
    return names


def schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema of the output asked for, an empty one for JSON of any shape, None for plain text."""
    config = _mapping(body.get("generationConfig") or body.get("generation_config"))
    output = _mapping(body.get("output_config") or body.get("outputConfig"))
    asked = body.get("response_format") or _mapping(body.get("text")).get("format") or body.get("output_format")
    asked = asked or output.get("format") or output.get("textFormat")
    if not asked and isinstance(given := body.get("format"), str | Mapping):  # Ollama
        asked = {"schema": given} if isinstance(given, Mapping) else {"type": given}
    for key in ("responseSchema", "responseJsonSchema", "response_schema", "response_json_schema"):
        if isinstance(found := config.get(key), Mapping):
            return found
    if isinstance(asked, Mapping) and asked.get("type") != "text":
        inner = asked.get("schema") or _mapping(asked.get("json_schema")).get("schema")
        return _mapping(inner)
    if config.get("responseMimeType") == "application/json" or config.get("response_mime_type") == "application/json":
        return {}
    return _forced(body)


def _forced(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the input of the one tool that the model is made to use: how structured output is often asked for."""
    choice = body.get("tool_choice")
    if not isinstance(choice, Mapping):
        return None
    name = choice.get("name") or _mapping(choice.get("function")).get("name")
    for each in _items(body.get("tools")):
        function = _mapping(each.get("function")) or each
        if name and function.get("name") == name:
            return _mapping(function.get("input_schema") or function.get("parameters"))
    return None


def properties(found: Mapping[str, Any]) -> set[str]:
    """Return the names of the members that a schema asks for at its top."""
    return set(_mapping(found.get("properties")))


def system(body: Mapping[str, Any]) -> bool:
    """Tell whether a system prompt comes with it."""
    for key in ("system", "instructions", "systemInstruction", "system_instruction", "preamble"):
        if body.get(key):
            return True
    said = [*_items(body.get("messages")), *_items(body.get("input"))]
    return any(each.get("role") in ("system", "developer") and each.get("content") for each in said)


def question(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the user says in it, whatever dialect it is in; empty where that is not known."""
    found: list[str] = []
    for said in (*_said(body), body.get("prompt")):
        for each in said if isinstance(said, list | tuple) else [said]:
            if isinstance(each, str):
                found.append(each)
            elif isinstance(each, Mapping) and each.get("role", "user") == "user":
                found += _texts(each)
    return tuple(found)


def conversation(body: Mapping[str, Any]) -> list[Any]:
    """Return the turns of the conversation as they were sent; a bare prompt is one."""
    found: list[Any] = []
    for said in (*_said(body), body.get("prompt"), body.get("message")):
        found += said if isinstance(said, list | tuple) else [] if said is None else [said]
    return found


def tool_ids(body: Mapping[str, Any]) -> set[str]:
    """Return the ids of the tool calls that the conversation so far holds, and of their results."""
    found: set[str] = set()
    for each in walk(_said(body)):
        names = ["tool_call_id", "tool_use_id", "toolUseId", "call_id"]
        if each.get("type") in ("tool_use", "function") or "function" in each:
            names.append("id")
        found |= {value for name in names if isinstance(value := each.get(name), str)}
    return found


def results(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the results of tool calls that the conversation holds, by the id of the call."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in walk(_said(body)):
        if each.get("role") == "tool":
            identity = each.get("tool_call_id")
        elif each.get("type") == "function_call_output":
            identity = each.get("call_id")
        elif each.get("type") == "tool_result":
            identity = each.get("tool_use_id")
        else:
            identity = each.get("toolUseId") if "content" in each else None  # Bedrock's toolResult
        if isinstance(identity, str):
            found[identity] = each
    return found


def asked_before(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments of the tool calls that the conversation repeats, as JSON texts by the id of the call.

    Only of dialects in which they are a text: where they are an object, an SDK makes one of whatever came.
    """
    found: dict[str, str] = {}
    for each in walk(_said(body)):
        function = each if each.get("type") == "function_call" else _mapping(each.get("function"))
        identity, arguments = each.get("call_id", each.get("id")), function.get("arguments")
        if isinstance(identity, str) and isinstance(arguments, str):
            found[identity] = arguments
    return found


def utterances(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the conversation: who speaks, and what where the app itself does; what a model or a tool said is left out.

    A text to embed is spoken by nobody.
    """
    found: list[tuple[str, str]] = []
    for said in _said(body):
        for each in said if isinstance(said, list | tuple) else [said] if said is not None else []:
            if not isinstance(each, Mapping):
                found.append(("", str(each)))
                continue
            role = str(each.get("role") or each.get("type") or "")
            own = role in ("user", "system", "developer")
            found.append((role, "\n".join(_texts(each)) if own else ""))
    return found


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content", message.get("parts"))
    parts = content if isinstance(content, list | tuple) else [content]
    told = (each.get("text") if isinstance(each, Mapping) else each for each in parts)
    return [each for each in told if isinstance(each, str)]


def _said(body: Mapping[str, Any]) -> list[Any]:
    return [body.get("messages"), body.get("input"), body.get("contents")]
