"""What happened in one run, in order: the only thing that checks and reports read."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..core import locks
from ..core.call import BESIDE, Call
from ..core.redact import redact, redact_text
from .answers import ModelAnswer, Pieces, read_answer
from .app_behaviour import AppBehaviour
from .calls import Calls
from .keeping import Keep, LetGo

__all__ = ["Calls", "Event", "Exchange", "Journal"]


@dataclass(slots=True, eq=False)
class Exchange:
    """A call together with what happened to it.

    Times are seconds of run time: 0 is when chaos started, virtual or real as the run's clock is.

    Attributes:
        provider, operation, model, stream: what was asked, of whom.
        request: name of the user request it belongs to; empty for the whole test.
        attempt: the n-th call of the same provider and operation within its request, from 1.
        retry: the SDK's own retry count as its header told, None where it told nothing.
        started, ended: run time in seconds; `ended` is None while the call is under way.
        status: HTTP status the app got, None where it got none.
        error: what went wrong beyond the status, such as `read_timeout`, `stream_cut` or `cancelled`; else None.
            `closed`: the app closed the stream before its end, having been told of no error; `aborted`: the
            provider stopped the answer and said so.
        faults: names of the faults that struck it, in that order: the app met what they did.
        retry_after: seconds the provider asked the client to wait before the next try, None where it did not.
        phase: the scenario phase it fell in, where there is one.
        call_site: `file:line` of the app code that made the call, where it could be told.
        key: a digest of the credential that it came with.
        address: a digest of what it was sent to, its query included: pages of a list are calls of their own.
        thread: the native identity of the thread that made it; 0 where that is not known.
        opened: run time in seconds at which the first piece of the answer came; comments are none.
        first_event: the same of the first content: the event that opens a stream (Anthropic's `message_start`, OpenAI's
            delta with nothing but a role) is none, nor is an empty text or the model's reasoning.
        first_thought: the same where reasoning counts too.
        longest_gap: the longest time in seconds without content, from the first piece to the end.
        longest_pause: the same where reasoning counts too.
        price: its price over the usual one, as a fault has it.
        unslept: whether sleep was a stub of the test when it was made, so that the wait before it cannot be told.
        held_open: whether the app was told how the call ended and has neither read on nor closed it.
        pieces: the bytes of the answer that the app got, of a very long one its beginning and end; of an error that
            it closed unread, what was answered.
    """

    provider: str
    operation: str
    model: str | None
    stream: bool
    request: str
    attempt: int
    retry: int | None
    started: float
    ended: float | None = None
    status: int | None = None
    error: str | None = None
    faults: tuple[str, ...] = ()
    retry_after: float | None = None
    phase: str = ""
    call_site: str | None = None
    via: str = ""
    host: str = ""
    chunks: int = 0
    key: str = ""
    address: str = field(default="", repr=False)
    thread: int = field(default=0, repr=False)
    opened: float | None = None
    first_event: float | None = None
    first_thought: float | None = None
    longest_gap: float = 0.0
    longest_pause: float = 0.0
    price: float = 1.0
    unslept: bool = False
    held_open: bool = False
    pieces: Pieces = field(default_factory=Pieces, repr=False)
    _answer: tuple[int, ModelAnswer] | None = field(default=None, repr=False)
    _sent: Mapping[str, Any] = field(default_factory=dict, repr=False)
    _body: Mapping[str, Any] | None = field(default=None, repr=False)
    _facts: ModelAnswer | None = field(default=None, repr=False)
    _let_go: LetGo | None = field(default=None, repr=False)

    @property
    def body(self) -> Mapping[str, Any]:
        """The request's JSON, credentials dropped. For checks and assertions; never printed or written."""
        if self._let_go is not None:
            self._let_go.missed += 1
            return {}
        if self._body is None:
            # Only now: most calls' bodies are never looked at, and long ones take long to go through.
            self._body = redact(self._sent)
        return self._body

    @body.setter
    def body(self, value: Mapping[str, Any]) -> None:
        self._body = value

    @property
    def answer(self) -> ModelAnswer:
        """What the answer said, as far as the app got it. For checks and assertions; never printed or written."""
        if self._answer is None or (self._answer[0] != self.chunks and self._let_go is None):
            self._answer = (self.chunks, read_answer(self.pieces))
        return self._answer[1]

    def answered(self, data: bytes) -> None:
        """Keep what was answered and not read."""
        self.pieces.add(data)
        self._answer = None if self._let_go is None else self._answer

    def read(self, facts: ModelAnswer) -> None:
        """Take what the answer told besides its words from whoever has read it while it passed."""
        self._facts = facts

    @property
    def facts(self) -> ModelAnswer:
        """What the answer told besides its words (usage, model, why it stopped), at less cost than `answer`."""
        return self._facts or self.answer

    @property
    def whole(self) -> bool:
        """Whether what was sent and answered is still kept; see `Keep`."""
        return self._let_go is None

    def let_go(self, told: LetGo) -> None:
        """Lose what was sent and answered; who looks for it is noted there."""
        answer = self.facts
        answer.partial = answer.partial or self.pieces.lost
        self._answer, self._facts = told.without_words(answer), None
        self.pieces, self._sent, self._body, self._let_go = told.pieces, _NOTHING, None, told
        self.model = self.model and sys.intern(self.model)
        if self.longest_pause == self.longest_gap:
            self.longest_pause = self.longest_gap  # one object, as there are many of these
        told.words += 1

    @property
    def ok(self) -> bool:
        """Whether the app got a whole, usable answer, or closed a good stream itself because it had enough.

        A stream whose terminator came (`[DONE]`) is whole without a finish reason too: providers may leave it out.
        """
        whole = self.error is None or self.error == "closed"
        whole = whole or (self.error == "stream_unfinished" and self.answer.done)
        return self.ended is not None and whole and self.status is not None and self.status < 400

    @property
    def failed(self) -> bool:
        """Whether the call came to a bad end.

        One under way is neither ok nor failed, unless the app was told of an error already: by the status, or in the
        stream, which some apps then leave open.
        """
        if self.ended is not None:
            return not self.ok
        return (self.status is not None and self.status >= 400) or self.error is not None

    @property
    def label(self) -> str:
        """The call as a target is written: `openai/gpt-5:chat`; for people, so that a key for a model is hidden."""
        model = f"/{redact_text(self.model)}" if self.model else ""
        return f"{self.provider}{model}:{self.operation}"

    @property
    def outcome(self) -> str:
        """In a few words how it ended: `200`, `503`, `200 stream_cut`, `read_timeout`, `under way`, `503 not read`."""
        told = " ".join(str(part) for part in (self.status, self.error) if part is not None)
        if self.ended is None:
            return "under way" if self.status is None else f"{told} not read"
        return told or "no answer"

    def __repr__(self) -> str:
        return _repr(self)


@dataclass(frozen=True, slots=True)
class Event:
    """Something other than a call, at run time `at` in seconds.

    Kinds: `phase`, `over` (an injection's own window or range of calls is), `advance`, `enter`, `clear`, `inject`,
    `request`, `answered`, `raised`, `effect`, `escape`.
    `seconds` is what an `advance` skipped, `error` the type of what `raised`.
    """

    at: float
    kind: str
    text: str
    seconds: float = 0.0
    error: str = ""

    def __repr__(self) -> str:
        return _repr(self)


def _repr(entry: Exchange | Event) -> str:
    """Return what a dataclass shows of itself, as in a failed assertion, with keys hidden."""
    told = (f"{each.name}={getattr(entry, each.name)!r}" for each in fields(entry) if each.repr)
    return redact_text(f"{type(entry).__name__}({', '.join(told)})")


_NOTHING: Mapping[str, Any] = {}


_LATEST = 20
"""How many calls are the latest."""


def _at(entry: Exchange | Event) -> float:
    return entry.at if isinstance(entry, Event) else entry.started


class Journal:
    """All exchanges and events of one run, in order. Safe to write from several threads.

    Args:
        keep: how much is kept of a run that goes on for days; None keeps all.

    Attributes:
        let_go: what is no longer kept.
        app: what the app itself showed: results, errors, side effects. In memory only.
        more: takes in what happened in forked children, whenever somebody reads; None where there are none.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self.let_go = LetGo()
        self.app = AppBehaviour()
        self.more: Callable[[], None] | None = None
        self._lock = locks.lock()
        self._entries: list[Exchange | Event] = []
        self._attempts: dict[tuple[str, str, str], int] = {}
        self._latest: deque[Exchange] = deque(maxlen=_LATEST)
        self._late = False
        self._by_time: tuple[Exchange | Event, ...] = ()
        self._keep = keep
        self._whole: deque[Exchange] = deque()
        self._calls = 0

    @property
    def entries(self) -> tuple[Exchange | Event, ...]:
        """Everything, in the order it began."""
        self._take_in()
        with self._lock:
            return tuple(self._entries)

    @property
    def by_time(self) -> tuple[Exchange | Event, ...]:
        """Everything by time; that of one instant stays as it was written down.

        A phase that began while nothing happened is written down later than it began.
        """
        entries = self.entries
        if len(self._by_time) != len(entries):  # nothing changes its time
            self._by_time = tuple(sorted(entries, key=_at))
        return self._by_time

    @property
    def latest(self) -> tuple[Exchange, ...]:
        """The last few LLM calls, in the order they began; it costs the same however many came."""
        self._take_in()
        with self._lock:
            return tuple(self._latest)

    @property
    def exchanges(self) -> Calls:
        """The LLM calls, in the order they began; see `Calls` for those to status pages."""
        return Calls([entry for entry in self.entries if isinstance(entry, Exchange)])

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened besides calls."""
        return tuple(entry for entry in self.entries if isinstance(entry, Event))

    def begin(self, call: Call, at: float, phase: str = "") -> Exchange:
        """Write down that a call began, its credentials dropped, and return the exchange to complete."""
        self._take_in()
        kind = (call.request, call.provider, call.operation)
        with self._lock:
            attempt = self._attempts[kind] = self._attempts.get(kind, 0) + 1
            exchange = Exchange(
                provider=call.provider,
                operation=call.operation,
                model=call.model,
                stream=call.stream,
                request=call.request,
                attempt=attempt,
                retry=call.retry,
                started=at,
                phase=phase,
                call_site=call.call_site,
                via=call.via,
                host=call.host,
                key=call.key,
                _sent=call.body,
            )
            self._entries.append(exchange)
            if call.operation not in BESIDE:
                self._latest.append(exchange)
            if self._keep is not None:
                self._lighten(exchange, self._keep)
        return exchange

    def _lighten(self, begun: Exchange, keep: Keep) -> None:
        """Let go of what is too old."""
        self._whole.append(begun)
        if len(self._whole) > keep.words:
            oldest = self._whole.popleft()
            if oldest.ended is None or oldest.held_open:
                self._whole.append(oldest)
            else:
                oldest.let_go(self.let_go)
        self._calls += 1
        if self._calls > keep.calls + keep.calls // 8:  # not one by one: each time all are gone through
            light = [each for each in self._entries if isinstance(each, Exchange) and not each.whole]
            gone = {id(each) for each in light[: self._calls - keep.calls]}
            self._entries = [each for each in self._entries if id(each) not in gone]
            self._by_time = ()
            self.app.let_go(gone)
            self._calls -= len(gone)
            self.let_go.calls += len(gone)

    def recent(self) -> Journal:
        """Return a journal of the calls that are whole, and of all events: this one where nothing is gone."""
        if not self.let_go.words:
            return self
        made = Journal()
        made.app = self.app
        made._entries = [each for each in self.entries if isinstance(each, Event) or each.whole]
        return made

    def _take_in(self) -> None:
        if self.more is not None:
            self.more()
        if self._late:
            with self._lock:
                self._entries.sort(key=_at)
                self._late = False

    def adopt(self, exchange: Exchange) -> None:
        """Take in a call that a forked child made, at the place where it began."""
        kind = (exchange.request, exchange.provider, exchange.operation)
        with self._lock:
            exchange.attempt = self._attempts[kind] = self._attempts.get(kind, 0) + 1
            self._entries.append(exchange)
            self._late = True  # put in its place when all have come: a child may send thousands
            if exchange.operation not in BESIDE:
                self._latest = deque(sorted((*self._latest, exchange), key=_at), _LATEST)

    def note(self, at: float, kind: str, text: str, seconds: float = 0.0, error: str = "") -> None:
        """Write down an event."""
        with self._lock:
            self._entries.append(Event(at, kind, text, seconds, error))
