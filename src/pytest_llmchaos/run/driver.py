"""Drivers: perform a plan's actions for a stack, sync and async. They know no stack; a stack gives them its exceptions.

A driver is pulled twice: `head()` until status and headers, `next()` for each piece of the body until None.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from ..core.plan import Action, Chunk, Done, Emit, End, FailKind, Head, Playing, Pull, Raise, Respond, Sleep, Step, play

if TYPE_CHECKING:
    from .exchange_under_way import ExchangeUnderWay
    from .upstream import AsyncUpstream, SyncUpstream

__all__ = ["CONNECTING", "AsyncDriver", "Failure", "SyncDriver"]

CONNECTING: tuple[FailKind, ...] = (
    "dns_failure",
    "connection_refused",
    "certificate_expired",
    "certificate_wrong_host",
    "pool_timeout",
    "connect_timeout",
    "total_timeout",
)
"""How a call can fail before its request is sent."""

_MOST_PEEKED = 64
"""Steps of an error's body that are looked at when the app has closed it."""

_LONGEST_UNREAD = 65536
"""Bytes of such a body from beneath; a longer one, or one of unknown length, is left unread."""

Failure = Callable[[FailKind], BaseException]
"""Makes the stack's own exception for a failure."""


class _Driver:
    def __init__(self, under_way: ExchangeUnderWay, failure: Failure) -> None:
        self._ongoing = under_way
        self._failure = failure
        self._injected: str | None = None
        self._peeked = 0
        # What no fault has a part in is most of all calls, and is taken step by step as long as there is no wait in it.
        self._plain = under_way.plan.source is not None and under_way.plan.untouched
        self._rest: Iterator[Step] | None = None
        counted = not self._plain or under_way.call.timeouts.total is not None
        self._began = under_way.clock.now() if counted else 0.0
        self._played: Playing | None = None

    @property
    def _playing(self) -> Playing:
        """The plan as actions, or what is left of it."""
        if self._played is None:
            self._plain = False
            plan, rest = self._ongoing.plan, self._rest
            plan = plan if rest is None else replace(plan, source=lambda: rest)
            self._played = play(plan, self._ongoing.call.timeouts, self._ongoing.clock.now, self._began)
        return self._played

    def _taken(self) -> Head | Chunk | End | None:
        """Give the app the next step of a plain answer; None where it has to be played from here on."""
        steps = self._rest
        if steps is None:
            assert self._ongoing.plan.source is not None  # noqa: S101 # else it is not plain
            steps = self._rest = iter(self._ongoing.plan.source())
        step = next(steps, None)
        if isinstance(step, Chunk):
            self._ongoing.emitted(step)
        elif isinstance(step, Head):
            self._ongoing.responded(step)
        elif isinstance(step, End):
            self._stop()
            self._ongoing.end(step.error)
        else:
            self._rest = steps if step is None else chain((step,), steps)
            self._plain = False
            return None
        return step

    def _comes_at_once(self) -> bool:
        """Tell whether a plain answer begins with its head, which is not taken yet."""
        assert self._ongoing.plan.source is not None  # noqa: S101 # else it is not plain
        steps = iter(self._ongoing.plan.source())
        first = next(steps, None)
        self._rest = steps if first is None else chain((first,), steps)
        return isinstance(first, Head)

    def _perform(self, action: Action) -> Head | Chunk | End | None:
        """Do what needs no waiting; return what the app must get."""
        if isinstance(action, Pull):
            return None
        if action.by:
            self._ongoing.struck(action.by)
        if isinstance(action, Emit):  # most are these
            self._ongoing.emitted(action.chunk)
            return action.chunk
        if isinstance(action, Respond):
            self._ongoing.responded(action.head)
            return action.head
        if isinstance(action, Done):
            self._ongoing.end(action.end.error)
            return action.end
        if isinstance(action, Raise):
            self._injected = action.kind
            raise self._failure(action.kind)
        return None

    def _broke(self, error: BaseException) -> None:
        cancelled = isinstance(error, asyncio.CancelledError)
        self._ongoing.end(self._injected or ("cancelled" if cancelled else type(error).__name__))
        self._stop()

    def _stop(self) -> None:
        self._plain, self._rest = False, iter(())
        if self._played is not None:
            self._played.close()

    def _wants(self) -> bool:
        """Tell whether an error was answered whose text the app closes unread: what was answered is judged, not what
        was read of it. From beneath only a short body is asked for, which came with the head."""
        under_way = self._ongoing
        if not under_way.refused or self._peeked >= _MOST_PEEKED:
            return False
        return under_way.plan.source is not None or under_way.promised <= _LONGEST_UNREAD

    def _peek(self, sent: Step | None) -> Action | None:
        """Play on without waiting and without the app; None at the end."""
        self._peeked += 1
        try:
            action = self._playing.send(sent)
        except StopIteration:
            return None
        if isinstance(action, Emit):
            self._ongoing.unread(action.chunk.data)
        return action

    def _closed(self) -> None:
        """The app closed the body. Had it read all but the end, as SDKs do on the terminator, the body was whole.

        An end that is none it would have noticed only had it read on.
        """
        if self._ongoing.exchange.ended is None and self._ongoing.plan.source is not None:
            action = next(self._playing, None)
            said = isinstance(action, Done) and (action.end.error is None or self._ongoing.said_all)
            if isinstance(action, Done) and said and self._ongoing.has_met(action.by):
                self._ongoing.end(action.end.error)
            elif isinstance(action, Sleep) and self._ongoing.said_all:
                self._ongoing.struck(action.by)  # all was said, and the app left a connection that stayed open
        self._stop()
        self._ongoing.end("closed")


class SyncDriver(_Driver):
    """Plays a plan in the calling thread."""

    def __init__(self, under_way: ExchangeUnderWay, failure: Failure, upstream: SyncUpstream) -> None:
        super().__init__(under_way, failure)
        self._upstream = upstream

    def head(self) -> Head:
        """Play up to status and headers.

        Raises:
            BaseException: the stack's own exception where the plan fails before.
        """
        got = self._next()
        if not isinstance(got, Head):
            raise TypeError(f"the plan for {self._ongoing.call.label} has no head, but {got!r}")
        return got

    def next(self) -> Chunk | None:
        """Play up to the next piece of the body; None at its end."""
        got = self._next()
        return got if isinstance(got, Chunk) else None

    def close(self) -> None:
        """The app needs no more of the body."""
        try:
            sent: Step | None = None
            while self._wants() and (action := self._peek(sent)) is not None:
                sent = self._upstream.pull() if isinstance(action, Pull) else None
        except Exception:  # what was there is enough
            self._peeked = _MOST_PEEKED
        finally:
            self._closed()
            self._upstream.close()

    def _next(self) -> Head | Chunk | End | None:
        sent: Step | None = None
        try:
            if self._plain and (taken := self._taken()) is not None:
                return taken
            while True:
                try:
                    action = self._playing.send(sent)
                except StopIteration:
                    return None
                sent = None
                if isinstance(action, Sleep):
                    self._perform(action)
                    self._ongoing.clock.sleep(action.seconds)
                elif isinstance(action, Pull):
                    sent = self._upstream.pull()
                elif got := self._perform(action):
                    return got
        except BaseException as error:
            self._broke(error)
            self._upstream.close()
            raise


class AsyncDriver(_Driver):
    """Plays a plan in the running event loop."""

    def __init__(self, under_way: ExchangeUnderWay, failure: Failure, upstream: AsyncUpstream) -> None:
        super().__init__(under_way, failure)
        self._upstream = upstream
        self._ahead: Action | None = None

    async def connect(self) -> None:
        """Play what comes before the request is sent, for a stack that connects in a step of its own.

        Raises:
            BaseException: the stack's own exception where the plan fails there.
        """
        try:
            if self._plain and self._comes_at_once():
                return
            while (action := next(self._playing, None)) is not None:
                if isinstance(action, Sleep) and action.phase in ("pool", "connect"):
                    self._perform(action)
                    await self._ongoing.clock.asleep(action.seconds)
                elif isinstance(action, Raise) and action.kind in CONNECTING:
                    self._perform(action)
                else:
                    self._ahead = action
                    return
        except BaseException as error:
            self._broke(error)
            await self._upstream.close()
            raise

    async def head(self) -> Head:
        """Play up to status and headers.

        Raises:
            BaseException: the stack's own exception where the plan fails before.
        """
        got = await self._next()
        if not isinstance(got, Head):
            raise TypeError(f"the plan for {self._ongoing.call.label} has no head, but {got!r}")
        return got

    async def next(self) -> Chunk | None:
        """Play up to the next piece of the body; None at its end."""
        got = await self._next()
        return got if isinstance(got, Chunk) else None

    async def close(self) -> None:
        """The app needs no more of the body."""
        try:
            sent: Step | None = None
            while self._wants() and (action := self._peek(sent)) is not None:
                sent = await self._upstream.pull() if isinstance(action, Pull) else None
        except Exception:  # what was there is enough
            self._peeked = _MOST_PEEKED
        finally:
            self._closed()
            await self._upstream.close()

    async def _wanted(self) -> None:
        """Wait until the app comes to the next action, for a stack in which the plan runs ahead of it."""

    async def _next(self) -> Head | Chunk | End | None:
        sent: Step | None = None
        try:
            if self._plain and (taken := self._taken()) is not None:
                return taken
            while True:
                try:
                    action = self._ahead or self._playing.send(sent)
                except StopIteration:
                    return None
                sent = self._ahead = None
                if not isinstance(action, Pull) and action.by:
                    await self._wanted()
                if isinstance(action, Sleep):
                    self._perform(action)
                    await self._ongoing.clock.asleep(action.seconds)
                elif isinstance(action, Pull):
                    sent = await self._upstream.pull()
                elif got := self._perform(action):
                    return got
        except BaseException as error:
            self._broke(error)
            await self._upstream.close()
            raise
