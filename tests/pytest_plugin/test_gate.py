"""`--llmchaos-gate`: the verdict over a whole run is pytest's exit code."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli

GOOD = "def test_good():\n    assert ask_with_fallback()\n"
BAD = "def test_bad():\n    assert ask()\n"
OUTAGE = "--llmchaos=openai-outage"


def policy(pytester, text):
    """Write the policy."""
    pytester.makepyprojecttoml(f"[tool.llmchaos.gate]\n{text}\n")


def test_pass(run, pytester):
    """What is required was exercised and held."""
    policy(pytester, 'require = ["tag:outage"]\nattempts = 3\nadded_latency = "30s"')
    result = run(GOOD, OUTAGE, "--llmchaos-gate")
    assert result.ret == 0
    result.shows("llmchaos gate", "PASS: 1 of 1 tests survived (100%)")


def test_block(run):
    """Without a policy every test that a fault hit must survive; the reason has its command."""
    result = run(GOOD + BAD, OUTAGE, "--llmchaos-gate")
    assert result.ret == 10
    result.shows(
        "BLOCK: 1 of 2 tests survived (50%)", "test_bad", "pytest test_it.py::test_bad --llmchaos=openai-outage"
    )


def test_inconclusive(run, pytester):
    """Nothing was shown: another provider's scenario, or no chaos at all."""
    assert run(GOOD, "--llmchaos=anthropic-overloaded", "--llmchaos-gate").ret == 11
    assert run("def test_x(): pass\n", "--llmchaos-gate").ret == 11
    policy(pytester, 'require = ["model-retired"]')
    result = run(GOOD, OUTAGE, "--llmchaos-gate")
    assert result.ret == 11
    result.shows("model-retired is required, and no test ran under it")


def test_a_check_without_evidence_and_a_test_that_fails_by_itself(run):
    """What failed only because nothing could be judged is inconclusive; what the test itself found wrong blocks."""
    marker = '@pytest.mark.llmchaos("openai-outage")\ndef test_open(llmchaos):\n'
    unjudged = "    llmchaos.expect.breaker(opens_after=9, half_opens_after='30s')\n"
    result = run(GOOD + marker + "    assert ask_with_fallback()\n" + unjudged, OUTAGE, "--llmchaos-gate")
    assert result.ret == 11
    result.shows("INCONCLUSIVE", "1 test failed because nothing could be judged, such as test_it.py::test_open")
    result = run(GOOD + marker + "    assert not ask_with_fallback()\n" + unjudged, OUTAGE, "--llmchaos-gate")
    assert result.ret == 10


def test_error(run):
    """A test that could not run is evidence that is missing."""
    code = GOOD + "@pytest.fixture\ndef broken():\n    raise OSError\ndef test_x(broken): pass\n"
    result = run(code, OUTAGE, "--llmchaos-gate")
    assert result.ret == 12
    result.shows("ERROR: 1 of 1 tests survived", "could not run")


def test_what_the_policy_allows_does_not_fail_the_run(run, pytester):
    """With enough survivors pytest's failures are accepted, and that is said; other failures are not."""
    policy(pytester, 'survival = "50%"')
    result = run(GOOD + BAD, OUTAGE, "--llmchaos-gate")
    assert result.ret == 0
    result.shows("PASS", "the policy of the gate allows the failures, so the exit code is 0")
    result = run(GOOD + BAD + "def test_plain(): assert False\n", OUTAGE, "--llmchaos-gate")
    assert result.ret == 1
    result.shows("the gate does not judge what else failed, such as test_it.py::test_plain")


def test_a_journal_of_half_a_run_is_no_pass(run, pytester):
    """Offline as well: a run that was stopped or killed, until the same command came to its end."""
    journal = pytester.path / "j.jsonl"
    command = (OUTAGE, f"--llmchaos-journal={journal}", "--maxfail=1")
    assert run(GOOD + "def test_no(): assert False\n" + GOOD.replace("good", "later"), *command).ret == 1
    whole = CliRunner().invoke(cli, ["gate", str(journal)])
    assert whole.exit_code == 12
    assert "evidence is missing, as the run was stopped early" in whole.output
    assert run(GOOD, *command).ret == 0
    assert CliRunner().invoke(cli, ["gate", str(journal)]).exit_code == 0
    lines = journal.read_text("utf-8").splitlines()
    journal.write_text("\n".join(lines[:-1]) + "\n", "utf-8")
    killed = CliRunner().invoke(cli, ["gate", str(journal)])
    assert killed.exit_code == 12
    assert "the run that begins here did not end" in killed.output


def test_a_run_that_did_not_end_is_no_pass(run):
    """pytest's own exit codes stay, and stopping early is told."""
    result = run(GOOD + "def test_stop(): raise KeyboardInterrupt\n", OUTAGE, "--llmchaos-gate", subprocess=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.shows("ERROR", "the run was interrupted")
    result = run("def test_a(): assert False\n" + GOOD, OUTAGE, "--llmchaos-gate", "-x")
    assert result.ret == 12
    result.shows("the run was stopped early")
    assert run("", OUTAGE, "--llmchaos-gate").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_marked_tests_are_judged_too(run):
    """The gate judges all chaos tests, wherever their faults come from."""
    code = '@llmchaos("openai-outage")\ndef test_marked():\n    assert ask_with_fallback()\n'
    assert run(code, "--llmchaos-gate").ret == 0


def test_a_baseline_is_written_and_compared(run, pytester):
    """What failed before is known, what newly fails blocks, and updating says what it wrote."""
    path = pytester.path / "chaos.json"
    options = (OUTAGE, f"--llmchaos-baseline={path}")
    result = run(GOOD + BAD, *options, "--llmchaos-update-baseline")
    result.shows("the baseline now holds 2 results")
    assert run(GOOD + BAD, *options, "--llmchaos-gate").ret == 0
    result = run("def test_good():\n    assert ask()\n", *options, "--llmchaos-gate")
    assert result.ret == 10
    result.shows("test_good under openai-outage survived in the baseline and now fails")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--llmchaos-gate", "--llmchaos-baseline=none.json"], "there is no baseline; write it with"),
        (["--llmchaos-update-baseline"], "needs a file"),
        (["--llmchaos-baseline=none.json"], "is compared by --llmchaos-gate"),
        (["--llmchaos-journal=."], "--llmchaos-journal: "),
    ],
)
def test_mistakes_are_told_before_anything_runs(run, args, message):
    """By a usage error."""
    result = run(GOOD, *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_a_bad_policy_is_told_before_anything_runs(run, pytester):
    """With the file and the key."""
    policy(pytester, 'survival = "120%"')
    result = run(GOOD, "--llmchaos-gate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pyproject.toml: [[]tool.llmchaos.gate[]] survival: '120%' is not a rate*"])


def test_nothing_is_told_where_chaos_was_not_used(run):
    """No section, no note, no exit code of ours."""
    result = run("def test_x(): pass\n")
    assert result.ret == 0
    assert "gate" not in result.stdout.str()
    result = run(BAD, OUTAGE, "--llmchaos-gate", "--collect-only")
    assert result.ret == 0


def test_quiet_gives_one_line(run):
    """`-q` and `--no-summary` leave the verdict alone."""
    for option in ("-q", "--no-summary"):
        result = run(BAD, OUTAGE, "--llmchaos-gate", option)
        assert result.ret == 10
        assert [line for line in result.outlines if "survived" in line] == ["BLOCK: 0 of 1 tests survived (0%)"]


def test_reports_are_written(run, pytester):
    """HTML from the run itself, properties in JUnit's file."""
    result = run(GOOD, OUTAGE, "--llmchaos-report=out/report.html", "--junitxml=junit.xml")
    assert result.ret == 0
    assert "test_good" in (pytester.path / "out" / "report.html").read_text("utf-8")
    assert 'name="llmchaos.' in (pytester.path / "junit.xml").read_text("utf-8")
