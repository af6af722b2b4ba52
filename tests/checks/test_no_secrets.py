"""no_secrets: keys and canaries in logs, output, errors, results and later calls."""

from __future__ import annotations

import base64
import json
import logging
import sys
from urllib.parse import quote

import openai
import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.journal import secret_search
from pytest_llmchaos.journal.secret_search import Secret

from .apps import MODEL, ask, ask_claude, claude, said, under, verdict

log = logging.getLogger("shop")


def client(key: str) -> openai.OpenAI:
    """Return a client with a key."""
    return openai.OpenAI(api_key=key, max_retries=0)


def shop(chaos, leak):
    """Ask under an outage with a key that looks real, and let `leak` do something with it and the error."""
    key = str(chaos.canary("key"))
    with chaos.request("ask") as request:
        try:
            request.result = ask(client(key))
        except openai.APIError as problem:
            request.result = leak(key, problem) or "sorry"
    return verdict(chaos, "no_secrets")


LEAKS = {
    "log": lambda key, problem: log.error("failed with key %s", key),
    "exception log": lambda key, problem: log.error("failed", exc_info=ValueError(f"bad key {key}")),
    "printed": lambda key, problem: print(json.dumps({"headers": {"authorization": key}})),
    "stderr": lambda key, problem: print(key, file=sys.stderr),
    "printed as it comes": lambda key, problem: [print(each, end="", flush=True) for each in key] and None,
    "result in pieces": lambda key, problem: [{"delta": each} for each in key],
    "result": lambda key, problem: {"debug": [f"https://x/?key={quote(key)}"]},
    "prefix": lambda key, problem: log.error("key %s...", key[:-8]),
    "base64": lambda key, problem: log.error(base64.b64encode(f"user:{key}".encode()).decode()),
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_leak_is_found(leak):
    """Wherever and however the key is written; the verdict does not repeat it."""
    with under(faults.outage()) as chaos:
        found = shop(chaos, leak)
        (key,) = chaos.fakes.canaries
    assert found.outcome == "violated"
    assert "the API key of openai stands in" in found.reason
    assert key not in str(found)


def test_the_app_that_keeps_its_key():
    """Logging type and status, and a few characters of the key to tell it by, gives nothing away."""
    with under(faults.outage()) as chaos:
        found = shop(chaos, lambda key, problem: log.error("%s with key %s...", type(problem).__name__, key[:7]))
        assert found.outcome == "held"
        assert found.evidence


def test_the_text_and_the_chain_of_an_error():
    """An error that leaves the request is searched with its notes, causes and members."""
    with under(faults.outage()) as chaos:
        key = str(chaos.canary("key"))
        with pytest.raises(RuntimeError), chaos.request("ask"):
            try:
                ask(client(key))
            except openai.APIError as problem:
                problem.add_note(f"key was {key}")
                raise RuntimeError("sorry") from ExceptionGroup("tries", [problem])
        found = verdict(chaos, "no_secrets")
    assert "the text of RuntimeError or of what it came from" in found.reason


@pytest.mark.parametrize(("tells", "outcome"), [(True, "violated"), (False, "held")])
def test_a_key_in_a_later_call(tells, outcome):
    """Error texts with keys in the next prompt go to another company."""
    with under(faults.outage(target="openai")) as chaos:
        key = "sk-proj-a8Zk3LmQ0pW7rTn2Xv5c"
        with chaos.request("ask") as request:
            with pytest.raises(openai.APIError):
                ask(client(key))
            request.result = ask_claude(claude(), f"fix this: {key}" if tells else "fix this")
        found = verdict(chaos, "no_secrets")
        assert found.outcome == outcome
        assert not tells or [each.provider for each in found.evidence] == ["anthropic"]


def test_a_placeholder_in_a_later_call():
    """The word that stands for a key is no key, wherever else it stands."""
    with under(faults.outage(target="openai")) as chaos:
        chaos.canary("word")
        with chaos.request("ask") as request:
            with pytest.raises(openai.APIError):
                ask(client("x"))
            request.result = ask_claude(claude(), "an example")
        assert verdict(chaos, "no_secrets").outcome == "held"


class Agent:
    """What some frameworks return: the result, with the agent that made it."""

    def __init__(self, text: str, key: str) -> None:
        self.text, self.model = text, client(key)


def test_a_result_that_holds_its_client():
    """The client that a result came from is no part of what it says."""
    with under(faults.outage()) as chaos:
        assert shop(chaos, lambda key, problem: Agent("sorry", key)).outcome == "held"


def test_a_persons_data():
    """A customer's mail address may be sent and shown, but not logged."""
    with under() as chaos:
        email = chaos.canary("email")
        with chaos.request("ask") as request:
            chaos.replies(f"We wrote to {email}.")
            request.result = ask(client("test-key"), f"I am {email}")
        assert verdict(chaos, "no_secrets").outcome == "held"
        log.warning("asked: %s", email.upper())
        assert "a canary (email) stands in a log record" in verdict(chaos, "no_secrets").reason


def test_without_a_secret_or_a_text_there_is_no_evidence():
    """Placeholders are no secrets, and silence is not searched."""
    with under() as chaos:
        ask(client("test-key-for-openai-client"))
        log.error("test-key-for-openai-client")
        assert "no secret to search for" in verdict(chaos, "no_secrets").reason
    with under() as chaos:
        client(str(chaos.canary("key"))).chat.completions.create(model=MODEL, messages=said())
        assert verdict(chaos, "no_secrets").outcome == "inconclusive"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_base64_from_any_place(before):
    """A key within base64 is found wherever it begins, and another key is not."""
    key, other = "sk-proj-a8Zk3LmQ0pW7rTn2Xv5c", "sk-proj-Zk3a8LmQ7rT0pWn2c5Xv"
    text = base64.b64encode(f"{before}{key} and more".encode()).decode()
    assert list(secret_search.search([Secret.of(key, "key", everywhere=True)], [text]))
    assert not list(secret_search.search([Secret.of(other, "key", everywhere=True)], [text, key]))


def test_listening_leaves_everything_as_it_was(capsys):
    """Streams and logging are restored, output reaches pytest, and nested runs hear the same."""
    write, handle = sys.stdout.write, logging.Logger.callHandlers
    with under() as outer:
        with under() as inner:
            print("hello there")
        print("still on")
    print("off")
    assert (sys.stdout.write, logging.Logger.callHandlers) == (write, handle)
    assert capsys.readouterr().out == "hello there\nstill on\noff\n"
    assert inner.journal.app.written.output == ["hello there"]
    assert outer.journal.app.written.output == ["hello there", "still on"]
