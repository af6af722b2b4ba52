"""The faults that the provider itself answers."""

from __future__ import annotations

import dataclasses
import json

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.errors import ParameterError
from pytest_llmchaos.core.plan import End, Head

from .fakes import applied, call, healthy


@pytest.mark.parametrize(
    ("injection", "asked"),
    [
        (faults.overloaded(), {"kind": "overloaded"}),
        (faults.quota_exhausted(), {"kind": "quota_exhausted"}),
        (faults.auth_revoked(), {"kind": "auth_revoked"}),
        (faults.region_blocked(), {"kind": "region_blocked"}),
        (faults.outage(), {"kind": "outage", "status": 503, "page": "json"}),
        (faults.outage(502, page="html"), {"kind": "outage", "status": 502, "page": "html"}),
        (faults.rate_limit(), {"kind": "rate_limit", "retry_after": None, "form": "seconds"}),
        (faults.rate_limit("20s", "ms"), {"kind": "rate_limit", "retry_after": 20, "form": "ms"}),
        (
            faults.rate_limit(retry_after=1, form="date"),
            {"kind": "rate_limit", "retry_after": 1, "form": "date"},
        ),
        (faults.model_retired(), {"kind": "model_retired", "successor": None}),
        (faults.model_retired("m-2"), {"kind": "model_retired", "successor": "m-2"}),
        (faults.model_retired(status=410), {"kind": "model_retired", "successor": None, "status": 410}),
        (faults.access_denied(), {"kind": "access_denied", "reason": "ownership"}),
        (faults.access_denied("suspension"), {"kind": "access_denied", "reason": "suspension"}),
        (faults.policy_refusal(), {"kind": "policy_refusal", "form": "error"}),
        (faults.policy_refusal("finish"), {"kind": "policy_refusal", "form": "finish"}),
        (faults.policy_refusal(form="refusal"), {"kind": "policy_refusal", "form": "refusal"}),
    ],
    ids=lambda value: str(value.fault) if isinstance(value, faults.Injection) else "",
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_the_provider_is_asked_for_its_own_error(injection, asked, stream):
    """The fault says what goes wrong, the provider how that looks; nothing of the healthy answer is left."""
    head, body, end = applied(injection, stream=stream)
    assert head.status == 599
    assert json.loads(body.data) == asked
    assert end == End()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: faults.outage(418), "status: 418 is not one of 500, 502"),
        (lambda: faults.outage(503.0), "status: 503.0 is not one of"),
        (lambda: faults.outage(page="htm"), "page: 'htm' is not one of 'json', 'html'; did you mean 'html'"),
        (lambda: faults.rate_limit("soon"), "retry_after: 'soon' is not a duration"),
        (lambda: faults.rate_limit(form="second"), "did you mean 'seconds'"),
        (lambda: faults.model_retired(5), "successor: 5 is not a text"),
        (lambda: faults.model_retired(""), "successor: '' is not a text"),
        (lambda: faults.model_retired(status=418), "status: 418 is not one of 404, 400, 410, 429"),
        (lambda: faults.access_denied("fraud"), "reason: 'fraud' is not one of 'ownership'"),
        (lambda: faults.wrong_output("rude"), "form: 'rude' is not one of 'empty', 'truncated'"),
        (lambda: faults.wrong_embeddings(0), "dimensions: 0 is not a number of dimensions"),
        (lambda: faults.wrong_embeddings(3, "zeros"), "dimensions: goes with form='length' only, not with 'zeros'"),
        (lambda: faults.price_multiplied(0), "times: 0 is not a number above 0"),
        (lambda: faults.price_multiplied(True), "times: True is not a number above 0"),
        (lambda: faults.deprecation_notice("soon"), "on: 'soon' is not a day such as '2026-03-26'"),
        (lambda: faults.stream_duplicate(0), "after: 0 is not the number of an event"),
        (lambda: faults.stream_heartbeats(every="10ms"), "every: '10ms' is too short"),
        (lambda: faults.stream_drip(0), "chunk: 0 is not a number of bytes"),
        (lambda: faults.stream_split("word"), "at: 'word' is not one of 'character', 'line', 'byte'"),
        (lambda: faults.wrong_host(status=500), "status: 500 is not one of 200, 404"),
        (lambda: faults.policy_refusal(True), "form: True is not one of"),
        (lambda: faults.malformed("xml"), "form: 'xml' is not one of 'json', 'html', 'empty'"),
        (lambda: faults.stream_cut(-1), "after: -1 is not a whole number"),
        (lambda: faults.stream_cut(True), "after: True is not a whole number"),
        (lambda: faults.stream_stall(delay="x"), "delay: 'x' is not a duration"),
        (lambda: faults.overloaded(1), "overloaded: got 1 values, takes no parameter of its own"),
        (
            lambda: faults.overloaded(targt="openai"),
            "targt: overloaded has no such parameter.*did you mean 'target'",
        ),
    ],
)
def test_a_wrong_parameter_is_refused_where_the_fault_is_written(make, says):
    """The message names the parameter, shows the value and says what was expected."""
    with pytest.raises(ParameterError, match=says):
        make()


@pytest.mark.parametrize("form", ["json", "empty"])
@pytest.mark.parametrize("seed", range(20))
def test_a_malformed_body_is_no_json(form, seed):
    """A plain answer looks healthy up to its body, whose length is told truly; no character is cut in two."""
    head, *chunks, end = applied(faults.malformed(form), key=str(seed))
    body = b"".join(each.data for each in chunks)
    assert (head.status, head.error) == (200, "malformed")
    assert dict(head.headers) == {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-request-id": "req_1",
    }
    assert end == End()
    assert (body == b"") is (form == "empty")
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_malformed_stream_has_an_event_with_broken_json():
    """Head and framing are those of a stream; the data of the event is cut off in the middle."""
    head, event, end = applied(faults.malformed("json"), stream=True)
    assert dict(head.headers) == {"content-type": "text/event-stream", "x-request-id": "req_1"}
    assert event.event
    name, data, *blank = event.data.split(b"\n")
    assert (name, blank) == (b"event: word", [b"", b""])
    with pytest.raises(json.JSONDecodeError):
        json.loads(data.removeprefix(b"data: "))
    assert end == End()


def test_a_malformed_stream_can_be_empty():
    """The head promises a stream, and none comes."""
    head, end = applied(faults.malformed("empty"), stream=True)
    assert dict(head.headers)["content-type"] == "text/event-stream"
    assert (head.error, end) == ("malformed", End())


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_a_malformed_answer_can_be_a_page(stream):
    """Somebody else answers in the provider's place, with 200."""
    head, page, end = applied(faults.malformed("html"), stream=stream)
    assert head == Head(200, (("content-type", "text/html; charset=utf-8"),), "malformed")
    assert page.data.startswith(b"<!DOCTYPE html>")
    assert not page.event
    assert end == End()


def test_a_fault_is_repeated_exactly():
    """The same chance gives the same bytes."""
    assert applied(faults.malformed()) == applied(faults.malformed())
    assert applied(faults.malformed()) != applied(faults.malformed(), key="other")


# What breaks one operation only, or needs arguments, is tried elsewhere.
OTHERS = ("latency", "mix", "status_page", "stream", "token_bucket", "wrong_embeddings")


@pytest.mark.parametrize("name", [name for name in faults.names() if not name.startswith(OTHERS)])
def test_only_stream_faults_need_a_stream(name):
    """Every other fault fits plain and streamed calls."""
    fault = faults.find(name)().fault
    assert fault.unfit(call()) is None
    assert fault.unfit(call(stream=True)) is None


def test_every_fault_says_what_it_does():
    """Each has a docstring that names all its parameters, and its place in the list of names."""
    answered = "outage overloaded rate_limit quota_exhausted auth_revoked region_blocked model_retired malformed"
    transport = "connection_refused dns_failure connect_timeout no_response connection_reset latency"
    streams = "stream_cut stream_truncated stream_stall stream_error policy_refusal"
    assert set(faults.names()) >= set(f"{answered} {transport} {streams}".split())
    for name in faults.names():
        factory = faults.find(name)
        assert factory.__doc__
        assert len(factory.__doc__) > 60, name
        for parameter in dataclasses.fields(factory.fault):
            assert f"{parameter.name}:" in factory.__doc__, (name, parameter.name)


def test_a_healthy_plan_is_left_as_it_was():
    """A fault returns a new plan."""
    plan = healthy()
    before = list(plan.steps())
    faults.outage().fault.apply(plan, call(), None)
    assert list(plan.steps()) == before
