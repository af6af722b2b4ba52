"""What a provider is: it recognises its calls, answers them, and fails them the way the real one does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers
    from ..core.replies import Reply
    from ._beside import Beside

__all__ = ["ErrorKind", "Notice", "Provider", "Recognised", "Route", "Sample"]

ErrorKind = Literal[
    "outage",
    "overloaded",
    "rate_limit",
    "quota_exhausted",
    "auth_revoked",
    "region_blocked",
    "model_retired",
    "policy_refusal",
    "access_denied",
]


@dataclass(frozen=True, slots=True)
class Route:
    """An operation found from method, host and path alone, before the body is read."""

    operation: str
    model: str | None = None
    stream: bool | None = None
    needs: tuple[str, ...] = ()
    """Body members without which an unknown host does not speak this dialect."""


@dataclass(slots=True)
class Recognised:
    """What a call asks for, told from its whole request."""

    operation: str
    model: str | None
    stream: bool
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A retirement to come.

    Attributes:
        on: its day, as `2026-03-26`.
        successor: the model that takes its place, None where none is named.
        models: pattern of the names that it is about, where a list of models names several.
    """

    on: str
    successor: str | None = None
    models: str = "*"

    def about(self, name: Any) -> bool:
        """Tell whether a model of that name goes away."""
        return isinstance(name, str) and fnmatchcase(name, self.models)


@dataclass(frozen=True, slots=True)
class Sample:
    """A call that shows what a provider answers; docs/providers.md is made of it.

    Attributes:
        path: where it goes, at the first of the provider's hosts.
        body: what it says; a stream says `stream` besides.
        streamed: the path of a stream; None for the same, empty where there is none.
        also: paths by which further operations are told that no table of routes has.
    """

    path: str
    body: Mapping[str, Any]
    streamed: str | None = None
    also: tuple[str, ...] = ()


class Provider(ABC):
    """One wire format at some hosts.

    Args:
        name: how targets and reports call it.
        hosts: host patterns (`*` allowed, with `:port` where the URL names one) that belong to it.

    Attributes:
        dialect: the name under which users of `[tool.llmchaos.providers]` choose this wire format.
        default_hosts: hosts of the vendor itself.
        doubtful_hosts: hosts that may be its own, such as those of a usual port; there the body must show that a model
            is asked.
        speaks_too: other dialects at its hosts: what a path has in it, and the name of the dialect spoken there.
        status_hosts: hosts of the vendor's status page, where it speaks the API of Statuspage.
        usual_host: the host that most apps ask, where that is not the first of `default_hosts`; of one that every user
            has an own of, an example.
        everyone_has_own: whether each user has a host of their own (a resource, a region, a server), so that nobody
            else can tell where a call goes.
        base_url_variables: environment variables from which its SDKs take their base URL, and the path behind the host
            in that URL; `llmchaos env` exports them.
        base_url_when_named: whether they are exported only where somebody asks for this provider, because clients
            behave differently as soon as they are set.
        sample: a call that shows it in docs/providers.md; only a provider of this package needs one.
    """

    dialect: ClassVar[str]
    default_hosts: ClassVar[tuple[str, ...]] = ()
    doubtful_hosts: ClassVar[tuple[str, ...]] = ()
    speaks_too: ClassVar[tuple[tuple[str, str], ...]] = ()
    status_hosts: ClassVar[tuple[str, ...]] = ()
    usual_host: ClassVar[str] = ""
    everyone_has_own: ClassVar[bool] = False
    base_url_variables: ClassVar[Mapping[str, str]] = {}
    base_url_when_named: ClassVar[bool] = False
    sample: ClassVar[Sample | None] = None

    def __init__(self, name: str | None = None, hosts: tuple[str, ...] | None = None) -> None:
        self.name = name or self.dialect
        self.hosts = (*self.default_hosts, *self.doubtful_hosts) if hosts is None else hosts
        self.doubted = self.doubtful_hosts if hosts is None else ()

    def owns(self, host: str) -> bool:
        """Tell whether the host (lower case, with its port if the URL names one) belongs to this provider."""
        return _among(host, self.hosts)

    def usual_origin(self) -> str:
        """Return scheme and host of what most apps ask, such as `https://api.openai.com`."""
        return _origin(self._asked_most() or self.hosts[0].replace("*", "llmchaos"))

    def real_origin(self, path: str) -> str | None:
        """Return scheme and host to which a proxy hands on what is asked at a path.

        None where only the user can tell: with an example, a stranger would get the key.
        """
        if self.everyone_has_own and not self._elsewhere():
            return None
        host = self._asked_most()
        return _origin(host) if host else None

    def _elsewhere(self) -> bool:
        """Tell whether the user named the hosts."""
        return self.hosts != (*self.default_hosts, *self.doubtful_hosts)

    def _asked_most(self) -> str:
        """Return the host that most apps ask: the usual one, else the first that is no pattern; empty for none."""
        usual = "" if self._elsewhere() else self.usual_host
        return usual or next((each for each in self.hosts if _WILD.isdisjoint(each)), "")

    def doubts(self, host: str) -> bool:
        """Tell whether the host is the provider's by a guess alone."""
        return _among(host, self.doubted)

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what a host of this provider (lower case) answers beside LLM calls: nothing at a vendor's own."""
        from ._beside import SERVER

        return () if _among(host, self.default_hosts) else SERVER

    def claims(self, path: str) -> bool:
        """Tell whether a request to this path at the provider's hosts is a call to an LLM, known or not."""
        return True

    @abstractmethod
    def route(self, method: str, path: str) -> Route | None:
        """Return what this path asks for, or None where it is no LLM call. Paths may have a gateway's prefix."""

    def guess(self, method: str, path: str) -> Route | None:
        """Return what this path asks for at a host that nobody named; None where the path tells too little."""
        route = self.route(method, path)
        return route if route and route.needs else None

    @abstractmethod
    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the whole request asks for, or None where its body turns out to be no LLM call.

        For a host that this provider owns, a body that cannot be parsed is still a call (with an empty body).
        """

    def retry_count(self, request: HttpRequest) -> int | None:
        """Return the SDK's own retry count, where a header tells it."""
        value = request.header("x-stainless-retry-count")
        return int(value) if value is not None and value.isdecimal() and len(value) < 10 else None

    @abstractmethod
    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer, streamed if the call asks for a stream. Without a reply the text is made up."""

    @abstractmethod
    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which this provider reports the failure.

        Details by kind: `outage` status, page; `rate_limit` retry_after (seconds or None), form;
        `model_retired` successor, status (404, 400, 410 or 429, left out for the usual form); `access_denied` reason
        (`ownership`, `verification`, `suspension` or `residency`); `policy_refusal` form (`error`, `finish` or
        `refusal`; the last two are answers with status 200, streamed if the call asks for it, with `Answer.error` set
        to `policy_refusal`).

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """

    @abstractmethod
    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band event by which this provider reports a failure within a started stream."""

    def heartbeat(self, call: Call) -> bytes:
        """Return what keeps a stream of this provider alive while nothing is said.

        Raises:
            FaultUnfit: its streams know nothing of the kind.
        """
        return b": keep-alive\n\n"

    def announce(self, call: Call, document: dict[str, Any], notice: Notice) -> bool:
        """Write into a healthy answer's JSON that a model will be retired, as this provider does, and tell whether
        there was anything to write it to. Most vendors have no such place.
        """
        return False

    def announcing_headers(self, call: Call, notice: Notice) -> Headers:
        """Return the headers of a healthy answer that tell of a retirement to come."""
        return ()

    def __repr__(self) -> str:
        return f"<provider {self.name} ({self.dialect})>"


def _origin(host: str) -> str:
    # A vendor speaks TLS; a server that is named with its port is one of the user's own, and plain for the most part.
    port = host.rpartition(":")[2] if ":" in host else ""
    return f"{'http' if port not in ('', '443') or host == 'localhost' else 'https'}://{host}"


@lru_cache(maxsize=4096)  # a run makes the providers anew, and an app asks the same hosts in each
def _among(host: str, patterns: tuple[str, ...]) -> bool:
    bare = host.partition(":")[0]
    return any(_fits(host, each) or _fits(bare, each) for each in patterns)


def _fits(host: str, pattern: str) -> bool:
    # Most patterns are a plain name or have one star; for each fnmatch would compile an expression.
    before, star, after = pattern.partition("*")
    if _WILD.isdisjoint(before) and _WILD.isdisjoint(after):
        if not star:
            return host == pattern
        return len(host) >= len(before) + len(after) and host.startswith(before) and host.endswith(after)
    return host == pattern or fnmatchcase(host, pattern)


_WILD = frozenset("*?[")
