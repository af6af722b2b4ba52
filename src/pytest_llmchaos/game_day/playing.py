"""One call played on a client's socket: what breaks in the plan breaks there as it does at a provider."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..core.plan import FailKind
from ..run.driver import AsyncDriver

if TYPE_CHECKING:
    from ..core.plan import Step
    from ..run.exchange_under_way import ExchangeUnderWay
    from ..run.upstream import AsyncUpstream
    from .wire import Reply

__all__ = ["Broken", "NoUpstream", "play"]

_IN_GOOD_ORDER: frozenset[FailKind] = frozenset({"server_disconnected", "stream_cut"})
"""What ends in FIN: the provider closed the connection. Everything else a client sees as RST."""


class Broken(Exception):
    """The connection fails here, by the plan or at the provider itself."""

    def __init__(self, kind: FailKind) -> None:
        super().__init__(kind)
        self.kind = kind


class NoUpstream:
    """Where every answer is simulated nothing is ever pulled."""

    async def pull(self) -> Step:
        """Not asked."""
        raise RuntimeError("a simulated answer asks nobody")

    async def close(self) -> None:
        """Nothing to close."""


class _Driver(AsyncDriver):
    """A client that leaves is told as such: the proxy cannot know which of its limits was reached."""

    reply: Reply

    def _broke(self, error: BaseException) -> None:
        if isinstance(error, Broken):
            self._ongoing.end(error.kind)
        elif isinstance(error, asyncio.CancelledError):
            self.left()
        super()._broke(error)

    def left(self) -> None:
        """The client has left; one that has all that the head promised has no reason to stay."""
        self._ongoing.end(None if self.reply.whole else "client_gone")


async def play(under_way: ExchangeUnderWay, upstream: AsyncUpstream, reply: Reply) -> None:
    """Answer a call as its plan says.

    Raises:
        ConnectionError: the client has left.
    """
    driver = _Driver(under_way, Broken, upstream)
    driver.reply = reply
    try:
        head = await driver.head()
        await reply.head(head.status, head.headers)
        while (chunk := await driver.next()) is not None:
            await reply.data(chunk.data)
        await reply.end()
    except Broken as broken:
        if broken.kind in _IN_GOOD_ORDER:
            reply.drop()
        else:
            reply.reset()
    except (ConnectionError, asyncio.CancelledError):
        driver.left()
        raise
    finally:
        await driver.close()
