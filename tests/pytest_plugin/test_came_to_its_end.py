"""The gate's exit code is right whatever else happens to a run, and half a run is no pass."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.gate.journal_file import read

GOOD = "def test_good():\n    assert ask_with_fallback()\n"
# No SDK in its traceback, whose files pytest would read for each failure.
BAD = "def test_bad():\n    assert ask_swallowing() != 'sorry'\n"
OPTIONS = ("--llmchaos=openai-outage", "--llmchaos-gate", "--llmchaos-journal=j.jsonl")


@pytest.fixture
def gated(run, pytester):
    """Run code under an outage and the gate; return what it exits with, and `llmchaos gate` on the journal later."""

    def gated(code, *args, survival="", **more):
        if survival:
            pytester.makepyprojecttoml(f'[tool.llmchaos.gate]\nsurvival = "{survival}"\n')
        (pytester.path / "j.jsonl").unlink(missing_ok=True)
        result = run(code, *OPTIONS, *args, **more)
        later = CliRunner().invoke(cli, ["gate", "--config", str(pytester.path), str(pytester.path / "j.jsonl")])
        return result, later

    return gated


ADDS = """
import pytest
def pytest_sessionfinish(session, exitstatus):
    session.exitstatus |= {found}
"""
LATE = """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    result = yield
    session.exitstatus |= {found}
    return result
def pytest_unconfigure(config):
    pass
"""


@pytest.mark.parametrize("plugin", [ADDS, LATE])
def test_what_plugins_add_changes_no_verdict(gated, pytester, plugin):
    """As snapshot plugins do, first and last of all; what they found is not excused by a pass."""
    pytester.makeconftest(plugin.format(found="exitstatus"))
    assert gated(BAD)[0].ret == 10
    assert gated(GOOD + BAD, survival="50%")[0].ret in (0, 1)
    pytester.makeconftest(plugin.format(found="1"))
    assert gated(BAD, survival="50%")[0].ret == 10
    assert gated(GOOD, survival="50%")[0].ret == 1
    assert gated(GOOD + BAD, survival="50%")[0].ret == 1
    # Of another length: pytest reads a file again where its second or its size is another.
    pytester.makeconftest(plugin.format(found="False"))
    assert gated(GOOD + BAD, survival="50%")[0].ret == 0


def test_a_failure_that_a_plugin_counts_is_not_excused(gated, pytester):
    """As a threshold of coverage."""
    pytester.makeconftest(
        "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtestloop(session):\n"
        "    result = yield\n    session.testsfailed += 1\n    return result\n"
    )
    result, later = gated(GOOD + BAD, survival="50%")
    assert (result.ret, later.exit_code) == (1, 0)
    result.shows("the gate does not judge what else failed, 1 more than tests did")


ENDS = {
    "in a test": "def test_h(): pytest.exit('bye', returncode={code})\n",
    "in a fixture": "@pytest.fixture\ndef f(): pytest.exit('bye', returncode={code})\ndef test_h(f): pass\n",
    "in teardown": "@pytest.fixture\ndef f():\n    yield\n    pytest.exit('bye', returncode={code})\n"
    "def test_h(f): pass\n",
    "in the last test": "class TestZ:\n    def test_z(self): pytest.exit('bye', returncode={code})\n",
}


@pytest.mark.parametrize(
    ("where", "codes"),
    [("in a test", (0, 1, 11)), ("in a fixture", (0,)), ("in teardown", (0,)), ("in the last test", (0,))],
)
def test_half_a_run_is_no_pass(gated, where, codes):
    """Whatever exit code `pytest.exit` asked for: pytest keeps it the same way, wherever it was asked."""
    assert where in ENDS
    for code in codes:
        result, later = gated(GOOD + ENDS[where].format(code=code) + (GOOD if "last" not in where else ""))
        assert (result.ret, later.exit_code) == (12, 12)
        result.shows("ERROR: 1 of 1 tests survived")
        assert "evidence is missing, as the run was ended by pytest.exit: bye" in later.output


def test_a_run_that_tests_nothing_is_no_pass(gated):
    """Setup and teardown alone."""
    code = "@pytest.fixture\ndef index(): return ask_with_fallback()\ndef test_it(index): pass\n"
    for option in ("--setup-only", "--setup-plan"):
        result, later = gated(code, option)
        assert (result.ret, later.exit_code) == (12, 12)
        result.shows("of the tests only setup and teardown ran")


def test_a_file_that_cannot_be_collected_is_evidence_that_is_missing(gated, pytester):
    """Whatever the policy allows; pytest's own code stays where it stopped for that."""
    pytester.makepyfile(test_other="import a_module_that_is_not_there\n")
    result, later = gated(GOOD + BAD, "--continue-on-collection-errors", survival="50%")
    assert (result.ret, later.exit_code) == (12, 12)
    result.shows("1 file could not be collected, the first test_other.py")
    result, later = gated(GOOD + BAD, survival="50%")
    assert (result.ret, later.exit_code) == (pytest.ExitCode.INTERRUPTED, 12)


def test_stopping_behind_the_last_test_is_an_end(gated):
    """With -x a failure of the last test keeps nothing from running."""
    result, later = gated(GOOD + "def test_zz(): assert False\n", "-x")
    assert (result.ret, later.exit_code) == (1, 0)
    result.shows("the gate does not judge what else failed", "test_zz")


def test_a_test_that_a_plugin_drops_is_missing(gated, pytester):
    """It was to run and did not."""
    pytester.makeconftest("def pytest_runtest_protocol(item):\n    return True if 'drop' in item.name else None\n")
    result, later = gated(GOOD + "def test_drop(): pass\n")
    assert (result.ret, later.exit_code) == (12, 12)
    result.shows("1 test did not run, the first test_it.py::test_drop")


def test_a_crash_without_chaos_is_no_chaos(gated, pytester):
    """A worker that dies in a test that keeps out leaves no record; pytest's failure stays."""
    code = GOOD + "@llmchaos.off('it dies')\ndef test_zz():\n    import os\n    os._exit(3)\n"
    result, later = gated(code, "-n1", "-pxdist", "--max-worker-restart=1", subprocess=True)
    assert (result.ret, later.exit_code) == (1, 0)
    assert [each.test for each in read([pytester.path / "j.jsonl"])] == ["test_it.py::test_good"]
    result.shows("does not judge what else failed, such as test_it.py::test_zz")


def test_a_worker_that_is_ended_is_no_pass(gated):
    """`pytest.exit` in a worker."""
    result, later = gated(GOOD + ENDS["in a test"].format(code=0), "-n1", "-pxdist", subprocess=True)
    assert result.ret
    assert later.exit_code == 12
