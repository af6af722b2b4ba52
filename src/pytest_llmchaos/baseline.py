"""The baseline: a small file with how each test came out, to compare later runs with; made to be committed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UsageProblem, shown
from .gate import counted, latest, under

if TYPE_CHECKING:
    from .record import Record

__all__ = ["read", "write"]

_SCHEMA = 1


def read(path: str | os.PathLike[str]) -> dict[str, dict[str, str]]:
    """Return what tests counted as, by test and by what it ran under.

    Raises:
        UsageProblem: the file cannot be read, is no baseline, or one of a newer version.
    """
    where = os.fspath(path)
    try:
        data = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise UsageProblem(
            f"{where}: there is no baseline; write it with pytest --llmchaos-baseline={where} "
            "--llmchaos-update-baseline"
        ) from None
    except (OSError, ValueError, RecursionError) as problem:
        raise UsageProblem(f"{where}: this is no baseline: {problem}") from None
    version = data.get("schema") if isinstance(data, Mapping) else None
    if isinstance(version, int) and version > _SCHEMA:
        raise UsageProblem(f"{where}: this baseline has format {version}, and this version reads up to {_SCHEMA}")
    tests = data.get("tests") if isinstance(data, Mapping) else None
    if version != _SCHEMA or not isinstance(tests, dict):
        raise UsageProblem(f'{where}: this is no baseline: it needs "schema": {_SCHEMA} and an object "tests"')
    for test, found in tests.items():
        if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
            raise UsageProblem(f"{where}: tests.{test}: must be an object of texts, got {shown(found)}")
    return tests


def write(path: str | os.PathLike[str], records: Iterable[Record]) -> int:
    """Write how the tests came out, and return how many results the file holds.

    Results of test files that did not run now are kept; those of test files that ran are replaced, so that tests that
    are gone vanish.

    Raises:
        UsageProblem: what stands there is no baseline, or the file cannot be written.
    """
    path = Path(path)
    known = read(path) if path.exists() else {}
    judged = [(each, counted(each)) for each in latest(records)]
    ran = {_file(each.test) for each, _ in judged}
    tests = {test: dict(found) for test, found in known.items() if _file(test) not in ran}
    for each, name in judged:
        if name in ("survived", "failed", "inconclusive"):
            tests.setdefault(each.test, {})[under(each)] = name
    text = json.dumps({"schema": _SCHEMA, "tests": tests}, indent=1, sort_keys=True) + "\n"
    try:
        _replace(path, text)
    except OSError as problem:
        raise UsageProblem(f"{path}: the baseline cannot be written: {problem.strerror or problem}") from None
    return sum(map(len, tests.values()))


def _replace(path: Path, text: str) -> None:
    """Write a file whole: a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(made, path.stat().st_mode if path.exists() else 0o644)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise


def _file(test: str) -> str:
    return test.partition("::")[0]
