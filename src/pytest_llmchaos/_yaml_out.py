"""Writes a scenario as YAML: one line per injection, durations as people write them."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import yaml

from ._yaml import resolve
from .scenario import Phase, Repeat
from .units import raw_duration

if TYPE_CHECKING:
    from .faults import Injection
    from .scenario import Scenario

__all__ = ["inline", "write"]


_BREAKS = frozenset("\r\x85\u2028\u2029")


class _Inline(dict[str, Any]):
    """A mapping written on one line."""


class _InlineList(list[Any]):
    """A list written on one line."""


class _Dumper(yaml.SafeDumper):
    """Quotes by the rules of YAML 1.2, by which more plain words are numbers than PyYAML knows (`1e3`)."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if _BREAKS & set(text):
        style: str | None = '"'  # PyYAML writes these line ends into single quotes, where they read as spaces
    else:
        style = None if isinstance(resolve(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _inline(dumper: yaml.SafeDumper, mapping: _Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


def _inline_list(dumper: yaml.SafeDumper, items: _InlineList) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Inline, _inline)
_Dumper.add_representer(_InlineList, _inline_list)


def write(scenario: Scenario) -> str:
    """Return the scenario as YAML, whether or not it can be read back."""
    data: dict[str, Any] = {"name": scenario.name}
    if scenario.title:
        data["title"] = scenario.title
    if scenario.tags:
        data["tags"] = _InlineList(scenario.tags)
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
    return _yaml(data)


def inline(injection: Injection) -> str:
    """Return an injection as YAML has it, on one line."""
    return _yaml(_Inline(injection.raw()), width=math.inf).strip()


def _yaml(data: Any, width: float = 110) -> str:
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=width
    )
    return text


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
    return [_Inline(each.raw()) for each in phase.inject]


def _expectation(check: Any) -> Any:
    raw = check.raw()
    return {check.name: _Inline(raw)} if raw else check.name
