"""Writes a scenario as YAML: one line per injection, durations as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from ._yaml import resolve
from .units import raw_duration

if TYPE_CHECKING:
    from .scenario import Phase, Scenario

__all__ = ["write"]


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
    (first, *more) = scenario.phases
    if not more and not first.name and first.lasts is None:
        data["inject"] = _injections(first)
    else:
        data["phases"] = [_phase(each) for each in scenario.phases]
    if scenario.expect:
        data["expect"] = [_expectation(each) for each in scenario.expect]
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110
    )
    return text


def _phase(phase: Phase) -> dict[str, Any]:
    lasts = {} if phase.lasts is None else {"lasts": raw_duration(phase.lasts)}
    return {"name": phase.name, **lasts, "inject": _injections(phase)}


def _injections(phase: Phase) -> list[Any]:
    return [_Inline(each.raw()) for each in phase.inject]


def _expectation(check: Any) -> Any:
    raw = check.raw()
    return {check.name: _Inline(raw)} if raw else check.name
