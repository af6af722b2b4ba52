"""Made-up prompts, users, documents and canaries: data that is plainly fake, to see where it goes.

    llmchaos.canary("email")                     # 'kathy.ward.3fa1c0@example.com'
    llmchaos.canary("card", locale="de_DE")      # '4242424230114504'
    llmchaos.fakes.document(canaries=[card])     # text with the card number in it

A canary sings where it should not be: put one into what the app handles, then search its logs, its cache, or what it
sent to a provider that may not have it. Everything depends on the run's seed and test alone, each kind and locale
by itself, so a second run gives the same.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, quote_plus

from . import locks
from .draw import Draw
from .errors import UsageProblem, near

__all__ = ["KINDS", "LOCALE", "Canary", "FakeUser", "Fakes"]

KINDS = ("name", "email", "address", "card", "key", "word")

LOCALE = "en_US"
# RFC 2606 keeps these three for examples; nobody gets mail there. A country's own `example` may belong to somebody.
_DOMAINS = ("example.com", "example.org", "example.net")
# How the payment processors' public test numbers begin, with the length of the whole number.
_CARDS = (("42424242", 16), ("55555555", 16), ("37828224", 15))
_KEYS = {
    "openai": "sk-proj-FAKE-canary-",
    "anthropic": "sk-ant-api03-FAKE-canary-",
    "gemini": "AIzaSyFAKE-canary-",
    "vertex": "ya29.FAKE-canary-",
    "groq": "gsk_FAKEcanary",
    "huggingface": "hf_FAKEcanary",
    "perplexity": "pplx-FAKEcanary",
    "xai": "xai-FAKEcanary",
}
_ASKS = (
    "Where is my order? I am {name}, {email}.",
    "Please change the delivery address of my last order to: {address}.",
    "My card ending in {last} was charged twice. Can you look into it?",
    "Summarise what I wrote to you last week: {text}",
    "Write a polite answer to this: {text}",
)


class Canary(str):
    """A text that was made up to be searched for.

    Attributes:
        kind: what it looks like, one of `KINDS`.
        locale: whose names and words it is made of.
    """

    __slots__ = ("kind", "locale")
    kind: str
    locale: str

    def __new__(cls, value: str, kind: str, locale: str = LOCALE) -> Self:
        """Make one."""
        made = super().__new__(cls, value)
        made.kind, made.locale = kind, locale
        return made

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]
        return str(self), self.kind, self.locale

    def stands_in(self, text: str | bytes) -> bool:
        """Tell whether a text has it, also as JSON or URLs write it; a card number with spaces or hyphens too."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        text = text.casefold()
        if self.kind == "card" and str(self) in re.sub(r"(?<=\d)[ -](?=\d)", "", text):
            return True
        written = {str(self), json.dumps(str(self))[1:-1], quote(self, safe=""), quote_plus(self)}
        return any(each.casefold() in text for each in written)


@dataclass(frozen=True)
class FakeUser:
    """Somebody who does not exist; every member is a canary."""

    name: Canary
    email: Canary
    address: Canary
    card: Canary


class Fakes:
    """What one run made up. Safe to use from several threads; the same calls in the same order give the same.

    Args:
        seed, test: what everything depends on.
    """

    def __init__(self, seed: int = 0, test: str = "") -> None:
        self._key = f"{seed}|{test}|canary"
        self._lock = locks.rlock()
        self._made: list[Canary] = []
        self._counts: dict[str, int] = {}

    @property
    def canaries(self) -> tuple[Canary, ...]:
        """All that were handed out, in order."""
        return tuple(self._made)

    def canary(self, kind: str, locale: str = LOCALE, provider: str = "openai") -> Canary:
        """Return a canary that was not handed out before.

        Args:
            kind: `name`, `email` (at example.com, .org or .net), `address`, `card` (a number with a public test prefix
                and a right check digit), `key` (an API key that looks like the provider's and says FAKE), or `word` (a
                marker for any place).
            locale: Faker's name of it, such as `de_DE`.
            provider: whose key it looks like; other kinds do not look at it.

        Raises:
            UsageProblem: no such kind or locale.
        """
        if kind not in KINDS:
            raise UsageProblem(f"canary: {kind!r} is not a kind of canary{near(kind, KINDS)} ({', '.join(KINDS)})")
        with self._lock:
            while True:
                draw = self._draw(f"{kind}|{locale}|{provider if kind == 'key' else ''}")
                made = Canary(_MAKERS[kind](draw, _faker(locale, draw), provider), kind, locale)
                if made not in self._made:
                    break
            self._made.append(made)
        return made

    def user(self, locale: str = LOCALE) -> FakeUser:
        """Return a user; name and e-mail belong together.

        Raises:
            UsageProblem: no such locale.
        """
        name = self.canary("name", locale)
        draw = self._draw(f"user|{locale}")
        email = Canary(_email_of(name, draw), "email", locale)
        with self._lock:
            self._made.append(email)
        return FakeUser(name, email, self.canary("address", locale), self.canary("card", locale))

    def prompt(self, locale: str = LOCALE, canaries: Iterable[str] = ()) -> str:
        """Return what a user may ask a support bot, with all the given canaries in it.

        Raises:
            UsageProblem: no such locale.
        """
        draw = self._draw(f"prompt|{locale}")
        fake = _faker(locale, draw)
        name = _name(draw, fake)
        asked = _ASKS[draw.whole(0, len(_ASKS) - 1)].format(
            name=name,
            email=_email_of(name, draw.part("email")),
            address=_one_line(fake.address()),
            last=f"{draw.whole(0, 9999):04}",
            text=fake.text(120),
        )
        return " ".join([asked, *(f"({each})" for each in canaries)])

    def document(self, locale: str = LOCALE, paragraphs: int = 3, canaries: Iterable[str] = ()) -> str:
        """Return a document with a title, so many paragraphs, and all the given canaries somewhere in them.

        Raises:
            UsageProblem: no such locale, or no paragraph to hold the canaries.
        """
        if paragraphs < 1:
            raise UsageProblem(f"document: paragraphs must be 1 or more, got {paragraphs!r}")
        draw = self._draw(f"document|{locale}")
        fake = _faker(locale, draw)
        body = [str(fake.paragraph(nb_sentences=5)) for _ in range(paragraphs)]
        for each in canaries:
            place = draw.whole(0, paragraphs - 1)
            body[place] = f"{body[place]} {each}."
        return "\n\n".join([str(fake.sentence()).rstrip("."), *body]) + "\n"

    def _draw(self, what: str) -> Draw:
        with self._lock:
            nth = self._counts[what] = self._counts.get(what, 0) + 1
        return Draw(f"{self._key}|{what}|{nth}", 0.0)


# --- making them ---

_local = threading.local()


def _faker(locale: str, draw: Draw) -> Any:
    """Return Faker for the locale, drawing from `draw`; making one is slow, so each thread keeps its own."""
    from faker import Faker

    kept: dict[str, Any] = _local.__dict__.setdefault("fakers", {})
    if locale not in kept:
        try:
            if not locale:
                raise ValueError
            kept[locale] = Faker(locale, use_weighting=False)
        except (AttributeError, ValueError, TypeError):
            raise UsageProblem(f"{locale!r} is not a locale that Faker knows, such as 'en_US' or 'de_DE'") from None
    kept[locale].random = draw.rng
    return kept[locale]


def _one_line(text: str) -> str:
    return ", ".join(text.split("\n"))


def _name(draw: Draw, fake: Any, provider: str = "") -> str:
    name = str(fake.name())
    return name if "." not in name else f"{fake.first_name()} {fake.last_name()}"  # no titles


def _email(draw: Draw, fake: Any, provider: str) -> str:
    return _email_of(_name(draw, fake), draw)


def _email_of(name: str, draw: Draw) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", plain)[:3] or ["user"]
    return f"{'.'.join(words)}.{draw.hex(6)}@{_DOMAINS[draw.whole(0, 2)]}"


def _card(draw: Draw, fake: Any, provider: str) -> str:
    prefix, length = _CARDS[draw.whole(0, len(_CARDS) - 1)]
    body = prefix + "".join(str(draw.whole(0, 9)) for _ in range(length - len(prefix) - 1))
    return body + str(-_luhn(body + "0") % 10)


def _luhn(number: str) -> int:
    digits = [int(each) for each in reversed(number)]
    return sum(digits[0::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])


def _key(draw: Draw, fake: Any, provider: str) -> str:
    return _KEYS.get(provider, "sk-FAKE-canary-") + draw.token(32)


_MAKERS: dict[str, Callable[[Draw, Any, str], str]] = {
    "name": _name,
    "email": _email,
    "address": lambda draw, fake, provider: _one_line(fake.address()),
    "card": _card,
    "key": _key,
    "word": lambda draw, fake, provider: f"canary-{draw.hex(12)}",
}
