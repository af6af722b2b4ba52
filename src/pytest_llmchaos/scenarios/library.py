"""The scenario library: the files that we ship and those in the user's own folders, found by name, tag and kind.

A scenario's kind is the folder in which its file stands (`outage`, `latency`, ...); beneath a scenario folder they may
be nested. Folders whose names begin with `.` or `_` are not looked into.

Everywhere, `folders` are the user's own ones; None stands for those of `[tool.llmchaos]` at the working
folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from ..core import config
from ..core.errors import ChaosError, UsageProblem, near, shown
from .scenario import Scenario

__all__ = ["all_scenarios", "files_in", "find", "kinds", "load", "names", "placed"]

GAME_DAY = "game-day"
"""The tag of scenarios that a test of one request cannot play."""

Folders = Sequence[str | os.PathLike[str]] | None

_ROOM = Path(__file__).parent
_SUFFIXES = (".yaml", ".yml")


def names(folders: Folders = None) -> list[str]:
    """Return the names of all scenarios, sorted."""
    return sorted(_files(folders))


def kinds(folders: Folders = None) -> list[str]:
    """Return the kinds of scenarios, sorted."""
    roots = _roots(folders)
    return sorted({kind for each in _files(folders).values() if (kind := _kind(each, roots))})


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the scenario files (`*.yaml`, `*.yml`) in a folder and beneath it, sorted; links to folders are left."""
    for parent, inside, files in os.walk(folder):
        inside[:] = sorted(each for each in inside if not each.startswith((".", "_")) and each != "node_modules")
        for name in sorted(files):
            if (path := Path(parent, name)).suffix in _SUFFIXES and path.is_file():
                yield path


def load(name_or_path: str | os.PathLike[str], folders: Folders = None) -> Scenario:
    """Return a scenario by its name in the library, or from a file.

    What has a slash in it or ends in `.yaml` or `.yml` is a file.

    Raises:
        ScenarioError: its file is bad.
        UsageProblem: there is none of that name.
    """
    # YAML is read only where a scenario is really used.
    from . import scenario_file

    text = os.fspath(name_or_path)
    if _names_file(name_or_path):
        return scenario_file.load(name_or_path)
    files = _files(folders)
    if text not in files:
        hint = near(text, files) or "; `llmchaos list` shows all"
        file = f"./{text if len(text) < 100 else 'NAME'}.yaml"
        raise UsageProblem(f"there is no scenario {shown(text)}{hint} (a file needs its path: {file})")
    scenario = scenario_file.load(files[text])
    if scenario.name != text:
        raise UsageProblem(
            f"{files[text]}: the scenario's name is {scenario.name!r}; in a scenario folder it must be "
            f"that of its file, {text!r}"
        )
    return scenario


def placed(name_or_path: str | os.PathLike[str], beside: Iterable[Path]) -> str | os.PathLike[str]:
    """Return where the file stands that a relative path names: in the first of these folders that has it.

    A name, and a path that none of them has, comes back as it is: the working folder is the last to look in.
    """
    if not _names_file(name_or_path) or os.path.isabs(name_or_path):
        return name_or_path
    here = os.getcwd()
    for folder in beside:
        path = os.path.abspath(os.path.join(folder, name_or_path))
        if os.path.isfile(path):
            # As the user wrote it, where that leads to it.
            return name_or_path if path == os.path.abspath(os.path.join(here, name_or_path)) else Path(path)
    return name_or_path


def _names_file(given: str | os.PathLike[str]) -> bool:
    text = os.fspath(given)
    return not isinstance(given, str) or "/" in text or os.sep in text or text.endswith(_SUFFIXES)


def all_scenarios(folders: Folders = None) -> list[Scenario]:
    """Return all scenarios, sorted by name.

    Raises:
        UsageProblem: one of the files is bad.
    """
    return [load(each, folders) for each in names(folders)]


def find(
    names: str | Iterable[str] = (),
    tag: str | Iterable[str] | None = None,
    provider: str | None = None,
    kind: str | None = None,
    folders: Folders = None,
    *,
    game_days: bool = True,
) -> list[Scenario]:
    """Return the scenarios that fit everything given, sorted by name.

    Args:
        names: patterns such as `"openai-*"`, of which one must fit the name; none for all.
        tag: a tag, or several; each may be a pattern, and each must fit one of the scenario's tags.
        provider: a provider that one of its faults hits, by its name or its host; a fault for `*` hits every one.
        kind: the folder in which its file stands, such as `outage`; may be a pattern.
        folders: the user's own folders.
        game_days: whether those that need more than one request (tagged `game-day`) are among them though nobody
            asked for them: by their whole name, or by that tag.

    Raises:
        UsageProblem: nothing fits, with the near name or tag; or one of the files is bad.
    """
    for each in (provider, kind):
        if each is not None:
            _text(each)
    patterns, tags = _several(names), _several(tag)
    known = _files(folders)
    for pattern in patterns:
        if not any(fnmatchcase(each, pattern) for each in known):
            raise UsageProblem(f"no scenario has a name like {pattern!r}{near(pattern, known)}")
    named = [each for each in sorted(known) if not patterns or any(fnmatchcase(each, pattern) for pattern in patterns)]
    if kind is not None:
        if not any(fnmatchcase(each, kind) for each in kinds(folders)):
            raise UsageProblem(_no_kind(kind, kinds(folders)))
        roots = _roots(folders)
        named = [each for each in named if fnmatchcase(_kind(known[each], roots), kind)]
    fitting = [load(each, folders) for each in named]
    found = [each for each in fitting if _tagged(each, tags) and (provider is None or _hits(each, provider))]
    if not game_days and not any(fnmatchcase(GAME_DAY, each) for each in tags):
        found = [each for each in found if GAME_DAY not in each.tags or each.name in patterns] or found
    if not found:
        raise UsageProblem(_nothing(fitting, tags, provider, kind))
    return found


def _files(folders: Folders) -> dict[str, Path]:
    """Return the file of each name.

    Two files of one name are an error: a test must not change its meaning because a file was added.
    """
    files = dict(_our_files(_ROOM))
    for folder in _roots(folders)[1:]:
        _add_files(files, folder)
    return files


@cache
def _our_files(room: Path) -> Mapping[str, Path]:
    """Look through our own library once: an installed package does not change."""
    files: dict[str, Path] = {}
    _add_files(files, _shipped(room))
    return files


def _add_files(files: dict[str, Path], folder: Path) -> None:
    if not folder.is_dir():
        raise UsageProblem(f"{folder}: there is no such scenario folder")
    for path in files_in(folder):
        if path.stem in files:
            raise UsageProblem(f"two scenarios are named {path.stem!r}: {files[path.stem]} and {path}")
        files[path.stem] = path


def _roots(folders: Folders) -> list[Path]:
    own = config.load().scenarios if folders is None else [Path(each) for each in folders]
    return [_shipped(_ROOM), *own]


def _kind(path: Path, roots: list[Path]) -> str:
    """Return the name of the folder a file stands in; empty where that is a scenario folder itself."""
    return "" if path.parent in roots else path.parent.name


@cache
def _shipped(room: Path) -> Path:
    """Return the folder of our own scenarios: in a wheel's package, else at the top of the repository."""
    for folder in (room / "_library", room.parents[2] / "scenarios"):
        if folder.is_dir():
            return folder
    raise ChaosError("the scenario library is missing from this installation of pytest-llmchaos; reinstall it")


def _several(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    found = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    for each in found:
        _text(each)
    return found


def _text(value: Any) -> None:
    if not isinstance(value, str):
        raise UsageProblem(f"{shown(value)} is not a text by which scenarios could be chosen")


def _tagged(scenario: Scenario, tags: tuple[str, ...]) -> bool:
    return all(any(fnmatchcase(each, tag) for each in scenario.tags) for tag in tags)


def _hits(scenario: Scenario, provider: str) -> bool:
    targets = {one.provider for each in scenario.injections for one in each.target.each}
    return any(fnmatchcase(provider, each) for each in targets - {"*"}) or ("*" in targets and _is_one(provider))


def _is_one(provider: str) -> bool:
    """Tell whether this can be a provider, by its name or a host: a misspelt one is hit by nothing, not even by `*`."""
    return "." in provider or ":" in provider or provider in _providers()


def _providers() -> list[str]:
    from ..providers import Providers

    return Providers(config.load().providers).names()


def _no_kind(kind: str, known: list[str]) -> str:
    return f"no scenario is of the kind {kind!r}{near(kind, known)} (known: {', '.join(known) or 'none'})"


def _nothing(scenarios: list[Scenario], tags: tuple[str, ...], provider: str | None, kind: str | None) -> str:
    known = sorted({tag for each in scenarios for tag in each.tags})
    for tag in tags:
        if not any(fnmatchcase(each, tag) for each in known):
            return f"no scenario has the tag {tag!r}{near(tag, known)} (known: {', '.join(known)})"
    every = {one.provider for scenario in scenarios for each in scenario.injections for one in each.target.each}
    hit = sorted(every.union(_providers()) - {"*"} if "*" in every else every)
    if provider and not any(_hits(each, provider) for each in scenarios):
        return f"no scenario hits {provider!r}{near(provider, hit)} (known: {', '.join(hit)})"
    wanted = [*(f"the tag {tag!r}" for tag in tags), *([f"a fault for {provider!r}"] if provider else [])]
    wanted += [f"the kind {kind!r}"] if kind else []
    return f"no scenario has {' and '.join(wanted)}" if wanted else "there is no scenario"
