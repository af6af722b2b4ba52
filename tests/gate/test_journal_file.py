"""Which records of a journal count when it holds several runs, and what is told of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

from pytest_llmchaos.gate.journal_file import append, begin, counting, end
from pytest_llmchaos.gate.record import Record

CALL = {"type": "exchange", "provider": "openai", "operation": "chat", "started": 0.0, "faults": ["outage"]}
HELD = Record("t.py::a", scenarios=["o"], hit=["o"], llm="calls", entries=[CALL])
FAILED = replace(HELD, outcome="failed", raised=True)
OTHER = replace(HELD, test="t.py::b")


def play(path, *runs):
    """Write runs into a journal, one behind the other."""
    for command, records in runs:
        run = begin(path, [command])
        for each in records:
            append(path, replace(each, run=run))
        end(path, run)


def outcomes(records):
    """Return what counts."""
    return [(each.test, each.outcome) for each in records]


def test_a_later_run_takes_the_place_of_an_earlier_one(tmp_path):
    """Test by test; that an earlier one was worse is told."""
    play(tmp_path / "j", ("all", [FAILED, OTHER]), ("all", [HELD, OTHER]))
    records, notes = counting(tmp_path / "j")
    assert outcomes(records) == [("t.py::a", "passed"), ("t.py::b", "passed")]
    (note,) = notes
    assert note.endswith("2 results of an earlier try or run left out, 1 of them worse, such as that of t.py::a")


def test_what_the_last_run_did_not_bring_is_told(tmp_path):
    """It counts, as nothing newer is known of it."""
    play(tmp_path / "j", ("all", [FAILED, OTHER]), ("-k b", [OTHER]))
    records, notes = counting(tmp_path / "j")
    assert outcomes(records) == [("t.py::a", "failed"), ("t.py::b", "passed")]
    assert "1 result of an earlier run counted, as the last brought no other, such as t.py::a" in notes[0]


def test_of_runs_at_the_same_time_each_counts(tmp_path):
    """Jobs that share the file take no result from one another."""
    path = tmp_path / "j"
    one, two = begin(path, ["3.11"]), begin(path, ["3.13"])
    append(path, replace(FAILED, run=one))
    append(path, replace(HELD, run=two))
    end(path, two)
    end(path, one)
    records, notes = counting(path)
    assert sorted(each.outcome for each in records) == ["failed", "passed"]
    assert notes == []


def test_a_test_that_ran_again_in_its_run(tmp_path):
    """Its last try counts, and the worse one is told."""
    play(tmp_path / "j", ("all", [FAILED, HELD]))
    records, notes = counting(tmp_path / "j")
    assert outcomes(records) == [("t.py::a", "passed")]
    assert "1 result of an earlier try or run left out, 1 of them worse" in notes[0]


def test_journals_without_names_of_runs(tmp_path):
    """As earlier versions wrote them, or a part of one: a record is of the run that began before it."""
    path = tmp_path / "j"
    append(path, FAILED)
    append(path, HELD)
    assert outcomes(counting(path)[0]) == [("t.py::a", "passed")]
    run = begin(path, ["all"])
    append(path, OTHER)
    end(path, run)
    records, notes = counting(path)
    assert outcomes(records) == [("t.py::a", "passed"), ("t.py::b", "passed")]
    assert "1 result of an earlier run counted" in notes[0]


def gate(*args, **more):
    """Start `llmchaos gate`."""
    command = [sys.executable, "-m", "pytest_llmchaos", "gate", *map(str, args)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **more)  # noqa: S603 - our own command


def test_the_worst_of_several_journals_in_any_order(tmp_path):
    """And a reader that went away changes neither the exit code nor what is written."""
    play(tmp_path / "a", ("all", [FAILED, OTHER]))
    play(tmp_path / "b", ("all", [HELD, OTHER]))
    for order in ("ab", "ba"):
        baseline = tmp_path / f"{order}.json"
        reader, writer = os.pipe()
        os.close(reader)
        journals = [tmp_path / each for each in order]
        done = gate(*journals, "--baseline", baseline, "--update-baseline", cwd=tmp_path, stdout=writer)
        os.close(writer)
        told = done.communicate(timeout=60)[1]
        assert (done.returncode, told) == (10, "")
        assert '"o": "failed"' in baseline.read_text("utf-8")
