"""What the test tells of its app: results, errors, side effects."""

from __future__ import annotations

import threading

import httpx2
import pytest

from pytest_llmchaos import inject
from pytest_llmchaos.gate import record

from ..timing import about


def call():
    """Make one LLM call."""
    httpx2.post("https://api.openai.com/v1/chat/completions", json={"model": "gpt-5", "messages": []})


def test_a_request_keeps_what_became_of_it():
    """Result, error, calls and times; the journal's event has the error's type and nothing else."""
    with inject() as chaos:
        with chaos.request("good") as good:
            call()
            with pytest.raises(AttributeError, match=r"write `request.result = ...`"):
                good.result  # noqa: B018 - to see it fail
            good.result = {"secret answer": 7}
        with pytest.raises(KeyError), chaos.request("bad") as bad:
            chaos.clock.sleep(2)
            raise KeyError("secret")
    assert (good.name, good.result, good.error, good.calls) == ("good", {"secret answer": 7}, None, list(chaos.calls))
    assert isinstance(bad.error, KeyError)
    assert bad.ended - bad.started == about(2, within=0.1)
    assert [(each.kind, each.text, each.error) for each in chaos.journal.events] == [
        ("request", "good", ""),
        ("answered", "good", ""),
        ("request", "bad", ""),
        ("raised", "bad", "builtins.KeyError"),
    ]
    assert "secret" not in record.to_json(record.record(chaos, outcome="passed"))
    assert "secret" not in repr(chaos.journal.app.requests)


def test_results_of_a_whole_test():
    """Each result answers what was asked since the last one; in a marked request it is that request's."""
    with inject() as chaos:
        call()
        call()
        chaos.result("first")
        call()
        chaos.result(None)
        with chaos.request("marked"):
            call()
            chaos.result("third")
            chaos.effect("mail", 7)
        call()
    told = [(each.name, each.has_result and each.result, len(each.calls)) for each in chaos.journal.app.requests]
    assert told == [("marked", "third", 1), ("", "first", 2), ("", None, 1), ("", False, 1)]
    (effect,) = chaos.journal.app.marked[0].effects
    assert (effect.name, effect.id) == ("mail", 7)
    assert [each.text for each in chaos.journal.events if each.kind == "effect"] == ["mail"]


def test_calls_of_unmarked_threads_are_strays():
    """A bare thread does not know its request; the request knows that something was lost."""
    with inject() as chaos:
        with chaos.request("ask") as request:
            thread = threading.Thread(target=call)
            thread.start()
            thread.join()
        with chaos.request("later") as later:
            call()
    assert (request.calls, request.strays) == ([], True)
    assert (len(later.calls), later.strays) == (1, False)


def test_a_run_within_a_run_keeps_its_own():
    """A call of the inner run is none of the outer run's request."""
    with inject() as outer, outer.request("outer") as request:
        call()
        with inject() as inner:
            call()
            inner.result("inner")
    assert len(request.calls) == 1
    assert not request.has_result
    assert inner.journal.app.requests[0].result == "inner"


def test_errors_let_go_of_their_frames_once_judged():
    """What a caught error holds is not kept alive by the journal."""
    with inject() as chaos, pytest.raises(ValueError, match="outer"), chaos.request("ask"):
        try:
            raise KeyError("inner")
        except KeyError as problem:
            raise ValueError("outer") from problem
    error = chaos.journal.app.marked[0].error
    assert error.__traceback__ is None
    assert error.__cause__.__traceback__ is None
