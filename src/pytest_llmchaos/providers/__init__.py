"""The providers, one file each, and how a request finds its own.

Every module of this package that does not start with an underscore holds one `Provider` class; adding a provider
means adding its file. Users name further hosts in `[tool.llmchaos.providers]`; third parties add classes through the
entry point group `llmchaos.providers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from ..core.call import Call, HttpRequest, credential
from ..core.discovery import discover
from ..core.draw import Draw
from ..core.errors import FaultUnfit, UsageProblem, near, shown
from ..core.plan import Answer
from ..core.replies import Reply
from ._base import ErrorKind, Notice, Provider, Recognised, Route
from ._beside import Sideline, sideline
from ._beside import at as beside
from ._hub import Hub
from ._status import StatusPage
from ._status import feed as status_feed

# With what a provider of one's own needs besides.
__all__ = [
    "Answer",
    "Call",
    "Draw",
    "ErrorKind",
    "FaultUnfit",
    "HttpRequest",
    "Notice",
    "Provider",
    "Providers",
    "Recognised",
    "Reply",
    "Route",
    "Sideline",
    "StatusPage",
    "beside",
    "dialects",
    "of_project",
    "status_feed",
]


_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")  # noqa: S104 - names that a connection is asked for
_REMEMBERED = 512  # addresses; every HTTP request of the app is looked up twice


@cache
def dialects() -> dict[str, type[Provider]]:
    """Return the provider classes by their dialect name."""
    abstract: type[Any] = Provider
    return discover(__name__, __path__, abstract, "llmchaos.providers", "dialect")


class Providers:
    """The providers known to a run: the user's own first, then the built-in ones. They keep nothing of its calls.

    Args:
        own: `[tool.llmchaos.providers]`: by name, a table with `hosts` and `dialect`.

    Attributes:
        own: the same.

    Raises:
        UsageProblem: a table is not of that form.
    """

    def __init__(self, own: Mapping[str, Any] | None = None) -> None:
        self.own = dict(own or {})
        self._own = [_configured(name, table) for name, table in (own or {}).items()]
        self._built_in = [each() for each in dialects().values()]
        self._pages: list[Provider] = [
            Hub(),
            *(StatusPage(each.name, each.status_hosts) for each in self._built_in if each.status_hosts),
        ]
        self._checked: set[str] = set()
        self._by_name = {each.name: each for each in (*reversed(self._built_in), *reversed(self._own))}
        self._by_host: dict[tuple[str, str], Provider] = {}
        self._guests: dict[tuple[str, str], Provider] = {}
        self._routes: dict[tuple[str, str], tuple[Provider, Route] | None] = {}
        self._owners: dict[str, Provider | None] = {}

    def names(self) -> list[str]:
        """Return the names of all known providers."""
        return list(dict.fromkeys(each.name for each in (*self._own, *self._built_in)))

    def called(self, name: str) -> Provider | None:
        """Return the provider of that name; None where there is none."""
        return self._by_name.get(name)

    def at(self, host: str) -> Provider | None:
        """Return a provider that surely answers at that host, whatever is asked; None where none does."""
        host = host_of(host)
        return next((each for each in (*self._own, *self._built_in) if each.owns(host) and not each.doubts(host)), None)

    def hosts(self) -> list[str]:
        """Return the patterns of hosts that are surely providers'."""
        known = (*self._own, *self._built_in)
        return list(dict.fromkeys(one for each in known for one in each.hosts if one not in each.doubted))

    def addresses(self) -> dict[str, list[str]]:
        """Return the patterns of hosts at which whatever is asked is a call, by the provider's name."""
        found: dict[str, list[str]] = {}
        for each in (*self._own, *self._built_in, *self._pages):
            if each.claims(""):
                found.setdefault(each.name, []).extend(one for one in each.hosts if one not in each.doubted)
        return found

    def check_name(self, name: str) -> None:
        """Make sure that a target's provider can be one: a known name, a pattern, or a host.

        Raises:
            UsageProblem: it is none of these.
        """
        if name in self._checked:
            return
        known = [*self.names(), "localhost"]
        # A pattern of hosts has a dot or a colon; one without either that fits no name is a model's, most likely.
        if re.search(r"[.:]", name) or any(fnmatchcase(each, name) for each in known):
            self._checked.add(name)
            return
        raise UsageProblem(
            f"{shown(name)} is not a provider{near(name, self.names())} (known: {', '.join(self.names())}; "
            "a host such as 'localhost:8000' works too, and [tool.llmchaos.providers] names your own)"
        )

    def route(self, method: str, url: str) -> tuple[Provider, Route] | None:
        """Find the provider and operation from method and URL alone; None where it is no LLM call."""
        try:
            return self._routes[method, url]
        except KeyError:
            if len(self._routes) >= _REMEMBERED:
                self._routes.clear()
            found = self._routes[method, url] = self._route(method, url)
            return found

    def route_of(self, provider: Provider, method: str, url: str) -> tuple[Provider, Route] | None:
        """Find the operation of a call that is known to be that provider's, whatever host it names."""
        found = self.route(method, url)
        if found is not None and found[0].name == provider.name:
            return found
        path = urlsplit(url).path
        speaker = self._speaker(provider, path)
        return (speaker, route) if (route := speaker.route(method, path)) else None

    def _route(self, method: str, url: str) -> tuple[Provider, Route] | None:
        parts = urlsplit(url)
        host = host_of(parts.netloc)
        if page := self._page(host):
            return (page, route) if (route := page.route(method, parts.path)) else None
        # Several providers may share a host and tell their calls by path, as on Azure.
        owners = [each for each in (*self._own, *self._built_in) if each.owns(host)]
        for provider in owners:
            speaker = self._speaker(provider, parts.path)
            if route := speaker.route(method, parts.path):
                return speaker, route
        for provider in owners:
            if not provider.doubts(host) and (found := sideline(provider, method, host, parts.path)):
                return found
        for provider in () if any(not each.doubts(host) for each in owners) else self._built_in:
            if route := provider.guess(method, parts.path):
                return self._at_host(provider, host), route
        return None

    def owner(self, url: str) -> Provider | None:
        """Return the provider to which the URL goes, whatever it asks for there; None where no LLM answers."""
        try:
            return self._owners[url]
        except KeyError:
            if len(self._owners) >= _REMEMBERED:
                self._owners.clear()
            found = self._owners[url] = self._owner(url)
            return found

    def _owner(self, url: str) -> Provider | None:
        try:
            parts = urlsplit(url)
        except ValueError:  # no URL, such as a bracket without its other
            return None
        known = (*self._own, *self._built_in, *self._pages)
        for host in _names_of(host_of(parts.netloc)):
            for each in known:
                if each.owns(host) and not each.doubts(host) and each.claims(parts.path):
                    return each
        return None

    def recognise(
        self,
        found: tuple[Provider, Route],
        sent: HttpRequest,
        *,
        where: Callable[[], str | None] = lambda: None,
        **details: Any,
    ) -> Call | None:
        """Return the call that the whole request makes, or None where its body shows that it is none.

        Args:
            found: what `route` gave for it.
            sent: the request with its body.
            where: tells the app's call site; asked only for a real call.
            details: further members of the call (`request`, `via`).
        """
        provider, route = found
        recognised = provider.read(route, sent)
        if recognised is None:
            return None
        return Call(
            provider=provider.name,
            operation=recognised.operation,
            model=recognised.model,
            stream=recognised.stream,
            method=sent.method,
            host=sent.host,
            path=sent.path,
            speaks=provider,
            body=recognised.body,
            retry=provider.retry_count(sent),
            timeouts=sent.timeouts,
            key=credential(sent),
            call_site=where(),
            **details,
        )

    def _speaker(self, provider: Provider, path: str) -> Provider:
        """Return who answers at this path of the provider's hosts: itself, or another dialect under its name."""
        for part, dialect in provider.speaks_too:
            if part in path:
                if (provider.name, dialect) not in self._guests:
                    guest = dialects()[dialect](name=provider.name, hosts=provider.hosts)
                    guest.doubted = provider.doubted
                    self._guests[provider.name, dialect] = guest
                return self._guests[provider.name, dialect]
        return provider

    def _page(self, host: str) -> Provider | None:
        return next((each for each in self._pages if each.owns(host)), None)

    def _at_host(self, provider: Provider, host: str) -> Provider:
        key = (host, provider.dialect)  # a gateway may speak several dialects
        if key not in self._by_host:
            self._by_host[key] = type(provider)(name=host, hosts=(host,))
        return self._by_host[key]


def of_project(own: Mapping[str, Any]) -> Providers:
    """Return the providers of a project: the same for each of its runs, with what they have found of addresses.

    Args:
        own: `[tool.llmchaos.providers]`, as for `Providers`.

    Raises:
        UsageProblem: a table is not of that form.
    """
    global _latest
    known = _latest
    if known is None or known[0] is not dialects() or known[1].own != own:
        _latest = known = dialects(), Providers(own)
    return known[1]


_latest: tuple[dict[str, type[Provider]], Providers] | None = None


def host_of(netloc: str) -> str:
    """Return the host of a URL, with its port if one is named, as patterns of hosts write it.

    The dot that may end a full name and the case do not count, and other scripts stand for what is looked up.
    """
    host, colon, port = netloc.rpartition("@")[2].lower().partition(":")
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode("ascii").lower()
    return f"{host.removesuffix('.')}{colon}{port}"


def _names_of(host: str) -> Iterator[str]:
    """Yield the host, and the other names of the same port of this machine."""
    yield host
    name, colon, port = host.rpartition(":")
    if colon and name in _THIS_MACHINE:
        yield from (f"{each}:{port}" for each in _THIS_MACHINE if each != name)


def _configured(name: str, table: Any) -> Provider:
    where = f"[tool.llmchaos.providers.{name}]"
    if not isinstance(table, Mapping):
        raise UsageProblem(f"{where}: {table!r} is not a table with 'hosts' and 'dialect'")
    for key in table:
        if key not in ("hosts", "dialect"):
            raise UsageProblem(f"{where}: {key!r} is not known (hosts, dialect){near(key, ('hosts', 'dialect'))}")
    hosts = table.get("hosts")
    hosts = [hosts] if isinstance(hosts, str) else hosts
    if not isinstance(hosts, list) or not hosts or not all(isinstance(each, str) and each for each in hosts):
        raise UsageProblem(f"{where}: 'hosts' must be a host or a list of hosts, got {table.get('hosts')!r}")
    dialect = table.get("dialect", "openai")
    if not isinstance(dialect, str) or dialect not in dialects():
        known = ", ".join(dialects())
        hint = near(dialect, dialects()) if isinstance(dialect, str) else ""
        raise UsageProblem(f"{where}: {dialect!r} is not a dialect ({known}){hint}")
    return dialects()[dialect](name=name.lower(), hosts=tuple(each.lower() for each in hosts))
