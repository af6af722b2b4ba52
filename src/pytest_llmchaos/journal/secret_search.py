"""Finds secrets in texts: as they are, as JSON, URLs and base64 write them, and long beginnings of them."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.known_keys import beginning, spellings, worth_searching
from ..core.multi_search import MultiSearch
from .app_behaviour import chain

if TYPE_CHECKING:
    from .app_behaviour import AppBehaviour

__all__ = ["Secret", "named", "search", "secrets", "texts"]


@dataclass(frozen=True)
class Secret:
    """Something to search for. Never shown: `what` tells which it is.

    Attributes:
        what: its name for a message: `the API key of openai`.
        everywhere: whether it may stand nowhere at all; a made-up person's data may be sent and shown.
    """

    what: str
    everywhere: bool
    value: str = field(repr=False)
    forms: frozenset[str] = field(repr=False)
    exact: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, value: str, what: str, *, everywhere: bool) -> Secret:
        """Make one with all the ways in which it may be written."""
        written = {*spellings(value)}
        if everywhere:
            written.add(beginning(value))
        if value.isdigit():  # a card's number as people write it
            written |= {sign.join(value[at : at + 4] for at in range(0, len(value), 4)) for sign in " -"}
        return cls(
            what, everywhere, value, frozenset(each.casefold() for each in written if each), frozenset(_base64(value))
        )


def _base64(value: str) -> Iterator[str]:
    """Yield what any base64 text has that holds the value, whichever of three places it begins at."""
    if len(value) < 12:
        return
    for before in range(3):
        data = b"\0" * before + value.encode("utf-8", "replace")
        first, last = -(-before * 4 // 3), len(data) * 4 // 3
        for encoded in (b64encode(data), urlsafe_b64encode(data)):
            yield encoded.decode("ascii")[first:last]


def secrets(app: AppBehaviour) -> list[Secret]:
    """Return what must not get out of this run: the API keys that calls came with, and its canaries."""
    found: list[Secret] = []
    canaries = app.canaries()
    for key, to in app.keys.items():
        if worth_searching(key):
            found.append(Secret.of(key, f"the API key of {to}", everywhere=True))
    known = {each.value for each in found}
    found += [
        Secret.of(str(each), f"a canary ({each.kind})", everywhere=each.kind == "key")
        for each in canaries
        if str(each) not in known
    ]
    return found


def search(wanted: Iterable[Secret], found: Iterable[str]) -> Iterator[Secret]:
    """Yield a secret for each text that holds it."""
    wanted = list(wanted)
    forms: dict[str, list[int]] = {}
    exact: dict[str, list[int]] = {}
    for nth, each in enumerate(wanted):
        for form in each.forms:
            forms.setdefault(form, []).append(nth)
        for form in each.exact:
            exact.setdefault(form, []).append(nth)
    folding, as_it_is = MultiSearch(forms), MultiSearch(exact)
    for text in found:
        hits = {nth for form in folding.found_in(text.casefold()) for nth in forms[form]}
        hits.update(nth for form in as_it_is.found_in(text) for nth in exact[form])
        for nth in sorted(hits):
            yield wanted[nth]


def texts(error: BaseException) -> list[str]:
    """Return what an error says, with its notes and all that it came from."""
    said: list[str] = []
    for each in chain(error):
        for part in (each, *getattr(each, "__notes__", ()), *each.args):
            try:
                said.append(str(part))
            except Exception:  # noqa: S112 - an error that cannot be shown shows nothing
                continue
    return said


def named(error: BaseException) -> str:
    """Return how a message names an error."""
    return f"the text of {type(error).__name__} or of what it came from"
