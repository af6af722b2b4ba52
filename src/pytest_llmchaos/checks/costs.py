"""What calls cost, failed and abandoned ones too, as far as their tokens and prices are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.call import BESIDE
from ..core.errors import shown
from ..core.tokens import request_tokens, tokens
from ._calls import count
from .prices import Own, Price, own_prices, price_of

if TYPE_CHECKING:
    from ..journal.entries import Exchange

__all__ = ["Bill", "above_zero", "money", "used"]

_FREE = ("models", "auth", "moderation", *BESIDE)
_BY_TOKENS = ("chat", "completions", "embeddings")

# The request did not reach the model.
_NOT_SENT = frozenset(
    [
        "connection_refused",
        "dns_failure",
        "certificate_expired",
        "certificate_wrong_host",
        "pool_timeout",
        "connect_timeout",
        "write_timeout",
        "fault does not fit",
    ]
)


def above_zero(value: Any) -> float:
    """Read a number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{shown(value)} is not a number above 0")
    return value


def used(call: Exchange) -> tuple[int, int, bool]:
    """Return the tokens a call sent and got, and whether they are estimated because no answer told them.

    A call that an error answered costs nothing; one that the app gave up was worked on.
    """
    answer = call.facts
    if answer.prompt_tokens is not None and (answer.completion_tokens is not None or call.operation == "embeddings"):
        return answer.prompt_tokens, answer.completion_tokens or 0, False
    if (call.status or 0) >= 400 or call.error in _NOT_SENT or call.operation in _FREE:
        return 0, 0, False
    said = "".join([call.answer.text, *(tool.arguments for tool in call.answer.tools)])
    sent = request_tokens(call.body) if answer.prompt_tokens is None else answer.prompt_tokens
    return sent, tokens(said), True


@dataclass(slots=True)
class Bill:
    """What some calls cost together.

    Attributes:
        currency: what the total is in.
        total: the cost of those whose price is known.
        paid: calls that cost something.
        estimated: those of them whose tokens no answer told.
        unknown: calls that cost something of which the price is not known.
        tokens: how many tokens those used.
    """

    currency: str
    total: float = 0.0
    paid: list[Exchange] = field(default_factory=list)
    estimated: list[Exchange] = field(default_factory=list)
    unknown: list[Exchange] = field(default_factory=list)
    tokens: int = 0

    def add(self, calls: Iterable[Exchange]) -> Bill:
        """Put calls on the bill, and return it."""
        own: Own | None = None
        for each in calls:
            sent, said, guessed = used(each)
            if not sent and not said:
                continue
            own = own_prices() if own is None else own
            price = price_of(each, own) if each.operation in _BY_TOKENS else None
            if price is None or price.currency != self.currency or (guessed and not each.whole):
                self.unknown.append(each)
                self.tokens += sent + said
                continue
            self.paid.append(each)
            self.estimated += [each] if guessed else []
            self.total += price.cost(sent, said) * each.price
        return self

    def plain(self, call: Exchange, price: Price | None) -> None:
        """Put a call on the bill at this price, whatever a fault made of it."""
        sent, said, _ = used(call)
        if price is not None:
            self.total += price.cost(sent, said)
            self.paid.append(call)

    def missing(self) -> str:
        """Write what is not on the bill."""
        first = self.unknown[0]
        price = price_of(first) if first.operation in _BY_TOKENS else None
        why = "is not known" if price is None else f"is in {price.currency}"
        return (
            f"the price of {first.label} {why} ({count(len(self.unknown), 'call')}, {count(self.tokens, 'token')}): "
            "tell it in [tool.llmchaos.prices]"
        )

    def __str__(self) -> str:
        guessed = f", the tokens of {len(self.estimated)} estimated" if self.estimated else ""
        return f"{money(self.total, self.currency)} for {count(len(self.paid), 'call')}{guessed}"


def money(amount: float, currency: str) -> str:
    """Write an amount: `0.0125 USD`."""
    return f"{amount:.6f}".rstrip("0").rstrip(".") + f" {currency}"
