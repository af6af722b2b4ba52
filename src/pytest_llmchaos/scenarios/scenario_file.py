"""Scenario files: YAML in, every problem with its line and column, and YAML out."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .. import checks, faults
from ..core.call import Target, Targets
from ..core.errors import ParameterError, UsageProblem, near, shown
from ..core.parameters import choice, public
from ..core.yaml_nodes import MAX_BYTES, Node, Problem, Spot, TooMany, kind
from ..core.yaml_nodes import read as read_yaml
from .node_reader import NodeReader
from .scenario import EVIDENCE, Phase, Repeat, Scenario, dead_windows, read_date

if TYPE_CHECKING:
    from ..checks import Check
    from ..faults import Injection

__all__ = ["ScenarioError", "dump", "load", "loads"]

T = TypeVar("T")

_KEYS = (
    "name",
    "title",
    "tags",
    "sources",
    "hypothesis",
    "evidence",
    "notes",
    "date",
    "phases",
    "inject",
    "expect",
)
_PHASE_KEYS = ("name", "lasts", "jitter", "inject")
_REPEAT_KEYS = ("repeat", "phases")


class ScenarioError(UsageProblem):
    """A scenario file is wrong. Its text has one line per problem: `path:line:column: message`.

    Args:
        problems: all that was found, in the file's order.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda each: (each.spot.line, each.spot.column) if each.spot else (0, 0))
        )
        super().__init__("\n".join(map(str, self.problems)))


CheckName = Callable[[str], None]
"""Raises `UsageProblem` for what is no provider's name."""


def load(path: str | os.PathLike[str], check_name: CheckName | None = None) -> Scenario:
    """Read a scenario file.

    Args:
        path: the file.
        check_name: asked about the provider of each target; None leaves that to the run, which knows its providers.

    Raises:
        ScenarioError: it cannot be read, or anything in it is wrong; nothing is half-loaded.
    """
    data = _bytes(path)
    return _of_content(data, os.fspath(path)) if check_name is None else loads(data, os.fspath(path), check_name)


@lru_cache(maxsize=256)
def _of_content(data: bytes, path: str) -> Scenario:
    """Parse a file once, however many tests play it; told by what is in it, so that no clock can be too coarse."""
    return loads(data, path)


def loads(data: bytes | str, path: str = "<scenario>", check_name: CheckName | None = None) -> Scenario:
    """Read a scenario from the content of a file; `path` is how problems call it, `check_name` as for `load`.

    Raises:
        ScenarioError: anything in it is wrong.
    """
    encoded = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    root, problems = read_yaml(encoded, path)
    reader = _Reader(path, problems, check_name)
    if root is not None and root.value is not None:
        try:
            scenario = reader.scenario(root)
        except TooMany:
            scenario = None
        if scenario and not reader.problems:
            return scenario
    elif not problems:
        reader.problems.append(Problem(path, Spot(1, 1), "is empty; a scenario needs at least name and phases"))
    raise ScenarioError(reader.problems)


def dump(scenario: Scenario) -> str:
    """Return a scenario as the YAML that loads back equal.

    Raises:
        UsageProblem: it has no such form, as its name is no slug, a phase has no name, or the like.
    """
    from .yaml_writer import write

    text = write(scenario)
    try:
        same = loads(text, scenario.name or "<scenario>") == scenario
    except ScenarioError as problem:
        raise UsageProblem(f"the scenario {scenario.name!r} cannot be written to a file:\n{problem}") from None
    if not same:
        raise UsageProblem(f"the scenario {scenario.name!r} would not read back the same from a file")
    return text


def _bytes(path: str | os.PathLike[str]) -> bytes:
    """Return the file's content, at most one byte more than is allowed."""
    name = os.fspath(path)
    if len(name) > 10_000:  # no system has such
        name = f"{name[:100]}..."
    unnameable = ScenarioError([Problem(repr(name), None, "cannot be the name of a file")])
    if "\0" in os.fspath(path):
        raise unnameable
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise ScenarioError([Problem(name, None, "is a folder, not a scenario file")])
        if not stat.S_ISREG(mode):
            raise ScenarioError([Problem(name, None, "is not a regular file")])
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError([Problem(name, None, f"no such file{_near_file(Path(path))}")]) from None
    except OSError as problem:
        raise ScenarioError([Problem(name, None, f"cannot be read: {problem.strerror}")]) from None
    except UnicodeEncodeError:
        raise unnameable from None


def _near_file(path: Path) -> str:
    try:
        siblings = [each.name for each in path.parent.iterdir() if each.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    return near(path.name, siblings)


def _injects(part: Phase | Repeat) -> bool:
    return any(phase.inject for phase in (part.phases if isinstance(part, Repeat) else (part,)))


class _Reader(NodeReader):
    """Reads the nodes of one file, collecting problems. A method that returns None has written one down."""

    def __init__(self, path: str, problems: list[Problem], check_name: CheckName | None = None) -> None:
        super().__init__(path, problems)
        self.check_name = check_name
        self.windows: list[tuple[Injection, Spot]] = []  # where each `between` stands

    def scenario(self, node: Node) -> Scenario | None:
        """Read the whole."""
        if not self.mapping(node, _KEYS, "a scenario"):
            return None
        name = self.need(node, "name", self.slug)
        phases = self._short(node) if "inject" in node.keys else self.need(node, "phases", self._phases)
        if phases and not self.problems and not any(_injects(part) for part in phases):
            spot = node.keys.get("phases") or node.keys["inject"]
            self.add(spot, "nothing is injected at all; a scenario needs at least one fault")
        title, hypothesis, notes = (self.get(node, key, self.text) or "" for key in ("title", "hypothesis", "notes"))
        tags, sources = (self.get(node, key, self.texts) or () for key in ("tags", "sources"))
        for injection, problem in () if self.problems else dead_windows(phases or ()):
            self.add(next(spot for each, spot in self.windows if each is injection), f"between: {problem}")
        expect = self.get(node, "expect", self._expect) or ()
        evidence = self.get(node, "evidence", self.read(choice(*EVIDENCE))) or ""
        date = self.get(node, "date", self.read(read_date))
        if self.problems or name is None or phases is None:
            return None
        try:
            return Scenario(name, phases, title, hypothesis, tags, sources, expect, evidence, notes, date)
        except ParameterError as problem:  # two names that are the same only after a repeat has numbered them
            self.add(node.keys.get(problem.parameter, node.spot), str(problem))
            return None

    # --- phases ---

    def _short(self, node: Node) -> tuple[Phase | Repeat, ...] | None:
        """Read top-level `inject`, the short form of one endless phase."""
        if "phases" in node.keys:
            self.add(node.keys["inject"], "inject stands beside phases; move it into a phase, or leave phases out")
        inject = self.need(node, "inject", self._injections)
        return None if inject is None else (Phase("", inject),)

    def _phases(self, node: Node, key: str) -> tuple[Phase | Repeat, ...] | None:
        items = self.list(node, key, "a phase")
        if items is None:
            return None
        seen: dict[str, int] = {}
        read = [self._part(each, nth == len(items), seen) for nth, each in enumerate(items, 1)]
        return tuple(part for part in read if part is not None)

    def _part(self, node: Node, last: bool, seen: dict[str, int]) -> Phase | Repeat | None:
        if isinstance(node.value, dict) and "repeat" in node.value:
            return self._repeat(node, seen)
        phase = self._phase(node, last=last)
        if phase is not None and phase.name in seen:
            self.add(node.spot, f"a phase named {shown(phase.name)} stands in line {seen[phase.name]} already")
        elif phase is not None:
            seen[phase.name] = node.spot.line
        return phase

    def _repeat(self, node: Node, seen: dict[str, int]) -> Repeat | None:
        if not self.mapping(node, _REPEAT_KEYS, "a repetition"):
            return None
        times, items = node.value["repeat"].plain(), self.need(node, "phases", self._repeated)
        phases = None if items is None else [self._part(each, False, seen) for each in items]
        if phases is None or not all(isinstance(each, Phase) for each in phases):
            return None
        try:
            return Repeat(times, tuple(each for each in phases if isinstance(each, Phase)))
        except ParameterError as problem:
            self.add(node.value[problem.parameter].spot, str(problem))
            return None

    def _repeated(self, node: Node, key: str) -> list[Node] | None:
        items = self.list(node, key, "a phase")
        inner = [each for each in items or () if isinstance(each.value, dict) and "repeat" in each.value]
        for each in inner:
            self.add(each.keys["repeat"], "a repetition cannot stand in another one")
        return None if inner else items

    def _phase(self, node: Node, *, last: bool) -> Phase | None:
        if not self.mapping(node, _PHASE_KEYS, "a phase"):
            return None
        name = self.need(node, "name", self.text)
        inject = self.need(node, "inject", self._injections)
        lasts, jitter = (node.value.get(key) for key in ("lasts", "jitter"))
        if (lasts is None or lasts.value is None) and not last:
            self.add(node.spot, "a phase without lasts never ends; only the last one may do without")
            return None
        try:
            given = (None if each is None else each.plain() for each in (lasts, jitter))
            phase = Phase(name or "", inject or (), *given)
        except ParameterError as problem:
            self.add(node.value.get(problem.parameter, node).spot, str(problem))
            return None
        return None if name is None else phase

    def _injections(self, node: Node, key: str) -> tuple[Injection, ...] | None:
        if not isinstance(node.value, list):
            self.add(node.spot, f"{key} must be a list, not {kind(node.value)}; [] injects nothing")
            return None
        return tuple(found for each in node.value if (found := self._injection(each)) is not None)

    def _injection(self, node: Node) -> Injection | None:
        if not isinstance(node.value, dict):
            self.add(node.spot, f"an injection is a mapping such as {{fault: outage}}, not {kind(node.value)}")
            return None
        name = self.need(node, "fault", self.text)
        if name is None:
            return None
        at = node.value["fault"].spot
        try:
            factory = faults.find(name)
        except UsageProblem as problem:
            self.add(at, str(problem))
            return None
        given = {key: each for key, each in node.value.items() if key != "fault"}
        made: Injection | None = self._build(
            lambda values: factory.checked(**values), given, node.keys, at, factory.parameters()
        )
        if made is not None:
            self._check_names("target", made.target, given)
            if made.between is not None:
                self.windows.append((made, given["between"].spot))
        return made

    # --- expectations ---

    def _expect(self, node: Node, key: str) -> tuple[Check, ...] | None:
        items = self.list(node, key, "an expectation")
        return None if items is None else tuple(found for each in items if (found := self._check(each)) is not None)

    def _check(self, node: Node) -> Check | None:
        name, at, given = node.value, node.spot, Node(node.spot, {})
        if isinstance(name, dict) and len(name) == 1:
            ((name, given),) = name.items()
            at = node.keys[name]
        if not isinstance(name, str):
            got = kind(node.value) if not node.value or not isinstance(node.value, dict) else "a mapping of several"
            self.add(at, f"an expectation is a check's name, or one name with its parameters, not {got}")
            return None
        try:
            check = checks.find(name)
        except UsageProblem as problem:
            self.add(at, str(problem))
            return None
        parameters = {} if given.value is None else given.value
        known = [public(each.name) for each in dataclasses.fields(check)]
        if not isinstance(parameters, dict):
            such = f" such as {{{known[0]}: ...}}" if known else ""
            self.add(given.spot, f"the parameters of {name} must be a mapping{such}, not {kind(given.value)}")
            return None
        made: Check | None = self._build(lambda values: check.build((), values), parameters, given.keys, at, known)
        for each in dataclasses.fields(check) if made is not None else ():
            self._check_names(public(each.name), getattr(made, each.name), parameters)
        return made

    def _check_names(self, key: str, value: Any, given: Mapping[str, Node]) -> None:
        """Write down each target that names no provider."""
        check_name = self.check_name
        if check_name is None or key not in given or not isinstance(value, Target | Targets):
            return
        for target in value.each:
            try:
                check_name(target.provider)
            except UsageProblem as problem:
                self.add(given[key].spot, f"{key}: {problem}")

    def _build(
        self,
        make: Callable[[dict[str, Any]], Any],
        given: Mapping[str, Node],
        keys: Mapping[str, Spot],
        at: Spot,
        known: Iterable[str],
    ) -> Any:
        """Return what `make` makes of the values. Each bad one, not only the first, is a problem."""
        values = {key: each.plain() for key, each in given.items()}
        refused: set[str] = set()
        while True:
            try:
                made = make(values)
            except ParameterError as problem:
                key = problem.parameter
                if key in refused:  # it was there, and bad; now it is missing
                    return None
                if key not in values:
                    self.add(at, str(problem))
                    return None
                self.add(given[key].spot if key in known else keys[key], str(problem))
                refused.add(key)
                del values[key]
            else:
                return None if refused else made
