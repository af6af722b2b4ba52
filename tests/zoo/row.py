"""What a row of the zoo's tables is, and what many rows have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pytest_llmchaos import faults

from .drives import App, Drive, once

DOWN = faults.outage(target="openai")


def github(*places: str) -> tuple[str, ...]:
    """Return the addresses of issues and pull requests."""
    return tuple(f"https://github.com/{each}" for each in places)


@dataclass(frozen=True)
class Bug:
    """One bug with the app that has it and the one that has not.

    Attributes:
        name: the row's name; its app is `buggy_<name>` and `fixed_<name>`, or two classes.
        what: the bug in our words.
        sources: where it was reported.
        buggy, fixed: the two apps; a class is made anew for each run.
        check: the check, the rule of the run or the always-on check that catches it.
        given: the check's parameters.
        faults: what goes wrong.
        replies: scripted healthy answers.
        drive: how the app is used.
    """

    what: str
    sources: tuple[str, ...]
    buggy: App
    fixed: App
    check: str
    given: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Any, ...] = ()
    replies: tuple[Any, ...] = ()
    drive: Drive = once

    @property
    def family(self) -> str:
        """Which module of the zoo it is in."""
        return self.buggy.__module__.rpartition(".")[2]

    @property
    def name(self) -> str:
        """The row's name."""
        words = "".join(f"_{each.lower()}" if each.isupper() else each for each in self.buggy.__name__)
        return words.strip("_").removeprefix("buggy_")


def twin(name: str) -> str:
    """Return the name of the app that has the bug no longer."""
    return name.replace("buggy", "fixed").replace("Buggy", "Fixed")


@dataclass(frozen=True)
class Released:
    """A bug of a released framework, with apps around it; they are imported only where it is installed.

    Attributes:
        what, sources, check, given, faults, drive: as in `Bug`.
        package, version: what has the bug, by its name on PyPI.
        app: the app that has it, as `module.name` in tests/environments/zoo; its twin uses the same version in a way
            that avoids the bug.
    """

    what: str
    sources: tuple[str, ...]
    package: str
    version: str
    app: str
    check: str
    given: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Any, ...] = ()
    drive: Drive = once

    @property
    def pin(self) -> str:
        """The requirement that installs it."""
        return f"{self.package}=={self.version}"

    @property
    def module(self) -> str:
        """The module of its apps."""
        return self.app.partition(".")[0]

    def bug(self, module: ModuleType) -> Bug:
        """Return the row with its apps, given the module that has them."""
        name = self.app.partition(".")[2]
        buggy, fixed = getattr(module, name), getattr(module, twin(name))
        return Bug(self.what, self.sources, buggy, fixed, self.check, self.given, faults=self.faults, drive=self.drive)


@dataclass(frozen=True)
class Unseen:
    """A bug that no check of ours can see, and why."""

    what: str
    source: str
    why: str
