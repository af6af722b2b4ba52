"""YAML as we write it: in the order given, quoted by the rules of YAML 1.2, some of it on one line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from .yaml_nodes import resolve

__all__ = ["InLine", "InLineList", "dump", "one_line"]

_BREAKS = frozenset("\r\x85\u2028\u2029")


class InLine(dict[str, Any]):
    """A mapping written on one line."""


class InLineList(list[Any]):
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


def _inline(dumper: yaml.SafeDumper, mapping: InLine) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=True)


def _inline_list(dumper: yaml.SafeDumper, items: InLineList) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(InLine, _inline)
_Dumper.add_representer(InLineList, _inline_list)


def dump(data: Any, width: float = 110) -> str:
    """Return plain data as YAML, wrapped at a width."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=width
    )
    return text


def one_line(data: Mapping[str, Any]) -> str:
    """Return a mapping as YAML on one line."""
    return dump(InLine(data), width=math.inf).strip()
