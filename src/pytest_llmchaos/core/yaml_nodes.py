"""Reads YAML into nodes that know their line and column. YAML 1.2's core schema; no tags; bounded.

PyYAML gives the events; the tree is built here without recursion, because a file is not to be trusted: deep
nesting, aliases that multiply, duplicate keys and constructed objects are problems with a place, not crashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from .errors import shown

__all__ = ["Node", "Problem", "Spot", "TooMany", "add", "kind", "read", "resolve"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_PROBLEMS = 100
MAX_MESSAGE = 2000
MAX_NODES = 20_000  # with every alias counted as what it stands for

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# The core schema of YAML 1.2.2, section 10.3.2. `on`, `no`, dates and times of day are texts.
_CORE: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"0o[0-7]{1,18}"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,15}"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file; without a spot where the whole file is."""

    path: str
    spot: Spot | None
    text: str

    def __str__(self) -> str:
        place = f":{self.spot.line}:{self.spot.column}" if self.spot else ""
        return f"{self.path}{place}: {self.text}"


class TooMany(Exception):
    """There are more problems than anybody reads at once."""


def add(problems: list[Problem], problem: Problem) -> None:
    """Add a problem.

    Raises:
        TooMany: there are so many now that nobody wants the rest; the last one says so.
    """
    problems.append(replace(problem, text=_line(problem.text)))
    if len(problems) >= MAX_PROBLEMS:
        problems.append(Problem(problem.path, problem.spot, "the rest of the file is not checked: mend this first"))
        raise TooMany


def _line(text: str) -> str:
    """Return the text on one line, its end left out where it is huge."""
    line = " ".join(text.splitlines())
    return line if len(line) <= MAX_MESSAGE else f"{line[:MAX_MESSAGE]}..."


@dataclass(slots=True, eq=False)
class Node:
    """A scalar, a list of nodes, or a mapping from text to nodes (`keys` has the spots of its keys)."""

    spot: Spot
    value: Any
    keys: dict[str, Spot] = field(default_factory=dict)
    size: int = 1

    def plain(self) -> Any:
        """Return the value with everything in it as plain Python data."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        return [each.plain() for each in self.value] if isinstance(self.value, list) else self.value


def kind(value: Any) -> str:
    """Say in YAML's words what a value is: `a list`, `the number 5`, `nothing`."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return f"{'true' if value else 'false'}" if isinstance(value, bool) else f"the number {shown(value)}"


def resolve(text: str) -> Any:
    """Return what a plain scalar means."""
    for pattern, make in _CORE:
        if pattern.fullmatch(text):
            return make(text)
    return text


def read(data: bytes, path: str) -> tuple[Node | None, list[Problem]]:
    """Return the root of the file's one document and all problems found on the way.

    The root is None where there is none, or where the file could not be read to its end.
    """
    if len(data) > MAX_BYTES:
        return None, [Problem(path, None, f"is larger than {MAX_BYTES // 1024} KiB")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        good = data[: problem.start].decode("utf-8-sig", "replace")
        return None, [Problem(path, _spot_at(good, len(good)), f"is not UTF-8: {problem.reason}")]
    if bad := _UNPRINTABLE.search(text):
        return None, [Problem(path, _spot_at(text, bad.start()), f"the character {bad[0]!r} is not allowed in YAML")]
    builder = _Builder(path)
    try:
        for event in _events(text):
            builder.take(event)
    except (_Stop, TooMany):
        return None, builder.problems
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        spot = _spot(mark) if mark else None
        builder.add(spot, _reworded(problem, text, spot))
        return None, builder.problems
    except yaml.YAMLError as problem:  # e.g. an escape for a character that cannot be
        builder.add(None, f"is not YAML: {problem}")
        return None, builder.problems
    return builder.root, builder.problems


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except ValueError as problem:  # PyYAML lets chr() and int() fail on absurd escapes
        raise yaml.YAMLError(str(problem)) from None


def _reworded(problem: yaml.MarkedYAMLError, text: str, spot: Spot | None) -> str:
    if spot and _character(text, spot) == "\t":
        return "is not YAML: a tab cannot indent it or start a value; use spaces"
    said = problem.problem or "cannot be read"
    return f"is not YAML: {said}" + (f" ({problem.context})" if problem.context else "")


def _character(text: str, spot: Spot) -> str:
    """Return the character at a spot; empty at the end of a line or of the text."""
    lines = text.split("\n", spot.line)
    return lines[spot.line - 1][spot.column - 1 : spot.column] if spot.line <= len(lines) else ""


def _spot(mark: Any) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


def _spot_at(text: str, offset: int) -> Spot:
    before = text[:offset]
    return Spot(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


class _Stop(Exception):
    """What follows cannot be made sense of."""


class _Builder:
    """Builds the tree from the events."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[Node] = []
        self._pending: list[tuple[str | None, Spot] | None] = []  # the key that waits for its value, per open node
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def add(self, spot: Spot | None, text: str) -> None:
        """Write down a problem."""
        add(self.problems, Problem(self.path, spot, text))

    def stop(self, spot: Spot, text: str) -> None:
        """Write down a problem behind which nothing more can be told."""
        self.add(spot, text)
        raise _Stop

    def take(self, event: Any) -> None:
        """Take the next event."""
        spot = _spot(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            self.stop(spot, "has a second document; write each scenario to a file of its own")
        elif isinstance(event, yaml.AliasEvent):
            known = self._anchors.get(str(event.anchor))
            if known is None:
                self.stop(spot, f"the alias *{event.anchor} stands for nothing before it")
            elif known in self._open:
                self.stop(spot, f"the alias *{event.anchor} stands for something that it is a part of")
            else:
                self._grow(known.size, spot)
                self._place(known, spot)
        elif isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            self._begin(event, Node(spot, resolve(event.value) if plain else event.value))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._descend(event, Node(spot, []))
        elif isinstance(event, yaml.MappingStartEvent):
            self._descend(event, Node(spot, {}))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._pending.pop()
            closed = self._open.pop()
            if self._open:
                self._open[-1].size += closed.size - 1  # it was counted as one when it began

    def _begin(self, event: Any, node: Node) -> None:
        if event.tag is not None:
            self.add(node.spot, f"the tag {shown(event.tag)} is not allowed; plain values need none")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        self._grow(1, node.spot)
        self._place(node, node.spot)

    def _descend(self, event: Any, node: Node) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.stop(node.spot, f"is nested more than {MAX_DEPTH} levels deep")
        self._begin(event, node)
        self._open.append(node)
        self._pending.append(None)

    def _grow(self, by: int, spot: Spot) -> None:
        self._nodes += by
        if self._nodes > MAX_NODES:
            self.stop(spot, f"has more than {MAX_NODES} values, aliases counted")
        if self._open:
            self._open[-1].size += by

    def _place(self, node: Node, spot: Spot) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif self._pending[-1] is None:
            self._pending[-1] = (self._key(node, spot), spot)
        else:
            (key, at), self._pending[-1] = self._pending[-1], None
            if key is None:
                return
            if key in parent.keys:
                self.add(at, f"{shown(key)} stands here twice; first in line {parent.keys[key].line}")
            else:
                parent.value[key], parent.keys[key] = node, at

    def _key(self, node: Node, spot: Spot) -> str | None:
        if isinstance(node.value, str):
            return node.value
        self.add(spot, f"a key must be text, not {kind(node.value)}; put it in quotes")
        return None
