"""Reads the nodes of a YAML file, whatever they are for: texts, names, lists, mappings; each problem with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.errors import near, shown
from ..core.yaml_nodes import Node, Problem, Spot, add, kind

if TYPE_CHECKING:
    pass

__all__ = ["NodeReader"]

T = TypeVar("T")

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class NodeReader:
    """Reads the nodes of one file, collecting problems. A method that returns None has written one down."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems

    def add(self, spot: Spot, text: str) -> None:
        """Write down a problem; raise `TooMany` where there are enough."""
        add(self.problems, Problem(self.path, spot, text))

    def need(self, node: Node, key: str, read: Callable[[Node, str], T | None]) -> T | None:
        """Read a member that must be there."""
        if key not in node.value:
            self.add(node.spot, f"{key} is missing")
            return None
        return read(node.value[key], key)

    def get(self, node: Node, key: str, read: Callable[[Node, str], T | None]) -> T | None:
        """Read a member if it is there."""
        return read(node.value[key], key) if key in node.value else None

    def read(self, read: Callable[[Any], T]) -> Callable[[Node, str], T | None]:
        """Return what reads a plain value by one of our readers, which raise `ValueError`."""

        def value(node: Node, key: str) -> T | None:
            try:
                return read(node.plain())
            except ValueError as problem:
                self.add(node.spot, f"{key}: {problem}")
                return None

        return value

    def mapping(self, node: Node, known: tuple[str, ...], what: str) -> bool:
        """Tell whether it is a mapping, and write down the members that are not known."""
        if not isinstance(node.value, dict):
            self.add(node.spot, f"{what} must be a mapping with {', '.join(known)}, not {kind(node.value)}")
            return False
        for key in node.value:
            if key not in known:
                self.add(
                    node.keys[key], f"{shown(key)} is not known here{near(key, known)} (known: {', '.join(known)})"
                )
        return True

    def list(self, node: Node, key: str, of: str) -> list[Node] | None:
        """Return the parts of a list that is not empty."""
        if not isinstance(node.value, list) or not node.value:
            got = "an empty one" if node.value == [] else kind(node.value)
            self.add(node.spot, f"{key} must be a list with at least {of}, not {got}")
            return None
        return node.value

    def text(self, node: Node, key: str) -> str | None:
        """Return a text that is not blank."""
        if isinstance(node.value, str) and node.value.strip():
            return node.value
        hint = "; put it in quotes" if isinstance(node.value, bool | int | float) else ""
        self.add(node.spot, f"{key} must be a text, not {kind(node.value)}{hint}")
        return None

    def slug(self, node: Node, key: str) -> str | None:
        """Return a name: lower-case words with hyphens."""
        text = self.text(node, key)
        if text is not None and not _SLUG.fullmatch(text):
            self.add(node.spot, f"{key} must be lower-case words with hyphens such as openai-outage, not {shown(text)}")
            return None
        return text

    def texts(self, node: Node, key: str) -> tuple[str, ...] | None:
        """Return a list of texts."""
        if not isinstance(node.value, list):
            self.add(node.spot, f"{key} must be a list of texts, not {kind(node.value)}")
            return None
        return tuple(text for each in node.value if (text := self.text(each, f"each of {key}")) is not None)
