"""What a user can put on a test, a class or a module."""

from __future__ import annotations


def test_a_fault_on_a_test(run):
    """The marker alone, without the fixture, breaks the app's calls."""
    run("""
@llmchaos(faults.outage())
def test_down():
    with pytest.raises(openai.InternalServerError):
        ask()
""").assert_outcomes(passed=1)


def test_the_fixture_gives_the_run(run):
    """The fixture of the same name has the calls and the checks."""
    run("""
@llmchaos(faults.outage(target="openai"))
def test_over(llmchaos):
    assert ask_with_fallback()
    llmchaos.expect.failed_over(to="anthropic", within="5s")
    assert [call.status for call in llmchaos.calls] == [503, 503, 503, 200]
    assert len(llmchaos.calls.to("openai").failed) == 3
    assert len(llmchaos.calls.ok) == 1
""").assert_outcomes(passed=1)


def test_the_fixture_without_a_marker_is_a_healthy_world(run):
    """Without a marker the providers are simulated and healthy, and faults can be added."""
    run("""
def test_healthy(llmchaos):
    llmchaos.replies("pong")
    assert ask() == "pong"
    llmchaos.inject(faults.outage())
    with pytest.raises(openai.InternalServerError):
        ask()
    llmchaos.clear()
    assert ask() == "pong"
""").assert_outcomes(passed=1)


def test_the_plain_pytest_mark_is_the_same(run):
    """`pytest.mark.llmchaos` works like the decorator, under strict markers."""
    run("""
@pytest.mark.llmchaos(faults.outage())
def test_down():
    with pytest.raises(openai.InternalServerError):
        ask()
""").assert_outcomes(passed=1)


def test_markers_stack_from_module_to_class_to_function(run):
    """All markers apply, the outermost first; the innermost option wins."""
    run("""
pytestmark = llmchaos(faults.latency("1s"), seed=1)

@llmchaos(faults.latency("2s"), seed=2)
class TestIt:
    @llmchaos(faults.latency("4s"), seed=3)
    def test_all(self, llmchaos):
        ask()
        assert llmchaos.calls[0].faults == ("latency",) * 3
        assert llmchaos.calls[0].ended - llmchaos.calls[0].started == pytest.approx(8, abs=1)  # later on a busy machine
        assert llmchaos.seed == 3

    def test_two(self, llmchaos):
        ask()
        assert 3 <= llmchaos.now < 5
        assert llmchaos.seed == 2
""").assert_outcomes(passed=2)


def test_each_makes_one_test_per_scenario(run):
    """`llmchaos.each` parametrises, with the scenarios' names as ids."""
    result = run(
        """
@llmchaos.each("*-outage", "anthropic-overloaded", checks=[], allow_unused=True)
def test_every(llmchaos):
    assert llmchaos.scenarios[0].name in ("openai-outage", "anthropic-overloaded")
    ask_with_fallback()

@llmchaos.each(tag="outage", checks=[], allow_unused=True)
def test_without_the_fixture():
    ask_with_fallback()
""",
        "-v",
    )
    assert result.parseoutcomes()["passed"] >= 4
    result.shows("test_every[openai-outage] PASSED")


def test_unittest_classes(run):
    """`unittest.TestCase` tests work under the marker."""
    run("""
import unittest

class TestIt(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _chaos(self, llmchaos):
        self.chaos = llmchaos

    @llmchaos(faults.outage(calls=1))
    def test_retried(self):
        ask()
        assert [call.status for call in self.chaos.calls] == [503, 200]

@llmchaos(faults.outage())
class TestPlain(unittest.TestCase):
    def test_down(self):
        with self.assertRaises(openai.InternalServerError):
            ask()
""").assert_outcomes(passed=2)


def test_pytest_asyncio_and_anyio(run):
    """Async tests run under chaos with either plugin."""
    run("""
@pytest.mark.asyncio
@llmchaos(faults.latency("20s"))
async def test_asyncio(llmchaos):
    assert await ask_async()
    assert 20 <= llmchaos.now < 22

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
@llmchaos(faults.latency("20s"))
async def test_anyio(llmchaos):
    assert await ask_async()
    assert 20 <= llmchaos.now < 22

@pytest.mark.asyncio
async def test_inject():
    async with inject(faults.latency("20s")) as chaos:
        assert await ask_async()
        assert 20 <= chaos.now < 22
""").assert_outcomes(passed=3)


def test_fixtures_that_call_the_model_are_under_chaos_too(run):
    """The run starts before the test's other function-scoped fixtures."""
    run("""
@pytest.fixture
def warm():
    return ask()

@llmchaos(faults.latency("1s"))
def test_warm(warm, llmchaos):
    assert len(llmchaos.calls) == 1
""").assert_outcomes(passed=1)


def test_wider_fixtures_are_not(run):
    """A session fixture is set up in real time: it is shared with tests without chaos."""
    run("""
import time

@pytest.fixture(scope="session")
def real():
    return time.sleep

@llmchaos(faults.latency("1s"))
def test_real(real, llmchaos):
    ask()
    assert real is not time.sleep
""").assert_outcomes(passed=1)
