"""Children that live longer than one test: servers and pools that a fixture of wider scope starts."""

from __future__ import annotations

SUITE = """
import subprocess, sys, pytest
from pytest_llmchaos import llmchaos, faults

CHILD = '''
import _socket, socket
_socket.getaddrinfo = lambda *args: []
print("up", flush=True)
while input():
    try:
        socket.getaddrinfo("api.openai.com", 443)
        print("resolved", flush=True)
    except OSError as error:
        print("stopped", flush=True)
'''

@pytest.fixture(scope="session")
def served():
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=-1, stdout=-1, text=True) as child:
        def ask():
            print("go", file=child.stdin, flush=True)
            return child.stdout.readline().strip()
        assert child.stdout.readline() == "up\\n"
        yield ask
        print(file=child.stdin, flush=True)

@llmchaos(faults.outage(), allow_unused=True, clock="real")
def test_first(served):
    assert served() == "stopped"

def test_without_chaos(served):
    assert served() == "resolved"

@llmchaos(faults.outage(), allow_unused=True, clock="real")
def test_second(served):
    assert served() == "stopped"

@llmchaos(faults.outage(), allow_unused=True, clock="real")
def test_that_does_not_use_it(served):
    pass
"""


def test_a_server_of_a_session_is_stopped_and_told_in_the_test_that_it_served(pytester):
    """Each test under chaos that has it call fails; the others do not, and without chaos it may call."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=2, passed=2)
    result.stdout.fnmatch_lines(["*a child process (python -c ...): api.openai.com: its name was looked up*"])
