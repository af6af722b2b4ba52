"""Where calls that come to the proxy are for: `/openai/v1/models` is `/v1/models` at OpenAI's host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..core.errors import UsageProblem, near, shown
from ..providers import Providers

__all__ = ["Place", "check_origins", "place", "read_origins"]


@dataclass(frozen=True, slots=True)
class Place:
    """What a request to the proxy stands for.

    Attributes:
        url: the address that the app would have asked without the proxy; tells which call it is.
        asked: the address to ask in its place: the same, or one at the origin that the user named.
        provider: whose call it is, where the path said so; empty where the address tells.
    """

    url: str
    asked: str
    provider: str = ""


def place(providers: Providers, target: str, origins: Mapping[str, str], *, real: bool = False) -> Place:
    """Return where a request is for, by the provider's name that its path begins with.

    Args:
        providers: the providers known.
        target: path and query as they came.
        origins: addresses in place of the usual ones, by the provider's name.
        real: whether it will be asked there.

    Raises:
        UsageProblem: the path names no provider, or it would be asked of one of which only the user knows the address.
    """
    name, slash, rest = target.removeprefix("/").partition("/")
    provider = providers.called(name)
    if provider is None or not slash:
        names = providers.names()
        raise UsageProblem(
            f"/{name[:80]} names no provider{near(name, names)}; paths begin with one, as in "
            f"/openai/v1/chat/completions ({', '.join(names)})"
        )
    origin = origins.get(name) or provider.real_origin(f"/{rest.partition('?')[0]}")
    if real and origin is None:
        raise UsageProblem(
            f"everyone has a {name} of their own: tell which is yours by --origin {name}=https://..., or as "
            f"{name} in [tool.llmchaos.origins]"
        )
    usual = provider.usual_origin()
    origin = (origin or usual).rstrip("/")
    # At a host of its own the address tells more: the region, say.
    shown_at = origin if provider.owns(origin.partition("://")[2].partition("/")[0].lower()) else usual
    return Place(f"{shown_at}/{rest}", f"{origin}/{rest}", name)


def read_origins(given: Iterable[str], configured: Mapping[str, str]) -> dict[str, str]:
    """Return addresses by the provider's name: those of the settings, and before them those of the command line.

    Args:
        given: each as `azure=https://shop.openai.azure.com`.
        configured: `[tool.llmchaos.origins]`.

    Raises:
        UsageProblem: one is no address.
    """
    found = {name: _origin(f"[tool.llmchaos.origins] {name}", url) for name, url in configured.items()}
    for each in given:
        name, equals, url = each.partition("=")
        if not equals:
            raise UsageProblem(f"--origin {each}: {_EXPECTED}")
        found[name] = _origin(f"--origin {each}", url)
    return found


def _origin(where: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        fit = fit and (parts.port is None or parts.port > 0) and "@" not in parts.netloc
    except ValueError:
        fit = False
    if not fit:
        raise UsageProblem(f"{where}: {_EXPECTED}")
    return url.rstrip("/")


_EXPECTED = "expected PROVIDER=URL, such as azure=https://shop.openai.azure.com"


def check_origins(providers: Providers, origins: Mapping[str, str]) -> None:
    """Make sure that each names a provider.

    Raises:
        UsageProblem: one does not.
    """
    for name in origins:
        if providers.called(name) is None:
            raise UsageProblem(f"{shown(name)} is not a provider{near(name, providers.names())}")
