"""Journals as files: JSON Lines, one for each test and two for each run, written so that a crash loses nothing else."""

from __future__ import annotations

import json
import os
import uuid
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..core.errors import UsageProblem
from .counting import key, worse
from .record import SCHEMA, Record, from_data, parsed, to_json
from .record_shape import RUN, misfit

__all__ = ["append", "begin", "counting", "end", "read"]

_Path = str | os.PathLike[str]


def begin(path: _Path, command: Sequence[str]) -> str:
    """Write that a run begins, and return what `end` asks for: a journal without the end holds a part of the evidence.

    Args:
        path: the journal.
        command: the arguments of the run; a digest of them is written.

    Raises:
        OSError: the file cannot be written.
    """
    run = uuid.uuid4().hex
    digest = blake2b(json.dumps([str(each) for each in command]).encode(), digest_size=8).hexdigest()
    _write(path, json.dumps({"schema": SCHEMA, "run": run, "command": digest}))
    return run


def end(path: _Path, run: str, problem: str = "") -> None:
    """Write that a run came to its end.

    Args:
        path: the journal.
        run: what `begin` returned.
        problem: what kept evidence from coming to be, as where the run was interrupted.

    Raises:
        OSError: the file cannot be written.
    """
    _write(path, json.dumps({"schema": SCHEMA, "run": run, "ended": True, "problem": problem}))


def append(path: _Path, record: Record) -> None:
    """Add the record of a test.

    Raises:
        OSError: the file cannot be written.
    """
    _write(path, to_json(record))


def read(paths: Iterable[_Path]) -> list[Record]:
    """Return the records of journals, in order.

    What is missing is told by a warning: a line that was torn when its process died, and a run that did not come to
    its end, unless a later one of the same command in the same journal did.

    Raises:
        UsageProblem: a file cannot be read or a line is no record, with file and line.
    """
    found: list[Record] = []
    for path in paths:
        found += _read(path).records
    return found


def counting(path: _Path) -> tuple[list[Record], list[str]]:
    """Return the records of one journal that count, and what is to be told of the others.

    A later run takes the place of an earlier one, test by test; of runs at the same time, as of jobs that share the
    file, each counts. Warns and raises as `read` does.
    """
    return _read(path).counting(os.fspath(path))


def _read(path: _Path) -> _Runs:
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as problem:
        raise UsageProblem(f"{os.fspath(path)}: {problem.strerror or problem}") from None
    runs = _Runs()
    for number, line in enumerate(lines, 1):
        where = f"{os.fspath(path)}:{number}"
        if not line.strip():
            continue
        try:
            data = parsed(line, where)
        except UsageProblem:
            if not _torn(line):
                raise
            warnings.warn(f"{where}: passed over a line that was not written to its end", stacklevel=3)
            continue
        if "run" in data and "test" not in data:
            runs.take(data, where, number)
        else:
            runs.add(from_data(data, where), number)
    for missing in runs.problems():
        warnings.warn(missing, stacklevel=3)
    return runs


@dataclass(slots=True)
class _Run:
    where: str
    command: str
    first: int = 0
    last: int = 0
    ended: bool = False
    problem: str = ""

    def follows(self, other: _Run) -> bool:
        """Tell whether it began when the other was over."""
        return self.first > other.last


class _Runs:
    """The runs of one journal."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._of: list[_Run] = []
        self._known: dict[str, _Run] = {}
        self._others: dict[str, _Run] = {}
        self._at = ""

    def take(self, data: Mapping[str, Any], where: str, line: int) -> None:
        """Take one of the lines that a run writes before and behind its tests."""
        if problem := misfit(data, RUN):
            raise UsageProblem(f"{where}: {problem}")
        self._at = data["run"]
        run = self._known.setdefault(self._at, _Run(where, data.get("command", ""), line))
        run.last = line
        run.ended = run.ended or data.get("ended", False)
        run.problem = run.problem or data.get("problem", "")

    def add(self, record: Record, line: int) -> None:
        """Take the record of a test; in journals of earlier versions it is of the run that began before it."""
        name = record.run or self._at
        run = self._known.get(name) or self._others.setdefault(name, _Run("", "", line))
        run.last = line
        self.records.append(record)
        self._of.append(run)

    def counting(self, path: str) -> tuple[list[Record], list[str]]:
        """Return the records that count, and what is to be told of the others."""
        found: dict[tuple[str, str], list[tuple[_Run, Record]]] = {}
        better: list[Record] = []
        for run, record in zip(self._of, self.records, strict=True):
            before = found.get(key(record), [])
            gone = [each for each in before if each[0] is run or run.follows(each[0])]
            better += [record] * any(worse(each, record) for _, each in gone)
            found[key(record)] = [*(each for each in before if each not in gone), (run, record)]
        kept = [each for some in found.values() for each in some]
        every = [*self._known.values(), *self._others.values()]
        stale = [record for run, record in kept if any(each.follows(run) for each in every)]
        notes = []
        if stale:
            notes.append(
                f"{path}: {_results(len(stale))} of an earlier run counted, as the last brought no other, such as "
                f"{stale[0].test}"
            )
        if left_out := len(self.records) - len(kept):
            worse_ones = f", {len(better)} of them worse, such as that of {better[0].test}" if better else ""
            notes.append(f"{path}: {_results(left_out)} of an earlier try or run left out{worse_ones}")
        return [record for _, record in kept], notes

    def problems(self) -> list[str]:
        """Return what is missing, of the last run of each command."""
        last = {each.command: each for each in self._known.values()}
        return [
            f"{each.where}: evidence is missing, as {each.problem or 'the run that begins here did not end'}; run it "
            "again, or remove the journal"
            for each in last.values()
            if each.problem or not each.ended
        ]


def _write(path: _Path, line: str) -> None:
    """Add a line with one write: a crash leaves at most a torn last line, which `read` passes over."""
    data = line.encode("ascii") + b"\n"
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    binary = getattr(os, "O_BINARY", 0)  # Windows would write other ends of lines
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o666)
    try:
        # What a crash tore must not swallow the next line.
        size = os.fstat(handle).st_size
        if size and _last_byte(handle, size) != b"\n":
            data = b"\n" + data
        while data:
            data = data[os.write(handle, data) :]
    finally:
        os.close(handle)


def _last_byte(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)


def _results(count: int) -> str:
    return f"{count} result{'s' * (count != 1)}"


def _torn(line: bytes) -> bool:
    """Tell whether a line is the beginning of an object that was not written to its end."""
    text = line.strip()
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        # The end may lie within a literal or an escape, which JSON's reader tells at its beginning.
        return text.startswith(b"{") and (problem.msg.startswith("Unterminated") or problem.pos >= len(text) - 8)
    except (ValueError, RecursionError):
        return False
    return False
