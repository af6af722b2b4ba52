"""What surrounds a test: fixtures of wider scope, setup and teardown."""

from __future__ import annotations

import pytest

# A provider on loopback that notes who comes, and an app that asks it.
SERVED = """
import http.server, threading
came = []

class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        came.append(self.path)
        self.rfile.read(int(self.headers["content-length"] or 0))
        self.send_error(500)

    def log_message(self, *what):
        pass

@pytest.fixture(scope="session", autouse=True)
def served():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()

def embed(url):
    with openai.OpenAI(api_key="no-key", base_url=url, max_retries=0) as client:
        return len(client.embeddings.create(model="text-embedding-3-small", input=["hi"]).data)
"""

# What goes past interception: a look-up by a library that is not intercepted.
PAST = """
import socket

def past():
    try:
        socket.getaddrinfo("api.openai.com", 443)
    except OSError:
        pass
"""


@pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
def test_a_fixture_of_wider_scope_finds_healthy_providers(run, scope):
    """Its calls get simulated answers in setup and teardown; the test's own faults do not strike them."""
    result = run(f"""{SERVED}
@pytest.fixture(scope="{scope}")
def index(served):
    yield embed(served)
    assert embed(served) == 1
    assert came == []

@llmchaos(faults.outage())
class Test:
    def test_it(self, index, served):
        with pytest.raises(openai.APIError):
            embed(served)
        assert index == 1
""")
    result.assert_outcomes(passed=1)


def test_setup_of_a_class_and_a_module_finds_them_too(run):
    """The functions and methods of the xunit style, and of a TestCase, are fixtures as well."""
    result = run(
        f"""{SERVED}
import unittest

def setup_module():
    assert ask()

def teardown_module():
    assert ask() and came == []

class TestPlain:
    @classmethod
    def setup_class(cls):
        assert ask()

    def test_it(self):
        ask_swallowing()

class TestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert ask()

    def test_it(self):
        ask_swallowing()
""",
        "--llmchaos=openai-2024-11-25-some-models",
    )
    result.assert_outcomes(passed=2)


def test_without_chaos_nothing_stands_in(run):
    """A fixture that a test without chaos asks for first goes its own way: off is off."""
    run(f"""{SERVED}
@pytest.fixture(scope="session")
def index(served):
    try:
        return embed(served)
    except openai.APIError:
        return len(came)

def test_plain(index):
    assert index == 1

@llmchaos(faults.outage())
def test_chaos(index):
    assert ask_swallowing() == "sorry"
    assert index == 1
""").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("place", "failed"), [("past()\n    yield", {"errors": 1}), ("yield\n    past()", {"passed": 1, "errors": 1})]
)
def test_what_goes_past_interception_in_a_wider_fixture_is_told(run, place, failed):
    """An escape in its setup or teardown is an error there that names the fixture and the host."""
    result = run(f"""{PAST}
@pytest.fixture(scope="session")
def index():
    {place}

@llmchaos(faults.outage())
def test_it(index):
    ask_swallowing()
""")
    result.assert_outcomes(**failed)
    result.shows("in the fixture index of session scope", "api.openai.com")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("past()", "api.openai.com"),
        (
            """with llmchaos.request("flush"):
        for _ in range(9):
            ask_swallowing()""",
            "permanent_error_loop",
        ),
        ("""print("sent with", "sk-" + "live4711Ab" * 3)""", "leaked_key"),
    ],
)
def test_what_a_teardown_does_wrong_fails_it(run, wrong, told):
    """The test has passed, and its teardown is an error that names what was wrong."""
    result = run(
        f"""{PAST}
import logging

def print(*words):
    logging.getLogger("app").warning(" ".join(words))

client = openai.OpenAI(api_key="sk-" + "live4711Ab" * 3, max_retries=0)
ask_swallowing.__globals__["client"] = client

@pytest.fixture
def flush(llmchaos):
    yield
    {wrong}

@llmchaos(faults.auth_revoked())
def test_it(flush):
    ask_swallowing()
""",
        "--llmchaos-gate",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.shows("ERROR at teardown of test_it", told, "BLOCK")


def test_a_teardown_that_copes_is_fine(run):
    """Faults strike in teardown as they do in the test; an app that lives with them is right."""
    run("""
@pytest.fixture
def goodbye():
    yield
    assert ask_swallowing() == "sorry"

@llmchaos(faults.outage())
def test_it(goodbye):
    assert ask_swallowing() == "sorry"
""").assert_outcomes(passed=1)


def test_what_the_call_phase_told_is_not_told_again(run):
    """A test that failed for a check has no error at teardown for the same."""
    result = run(f"""{PAST}
@llmchaos(faults.auth_revoked())
def test_it(llmchaos):
    past()
    with llmchaos.request("all"):
        for _ in range(9):
            ask_swallowing()
""")
    result.assert_outcomes(failed=1)


STARTS = """
import subprocess, sys

def start(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
"""


def test_a_process_that_cannot_be_seen_into_is_told_beside_no_call(run):
    """That a test made no call holds for its own process, and the summary and the failure say so."""
    code = f"""{STARTS}
def test_plain():
    start("true")
"""
    run(code, "--llmchaos=openai-outage").shows(
        "1 made no LLM call in this process (chaos cannot see into what they started: true) and prove nothing"
    )
    marked = code.replace("def test_plain", "@llmchaos(faults.outage())\ndef test_plain")
    run(marked).shows("LLM calls seen: none", "processes that chaos cannot see into: true")


def test_a_process_is_nothing_to_tell_where_calls_were_made_or_a_guard_is_in_it(run):
    """An app that starts a tool beside its calls, and a Python program that chaos sees into, alarm nobody."""
    result = run(
        f"""{STARTS}
def test_calls():
    start("true")
    assert ask_with_fallback()

def test_seen():
    start(sys.executable, "-c", "print(1)")
""",
        "--llmchaos=openai-outage",
    )
    result.assert_outcomes(passed=2)
    assert "cannot see" not in result.stdout.str()
    result.shows("1 made no LLM call and prove nothing")
