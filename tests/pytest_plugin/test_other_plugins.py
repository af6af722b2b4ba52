"""What other plugins make of a test's id and name, and make out of its name."""

from __future__ import annotations

from pytest_llmchaos.gate.journal_file import read

GROUPED = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):  # as xdist does in its workers, for --dist loadgroup
    for item in items:
        if hasattr(item, "_id"):
            item._id = type(item._id).parse(f"{item.nodeid}@group")
        else:
            item._nodeid = f"{item.nodeid}@group"
"""


def test_the_group_of_xdist_is_no_part_of_an_id(run, pytester, tmp_path):
    """Journal, baseline, chance and commands know a test by the id that it has without."""
    journal, baseline = tmp_path / "j.jsonl", tmp_path / "b.json"
    code = (
        "def test_over():\n    assert ask_with_fallback()\n\n@llmchaos('openai-outage')\ndef test_own():\n    ask()\n"
    )
    options = ("--llmchaos-matrix=openai-outage", f"--llmchaos-journal={journal}", f"--llmchaos-baseline={baseline}")
    run(code, *options, "--llmchaos-update-baseline")
    plain = read([journal])
    journal.unlink()
    pytester.makeconftest(GROUPED)
    result = run(code, *options, "--llmchaos-gate", "-v")
    result.stdout.fnmatch_lines(["*::test_over[[]llmchaos:openai-outage[]]@group PASSED*"])
    assert "did not run" not in result.stdout.str()
    grouped = read([journal])
    assert [(each.test, each.replay, each.outcome) for each in grouped] == [
        (each.test, each.replay, each.outcome) for each in plain
    ]


def test_a_matrix_leaves_a_tests_name_alone(run, pytester):
    """Cassettes and snapshots are found by it; the id, `-k` and the head of a failure tell the scenario."""
    code = """
@pytest.fixture(autouse=True)
def named(request):
    assert request.node.name in ("test_plain", "test_more[1]")

def test_plain(request):
    ask()

@pytest.mark.parametrize("n", [1])
def test_more(n):
    ask_with_fallback()
"""
    result = run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded", "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*::test_more[[]1-llmchaos:openai-outage[]] PASSED*"])
    result.stdout.fnmatch_lines(["*_ test_plain[[]llmchaos:openai-outage[]] _*"])
    run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded", "-k", "overloaded").assert_outcomes(
        passed=2, deselected=2
    )
