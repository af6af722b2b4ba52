"""What the app itself showed in a run besides its traffic: results, errors, side effects, what it wrote.

In memory only: none of it is in the journal's entries, and none is ever printed or written to a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core import locks
from ..core.known_keys import know, worth_searching
from ..core.multi_search import MultiSearch
from .captured_output import CapturedOutput
from .mended_arguments import MendedArguments

if TYPE_CHECKING:
    from ..core.fakes import Canary
    from .entries import Exchange

__all__ = ["AppBehaviour", "Effect", "UserRequest"]

_NOTHING: Any = object()
_MOST_SENT_ON = 1_000


@dataclass(frozen=True, slots=True)
class Effect:
    """A side effect that the app reported, at run time `at` in seconds: `charge` of order 7."""

    name: str
    id: Any
    at: float


@dataclass(slots=True, eq=False)
class UserRequest:
    """One thing that the app's user asked for, and what the app made of it.

    Attributes:
        name: the request's name; empty for what no request claims.
        started, ended: run time in seconds; `ended` is None while it is open.
        error: what left the `with` block, None where nothing did.
        calls: the LLM calls it caused, in the order they began.
        effects: the side effects reported in it.
        strays: whether other calls were made meanwhile that no request claims, as from threads of the app's own.
    """

    name: str = ""
    started: float = 0.0
    ended: float | None = None
    error: BaseException | None = field(default=None, repr=False)
    calls: list[Exchange] = field(default_factory=list, repr=False)
    effects: list[Effect] = field(default_factory=list, repr=False)
    strays: bool = False
    _result: Any = field(default=_NOTHING, repr=False)
    _run: AppBehaviour | None = field(default=None, repr=False)

    @property
    def result(self) -> Any:
        """What the app gave its user; set it in the test, as in `request.result = shop.checkout()`.

        Raises:
            AttributeError: it was not set.
        """
        if self._result is _NOTHING:
            raise AttributeError("this request's result was not set; write `request.result = ...` in its block")
        return self._result

    @result.setter
    def result(self, value: Any) -> None:
        self._result = value

    @property
    def has_result(self) -> bool:
        """Whether the result was set."""
        return self._result is not _NOTHING


class AppBehaviour:
    """What one run saw of its app. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = locks.lock()
        self._marked: list[UserRequest] = []
        self._unmarked = [UserRequest()]
        self._keys: dict[str, set[str]] = {}
        self._sent_to: Counter[str] = Counter()  # how many of the keys went to a provider
        self._searched: MultiSearch[bytes] = MultiSearch()
        self.written = CapturedOutput()
        self.mended = MendedArguments()
        self.sent_on: list[tuple[Exchange, str]] = []
        self.error: BaseException | None = None
        self.canaries: Callable[[], tuple[Canary, ...]] = tuple

    @property
    def requests(self) -> tuple[UserRequest, ...]:
        """The marked requests as they began, then what no request claims, one for each result."""
        return (*self._marked, *self._unmarked)

    @property
    def marked(self) -> tuple[UserRequest, ...]:
        """The marked requests, as they began."""
        return tuple(self._marked)

    @property
    def keys(self) -> dict[str, str]:
        """The API keys that calls came with, and the providers they were sent to, as a text."""
        with self._lock:
            return {key: ", ".join(sorted(to)) for key, to in self._keys.items()}

    def begin(self, name: str, at: float) -> UserRequest:
        """Open a marked request."""
        made = UserRequest(name, at, _run=self)
        with self._lock:
            self._marked.append(made)
        return made

    def mine(self, request: UserRequest | None) -> bool:
        """Tell whether a request is one of this run's: another run may be around this one."""
        return request is not None and request._run is self

    def of(self, request: UserRequest | None) -> UserRequest:
        """Return the request that something belongs to: the one at hand, or the unmarked one."""
        return request if request is not None and self.mine(request) else self._unmarked[-1]

    def answered(self, request: UserRequest | None, value: Any, at: float) -> None:
        """Keep a result; without a request it is the answer to all since the last one."""
        asked = self.of(request)
        asked.result = value
        if not self.mine(asked):
            with self._lock:
                asked.ended = at
                self._unmarked.append(UserRequest(started=at))

    def called(self, request: UserRequest | None, exchange: Exchange) -> None:
        """Keep a call with its request."""
        asked = self.of(request)
        with self._lock:
            asked.calls.append(exchange)
            if not self.mine(asked):
                for each in self._marked:
                    if each.ended is None:
                        each.strays = True

    def carried(self, key: str, content: bytes, exchange: Exchange) -> None:
        """Look at a call before its credentials are dropped.

        Args:
            key: the API key that it came with; empty for none.
            content: its body as it was sent.
            exchange: where it is written down.
        """
        know(key)
        if exchange.operation == "auth":  # its body is the place for credentials
            return
        for to in self._strange(key, content, exchange.provider):
            self.sent_on.append((exchange, f"the API key of {', '.join(sorted(to))}"))
        if keys := [each for each in self.canaries() if each.kind == "key"]:
            text = content.decode("utf-8", "replace")
            if any(each.stands_in(text) for each in keys):
                self.sent_on.append((exchange, "a canary key"))
        if key:
            self._came(key, exchange.provider)

    def _strange(self, key: str, content: bytes, provider: str) -> list[set[str]]:
        """Return, for each key in a body that never went to this provider, to which ones it did."""
        with self._lock:
            if self._sent_to.get(provider, 0) == len(self._keys):  # no key is strange to it: nothing is looked for
                return []
            found = [each.decode("utf-8", "surrogatepass") for each in self._searched.found_in(content)]
            return [set(to) for each in found if each != key and provider not in (to := self._keys[each])]

    def _came(self, key: str, provider: str) -> None:
        """Keep the key of a call."""
        with self._lock:
            to = self._keys.get(key)
            if to is None:
                to = self._keys[key] = set()
                if worth_searching(key):
                    self._searched.add(key.encode("utf-8", "surrogatepass"))
            if provider not in to:
                to.add(provider)
                self._sent_to[provider] += 1

    def let_go(self, gone: Set[int]) -> None:
        """Forget calls, by their identity: those that were sent a key they should not have are few, or say the same."""
        with self._lock:
            for asked in self.requests:
                asked.calls[:] = [each for each in asked.calls if id(each) not in gone]
            del self.sent_on[_MOST_SENT_ON:]

    def release(self, error: BaseException | None) -> None:
        """Let go of what the errors' tracebacks hold, once all is judged; `error` is shown yet and stays whole."""
        kept = {id(each) for each in chain(error)}
        for request in self._marked:
            for each in chain(request.error):
                if id(each) not in kept:
                    each.__traceback__ = None


def chain(error: BaseException | None) -> list[BaseException]:
    """Return an error with all that it came from: causes, contexts, members of groups."""
    found: dict[int, BaseException] = {}
    todo = [error]
    while todo:
        each = todo.pop()
        if each is None or id(each) in found:
            continue
        found[id(each)] = each
        todo += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions
    return list(found.values())
