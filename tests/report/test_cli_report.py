"""`llmchaos report`."""

from __future__ import annotations

from importlib import import_module

import pytest
from click.testing import CliRunner

from pytest_llmchaos import report
from pytest_llmchaos.cli import cli
from pytest_llmchaos.gate.journal_file import append

from . import records

cli_report = import_module("pytest_llmchaos.cli.report")


@pytest.fixture
def journal(tmp_path):
    """A journal of three tests."""
    path = tmp_path / "run.jsonl"
    for each in (records.fallback(test="t.py::a"), records.gave_up(test="t.py::b"), records.untouched()):
        append(path, each)
    return path


def run(*arguments):
    """Run the command and return its result."""
    return CliRunner().invoke(cli, ["report", *map(str, arguments)])


def test_every_form_from_journals(journal, tmp_path):
    """All at once, into folders that are made."""
    out = tmp_path / "out"
    result = run(journal, "--html", out / "r.html", "--markdown", out / "r.md", "--junit", out / "r.xml", "--terminal")
    assert result.exit_code == 0
    assert "2 tests under chaos: 1 violated, 1 held" in result.stdout
    assert "Survival matrix" in (out / "r.html").read_text("utf-8")
    assert "## llmchaos: ❌ 1 violated" in (out / "r.md").read_text("utf-8")
    assert 'failures="1"' in (out / "r.xml").read_text("utf-8")


def test_the_summary_where_nothing_is_asked(journal):
    """Without colour where it goes to no terminal."""
    result = run(journal)
    assert result.stdout.startswith("  scenario       tests  violated")
    assert "\x1b" not in result.stdout


def test_the_last_result_counts(journal):
    """A test that was repaired since is not told as violated."""
    append(journal, records.fallback(test="t.py::b"))
    result = run(journal)
    assert "2 tests under chaos: 2 held" in result.stdout
    assert "1 result of an earlier try or run left out" in result.stderr


def test_mistakes(journal, tmp_path):
    """A missing journal, a line that is none and a place that cannot be written are told without a traceback."""
    for arguments, said in (
        ([tmp_path / "none.jsonl"], "none.jsonl: No such file"),
        ([journal, "--html", journal / "x.html"], "the report cannot be written"),
        ([journal, "--junit", journal / "x.xml"], "the report cannot be written"),
    ):
        result = run(*arguments)
        assert (result.exit_code, said in result.stderr) == (2, True)
    journal.write_text("[]\n")
    assert "run.jsonl:1" in run(journal).stderr


def test_an_empty_journal(tmp_path):
    """It says so."""
    (tmp_path / "empty.jsonl").touch()
    assert run(tmp_path / "empty.jsonl").stdout == "the journals hold no test\n"


def test_a_torn_line_is_told_in_one_line(journal):
    """What a killed process left is no reason for Python's own warning with a line of our code."""
    with journal.open("ab") as file:
        file.write(b'{"test": "tests/test_a.py::test_to')
    done = run(journal)
    assert done.exit_code == 0
    (line,) = [each for each in done.stderr.splitlines() if "passed over" in each]
    assert line.startswith(str(journal))
    assert "Warning" not in done.stderr


def test_a_form_whose_option_is_taken(journal, monkeypatch):
    """Somebody else's class is named, and its file is not written in another one's place."""

    class Terminal(report.ReportForm):
        option = "terminal"
        help = "Write it."

        def render(self, records):
            return ""

    monkeypatch.setattr(report, "forms", lambda: {"terminal": Terminal})
    cli_report._options.cache_clear()
    result = run(journal)
    cli_report._options.cache_clear()
    assert result.exit_code == 2
    assert "Terminal: llmchaos report has an option --terminal already" in result.stderr
