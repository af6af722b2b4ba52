"""The checks of what the app gave its user instead of an answer: marks, error texts, documented errors."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import ToolCall, UsageProblem, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import CLAUDE, LONG, MODEL, Reply, Tools, ask, ask_claude, claude, gpt, said, stream, under, verdict


class ShopDown(Exception):
    """The shop's own error."""


def support(honest: bool) -> Reply:
    """Answer with OpenAI, else with Anthropic; the honest build says so."""
    try:
        return Reply(ask(gpt()))
    except openai.APIError:
        return Reply(ask_claude(claude()), degraded=honest)


def is_degraded(reply: Reply) -> bool:
    """Tell whether an answer says that it is second best."""
    return reply.degraded


# --- answer_marked_degraded -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("honest", "outcome"), [(True, "held"), (False, "violated")])
def test_a_fallbacks_answer_is_marked(honest, outcome):
    """An answer of the fallback without the mark is found, with the calls that decide."""
    with under(faults.outage(target="openai")) as chaos:
        with chaos.request("order 7") as request:
            request.result = support(honest)
        found = verdict(chaos, "answer_marked_degraded", marked=is_degraded)
        assert found.outcome == outcome
        assert {each.provider for each in found.evidence} == {"openai", "anthropic"}


def test_a_mark_without_a_fault_is_found():
    """Whoever marks everything marks nothing."""
    with under(faults.outage(target="openai", calls=2)) as chaos:
        for name in ("first", "second", "third"):
            with chaos.request(name) as request:
                request.result = Reply(support(honest=True).text, degraded=True)
        found = verdict(chaos, "answer_marked_degraded", marked=f"{__name__}:is_degraded")
        assert found.outcome == "violated"
        assert "request 'first' met no fault, and its result is marked as degraded" in found.reason


@pytest.mark.parametrize(("honest", "outcome"), [(True, "held"), (False, "violated")])
def test_an_earlier_success_cures_nothing(honest, outcome):
    """Where the second of two steps fails, the good first one does not make the result a good one."""
    with under(faults.outage(calls="2-")) as chaos:
        with chaos.request("order 7") as request:
            ask(gpt(), "What is this about?")
            with pytest.raises(openai.APIError):
                ask(gpt())
            request.result = Reply("We will write to you.", degraded=honest)
        assert verdict(chaos, "answer_marked_degraded", marked=is_degraded).outcome == outcome


def test_a_missing_finish_reason_is_no_failure():
    """A stream with its terminator and no finish reason is whole: providers may leave it out."""
    with under(faults.stream_unfinished()) as chaos:
        chaos.replies(LONG)
        with chaos.request("order 7") as request:
            request.result = Reply(stream(gpt(), [], strict=False))
        (call,) = chaos.calls
        assert (call.ok, call.failed, call.outcome) == (True, False, "200 stream_unfinished")
        for name, given in [
            ("answer_marked_degraded", {"marked": is_degraded}),
            ("documented_error", {"types": ShopDown}),
            ("partial_not_complete", {}),
        ]:
            assert verdict(chaos, name, **given).outcome == "inconclusive"


def test_only_good_answers_prove_nothing_about_marks():
    """Without a degraded answer the check is inconclusive; a fallback named by the user is one."""
    with under() as chaos:
        with chaos.request("breaker is open") as request:
            request.result = Reply(ask_claude(claude()))
        assert verdict(chaos, "answer_marked_degraded", marked=is_degraded).outcome == "inconclusive"
        named = verdict(chaos, "answer_marked_degraded", marked=is_degraded, fallback="anthropic")
        assert named.outcome == "violated"


def test_a_predicate_that_fails_is_told():
    """A predicate that cannot read the result is a mistake of the test."""
    with under(faults.outage(target="openai")) as chaos:
        with chaos.request("order 7") as request:
            request.result = support(honest=True).text
        with pytest.raises(UsageProblem, match="is_degraded failed on the result of request 'order 7': AttributeError"):
            verdict(chaos, "answer_marked_degraded", marked=is_degraded)


# --- error_never_the_answer -------------------------------------------------------------------------------------------


def careless(client: openai.OpenAI) -> dict[str, str]:
    """Show whatever happened."""
    try:
        return {"answer": ask(client)}
    except openai.APIError as problem:
        return {"answer": f"Sorry: {problem}"}


def careful(client: openai.OpenAI) -> dict[str, str]:
    """Show the shop's own words."""
    try:
        return {"answer": ask(client)}
    except openai.APIError:
        return {"answer": "We will write to you."}


@pytest.mark.parametrize(
    "fault",
    [faults.outage(), faults.outage(502, page="html"), faults.auth_revoked(), faults.quota_exhausted()],
    ids=str,
)
@pytest.mark.parametrize(("app", "outcome"), [(careless, "violated"), (careful, "held")])
def test_an_error_is_no_answer(fault, app, outcome):
    """The error's text in the result is found, in whatever part of it, JSON or page."""
    with under(fault) as chaos:
        with chaos.request("ask") as request:
            request.result = app(gpt())
        assert verdict(chaos, "error_never_the_answer").outcome == outcome


def test_a_page_is_no_answer():
    """The words of a gateway's page are found without its tags too."""
    with under(faults.outage(502, page="html")) as chaos:
        with chaos.request("ask") as request:
            try:
                request.result = ask(gpt())
            except openai.APIStatusError as problem:
                request.result = problem.response.text.replace("<p>", "").replace("</p>", "").partition("<h2>")[2]
        found = verdict(chaos, "error_never_the_answer")
        assert "shows the text of the page of openai/gpt-5:chat (502)" in found.reason


@pytest.mark.parametrize(("shows", "outcome"), [(True, "violated"), (False, "held")])
def test_a_refusal_is_no_answer(shows, outcome):
    """A refusal in place of the answer is found."""
    with under(faults.policy_refusal(form="refusal", target="openai")) as chaos:
        with chaos.request("ask") as request:
            message = gpt().chat.completions.create(model=MODEL, messages=said()).choices[0].message
            request.result = (message.refusal if shows else None) or "Please ask a colleague."
        assert verdict(chaos, "error_never_the_answer").outcome == outcome


def show_all(words) -> str:
    """Show whatever happened."""
    try:
        return words()
    except Exception as problem:
        return f"Sorry: {problem}"


def claude_stream() -> str:
    """Read a stream of Anthropic's."""
    events = claude().messages.create(model=CLAUDE, max_tokens=99, messages=said(), stream=True)
    return "".join(event.delta.text for event in events if event.type == "content_block_delta")


@pytest.mark.parametrize(
    "fault", [faults.stream_error(after=3), faults.stream_cut(after=3), faults.connection_refused()]
)
@pytest.mark.parametrize("words", [claude_stream, lambda: stream(gpt(), [])], ids=["anthropic", "openai"])
def test_what_the_sdk_raises_within_a_stream_is_no_answer(fault, words):
    """The error's text is found where it is one common word (`Overloaded`), and where only the SDK wrote it."""
    with under(fault) as chaos:
        with chaos.request("ask") as request:
            request.result = show_all(words)
        found = verdict(chaos, "error_never_the_answer")
        if words is claude_stream and str(fault).startswith("stream_cut"):
            assert "the library's error text" in found.reason
        assert found.outcome == "violated"
        request.result = {"code": "server_error", "text": "There was a connection error. We will write to you."}
        assert verdict(chaos, "error_never_the_answer").outcome == "held"
        if "stream" in str(fault):
            assert verdict(chaos, "partial_stream_not_final").outcome == "held"


def test_a_silent_end_has_no_error_text():
    """A stream that is closed politely raises nothing, so nothing could have been shown."""
    with under(faults.stream_truncated(after=3)) as chaos:
        with chaos.request("ask") as request:
            request.result = stream(gpt(), [], strict=False)
        assert verdict(chaos, "error_never_the_answer").outcome == "inconclusive"


class Broken:
    """What a careless app passes on: the error itself."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem


def test_an_error_object_is_no_answer():
    """An error within the result says what it says."""
    with under(faults.outage()) as chaos:
        with chaos.request("ask") as request:
            try:
                ask(gpt())
            except openai.APIError as problem:
                request.result = Broken(RuntimeError(f"sorry: {problem}"))
        assert verdict(chaos, "error_never_the_answer").outcome == "violated"


def test_the_models_own_word_is_no_error_text():
    """What the model puts into the argument `error` of a tool is its answer."""
    with under(faults.outage(calls=1)) as chaos:
        chaos.replies(ToolCall("find_order", {"id": "7", "error": "The order number is missing."}))
        with chaos.request("ask") as request:
            with pytest.raises(openai.APIError):
                ask(gpt())
            message = claude().messages.create(model=CLAUDE, max_tokens=99, messages=said(), tools=Tools.ANTHROPIC)
            request.result = message.content[-1].input
        assert verdict(chaos, "error_never_the_answer").outcome == "held"


def test_a_result_that_says_nothing_is_no_evidence():
    """A number, or a generator that nobody read, shows nothing; None shows that there was no answer."""
    with under(faults.outage()) as chaos:
        for value, outcome in [(7, "inconclusive"), ((each for each in "ab"), "inconclusive"), (None, "held")]:
            with chaos.request("ask") as request:
                careful(gpt())
                request.result = value
            assert verdict(chaos, "error_never_the_answer").outcome == outcome
            chaos.journal.app._marked.clear()


def test_no_error_is_no_evidence():
    """Good answers prove nothing, and neither does a request whose result nobody told."""
    with under(faults.outage(calls=1)) as chaos:
        with chaos.request("lost"):
            careful(gpt())
        with chaos.request("good") as request:
            request.result = careful(gpt())
        assert verdict(chaos, "error_never_the_answer").outcome == "inconclusive"


# --- documented_error -------------------------------------------------------------------------------------------------


def checkout(documented: bool) -> str:
    """Raise the shop's own error, or let what is inside come out."""
    try:
        return ask(gpt())
    except openai.APIError as problem:
        if documented:
            raise ShopDown from problem
        return {}["answer"]


@pytest.mark.parametrize("types", [ShopDown, "ShopDown", [f"{__name__}.ShopDown", "OSError"]], ids=str)
@pytest.mark.parametrize(("documented", "outcome"), [(True, "held"), (False, "violated")])
def test_the_error_is_the_documented_one(types, documented, outcome):
    """A KeyError from inside is no documented error."""
    with under(faults.outage()) as chaos:
        with pytest.raises((ShopDown, KeyError)), chaos.request("checkout"):
            checkout(documented)
        found = verdict(chaos, "documented_error", types)
        assert found.outcome == outcome
        assert outcome == "held" or "request 'checkout' raised KeyError" in found.reason
        (event,) = [each for each in chaos.journal.events if each.kind == "raised"]
        assert event.error.endswith("ShopDown" if documented else "KeyError")


def test_an_answer_instead_of_the_error():
    """A result where all calls failed is no error; without one it is not known what the app did."""
    with under(faults.outage()) as chaos:
        with chaos.request("quiet"), pytest.raises(ShopDown):
            checkout(documented=True)
        unknown = verdict(chaos, "documented_error", ShopDown)
        assert unknown.outcome == "inconclusive"
        assert "around the `with llmchaos.request(...)` block" in unknown.reason
        with chaos.request("canned") as request:
            request.result = careful(gpt())
        assert "request 'canned' gave a result" in verdict(chaos, "documented_error", ShopDown).reason


@pytest.mark.parametrize(("calls", "outcome"), [("1", "inconclusive"), ("1-3", "violated")])
def test_an_error_about_something_else(calls, outcome):
    """What a request raised after a retry made up for the failure is another matter."""
    with under(faults.outage(calls=calls)) as chaos:
        with pytest.raises((KeyError, openai.APIError)), chaos.request("checkout"):
            ask(gpt(retries=2))
            raise KeyError("out of stock")
        assert verdict(chaos, "documented_error", ShopDown).outcome == outcome


def test_an_error_after_the_fallback_answered():
    """Where the fallback's answer is what the app cannot read, its error is still one of the outage."""
    with under(faults.outage(target="openai")) as chaos:
        with pytest.raises(KeyError), chaos.request("checkout"):
            raise KeyError(support(honest=True).text)
        assert verdict(chaos, "documented_error", ShopDown).outcome == "violated"


def test_groups_and_bad_types():
    """A group is documented when all in it is; what is no error type is refused."""
    with under(faults.outage()) as chaos:
        with pytest.raises(ExceptionGroup), chaos.request("several"):
            careful(gpt())
            raise ExceptionGroup("all", [ShopDown(), ShopDown()])
        assert verdict(chaos, "documented_error", ShopDown).outcome == "held"
        for bad in (7, [], "no name"):
            with pytest.raises(ParameterError):
                verdict(chaos, "documented_error", bad)
