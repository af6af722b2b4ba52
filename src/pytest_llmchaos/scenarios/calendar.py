"""What we know of models that go, prices that change and policies that begin, and who names them in a code base.

The facts stand in `data/calendar.toml`, each with how sure it is and where it comes from.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .sdk_calendar import Told

__all__ = ["Hit", "Partners", "Row", "find_in", "of_sdks", "rehearsals", "rows"]

_DATA = Path(__file__).with_name("calendar.toml")
_WILD = {"*": "[A-Za-z0-9._-]*", "?": "[A-Za-z0-9]"}
# Clouds that resell models and keep dates of their own.
_PARTNERS = re.compile(
    r"(?:\A|/)(?:azure|azure_ai|bedrock|vertex_ai|vertex|sagemaker|databricks|snowflake)/|\.azure\.com/"
)
_BEFORE = re.compile(r"[A-Za-z0-9._/:@-]*")
_APIS = ("v1/", "beta.")  # parts of paths and of code, not models
_NEAR = 200  # characters of a line, which may be a whole file
_GENERAL = "model-retired"  # the scenario for a retirement that has none of its own
_ABOUT_MODELS = re.compile(r"model|engine|deployment|llm", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One dated fact about models of one provider.

    Attributes:
        provider: as targets name it.
        models: ids, or patterns with `*` and `?`.
        kind: what happens.
        date: ISO date or month at which it happens; empty where it happened without one.
        announced: when it was made known, as exactly as that is known; empty where it is not.
        observed: what was seen instead of what was announced.
        conflict: what sources do not agree on.
        what: what changes, where it is not that the model answers no more.
        successor: what takes its place, where a source says so.
        scenario: the scenario that rehearses it; empty to look for one.
        common: whether the ids are everyday words that mean a model only where a line is about one.
        sdk: the installed SDK that tells the date, with its version; empty where only our list does.
        evidence: `provider` or `second-hand`.
        source, other_source: where it comes from.
    """

    provider: str
    models: tuple[str, ...]
    kind: Literal["retirement", "price", "policy"]
    evidence: str
    source: str
    other_source: str = ""
    date: str = ""
    announced: str = ""
    observed: str = ""
    conflict: str = ""
    what: str = ""
    successor: str = ""
    scenario: str = ""
    common: bool = False
    sdk: str = ""

    @property
    def day(self) -> dt.date | None:
        """The day from which it counts, the first of a month of which no day is known; None without a date."""
        return dt.date.fromisoformat(self.date if len(self.date) > 7 else f"{self.date}-01") if self.date else None

    def days(self, today: dt.date) -> int | None:
        """Return the days that are left, negative when it is past; None without a date."""
        return None if self.day is None else (self.day - today).days

    def due(self, today: dt.date, within: float) -> bool:
        """Tell whether to act now: a model is gone or goes within so many days, a price or policy is about to change.

        What has been paid or obeyed for long is no news; what answers no more always is.
        """
        days = self.days(today)
        return days is None or (days <= within and (self.kind == "retirement" or days >= 0))

    def worth_telling(self, today: dt.date, within: float) -> bool:
        """Tell whether it belongs on a list: prices and policies only while they are at most that many days away."""
        days = self.days(today)
        return self.kind == "retirement" or (days is not None and abs(days) <= within)


@cache
def rows() -> tuple[Row, ...]:
    """Return everything we know."""
    told = tomllib.loads(_DATA.read_text("utf-8"))
    return tuple(_row({**_defaults(told["defaults"], each), **each}) for each in told["row"])


@cache
def of_sdks() -> tuple[Row, ...]:
    """Return what the installed SDKs tell, together with what our list knows of the same models."""
    from .sdk_calendar import installed

    return tuple(_agreed(each) for each in installed().values())


def _agreed(told: Told) -> Row:
    known = next(
        (
            name.row
            for stems in _by_stem(rows()).values()
            for names in stems.values()
            for name in names
            if (name.row.provider, name.row.kind) == (told.provider, "retirement") and name.regex.fullmatch(told.model)
        ),
        None,
    )
    if known is None:
        # An everyday word such as `o1` means a model only where a line is about one.
        source, common = f"{told.sdk}, as it is installed", "-" not in told.model
        return Row(
            told.provider,
            (told.model,),
            "retirement",
            told.evidence,
            source,
            date=told.date,
            common=common,
            sdk=told.sdk,
        )
    made = replace(known, models=(told.model,), sdk=told.sdk)
    if not known.date:
        return made
    if told.date.startswith(known.date):  # a month of which the SDK knows the day
        return replace(made, date=told.date)
    said = f"our list says {known.date}, {told.sdk} says {told.date}"
    return replace(made, date=min(known.date, told.date), conflict="; ".join(filter(None, (known.conflict, said))))


def _defaults(given: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in given.items() if key != "other_source" or "source" not in row}


def _row(told: dict[str, Any]) -> Row:
    return Row(**{**told, "models": tuple(told["models"])})


@dataclass(frozen=True, slots=True)
class Hit:
    """A model named at a place.

    Attributes:
        line: from 1.
        model: as it is written there.
        row: what we know of it.
    """

    line: int
    model: str
    row: Row


@dataclass(frozen=True)
class _Name:
    """One id or pattern, ready to be looked for."""

    pattern: str
    row: Row

    @cached_property
    def stem(self) -> str:
        """What every name that fits begins with."""
        return re.split(r"[*?]", self.pattern)[0]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches it as a whole name: `gpt-4` neither in `gpt-4o` nor in `gpt-4.1`, nor the pattern `gpt-4*`."""
        inner = "".join(_WILD.get(each, re.escape(each)) for each in self.pattern)
        longer = "" if self.row.models[0].startswith(_APIS) else r"|\.[A-Za-z0-9]"
        return re.compile(rf"{inner}(?<![._-])(?![A-Za-z0-9_*?@-]{longer})")


@dataclass
class Partners:
    """Names of models at clouds that keep dates of their own: counted, not listed."""

    names: set[str] = field(default_factory=set)


@cache
def _by_stem(known: tuple[Row, ...]) -> dict[str, dict[str, tuple[_Name, ...]]]:
    """Return the names by how they begin, and these by their first word: most files have none of the words."""
    found: dict[str, dict[str, tuple[_Name, ...]]] = {}
    for row in known:
        for pattern in row.models:
            name = _Name(pattern, row)
            stems = found.setdefault("".join(name.stem.partition("-")[:2]), {})
            stems[name.stem] = (*stems.get(name.stem, ()), name)
    return found


def find_in(text: str, partners: Partners | None = None) -> list[Hit]:
    """Return the models of the calendar that a text names, each once per line, in order.

    A name counts as a whole word only. What a reselling cloud's prefix comes before (`azure/gpt-4o`,
    `anthropic.claude-...` on Bedrock) has that cloud's own dates: it is left out and noted in `partners`.
    """
    found: dict[tuple[int, str, int], Hit] = {}
    breaks: list[int] | None = None
    by_stem = _by_stem((*rows(), *of_sdks()))
    for stem, names in (item for word, stems in by_stem.items() if word in text for item in stems.items()):
        at = text.find(stem)
        while at >= 0:
            for name in names if _begins(text, at) else ():
                match = name.regex.match(text, at)
                if match and _counts(text, at, match.end(), name.row, partners):
                    if breaks is None:
                        breaks = [each.start() for each in re.finditer("\n", text)]
                    line = bisect_left(breaks, at) + 1
                    found[line, match[0], id(name.row)] = Hit(line, match[0], name.row)
            at = text.find(stem, at + 1)
    # What an SDK tells holds what our list knows of the same model.
    told = {(each.line, each.model, each.row.provider) for each in found.values() if each.row.sdk}
    hits = [each for each in found.values() if each.row.sdk or not _covered(each, told)]
    return sorted(hits, key=lambda each: (each.line, each.model))


def _covered(hit: Hit, told: set[tuple[int, str, str]]) -> bool:
    return hit.row.kind == "retirement" and (hit.line, hit.model, hit.row.provider) in told


def _begins(text: str, at: int) -> bool:
    return not at or not (text[at - 1].isalnum() or text[at - 1] in "_-")


def _prefix(text: str, start: int) -> str:
    """Return what stands right before a name: `openai/`, `us.anthropic.`, the beginning of a URL."""
    if not start or text[start - 1] not in "./:@":
        return ""
    before = text[max(start - _NEAR, 0) : start]
    found = _BEFORE.match(before[::-1])
    return found[0][::-1] if found else ""


def _counts(text: str, start: int, end: int, row: Row, partners: Partners | None) -> bool:
    prefix = _prefix(text, start)
    if prefix.endswith("."):
        if row.provider == "bedrock":
            return bool(re.search(r"(?:\A|[/:])(?:us|eu|apac|global)\.\Z", prefix))
        if not row.models[0].startswith(_APIS):
            if prefix.endswith("anthropic."):
                _note(partners, row, f"{prefix}{text[start:end]}")
            return False
    if row.provider not in ("azure", "bedrock") and _PARTNERS.search(prefix):
        _note(partners, row, f"{prefix}{text[start:end]}")
        return False
    return not row.common or _is_value(text, start - len(prefix), end)


def _note(partners: Partners | None, row: Row, name: str) -> None:
    if partners is not None and row.kind == "retirement":
        partners.names.add(name)


def _is_value(text: str, start: int, end: int) -> bool:
    """Tell whether an everyday word is a model's name: the whole value, on a line about models."""
    line_start = max(text.rfind("\n", max(start - _NEAR, 0), start) + 1, start - _NEAR, 0)
    line_end = text.find("\n", end, end + _NEAR)
    line_end = min(len(text), end + _NEAR) if line_end < 0 else line_end
    if not _ABOUT_MODELS.search(text, line_start, line_end):
        return False
    before, after = text[line_start:start], text[end:line_end]
    if before[-1:] in ("'", '"', "`"):
        return after[:1] == before[-1]
    return bool(re.search(r"[=:]\s*\Z", before)) and not re.sub(r"#.*", "", after).strip(" \t\r,;")


def rehearsals(hits: Iterable[Row]) -> dict[int, str]:
    """Return the scenario of the library that rehearses each row, by the row's id; empty where none does.

    A retirement is rehearsed by the scenario whose `model_retired` (or `model_substituted`) names the model most
    exactly, else by one that hits its provider so, else by the general one.

    Raises:
        UsageProblem: a scenario file of the user's own is bad.
    """
    wanted = {id(row): row for row in hits}
    if all(row.scenario or row.kind != "retirement" for row in wanted.values()):
        return {key: row.scenario for key, row in wanted.items()}
    retiring = tuple(_retiring())
    return {key: row.scenario or _rehearsal(row, retiring) for key, row in wanted.items()}


def _retiring() -> Iterator[tuple[str, Any]]:
    from . import library

    for scenario in library.all_scenarios():
        for each in scenario.injections:
            if each.fault.name in ("model_retired", "model_substituted"):
                yield scenario.name, each.target


def _rehearsal(row: Row, retiring: tuple[tuple[str, Any], ...]) -> str:
    if row.kind != "retirement":
        return ""
    model = row.models[0].replace("*", "x").replace("?", "0")
    asked = _Asked(row.provider, model)
    best = max(retiring, key=lambda each: (_fit(each[1], asked), each[0] == _GENERAL), default=None)
    if best is not None and _fit(best[1], asked) > (0, 0):
        return best[0]
    return _GENERAL if any(name == _GENERAL for name, _ in retiring) else ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call that asks for a model, as targets see it."""

    provider: str
    model: str
    operation: str = "chat"


def _fit(target: Any, asked: _Asked) -> tuple[int, int]:
    """Return how well a scenario's target fits: names this model (the more exactly the better), or its provider."""
    named = [len(one.model) for one in target.each if one.model != "*" and one.matches(asked)]
    if named:
        return 2, max(named)
    return (1, 0) if asked.provider in [one.provider for one in target.each] else (0, 0)
