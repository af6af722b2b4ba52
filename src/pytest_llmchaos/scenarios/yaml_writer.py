"""Writes a scenario as YAML: one line per injection, durations as people write them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from ..core.units import raw_duration
from ..core.yaml_text import InLine, InLineList, dump
from .scenario import Phase, Repeat

if TYPE_CHECKING:
    from .scenario import Scenario

__all__ = ["write"]


def write(scenario: Scenario) -> str:
    """Return the scenario as YAML, whether or not it can be read back."""
    data: dict[str, Any] = {"name": scenario.name}
    if scenario.title:
        data["title"] = scenario.title
    if scenario.tags:
        data["tags"] = InLineList(scenario.tags)
    if scenario.sources:
        data["sources"] = list(scenario.sources)
    if scenario.hypothesis:
        data["hypothesis"] = scenario.hypothesis
    if scenario.evidence:
        data["evidence"] = scenario.evidence
    if scenario.notes:
        data["notes"] = scenario.notes
    if scenario.date is not None:
        data["date"] = _date(scenario.date)
    (first, *more) = scenario.phases
    if not more and isinstance(first, Phase) and not first.name and first.lasts is None:
        data["inject"] = _injections(first)
    else:
        data["phases"] = [_part(each) for each in scenario.phases]
    if scenario.expect:
        data["expect"] = [_expectation(each) for each in scenario.expect]
    return dump(data)


def _date(date: dt.datetime) -> str:
    midnight = date.tzinfo is dt.UTC and date.timetz() == dt.time(tzinfo=dt.UTC)
    return date.date().isoformat() if midnight else date.isoformat()


def _part(part: Phase | Repeat) -> dict[str, Any]:
    if isinstance(part, Repeat):
        return {"repeat": part.times, "phases": [_part(each) for each in part.phases]}
    lasts = {} if part.lasts is None else {"lasts": raw_duration(part.lasts)}
    jitter = {} if part.jitter is None else {"jitter": part.jitter}
    return {"name": part.name, **lasts, **jitter, "inject": _injections(part)}


def _injections(phase: Phase) -> list[Any]:
    return [InLine(each.raw()) for each in phase.inject]


def _expectation(check: Any) -> Any:
    raw = check.raw()
    return {check.name: InLine(raw)} if raw else check.name
