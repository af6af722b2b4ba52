"""The report on GitHub: the job's summary page and annotations at the lines of code. Nothing anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from ..core.terminal_text import safe
from ..gate.outcome import outcome_of
from ._survival import column, decisive, short_reason, worst_first
from .markdown import markdown

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["commands", "publish"]

_SUMMARY_BYTES = 1024 * 1024
"""What GitHub takes of a step's summary; it drops the whole of one that is larger."""
_MARGIN = 64 * 1024  # other tools of the step write to the same file
_MOST = 10  # annotations of one kind that GitHub shows for a step
_LEVELS = {"violated": "error", "failed": "error", "error": "error", "inconclusive": "warning"}


def publish(
    records: Sequence[Record],
    env: Mapping[str, str] | None = None,
    *,
    root: Path | None = None,
    echo: Callable[[str], object] | None = None,
) -> None:
    """Add the report to the step's summary and print annotations, where this is a GitHub job.

    Elsewhere, and without records, it does nothing. A summary that cannot be written is told on standard error and
    does not fail the run.

    Args:
        records: what the tests left.
        env: the environment variables; those of the process by default.
        root: the folder that test ids are relative to, where it is not the current one.
        echo: prints a line; standard output by default.
    """
    env = os.environ if env is None else env
    if env.get("GITHUB_ACTIONS") != "true" or not records:
        return
    lines = commands(records, env, root=root)
    if echo is None and lines:
        # A command counts at the beginning of a line only, and pytest may be in the middle of one.
        sys.stdout.write("\n")
    for line in lines:
        (echo or _print)(line)
    if path := env.get("GITHUB_STEP_SUMMARY"):
        try:
            there = os.path.getsize(path) if os.path.exists(path) else 0
            text = markdown(records, most=max(_SUMMARY_BYTES - _MARGIN - there, 0))
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            sys.stderr.write(f"llmchaos: the job's summary cannot be written: {problem}\n")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def commands(records: Sequence[Record], env: Mapping[str, str], *, root: Path | None = None) -> list[str]:
    """Return the workflow commands that annotate what did not hold, the worst first, at most 10 of a kind."""
    found: dict[str, list[str]] = {"error": [], "warning": []}
    for each in worst_first(records):
        if level := _LEVELS.get(outcome_of(each)):
            found[level].append(_annotation(level, each, env, root))
    lines: list[str] = []
    for level, told in found.items():
        if len(told) > _MOST:
            more = f"{len(told) - _MOST + 1} more in the summary of the job"
            told = [*told[: _MOST - 1], f"::{level} title=llmchaos::{more}"]
        lines += told
    return lines


def _annotation(level: str, record: Record, env: Mapping[str, str], root: Path | None) -> str:
    file, line = _place(record)
    verdict = decisive(record)
    check = str(verdict.get("check")) if verdict else ""
    title = f"{check} {outcome_of(record)}, {column(record)}".strip()
    text = f"{safe(record.test)}: {safe(short_reason(record))}"
    if record.replay:
        text += f"\nplay it again: {safe(record.replay)}"
    place = f"file={_member(_in_workspace(file, env, root))},line={line}," if file else ""
    return f"::{level} {place}title={_member(safe(title))}::{_message(text)}"


def _place(record: Record) -> tuple[str, int]:
    """Return file and line of the app's code that made the call which decides; else the test's file."""
    verdict = decisive(record)
    for nth in (verdict or {}).get("evidence") or ():
        site = str(record.entries[nth].get("call_site") or "") if 0 <= nth < len(record.entries) else ""
        file, _, line = site.rpartition(":")
        # What is outside the checkout, such as a library's code, cannot be annotated.
        if file and line.isdigit() and not PurePath(file).is_absolute() and ".." not in PurePath(file).parts:
            return file, int(line)
    return record.test.partition("::")[0], 1


def _in_workspace(file: str, env: Mapping[str, str], root: Path | None) -> str:
    """Return a path as GitHub wants it: relative to the checkout."""
    workspace = env.get("GITHUB_WORKSPACE")
    if not workspace:
        return safe(file)
    try:
        return safe(((root or Path.cwd()).resolve() / file).relative_to(Path(workspace).resolve()).as_posix())
    except (ValueError, OSError):
        return safe(file)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _member(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
