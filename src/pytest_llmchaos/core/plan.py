"""Plans: the timed steps decided for one call, and how they are played against the client's own timeouts.

`play` is the one place where a wait meets a timeout and a stream is cut. It is a generator of primitive
actions and does no I/O itself: a driver (sync or async, see `run.driver`) sleeps, raises, emits and
pulls for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from .call import Timeouts

__all__ = [
    "Answer",
    "Chunk",
    "Emit",
    "End",
    "Fail",
    "FailKind",
    "Head",
    "Headers",
    "Part",
    "Parts",
    "Plan",
    "Pull",
    "Raise",
    "Respond",
    "Shaper",
    "Sleep",
    "Step",
    "Wait",
    "play",
]

Phase = Literal["pool", "connect", "write", "read"]
FailKind = Literal[
    "connection_refused",
    "dns_failure",
    "certificate_expired",
    "certificate_wrong_host",
    "connection_reset",
    "server_disconnected",
    "stream_cut",
    "pool_timeout",
    "connect_timeout",
    "write_timeout",
    "read_timeout",
    "total_timeout",
]
Headers = tuple[tuple[str, str], ...]


# --- the steps of a plan ---


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens for `seconds` (`math.inf` for ever), while the client waits in that phase."""

    seconds: float
    phase: Phase = "read"


@dataclass(frozen=True, slots=True)
class Fail:
    """The connection fails in this way; nothing follows."""

    kind: FailKind


# Heads, chunks and ends of answers, and the actions made of them, are not frozen: there is one for each piece, and
# frozen ones are dear. Nobody changes them.


@dataclass(slots=True)
class Head:
    """Status and headers arrive. `error` names what is wrong with the answer, whose status may be 200."""

    status: int
    headers: Headers
    error: str | None = None


@dataclass(slots=True)
class Chunk:
    """Bytes of the body arrive; `event` when they are one whole event of a stream."""

    data: bytes
    event: bool = False
    error: str | None = None


@dataclass(slots=True)
class End:
    """The body ends in good order; `error` when the provider's own terminator is missing."""

    error: str | None = None


Step = Wait | Fail | Head | Chunk | End
StepMap = Callable[[Step], Iterable[Step]]
Shaper = Callable[[], StepMap]
"""Makes a fresh step map for one playing: it takes each step and gives the steps that take its place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's whole answer. `chunks` can be iterated again; with `events` each is one stream event.

    `harmless` is the number of chunks with which it begins as a good one would: what is wrong shows in the next.
    """

    status: int
    headers: Headers
    chunks: Iterable[bytes]
    events: bool = False
    error: str | None = None
    harmless: int = 0

    def steps(self) -> Iterator[Step]:
        """Yield the answer as plan steps."""
        yield Head(self.status, self.headers, self.error)
        for data in self.chunks:
            yield Chunk(data, self.events)
        yield End()


@dataclass(frozen=True, slots=True)
class Part:
    """What a step may be put down to: the injection with that key, and the name of its fault."""

    key: str
    fault: str


Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one call.

    Attributes:
        source: makes the steps; None takes them from the upstream beneath (passthrough).
        shapers: transform the steps, first one first.
        faults: names of the faults that want a part in it; which of them strike shows when it is played.
        price: its price over the usual one.
        harmless: the number of chunks of the source that show nothing of the fault which put it there.
        answered_by: whose fault put the source there; None for a healthy one.
        shaped_by: whose each of the shapers is; None for one that is no failure.
        priced_by: whose the price is.
    """

    source: Callable[[], Iterable[Step]] | None
    shapers: tuple[Shaper, ...] = ()
    faults: tuple[str, ...] = ()
    price: float = 1.0
    harmless: int = 0
    answered_by: Part | None = None
    shaped_by: tuple[Part | None, ...] = ()
    priced_by: Parts = ()

    @property
    def untouched(self) -> bool:
        """Whether no fault has a part in it."""
        return not self.shapers and self.answered_by is None and not self.priced_by

    def answering(self, answer: Answer) -> Plan:
        """Return this plan with the answer replaced; waits that other faults put before it stay."""
        return replace(self, source=answer.steps, harmless=answer.harmless)

    def instead(self, *steps: Step) -> Plan:
        """Return this plan with fixed steps in place of the answer."""
        return replace(self, source=lambda: steps, harmless=0)

    def owed_to(self, part: Part | None, before: Plan) -> Plan:
        """Return this plan with what it has beyond `before` put down to an injection (None: to no failure)."""
        known: dict[int, Part | None] = {id(each): None for each in before.shapers}
        known |= {id(each): whose for each, whose in zip(before.shapers, before.shaped_by, strict=False)}
        return replace(
            self,
            answered_by=before.answered_by if self.source is before.source else part,
            shaped_by=tuple(known.get(id(each), part) for each in self.shapers),
            priced_by=before.priced_by if part is None or self.price == before.price else (*before.priced_by, part),
        )

    def shaped(self, shaper: Shaper) -> Plan:
        """Return this plan with one more transformation of its steps."""
        return replace(self, shapers=(*self.shapers, shaper))

    def steps(self) -> Iterator[Step]:
        """Yield the steps after all transformations; only for a plan with a source of its own."""
        if self.source is None:
            raise TypeError("the steps of a passthrough plan are known only when it is played")
        from .shaping import Shaping  # that module builds on this one

        shaping = Shaping(self)
        for step in self.source():
            for shaped, _ in shaping(step, ()):
                yield shaped
                if isinstance(shaped, Fail | End):
                    return


# --- playing ---


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let this many seconds of the run's clock pass; `phase` tells what the client is waiting in.

    This action and the next ones say in `by` which faults strike with it: the driver that performs it reports them.
    """

    seconds: float
    phase: Phase = field(default="read", compare=False)
    by: Parts = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise the stack's own exception of this kind."""

    kind: FailKind
    by: Parts = field(default=(), compare=False)


@dataclass(slots=True)
class Respond:
    """Give the app status and headers."""

    head: Head
    by: Parts = field(default=(), compare=False)


@dataclass(slots=True)
class Emit:
    """Give the app these bytes of the body."""

    chunk: Chunk
    by: Parts = field(default=(), compare=False)


@dataclass(slots=True)
class Done:
    """The body is complete."""

    end: End
    by: Parts = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Pull:
    """Take the next step (a Head first, then Chunks, then End) from the upstream and send it in."""


Action = Sleep | Raise | Respond | Emit | Pull | Done
Playing = Generator[Action, Step | None, None]

_TIMEOUT_KIND: dict[str, FailKind] = {
    "pool": "pool_timeout",
    "connect": "connect_timeout",
    "write": "write_timeout",
    "read": "read_timeout",
}


def play(plan: Plan, timeouts: Timeouts, now: Callable[[], float] | None = None, began: float | None = None) -> Playing:
    """Yield the primitive actions of a plan; the driver performs each and answers a `Pull` with the
    upstream's step.

    A wait that the client's own timeout cuts short ends in that timeout. Waits in a row count together: the
    client sees no byte between them. The total timeout counts on over head and body, and over what the app itself
    does between them; bytes that need no wait are in the client's hands already, and no timeout takes them away.

    Args:
        plan: what happens.
        timeouts: the client's own limits; the one that is reached first decides, of equal ones that of the phase.
        now: the clock that the total timeout counts on, in seconds; without one it counts the waits.
        began: when the call began by that clock; None for now.
    """
    if began is None:
        began = now() if now is not None else 0.0
    return _play(plan, timeouts, now, began)


def _play(plan: Plan, timeouts: Timeouts, now: Callable[[], float] | None, began: float) -> Playing:
    from .shaping import Shaping, marked  # that module builds on this one

    slept = 0.0
    shaping = Shaping(plan)
    waited: dict[str, float] = {}
    steps = _pulled(framed=bool(plan.shapers)) if plan.source is None else marked(plan)
    sent: Step | None = None
    while True:
        try:
            item, marks = steps.send(sent)
        except StopIteration:
            return
        sent = None
        if isinstance(item, Pull):
            sent = yield item
            continue
        for step, by in shaping(item, marks):
            if isinstance(step, Chunk):  # most are these
                waited.clear()
                yield Emit(step, by)
                continue
            if isinstance(step, Wait):
                limit, total = timeouts.limit(step.phase), timeouts.total
                before = waited.get(step.phase, 0.0)
                left, kind = math.inf if limit is None else limit - before, _TIMEOUT_KIND[step.phase]
                if total is not None:
                    elapsed = slept if now is None else now() - began
                    left, kind = min((left, kind), (total - elapsed, "total_timeout"), key=lambda each: each[0])
                if left < math.inf and step.seconds >= left:
                    yield Sleep(max(left, 0.0), step.phase, by if left > 0 else ())
                    yield Raise(kind)
                    return
                yield Sleep(step.seconds, step.phase, by)
                slept += step.seconds
                waited[step.phase] = before + step.seconds
                continue
            waited.clear()
            if isinstance(step, Head):
                yield Respond(step, (*by, *plan.priced_by) if step.status < 400 else by)
            elif isinstance(step, Fail):
                yield Raise(step.kind, by)
                return
            else:
                yield Done(step, by)
                return


def _pulled(framed: bool) -> Generator[tuple[Step | Pull, Parts], Step | None, None]:
    """Take the steps from the upstream; `framed` cuts a stream at its events, which stream faults count."""
    from .framing import Framer, framer  # that module builds on this one

    events: Framer | None = None
    while True:
        step = yield Pull(), ()
        if step is None:
            return
        if isinstance(step, Head):
            events = framer(step.headers) if framed else None
            if events:  # faults change such a body, and then its length is not what the upstream said
                kept = tuple(each for each in step.headers if each[0].lower() != "content-length")
                step = replace(step, headers=kept)
        elif events and isinstance(step, Chunk):
            for each in events.feed(step.data):
                yield each, ()
            continue
        elif events and isinstance(step, End | Fail):
            for each in events.flush():
                yield each, ()
        yield step, ()
