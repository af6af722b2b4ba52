"""What a model costs: the project's own prices before the table of list prices in `prices.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.call import Target
from ..core.config import Config, load
from ..core.errors import ParameterError, UsageProblem, shown

if TYPE_CHECKING:
    from ..journal.entries import Exchange

__all__ = ["Own", "Price", "own_prices", "price_of"]

_DATA = Path(__file__).with_name("prices.toml")
_DATED = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8})\Z")


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost.

    Attributes:
        prompt, completion: per million tokens sent, and said.
        currency: an ISO code.
        date, source: when the price was read and where; empty for one of the project's own.
    """

    prompt: float
    completion: float
    currency: str = "USD"
    date: str = ""
    source: str = ""

    def cost(self, prompt: int, completion: int) -> float:
        """Return what so many tokens cost."""
        return (prompt * self.prompt + completion * self.completion) / 1_000_000


Own = list[tuple[Target, Price]]


def own_prices(config: Config | None = None) -> Own:
    """Return what the project's settings (None: those that are found from here) say that models cost.

    Raises:
        UsageProblem: `[tool.llmchaos.prices]` holds what is no price.
    """
    config = load() if config is None else config
    return [(_target(config, name), _price(config, name, told)) for name, told in config.prices.items()]


def price_of(call: Exchange, own: Own | None = None) -> Price | None:
    """Return the price of the model that a call asked for; None where it is not known.

    Args:
        call: the call.
        own: what `own_prices` returned, for whoever asks about many calls; None looks it up.

    Raises:
        UsageProblem: `[tool.llmchaos.prices]` holds what is no price.
    """
    for target, price in own_prices() if own is None else own:
        if target.matches(call):
            return price
    model = call.model or call.facts.model
    listed = _listed()
    return listed.get((call.provider, model)) or listed.get((call.provider, _DATED.sub("", model)))


@cache
def _listed() -> dict[tuple[str, str], Price]:
    found: dict[tuple[str, str], Price] = {}
    for provider, table in tomllib.loads(_DATA.read_text("utf-8")).items():
        for model, (prompt, completion) in table["models"].items():
            price = Price(prompt, completion, date=table["date"], source=table["source"])
            found[provider, model] = price
    return found


def _target(config: Config, name: str) -> Target:
    try:
        return Target.parse(name)
    except ParameterError as problem:
        raise UsageProblem(f"{config.path}: [tool.llmchaos.prices] {problem.problem}") from None


def _price(config: Config, name: str, told: Any) -> Price:
    numbers = {"input": 0.0, "output": 0.0}
    good = isinstance(told, Mapping) and "input" in told and set(told) <= {*numbers, "currency"}
    if good:
        numbers |= {key: told[key] for key in numbers if key in told}
        good = isinstance(told.get("currency", "USD"), str) and all(map(_number, numbers.values()))
    if not good:
        raise UsageProblem(
            f"{config.path}: [tool.llmchaos.prices] {name!r} takes {{input = 1.25, output = 10, currency = 'USD'}} "
            f"per million tokens, got {shown(told)}"
        )
    return Price(float(numbers["input"]), float(numbers["output"]), told.get("currency", "USD").upper())


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
