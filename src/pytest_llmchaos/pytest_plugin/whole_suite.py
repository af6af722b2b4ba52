"""Whole suites under chaos: which scenarios `--llmchaos` and `--llmchaos-matrix` name, and which tests get them.

A test with a marker of its own, or that asks for the fixture, says itself what goes wrong: it keeps just that.
"""

from __future__ import annotations

import unittest
from collections.abc import Iterable, Sequence
from copy import copy as shallow
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from ..core.config import load
from ..core.errors import ChaosError, UsageProblem
from ..scenarios import library
from ..scenarios.scenario import Scenario
from .marks import said

__all__ = ["Applied", "Selection", "select"]

APPLIED: pytest.StashKey[Applied] = pytest.StashKey()
"""What was put on a test."""


@dataclass(frozen=True)
class Applied:
    """Scenarios that were put on a test from outside.

    Attributes:
        scenarios: they play together, in one run.
        option: the option that does it again.
        matrix: whether it is one of several runs of the same test.
    """

    scenarios: tuple[Scenario, ...]
    option: str
    matrix: bool = False

    @property
    def id(self) -> str:
        """What stands in the brackets of a test's id."""
        return "llmchaos:" + "+".join(each.name for each in self.scenarios)


class Selection:
    """What the command line puts on the tests.

    Args:
        together: scenarios that play at once in each test.
        matrix: scenarios under each of which every test runs by itself.
    """

    def __init__(
        self, together: Sequence[tuple[str, Scenario]] = (), matrix: Sequence[tuple[str, Scenario]] = ()
    ) -> None:
        scenarios = tuple(scenario for _, scenario in together)
        option = "--llmchaos=" + ",".join(spec for spec, _ in together)
        self.applied = Applied(scenarios, option) if together else None
        self.matrix = [Applied((each,), f"--llmchaos-matrix={spec}", matrix=True) for spec, each in matrix]

    def __str__(self) -> str:
        if self.applied is not None:
            return " and ".join(each.name for each in self.applied.scenarios)
        return f"each of {', '.join(each.scenarios[0].name for each in self.matrix)}"

    def parametrize(self, metafunc: pytest.Metafunc) -> None:
        """Make one test of each scenario of the matrix."""
        if not self.matrix or said(metafunc.definition).own or "llmchaos" in metafunc.fixturenames:
            return
        metafunc.fixturenames.append("llmchaos")
        metafunc.parametrize("llmchaos", self.matrix, indirect=True, ids=[each.id for each in self.matrix])

    def apply(self, items: list[pytest.Item]) -> None:
        """Put the scenarios on the tests that have none of their own."""
        found: list[pytest.Item] = []
        for item in items:
            _keep_name(item)
            if (chosen := _chosen(item)) is not None and said(item).off:
                # A set of parameters that keeps out is known only here: it runs once, and not under each scenario.
                found += [item] * (chosen is self.matrix[0])
            elif not _plain(item):
                found.append(item)
            elif self.applied is not None:
                item.stash[APPLIED] = self.applied
                found.append(item)
            elif self.matrix and not _parametrised(item):
                found += [_copied(item, each) for each in self.matrix]
            else:
                found.append(item)
        items[:] = found

    def concerns(self, item: pytest.Item) -> bool:
        """Tell whether scenarios were put on the test."""
        return (APPLIED in item.stash or _chosen(item) is not None) and not said(item).off


def select(config: pytest.Config) -> Selection | None:
    """Return what the command line puts on the tests; None where that is nothing.

    Raises:
        UsageProblem: no scenario has such a name or tag, a file is bad, or they cannot play together.
    """
    together, matrix = (_specs(config.getoption(name)) for name in ("llmchaos", "llmchaos_matrix"))
    if together and matrix:
        raise UsageProblem("--llmchaos and --llmchaos-matrix cannot be used together: choose one")
    for option, given, specs in (
        ("--llmchaos", config.getoption("llmchaos"), together),
        ("--llmchaos-matrix", config.getoption("llmchaos_matrix"), matrix),
    ):
        if given and not specs:  # as of a variable that is not set: the run would be one without chaos
            raise UsageProblem(f"{option} names no scenario: give names, patterns, files or tag:NAME")
    if not together and not matrix:
        return None
    folders = load(config.rootpath).scenarios
    beside = (config.invocation_params.dir, config.rootpath)
    selection = Selection(_scenarios(together, folders, beside), _scenarios(matrix, folders, beside))
    if selection.applied is not None:
        dated = [each.name for each in selection.applied.scenarios if each.date is not None]
        if len(dated) > 1:
            raise UsageProblem(
                f"--llmchaos: {' and '.join(dated)} start on dates of their own and cannot play together; "
                "--llmchaos-matrix plays one at a time"
            )
    return selection


def _specs(given: Iterable[str] | None) -> list[str]:
    return [each.strip() for text in given or () for each in text.split(",") if each.strip()]


def _scenarios(specs: Sequence[str], folders: Sequence[Path], beside: Sequence[Path]) -> list[tuple[str, Scenario]]:
    """Return each scenario once, with what names it on a command line."""
    found: dict[str, tuple[str, Scenario]] = {}
    for spec in specs:
        try:
            if spec.startswith("tag:"):
                several = library.find(tag=spec.removeprefix("tag:"), folders=folders)
            elif any(sign in spec for sign in "*?[") and "/" not in spec:
                several = library.find(spec, folders=folders)
            else:
                one = library.load(library.placed(spec, beside), folders)
                found.setdefault(one.name, (spec, one))
                continue
        except ChaosError as problem:
            raise UsageProblem(f"llmchaos: {problem}") from None
        for each in several:
            found.setdefault(each.name, (each.name, each))
    return list(found.values())


def _plain(item: pytest.Item) -> bool:
    """Tell whether a test is one of pytest's own kind and says nothing about chaos itself."""
    if not isinstance(item, pytest.Function | pytest.DoctestItem) or said(item).own:
        return False
    return "llmchaos" not in item.fixturenames


def _chosen(item: pytest.Item) -> Applied | None:
    """Return what the parameters of a matrix put on a test."""
    chosen = getattr(getattr(item, "callspec", None), "params", {}).get("llmchaos")
    return chosen if isinstance(chosen, Applied) else None


def _keep_name(item: pytest.Item) -> None:
    """Give a test of a matrix the name that it has without: cassettes and snapshots are found by it.

    Its id, and what the command line, `-k` and reports know it by, tell the scenario.
    """
    if (chosen := _chosen(item)) is None:
        return
    item.extra_keyword_matches.add(item.name)
    _ = item.location  # worked out once, and with the whole name: reports are headed by it
    item.name = item.name.replace(f"[{chosen.id}]", "").replace(f"-{chosen.id}]", "]")


def _parametrised(item: pytest.Item) -> bool:
    """Tell whether pytest makes the tests of a matrix: not of a method of `unittest.TestCase`, not of a doctest."""
    of = getattr(item, "cls", None)
    test_case = isinstance(of, type) and issubclass(of, unittest.TestCase)
    return not test_case and not isinstance(item, pytest.DoctestItem)


def _copied(item: pytest.Item, applied: Applied) -> pytest.Item:
    """Return a copy of a test that pytest does not parametrise."""
    assert item.parent is not None  # noqa: S101 - for the type checker: a test stands in something
    more: dict[str, Any] = {}
    if isinstance(item, pytest.DoctestItem):
        # What the examples of one run define must not be there in the next.
        examples = shallow(item.dtest)
        examples.globs = dict(item.dtest.globs)
        more = {"runner": item.runner, "dtest": examples}
    copy: Any = type(item).from_parent(item.parent, name=item.name, **more)
    _rename(copy, f"{item.nodeid}[{applied.id}]")
    copy.own_markers[:] = item.own_markers
    copy.keywords.update(item.keywords)
    copy.extra_keyword_matches.update({*item.extra_keyword_matches, applied.id})
    copy.stash[APPLIED] = applied
    return cast(pytest.Item, copy)


def _rename(item: Any, nodeid: str) -> None:
    """Give a test another id; its name must stay that of the method, and pytest has no public way to do it."""
    if hasattr(item, "_id"):  # since pytest 9.1
        item._id = type(item._id).parse(nodeid)
    else:
        item._nodeid = nodeid
    if item.nodeid != nodeid:
        raise UsageProblem("this version of pytest lets no matrix run over methods of unittest.TestCase")
