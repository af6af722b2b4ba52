"""The scenario library: the files that we ship and those in the user's own folders, found by name and by tag.

Everywhere, `folders` are the user's own ones; None stands for those of `[tool.llmchaos]` at the working
folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from . import config
from .errors import ChaosError, UsageProblem, near
from .scenario import Scenario

__all__ = ["all_scenarios", "find", "load", "names", "select"]

Folders = Sequence[str | os.PathLike[str]] | None

_PACKAGE = Path(__file__).parent
_SUFFIXES = (".yaml", ".yml")


def names(folders: Folders = None) -> list[str]:
    """Return the names of all scenarios, sorted."""
    return sorted(_files(folders))


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
    if not isinstance(name_or_path, str) or "/" in text or os.sep in text or text.endswith(_SUFFIXES):
        return scenario_file.load(name_or_path)
    files = _files(folders)
    if text not in files:
        hint = near(text, files) or "; `llmchaos list` shows all"
        raise UsageProblem(f"there is no scenario {text!r}{hint} (a file needs its path: ./{text}.yaml)")
    scenario = scenario_file.load(files[text])
    if scenario.name != text:
        raise UsageProblem(
            f"{files[text]}: the scenario's name is {scenario.name!r}; in a scenario folder it must be "
            f"that of its file, {text!r}"
        )
    return scenario


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
    folders: Folders = None,
) -> list[Scenario]:
    """Return the scenarios that fit everything given, sorted by name.

    Args:
        names: patterns such as `"openai-*"`, of which one must fit the name; none for all.
        tag: a tag, or several; each may be a pattern, and each must fit one of the scenario's tags.
        provider: a provider that one of its faults hits.
        folders: the user's own folders.

    Raises:
        UsageProblem: nothing fits, with the near name or tag; or one of the files is bad.
    """
    patterns, tags = _several(names), _several(tag)
    known = _files(folders)
    for pattern in patterns:
        if not any(fnmatchcase(each, pattern) for each in known):
            raise UsageProblem(f"no scenario has a name like {pattern!r}{near(pattern, known)}")
    fitting = [
        load(each, folders)
        for each in sorted(known)
        if not patterns or any(fnmatchcase(each, pattern) for pattern in patterns)
    ]
    found = [each for each in fitting if _tagged(each, tags) and (provider is None or _hits(each, provider))]
    if not found:
        raise UsageProblem(_nothing(fitting, tags, provider))
    return found


def select(
    names: str | Iterable[str] = (), tag: str | Iterable[str] | None = None, folders: Folders = None
) -> list[str]:
    """Return the names of the scenarios that fit; see `find`."""
    return [each.name for each in find(names, tag, folders=folders)]


def _files(folders: Folders) -> dict[str, Path]:
    """Return the file of each name.

    Two files of one name are an error: a test must not change its meaning because a file was added.
    """
    own = config.load().scenarios if folders is None else [Path(each) for each in folders]
    files: dict[str, Path] = {}
    for folder in (_shipped(), *own):
        if not folder.is_dir():
            raise UsageProblem(f"{folder}: there is no such scenario folder")
        for path in sorted(folder.iterdir()):
            if path.suffix not in _SUFFIXES or not path.is_file():
                continue
            if path.stem in files:
                raise UsageProblem(f"two scenarios are named {path.stem!r}: {files[path.stem]} and {path}")
            files[path.stem] = path
    return files


def _shipped() -> Path:
    """Return the folder of our own scenarios: in a wheel's package, else at the top of the repository."""
    for folder in (_PACKAGE / "_scenarios", _PACKAGE.parents[1] / "scenarios"):
        if folder.is_dir():
            return folder
    raise ChaosError("the scenario library is missing from this installation of pytest-llmchaos; reinstall it")


def _several(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _tagged(scenario: Scenario, tags: tuple[str, ...]) -> bool:
    return all(any(fnmatchcase(each, tag) for each in scenario.tags) for tag in tags)


def _hits(scenario: Scenario, provider: str) -> bool:
    return any(fnmatchcase(provider, each.target.provider) for each in scenario.injections)


def _nothing(scenarios: list[Scenario], tags: tuple[str, ...], provider: str | None) -> str:
    known = sorted({tag for each in scenarios for tag in each.tags})
    for tag in tags:
        if not any(fnmatchcase(each, tag) for each in known):
            return f"no scenario has the tag {tag!r}{near(tag, known)} (known: {', '.join(known)})"
    hit = sorted({each.target.provider for scenario in scenarios for each in scenario.injections})
    if provider and not any(_hits(each, provider) for each in scenarios):
        return f"no scenario hits {provider!r}{near(provider, hit)} (known: {', '.join(hit)})"
    wanted = [*(f"the tag {tag!r}" for tag in tags), *([f"a fault for {provider!r}"] if provider else [])]
    return f"no scenario has {' and '.join(wanted)}" if wanted else "there is no scenario"
