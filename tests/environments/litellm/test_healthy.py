"""litellm with nothing wrong: every back end's answer satisfies it, plain and streamed, sync and async."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .calls import BACKENDS, MODES, ask

TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Find an order by its number.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
    },
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_plain(backend, mode):
    """An answer has text, a finish reason and a usage that adds up."""
    outcome = ask(backend, "plain", mode)
    assert outcome.error is None, repr(outcome.error)
    assert outcome.text
    assert outcome.finish == "stop"
    usage = outcome.answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0
    assert [(call.provider, call.operation, call.stream) for call in outcome.chaos.calls] == [(backend, "chat", False)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_streamed(backend, mode):
    """A stream comes in pieces and ends with its finish reason."""
    outcome = ask(backend, "stream", mode)
    assert outcome.error is None, repr(outcome.error)
    assert len(outcome.pieces) > 3
    assert outcome.text
    assert outcome.finish == "stop"
    assert [(call.provider, call.operation, call.stream) for call in outcome.chaos.calls] == [(backend, "chat", True)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("call", ["plain", "stream"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_tool_is_called(backend, call, mode):
    """A tool that must be called comes with arguments that fit its schema, and as a tool call."""
    outcome = ask(backend, call, mode, tools=[TOOL], tool_choice="required")
    assert outcome.error is None, repr(outcome.error)
    assert outcome.finish == "tool_calls"
    if call == "plain":
        (made,) = outcome.answer.choices[0].message.tool_calls
        name, arguments = made.function.name, made.function.arguments
    else:
        deltas = [each for piece in outcome.pieces for each in piece.choices[0].delta.tool_calls or ()]
        name = next(each.function.name for each in deltas if each.function.name)
        arguments = "".join(each.function.arguments or "" for each in deltas)
    assert name == "find_order"
    assert isinstance(json.loads(arguments)["number"], int)


def test_importing_it_looks_nothing_up():
    """With the documented switch, which these tests set, the import needs no network."""
    code = (
        "import socket\n"
        "def lookup(*args, **options): raise SystemExit(f'looked up {args}')\n"
        "socket.getaddrinfo = lookup\n"
        "import litellm\n"
        "assert len(litellm.model_cost) > 1000\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
