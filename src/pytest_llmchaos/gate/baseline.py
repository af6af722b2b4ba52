"""The baseline: a small file with how each test came out, to compare later runs with; made to be committed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageProblem, shown
from .counting import counted, key, under, worst

if TYPE_CHECKING:
    from .record import Record

__all__ = ["Written", "read", "write"]

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Written:
    """What a baseline holds now.

    Attributes:
        count: how many results.
        kept: those of tests that did not run now, as (test, what it ran under).
        gone: those that are in it no more.
    """

    count: int
    kept: Sequence[tuple[str, str]] = ()
    gone: Sequence[tuple[str, str]] = ()

    def lines(self) -> list[str]:
        """Return it in sentences."""
        told = [f"the baseline now holds {_results(self.count)}"]
        for found, what in (
            (self.kept, "of tests that did not run kept"),
            (self.gone, "removed, as the tests are gone or make no LLM call any more"),
        ):
            if found:
                test, under = found[0]
                told.append(f"{_results(len(found))} {what}, such as {test} under {under}")
        return told


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


def write(path: str | os.PathLike[str], records: Iterable[Record], *, whole: bool = False) -> Written:
    """Write how the tests came out, and return what the file holds.

    Results of tests that did not run, or could not, are kept. Of whole test files those are removed that the same
    scenarios brought no more, so that tests that are gone vanish.

    Args:
        path: the file.
        records: what the tests left; of several of one test under the same scenarios the worst counts.
        whole: whether all tests of each file ran that any of them is of.

    Raises:
        UsageProblem: what stands there is no baseline, or the file cannot be written.
    """
    path = Path(path)
    known = {
        (test, what): how
        for test, found in (read(path) if path.exists() else {}).items()
        for what, how in found.items()
    }
    judged = [(each, counted(each)) for each in worst(records)]
    ran = {(_file(each.test), under(each)) for each, _ in judged}
    now = {key(each): name for each, name in judged if name in ("survived", "failed", "inconclusive")}
    silent = {key(each) for each, name in judged if name == "no calls"}
    missing = [each for each in known if each not in now]
    gone = [each for each in missing if each in silent or (whole and _gone(each, ran, judged))]
    kept = [each for each in missing if each not in gone]
    tests: dict[str, dict[str, str]] = {}
    for (test, what), how in ({each: known[each] for each in kept} | now).items():
        tests.setdefault(test, {})[what] = how
    text = json.dumps({"schema": _SCHEMA, "tests": tests}, indent=1, sort_keys=True) + "\n"
    try:
        _replace(path, text)
    except OSError as problem:
        raise UsageProblem(f"{path}: the baseline cannot be written: {problem.strerror or problem}") from None
    return Written(sum(map(len, tests.values())), kept, gone)


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


def _results(count: int) -> str:
    return f"{count} result{'s' * (count != 1)}"


def _gone(each: tuple[str, str], ran: Collection[tuple[str, str]], judged: Iterable[tuple[Record, str]]) -> bool:
    """Tell whether a test is there no more: its file ran under the same scenarios, and it was not among the tests."""
    return (_file(each[0]), each[1]) in ran and all(key(record) != each for record, _ in judged)


def _file(test: str) -> str:
    return test.partition("::")[0]
