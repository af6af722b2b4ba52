"""The record of a test: what it holds, and that a journal survives crashes and mistakes."""

from __future__ import annotations

import json
import multiprocessing
import warnings

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import UsageProblem, faults, inject
from pytest_llmchaos.gate.journal_file import append, begin, end, read
from pytest_llmchaos.gate.record import OUTCOMES, Record, from_json, record, to_json
from pytest_llmchaos.report._survival import exchange

URL = "https://api.openai.com/v1/chat/completions"
TEXT = st.text(st.characters(codec=None), max_size=20)
SECONDS = st.floats(0, 1e6)
EXCHANGE = st.fixed_dictionaries(
    {"type": st.just("exchange"), "provider": TEXT, "operation": TEXT, "started": SECONDS},
    optional={"ended": st.none() | SECONDS, "status": st.none() | st.integers(100, 599), "faults": st.lists(TEXT)},
)
EVENT = st.fixed_dictionaries({"type": st.just("event"), "at": SECONDS, "kind": TEXT, "text": TEXT})


@st.composite
def records(draw):
    """Draw any record."""
    entries = draw(st.lists(EXCHANGE | EVENT, max_size=4))
    evidence = st.lists(st.sampled_from(range(len(entries))), unique=True) if entries else st.just([])
    verdict = st.fixed_dictionaries(
        {
            "check": TEXT,
            "outcome": st.sampled_from(["held", "violated", "inconclusive"]),
            "reason": TEXT,
            "evidence": evidence,
            "always": st.booleans(),
        }
    )
    return Record(
        test=draw(TEXT),
        scenarios=draw(st.lists(TEXT, max_size=2)),
        tags=draw(st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=2)),
        seed=draw(st.integers(0)),
        outcome=draw(st.sampled_from(OUTCOMES)),
        llm=draw(st.sampled_from(["calls", "none"])),
        verdicts=draw(st.lists(verdict, max_size=2)),
        entries=entries,
        phases=draw(st.lists(st.fixed_dictionaries({"name": TEXT, "start": SECONDS, "end": SECONDS}), max_size=2)),
        virtual=draw(SECONDS),
    )


@given(records())
def test_a_record_comes_back_as_it_was(made):
    """Whatever is in it, a record is one line of plain ASCII and reads back equal."""
    line = to_json(made)
    assert "\n" not in line
    assert line.isascii()
    assert from_json(line) == made


@given(records(), st.integers(1))
def test_a_torn_line_is_passed_over_wherever_it_was_cut(tmp_path_factory, made, cut):
    """A crash in the middle of a write loses that record only, also when others follow."""
    path = tmp_path_factory.mktemp("torn") / "journal.jsonl"
    line = to_json(made).encode()
    append(path, made)
    with path.open("ab") as file:
        file.write(line[: cut % (len(line) - 1) + 1] if cut % (len(line) - 1) + 1 < len(line) else line[:1])
    append(path, made)
    with pytest.warns(UserWarning, match=r"journal.jsonl:2: passed over a line"):
        assert read([path]) == [made, made]


def test_a_run_that_did_not_end_is_told(tmp_path):
    """Its records are read, and that others are missing is told, until the same command has run to its end."""
    path = tmp_path / "journal.jsonl"
    append(path, Record("before"))
    run = begin(path, ["tests", "-x"])
    append(path, Record("a"))
    with pytest.warns(UserWarning, match=r"journal.jsonl:2: evidence is missing, as the run that begins here did not"):
        assert [each.test for each in read([path])] == ["before", "a"]
    end(path, run, "the run was interrupted")
    other = begin(path, ["tests/one.py"])
    end(path, other)
    with pytest.warns(UserWarning, match=r"journal.jsonl:2: evidence is missing, as the run was interrupted; run it"):
        assert len(read([path])) == 2
    again = begin(path, ["tests", "-x"])
    append(path, Record("a"))
    end(path, again)
    assert [each.test for each in read([path])] == ["before", "a", "a"]


@pytest.mark.parametrize("fault", [faults.stream_unfinished(), faults.stream_truncated(after=2)])
def test_who_reads_a_journal_takes_the_same_calls_for_failed(fault):
    """A stream that lacks its finish reason is whole, one that breaks off is not: in the run and in its journal."""
    with inject(fault) as chaos:
        with httpx2.stream("POST", URL, json={"model": "gpt-5", "messages": [], "stream": True}) as answer:
            answer.read()
        (call,) = chaos.calls
        (entry,) = record(chaos, outcome="passed").calls
    assert exchange(entry).ok is call.ok is (fault.fault.name == "stream_unfinished")


def test_a_record_tells_what_happened_and_no_secret():
    """Calls, verdicts with their places, phases and times are in it; prompts, answers, headers and keys are not."""
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "the prompt"}]}
    with inject("openai-outage", checks=[]) as chaos:
        httpx2.post(URL, json=body, headers={"authorization": "Bearer sk-secret"})
        chaos.advance("10s")
    made = record(chaos, outcome="passed", wall=0.25)
    calls = [each for each in made.entries if each["type"] == "exchange"]
    assert [(each["provider"], each["model"], each["faults"][0]) for each in calls] == [("openai", "gpt-5", "outage")]
    assert (made.scenarios, made.hit, made.llm, made.wall) == (["openai-outage"], ["openai-outage"], "calls", 0.25)
    assert "outage" in made.tags["openai-outage"]
    assert made.phases[0]["name"] == "collapse"
    assert made.virtual >= 10
    line = to_json(made)
    for secret in ("the prompt", "sk-secret", "authorization", chaos.calls[0].key or "sk-"):
        assert secret not in line
    assert from_json(line) == made


def test_evidence_is_by_place_and_what_hit_nothing_is_told():
    """A verdict's exchanges are places in the entries; a scenario that hit no call is not among `hit`."""
    body = {"model": "gpt-5", "messages": []}
    with inject("anthropic-overloaded", faults.outage(), allow_unused=True) as chaos:
        httpx2.post(URL, json=body)
        with pytest.raises(AssertionError):
            chaos.expect.not_called("openai")
        made = record(chaos, outcome="failed")
        chaos._judge._verdicts.clear()
    verdict = next(each for each in made.verdicts if each["check"].startswith("not_called"))
    assert [made.entries[place]["type"] for place in verdict["evidence"]] == ["exchange"]
    assert made.hit == []
    assert made.scenarios == ["anthropic-overloaded"]
    assert len(made.faults) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "must be a JSON object"),
        ("nonsense", "no line of a journal"),
        ('{"test": "x"}', "schema: must be a whole number"),
        ('{"schema": 99, "test": "x"}', "has format 99.*update pytest-llmchaos"),
        ('{"schema": 1}', "test: must be a text, got None"),
        ('{"schema": 1, "test": "x", "outcome": "meh"}', "outcome: must be one of passed"),
        (
            '{"schema": 1, "test": "x", "verdicts": [{"check": "c", "reason": "", "outcome": "?"}]}',
            "verdicts.0..outcome",
        ),
        (
            '{"schema": 1, "test": "", "verdicts": [{"check": "", "reason": "", "outcome": "held", "evidence": [0]}]}',
            "places in 'entries'",
        ),
        ('{"schema": 1, "test": "x", "entries": [{"type": "?"}]}', "entries.0..type"),
        ('{"schema": 1, "test": "x", "entries": [{"type": "event", "at": "now"}]}', "entries.0..at: must be a number"),
        ('{"schema": 1, "test": "x", "phases": [{}]}', "phases.0..name: must be a text, got None"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path, line, message):
    """File and line number stand before what is wrong."""
    path = tmp_path / "journal.jsonl"
    append(path, Record("a"))
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UsageProblem, match=rf"journal.jsonl:2: .*{message}"):
        read([path])


def test_members_of_later_versions_are_left_out():
    """What this version does not know does not hinder it."""
    data = {**json.loads(to_json(Record("x"))), "mood": "good"}
    assert from_json(json.dumps(data)) == Record("x")


def test_a_missing_journal_is_told(tmp_path):
    """By its path."""
    with pytest.raises(UsageProblem, match=r"none.jsonl: No such file"):
        read([tmp_path / "none.jsonl"])


_WRITE = """
from pytest_llmchaos.gate.journal_file import append
from pytest_llmchaos.gate.record import Record

for _ in range(50):
    append({path!r}, Record({name!r}, verdicts=[{{"check": "c" * 3000, "outcome": "held", "reason": ""}}]))
"""


def test_several_processes_may_write_one_journal(tmp_path):
    """Each record is one write, so lines do not mix."""
    path = tmp_path / "sub" / "journal.jsonl"
    # What a worker does is Python's own: it need not find the module of this test.
    start = multiprocessing.get_context("spawn").Process
    workers = [start(target=exec, args=(_WRITE.format(path=str(path), name=name),)) for name in "ab"]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sorted(each.test for each in read([path])) == ["a"] * 50 + ["b"] * 50


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**301, "1e400", "NaN", "-Infinity"])
@pytest.mark.parametrize("member", ["wall", "virtual", "cost", "unpriced", "started", "status", "attempt", "end"])
def test_numbers_that_nobody_can_reckon_with_are_refused(tmp_path, member, number):
    """With file and line; a damaged digit must not end in a traceback."""
    call = {"type": "exchange", "provider": "p", "operation": "o", "started": 0, "status": 200, "attempt": 1}
    parts = {"entries": [call | {member: "N"}], "phases": [{"name": "", "start": 0, "end": 1} | {member: "N"}]}
    line = json.dumps({"schema": 1, "test": "t", member: "N"} | parts)
    (tmp_path / "j.jsonl").write_text(line.replace('"N"', str(number)) + "\n")
    with pytest.raises(UsageProblem, match=rf"j\.jsonl:1: (\w+\[0\]\.)?{member}: must be"):
        read([tmp_path / "j.jsonl"])


def test_what_a_mock_says_of_tokens_is_reckoned_with_or_left_out():
    """A record of ours is always one that can be read."""
    answer = {
        "choices": [],
        "usage": {"prompt_tokens": 10**400, "completion_tokens": -5, "thoughtsTokenCount": 10**400},
    }
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, text=json.dumps(answer)))
    with inject(faults.outage(target="anthropic"), allow_unused=True, suppress={}) as chaos:
        with httpx2.Client(transport=transport) as client:
            client.post(URL, json={"model": "gpt-5", "messages": []}, headers={"x-stainless-retry-count": "9" * 400})
        assert (chaos.calls[0].retry, chaos.calls[0].answer.prompt_tokens) == (None, None)
    assert from_json(to_json(record(chaos, outcome="passed"))).entries[0]["prompt_tokens"] is None
