"""Options, header, reports, xdist, and what a mistake looks like."""

from __future__ import annotations

import re

import pytest


def test_header_tells_the_seed(run):
    """One line in the header, with the seed of the run."""
    result = run("def test_nothing(): pass", "--llmchaos-seed=7")
    result.shows("llmchaos: seed 7")


def test_a_bad_seed_is_a_usage_error(run):
    """No traceback, exit code 4, the value shown."""
    result = run("def test_nothing(): pass", "--llmchaos-seed=seven")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.shows("whole number or 'random', got 'seven'")


def test_the_seed_decides_chance(run):
    """The same seed hits the same calls, another seed others; the failure tells how to replay."""
    code = """
@llmchaos(faults.outage(rate="50%"))
def test_chance(llmchaos):
    for number in range(20):
        try:
            client.with_options(max_retries=0).chat.completions.create(
                model="gpt-5", messages=[{"role": "user", "content": str(number)}])
        except openai.InternalServerError:
            pass
    print("HITS", [call.status for call in llmchaos.calls])
    llmchaos.expect.attempts(at_most=1)
"""
    first, again, other = (run(code, f"--llmchaos-seed={seed}") for seed in (1, 1, 2))
    hits = [next(line for line in each.outlines if line.startswith("HITS [")) for each in (first, again, other)]
    assert hits[0] == hits[1] != hits[2]
    first.stdout.fnmatch_lines(["*pytest *test_it.py::test_chance* --llmchaos-seed=1*"])


def test_the_marker_is_documented(run):
    """`pytest --markers` shows it."""
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.llmchaos(*"])


def test_mistakes_fail_setup_without_a_traceback(run):
    """Wrong names are told with the test's id and the near name."""
    result = run("""
@llmchaos("openai-outtage")
def test_name(): pass

@pytest.mark.llmchaos(faults.outage(), sead=3)
def test_option(): pass

@llmchaos(faults.outage(target="opnai"))
def test_target(): pass

@llmchaos(faults.outage)
def test_not_called(): pass

@llmchaos(42)
def test_number(): pass

@llmchaos.each("openai-outage", kindd="outage")
def test_filter(): pass
""")
    result.assert_outcomes(errors=6)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.shows(
        "test_it.py::test_name:",
        "openai-outtage",
        "did you mean 'openai-outage'",
        "test_it.py::test_option: llmchaos() takes no 'sead'",
        "did you mean 'seed'",
        "test_it.py::test_target: 'opnai' is not a provider; did you mean 'openai'",
        "test_it.py::test_not_called: faults.outage must be called",
        "test_it.py::test_number: 42 is neither",
        "takes no 'kindd' (options: tag, provider, kind, seed,",
        "did you mean 'kind'",
    )


def test_a_mistake_in_a_fault_shows_the_users_line_only(run):
    """A bad parameter at import time is a collection error at the marker's line, without our own frames."""
    result = run("""
@llmchaos(faults.outage(statsu=500))
def test_it(): pass
""")
    result.assert_outcomes(errors=1)
    result.shows("test_it.py:5: in <module>", "statsu: outage has no such parameter", "did you mean 'status'")
    result.stdout.no_fnmatch_line("*faults*_base.py*")


def test_each_without_a_match_is_a_collection_error(run):
    """A selection that selects nothing is said."""
    result = run("""
@llmchaos.each(tag="no-such-tag")
def test_none(llmchaos): pass
""")
    result.assert_outcomes(errors=1)
    result.shows("no-such-tag")


def test_the_timeline_is_a_section_of_a_failing_report(run):
    """A test that fails by itself shows the calls."""
    result = run("""
@llmchaos(faults.outage(target="openai"))
def test_red():
    ask_with_fallback()
    assert False
""")
    result.shows("llmchaos timeline", "openai", "503", "anthropic", "200")


def test_under_xdist(run):
    """Two workers, one seed; verdicts and sections travel."""
    result = run(
        """
@pytest.mark.parametrize("number", range(6))
@llmchaos(faults.latency("20s"))
def test_fine(number, llmchaos):
    ask()

@pytest.mark.parametrize("number", range(6))
@llmchaos(faults.outage(target="anthropic"))
def test_unused(number):
    ask()

@llmchaos.each(tag="outage", checks=[], allow_unused=True)
def test_every(llmchaos):
    ask_with_fallback()
""",
        "-n2",
        "--llmchaos-seed=random",
        subprocess=True,
    )
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 6
    assert outcomes["passed"] >= 7
    result.shows("nothing was injected")
    assert len(set(re.findall(r"--llmchaos-seed=(\d+)", result.stdout.str()))) == 1


def test_secrets_do_not_show(run):
    """A key in the client never reaches the failure, the timeline or a repr."""
    result = run(
        """
key = "sk-proj-CANARYcanary1234567890abcdef"
secret = openai.OpenAI(api_key=key, default_query={"api_key": key}, default_headers={"x-api-key": key})

@llmchaos(faults.auth_revoked(), faults.outage(target="anthropic"))
def test_red(llmchaos):
    try:
        secret.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hi"}],
            extra_body={"api_key": key, "nested": {"token": key}})
    except openai.AuthenticationError as error:
        print("SAW", error)
    print("REPR", llmchaos.calls, list(llmchaos.calls), llmchaos.journal.entries, llmchaos.calls[0].body)
    assert key not in str(llmchaos.calls[0].body)
    llmchaos.expect.failed_over(to="anthropic")
""",
        "-rA",
        "--showlocals",
    )
    result.assert_outcomes(failed=1)
    shown = [
        line for line in result.outlines if "CANARY" in line and "key = " not in line and "key        =" not in line
    ]
    assert shown == []


def test_off_costs_nothing(run):
    """Without a marker nothing is patched and nothing heavy is imported through us."""
    run(
        """
import subprocess, sys

def test_clean():
    code = '''
import sys
import pytest
before = set(sys.modules)  # pytest itself may import one of them one day
import pytest_llmchaos.plugin, pytest_llmchaos
heavy = {"httpx", "httpx2", "respx", "hypothesis", "faker", "yaml", "msgspec", "asyncio", "click", "time_machine"}
pytest_llmchaos.llmchaos("x")
print(heavy & (set(sys.modules) - before))
'''
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "set()"
""",
        "-p",
        "no:llmchaos",
    ).assert_outcomes(passed=1)
