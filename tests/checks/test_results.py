"""The checks of what the app gave its user: each with an app that has the bug, and the same app without it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import openai
import pytest

from pytest_llmchaos import ToolCall, UsageProblem, checks, faults
from pytest_llmchaos.checks._said import text_of
from pytest_llmchaos.errors import ParameterError

from .apps import CLAUDE, MODEL, Tools, ask, ask_claude, claude, gpt, said, under, verdict
from .journals import journal

LONG = "Your order left our warehouse this morning and will be with you on Friday."


@dataclass(frozen=True)
class Reply:
    """What a customer gets."""

    text: str
    degraded: bool = False
    source: str = ""


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


# --- no_splice, partial_not_complete ----------------------------------------------------------------------------------


def stream(client: openai.OpenAI, kept: list[str], strict: bool = True) -> str:
    """Read a stream into `kept`; the strict build wants to see it end."""
    finish = None
    for event in client.chat.completions.create(model=MODEL, messages=said(), stream=True):
        for choice in event.choices:
            kept.append(choice.delta.content or "")
            finish = choice.finish_reason or finish
    if strict and finish != "stop":
        raise ConnectionError("the stream ended early, or the answer at its limit")
    return "".join(kept)


def twice(spliced: bool) -> str:
    """Try a stream twice; the buggy build keeps what the first try left."""
    kept: list[str] = []
    try:
        return stream(gpt(), kept)
    except (openai.APIError, ConnectionError):
        return stream(gpt(), kept if spliced else [])


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("after", [2, 4, 7])
@pytest.mark.parametrize("break_", [faults.stream_cut, faults.stream_truncated, faults.stream_error])
@pytest.mark.parametrize(("spliced", "outcome"), [(True, "violated"), (False, "held")])
def test_no_splice(break_, after, spliced, outcome, same):
    """What a broken attempt left before the next one's answer is found, also where both say the same."""
    with under(break_(after=after, calls=1)) as chaos:
        chaos.replies(*[LONG] if same else [LONG, LONG.replace("Your order", "The parcel").replace("Friday", "Monday")])
        with chaos.request("ask") as request:
            request.result = Reply(twice(spliced))
        assert verdict(chaos, "no_splice").outcome == outcome


def test_a_continuation_is_no_splice():
    """Whoever hands the broken text to the next attempt to go on from may join them."""
    with under(faults.stream_cut(after=6, calls=1)) as chaos:
        chaos.replies(LONG, "and will be with you on Friday, as we promised.")
        with chaos.request("ask") as request:
            kept: list[str] = []
            with pytest.raises(openai.APIError):
                stream(gpt(), kept)
            half = "".join(kept)
            more = gpt().chat.completions.create(
                model=MODEL, messages=[*said(), {"role": "assistant", "content": half}]
            )
            request.result = half + (more.choices[0].message.content or "")
        assert verdict(chaos, "no_splice").outcome == "inconclusive"


@pytest.mark.parametrize("fault", [faults.stream_truncated(after=5), faults.wrong_output(form="length")], ids=str)
@pytest.mark.parametrize(("strict", "outcome"), [(True, "held"), (False, "violated")])
def test_partial_not_complete(fault, strict, outcome):
    """Half an answer given as a whole one is found; an error instead is fine, and so is a mark."""
    with under(fault) as chaos:
        chaos.replies(LONG)
        try:
            with chaos.request("ask") as request:
                request.result = Reply(stream(gpt(), [], strict=strict))
        except ConnectionError:
            pass
        assert verdict(chaos, "partial_not_complete").outcome == outcome
        marked = verdict(chaos, "partial_not_complete", marked=lambda reply: True)
        assert marked.outcome == "held"


def pieces(kept: list[str]) -> list[str]:
    """Cut a text in the middle of its words, as tokens do."""
    text = "".join(kept)
    return [text[at : at + 4] for at in range(0, len(text), 4)]


SHAPES = [
    lambda kept: Reply("".join(kept)),
    lambda kept: {"answer": "".join(kept), "messages": [{"role": "assistant", "content": "".join(kept)}]},
    pieces,
    lambda kept: [{"delta": each} for each in pieces(kept)],
    lambda kept: {"pieces": pieces(kept), "text": "".join(kept)},
    lambda kept: json.dumps([{"delta": {"text": each}} for each in pieces(kept)]),
    lambda kept: "".join(f"data: {json.dumps({'delta': each})}\n\n" for each in pieces(kept)),
    lambda kept: "".join("data: " + each.replace("\n", "\ndata: ") + "\n\n" for each in pieces(kept)),
    lambda kept: [f"data: {json.dumps({'delta': each})}\n\n" for each in pieces(kept)],
    lambda kept: "\n".join(json.dumps({"delta": each}) for each in pieces(kept)).encode(),
    lambda kept: json.dumps({"answer": "".join(kept)}).encode(),
    lambda kept: Response("".join(kept)),
]


class Response:
    """The response object of a web framework: it can be called."""

    def __init__(self, text: str) -> None:
        self.body = json.dumps({"answer": text}).encode()

    def __call__(self) -> None:
        """Send it."""


class Closed:
    """An object that lets nobody look into it."""

    __slots__ = ("text",)

    def __getattr__(self, name: str) -> None:
        raise RuntimeError("closed")


class Test:
    """What the test client of Flask gives: it reads its answer when asked."""

    __test__ = False

    def __init__(self, *body: bytes) -> None:
        self.response = iter(body)

    def get_data(self) -> bytes:
        """Read it."""
        return b"".join(self.response)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Closed(), False),
        (Test(b"it is ", b"on its way"), True),
        ([["it is "], ["on its way"]], True),
        ({"deep": ({"er": [ValueError("it is on its way")]},)}, True),
        ("data: it is \n\ndata: on its way\n\ndata: [DONE]\n\n", True),
        ("[" * 5000, False),
        (lambda: "it is on its way", False),
    ],
    ids=range(7),
)
def test_texts_in_a_result(result, expected):
    """Whatever it is made of is read, and nothing that it does on the way comes out."""
    assert ("it is on its way" in text_of([result, result])) is expected


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_results_of_every_shape(shape, careless, outcome):
    """Half a text and two halves of two are found in whatever the app makes of them, and no whole one is accused."""
    with under(faults.stream_cut(after=8, calls=1)) as chaos:
        chaos.replies(LONG + ' He said: "Grüße".\nBye.')
        with chaos.request("spliced") as request:
            kept: list[str] = []
            with pytest.raises(openai.APIError):
                stream(gpt(), kept)
            half = list(kept)
            request.result = shape([*(half if careless else []), stream(gpt(), [])])
        assert verdict(chaos, "no_splice").outcome == outcome
        assert verdict(chaos, "partial_not_complete").outcome == "held"
        if careless:
            request.result = shape(half)
            assert verdict(chaos, "partial_not_complete").outcome == "violated"


def test_half_an_answer_beside_another_steps_answer():
    """That an earlier step's answer is in the result too excuses nothing; neither does a cut-off last word."""
    with under(faults.stream_truncated(after=8, calls=2)) as chaos:
        chaos.replies("shipping", LONG)
        with chaos.request("ask") as request:
            topic = stream(gpt(), [])
            half = stream(gpt(), [], strict=False)
            request.result = {"topic": topic, "answer": half}
        assert verdict(chaos, "partial_not_complete").outcome == "violated"
        request.result = {"topic": topic, "answer": half.rpartition(" ")[0] + " ..."}
        assert verdict(chaos, "partial_not_complete").outcome == "violated"


def test_what_breaks_behind_the_finish_reason_is_whole():
    """Whoever got the finish reason has the whole answer, even if the connection is lost before `[DONE]`."""
    body = b'data: {"choices": [{"delta": {"content": "It is on its way."}, "finish_reason": "stop"}]}\n\n'
    made = journal("0 openai 200:stream_cut +1s stream=1")
    made.exchanges[0].pieces.add(body)
    made.exchanges[0].chunks = 1
    asked = made.app.begin("ask", 0.0)
    asked.calls.append(made.exchanges[0])
    asked.ended, asked.result = 1.0, "It is on its way."
    assert checks.find("partial_not_complete").build().judge(made).outcome == "inconclusive"


def test_calls_of_other_threads_are_asked_for():
    """Where threads lose the request, the check says so and does not ask for a result that is there."""
    with under(faults.stream_truncated(after=4)) as chaos:
        with chaos.request("ask") as request, ThreadPoolExecutor(1) as threads:
            request.result = threads.submit(stream, gpt(), [], False).result()
        for name in ("partial_not_complete", "partial_stream_not_final"):
            found = verdict(chaos, name)
            assert found.outcome == "inconclusive"
            assert "let threads carry the context of request 'ask'" in found.reason


def test_whole_answers_are_no_evidence_of_partial_ones():
    """A stream that came whole, or that a good answer followed, is not partial."""
    with under() as chaos:
        with chaos.request("ask") as request:
            request.result = stream(gpt(), [])
        assert verdict(chaos, "partial_not_complete").outcome == "inconclusive"
        assert verdict(chaos, "no_splice").outcome == "inconclusive"


# --- side_effects_once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("careless_retry", "outcome"), [(True, "violated"), (False, "held")])
def test_side_effects_once(careless_retry, outcome):
    """Whoever tries the whole order again after the answer failed charges twice."""
    with under(faults.outage(calls=1)) as chaos:
        with chaos.request("order 7"):
            paid = False
            for _ in range(2):
                if careless_retry or not paid:
                    chaos.effect("charge", 7)
                    paid = True
                try:
                    ask(gpt())
                    break
                except openai.APIError:
                    continue
        found = verdict(chaos, "side_effects_once", "charge")
        assert found.outcome == outcome
        assert outcome == "held" or "request 'order 7' did charge of 7 2 times" in found.reason
        assert verdict(chaos, "side_effects_once", "mail").outcome == "inconclusive"


def test_the_id_of_a_side_effect_gives_nothing_away():
    """An id stands in the verdict, and so in reports: shortened, and hidden where it holds a canary or a key."""
    with under() as chaos:
        card = chaos.canary("card")
        ask(gpt())
        for identity in ({"card": str(card)}, "sk-proj-a8Zk3LmQ0pW7rTn2Xv5c", "x" * 3000):
            for _ in range(2):
                chaos.effect("charge", identity)
            found = verdict(chaos, "side_effects_once")
            assert found.outcome == "violated"
            assert card not in found.reason
            assert "sk-proj" not in found.reason
            assert len(found.reason) < 300
            chaos.journal.app.requests[-1].effects.clear()


def test_side_effects_without_a_request_or_an_id():
    """In a test without marks only the id tells two orders apart."""
    with under() as chaos:
        ask(gpt())
        chaos.effect("charge")
        chaos.effect("charge")
        assert verdict(chaos, "side_effects_once").outcome == "inconclusive"
        chaos.effect("mail", ["a"])
        chaos.effect("mail", ["a"])
        assert verdict(chaos, "side_effects_once").outcome == "violated"
