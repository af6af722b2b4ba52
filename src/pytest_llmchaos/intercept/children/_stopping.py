"""What stands for the parent's run in a child that faults do not reach: it stops every LLM call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...clock import RealClock
from ...core import locks
from ...core.call_site import call_site
from ...core.errors import ChaosError
from ...core.fakes import Fakes
from ...core.replies import Replies
from ...journal.entries import Journal
from ...providers import Providers
from ...run.dispatcher import Dispatcher
from ..surroundings import SURROUNDINGS

if TYPE_CHECKING:
    from ...core.call import HttpRequest
    from ...providers import Provider, Route
    from ...run.exchange_under_way import ExchangeUnderWay

__all__ = ["Stopping"]


class Stopping(Dispatcher):
    """The other side of `Dispatcher` in a child.

    Args:
        token: of the parent's run.
        own: the user's own providers.
        say: tells the parent a sentence, with the token.
    """

    def __init__(self, token: str, own: Mapping[str, Any], say: Callable[[str, str], None]) -> None:
        self.seed, self.test, self.token, self.shared = 0, "", token, False
        self.providers = Providers(own)
        self.journal = Journal()
        self.started = []
        self._clock = RealClock()
        self._where, self._allow_escapes = None, False
        self._replies = Replies()
        self._fakes = Fakes()
        self._lock = locks.rlock()
        self._players = []
        self.surroundings = SURROUNDINGS
        self._such = {}
        self._judge: Any = self
        self._say = say

    @property
    def now(self) -> float:
        """Run time is the parent's, and not known here."""
        return 0.0

    def add(self, what: str, reason: str, evidence: Iterable[object] = ()) -> None:
        """Tell the parent, in the place of a judge."""
        self._say(reason, self.token)

    def begin(
        self, found: tuple[Provider, Route], request: HttpRequest, via: str, *, own: bool
    ) -> ExchangeUnderWay | None:
        """Stop an LLM call, unless something in the child itself answers it.

        Raises:
            ChaosError: it is one.
        """
        call = self.providers.recognise(found, request, where=call_site, via=via)
        if call is None or own:
            return None
        where = f" from {call.call_site}" if call.call_site else ""
        text = f"{call.label} was called at {call.host}{where}"
        self.add("escape", text)
        raise ChaosError(f"llmchaos stopped a child process: {text}")
