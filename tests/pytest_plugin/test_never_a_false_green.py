"""When chaos did not happen, did not match or could not be judged, the test fails and says why."""

from __future__ import annotations


def test_a_fault_that_hit_nothing_fails_the_test(run):
    """The message names the calls that were seen and why none matched."""
    result = run("""
@llmchaos(faults.outage(target="anthropic"))
def test_green():
    ask()
""")
    result.assert_outcomes(failed=1)
    result.shows(
        "nothing was injected",
        "outage -> anthropic: the target does not match (1 call)",
        "LLM calls seen: 1 x openai/gpt-5:chat",
    )


def test_a_test_that_makes_no_call_fails(run):
    """A test under chaos that makes no LLM call at all proves nothing."""
    result = run("""
@llmchaos("openai-outage")
def test_green():
    pass
""")
    result.assert_outcomes(failed=1)
    result.shows("nothing was injected: openai-outage hit no call", "there was no LLM call")


def test_allow_unused_opts_out(run):
    """`allow_unused=True` accepts both."""
    run("""
@llmchaos(faults.outage(target="anthropic"), allow_unused=True)
def test_green():
    ask()

@llmchaos("openai-outage", allow_unused=True)
def test_nothing():
    pass
""").assert_outcomes(passed=2)


def test_verdicts_cannot_be_swallowed(run):
    """A check that fails inside code that catches everything still fails the test, in its call phase."""
    result = run("""
@llmchaos(faults.outage())
def test_swallow(llmchaos):
    ask_swallowing()
    try:
        llmchaos.expect.attempts(at_most=1)
    except BaseException:
        pass
""")
    result.assert_outcomes(failed=1)
    result.shows("attempts", "violated")


def test_a_fault_that_does_not_fit_fails_the_test(run):
    """A stream fault on a plain call is said, not skipped, even when the app swallows the error."""
    result = run("""
@llmchaos(faults.stream_cut())
def test_plain():
    ask_swallowing()
""")
    result.assert_outcomes(failed=1)
    result.shows("stream_cut breaks a stream, and this chat call asks for no stream")


def test_an_escape_fails_the_test(run):
    """An LLM call that passed no interception point is noticed; allow_escapes accepts it."""
    result = run("""
class Elsewhere(httpx2.BaseTransport):
    def handle_request(self, request):
        return httpx2.Response(200, json={"id": "x", "choices": []})

exotic = openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=Elsewhere()))

def call():
    exotic.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "x"}])

def test_escape(llmchaos):
    call()

@llmchaos(allow_escapes=True)
def test_accepted(llmchaos):
    call()
""")
    result.assert_outcomes(failed=1, passed=1)
    result.shows("answered by test_it.Elsewhere and passed no interception point")


def test_a_failing_test_keeps_its_own_failure(run):
    """The verdict becomes a note under the test's own error."""
    result = run("""
@llmchaos(faults.outage(target="anthropic"))
def test_red():
    ask()
    assert 1 + 1 == 3
""")
    result.assert_outcomes(failed=1)
    result.shows("E", "assert (1 + 1) == 3", "nothing was injected")


def test_a_skip_stays_a_skip(run):
    """Skipping inside the test is not turned into a failure."""
    run("""
@llmchaos("openai-outage")
def test_skipped():
    pytest.skip("not here")
""").assert_outcomes(skipped=1)


def test_xfail_works(run):
    """A verdict is a failure of the call phase, so xfail sees it; strict xfail too."""
    run("""
@pytest.mark.xfail(strict=True, reason="known gap")
@llmchaos(faults.outage(target="anthropic"))
def test_known():
    ask()
""").assert_outcomes(xfailed=1)


def test_a_scenarios_expectations_are_judged_at_the_end(run):
    """The naive app fails the scenario's own expectations although the test asserts nothing."""
    result = run("""
@llmchaos("openai-outage")
def test_naive():
    ask_swallowing()

@llmchaos("openai-outage")
def test_resilient():
    ask_with_fallback()

@llmchaos("openai-outage", checks=[])
def test_unjudged():
    ask_swallowing()
""")
    result.assert_outcomes(failed=1, passed=2)
    result.shows("failed_over", "violated")


def test_a_hung_app_fails_instead_of_hanging(run):
    """Waiting for ever with nothing left to happen is a failure that says where, even if swallowed."""
    result = run("""
import threading

@llmchaos(faults.latency("1s"))
def test_hung():
    ask()
    threading.Event().wait()

@pytest.mark.asyncio
@llmchaos(faults.no_response())
async def test_hung_async():
    async with openai.AsyncOpenAI(api_key="k", timeout=None) as session:
        await session.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "x"}])
""")
    result.assert_outcomes(failed=2)
    result.shows("the app is hung")


def test_the_loopback_provider_gets_no_hit(run):
    """A real server that stands for the provider sees nothing while chaos is on, healthy or not."""
    run("""
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

hits = []

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        hits.append(self.path)
        self.send_response(500)
        self.end_headers()

@pytest.fixture(scope="module")
def server():
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()

def test_no_hit(server, llmchaos):
    llmchaos.inject(faults.latency("2s", target="127.0.0.1*"))
    for client in (
        openai.OpenAI(api_key="k", base_url=server + "/v1"),
        anthropic.Anthropic(api_key="k", base_url=server),
    ):
        if isinstance(client, openai.OpenAI):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        else:
            client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}])
    assert len(llmchaos.calls.ok) == 2
    assert hits == []
""").assert_outcomes(passed=1)
