"""Where calls that come to the proxy are for: `/openai/v1/models` is `/v1/models` at OpenAI's host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import UsageProblem, near, shown
from ..providers import Providers

__all__ = ["Place", "check_origins", "place"]


@dataclass(frozen=True, slots=True)
class Place:
    """What a request to the proxy stands for.

    Attributes:
        url: the address that the app would have asked without the proxy; tells which call it is.
        asked: the address to ask in its place: the same, or one at the origin that the user named.
    """

    url: str
    asked: str


def place(providers: Providers, target: str, origins: Mapping[str, str]) -> Place:
    """Return where a request is for, by the provider's name that its path begins with.

    Args:
        providers: the providers known.
        target: path and query as they came.
        origins: addresses in place of the usual ones, by the provider's name.

    Raises:
        UsageProblem: the path names no provider.
    """
    name, slash, rest = target.removeprefix("/").partition("/")
    provider = providers.called(name)
    if provider is None or not slash:
        names = providers.names()
        raise UsageProblem(
            f"/{name[:80]} names no provider{near(name, names)}; paths begin with one, as in "
            f"/openai/v1/chat/completions ({', '.join(names)})"
        )
    usual = provider.usual_origin()
    origin = origins.get(name, usual).rstrip("/")
    # At a host of its own the address tells more: the region, say.
    shown_at = origin if provider.owns(origin.partition("://")[2].partition("/")[0].lower()) else usual
    return Place(f"{shown_at}/{rest}", f"{origin}/{rest}")


def check_origins(providers: Providers, origins: Mapping[str, str]) -> None:
    """Make sure that each names a provider.

    Raises:
        UsageProblem: one does not.
    """
    for name in origins:
        if providers.called(name) is None:
            raise UsageProblem(f"{shown(name)} is not a provider{near(name, providers.names())}")
