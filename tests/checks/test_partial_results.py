"""Half an answer given as a whole one, or joined to the next: found in results of every shape."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.checks._said import text_of

from .apps import LONG, MODEL, Reply, gpt, said, stream, under, verdict
from .journals import journal


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
