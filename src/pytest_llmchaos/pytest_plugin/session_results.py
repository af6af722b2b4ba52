"""What comes of a whole run: records arrive on the reports of tests, and journal, summary, reports and gate are made
of them. Only in the process that reports: with xdist that is the controller.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..core.errors import UsageProblem
from .session_end import OWN_CODES, Ending

if TYPE_CHECKING:
    from ..gate.policy import Policy
    from ..gate.record import Record
    from ..gate.verdict import Result

__all__ = ["Results"]

_CRASHED = "???"  # the phase that xdist gives the report of a test whose worker died


class Results:
    """Hooks of the process that reports.

    Args:
        config: pytest's.
        policy: what the gate asks for; None without a gate.
        baseline: the file to compare with or to write.
        known: what stands in it; None without one, or where it is to be written.

    Attributes:
        records: what the tests left, in the order they ended.
    """

    def __init__(
        self,
        config: pytest.Config,
        policy: Policy | None = None,
        baseline: Path | None = None,
        known: dict[str, dict[str, str]] | None = None,
    ) -> None:
        self.records: list[Record] = []
        self._pending: dict[str, str] = {}
        self._begun: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._code: int | None = None
        self.ending = Ending()
        self._journal: str | None = config.option.llmchaos_journal or None
        self._report: str | None = config.option.llmchaos_report or None
        self._update: bool = config.option.llmchaos_update_baseline
        self._policy, self._baseline, self._known = policy, baseline, known
        self._result: Result | None = None
        self._notes: list[str] = []
        self._problems: list[str] = []
        self._told = False
        self._run: str | None = None
        self._latest: list[Record] = []
        self._folder = config.invocation_params.dir

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Tell the journal that a run begins."""
        if not session.config.option.collectonly:
            command = session.config.invocation_params.args
            self._write_journal(lambda path: self._begin(path, [str(each) for each in command]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a report carries; write it when the test is over."""
        if (carried := report.__dict__.get("llmchaos")) is not None:
            (self._begun if report.when == "setup" and report.passed else self._pending)[report.nodeid] = carried
        if report.when == "teardown" or report.outcome == "rerun":  # type: ignore[comparison-overlap] # of a plugin
            self._end(report.nodeid)
            self._begun.pop(report.nodeid, None)
        elif report.when == _CRASHED and report.failed:
            self._crash(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the reports and ask the gate, whose verdict becomes the exit code."""
        if session.config.option.collectonly:
            return
        for nodeid in list(self._pending):
            self._end(nodeid)
        cut_short = self.ending.problems(session, int(exitstatus))
        if (run := self._run) is not None:
            from ..gate.journal_file import end

            self._write_journal(lambda path: end(path, run, "; ".join(cut_short)))
        if self.records:  # else it costs a suite without chaos nothing
            from ..gate.counting import latest

            self._latest = latest(self.records)
        if self._report is not None:
            self._write_report(self._report)
        if self._policy is not None:
            self._ask(session, int(exitstatus), self._policy, cut_short)
        if self._update and self._baseline is not None:
            if exitstatus in (0, 1) and not cut_short:
                self._write_baseline(self._baseline, whole=not self._is_part(session.config))
            else:
                self._notes.append(f"{self._baseline}: the baseline was left as it is: the run did not come to its end")
        if self._problems:
            session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR
        # Behind all hooks: plugins add to the exit status when the session ends, before and after us.
        session.config.add_cleanup(lambda: self._settle(session))
        # Last, as a terminal that takes nothing any more must lose nothing of this.
        if self.records and (terminal := session.config.pluginmanager.get_plugin("terminalreporter")):
            from ..report.github import publish

            if os.environ.get("GITHUB_ACTIONS") == "true":
                # A command counts at the beginning of a line only, and a quiet pytest does not tell where it is.
                terminal.write_line("")
            publish(self._latest, os.environ, root=session.config.rootpath, echo=terminal.write_line)

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Tell it: with `-q` or `--no-summary` only the gate's verdict, in one line."""
        self._told = True
        verbosity = config.get_verbosity()
        brief = verbosity < 0 or config.option.no_summary
        if self._latest and not brief:
            from ..report.summary import summary_lines

            lines = summary_lines(
                self._latest,
                width=terminalreporter._tw.fullwidth,
                colour=terminalreporter.hasmarkup,
                verbosity=verbosity,
                ascii=not _speaks_unicode(getattr(terminalreporter._tw, "_file", None)),
            )
            if lines:
                terminalreporter.section("llmchaos")
                for line in lines:
                    terminalreporter.write_line(line)
        if self._result is not None:
            lines = self._result.lines()
            if brief:
                lines = lines[:1]
            else:
                terminalreporter.section("llmchaos gate")
            good = self._result.verdict == "PASS"
            terminalreporter.write_line(lines[0], **{"green" if good else "red": True, "bold": True})
            for line in lines[1:]:
                terminalreporter.write_line(line)
        for note in self._problems if brief else [*self._notes, *self._problems]:
            terminalreporter.write_line(f"llmchaos: {note}")

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Tell the verdict where pytest asked for no summary: before 9.1 it does not, with `--no-summary`."""
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if self._told or terminal is None:
            return
        if self._result is not None:
            terminal.write_line(self._result.lines()[0])
        for problem in self._problems:
            terminal.write_line(f"llmchaos: {problem}")

    def _end(self, nodeid: str) -> None:
        if carried := self._pending.pop(nodeid, None):
            from ..gate.record import from_json

            self._keep(nodeid, from_json(carried))

    def _crash(self, nodeid: str) -> None:
        """Keep what is known of a test whose worker died: nothing where it was not under chaos."""
        from ..gate.record import from_json

        if nodeid not in self._begun and nodeid not in self._pending:
            self.ending.lost(nodeid)
        elif carried := self._pending.pop(nodeid, None) or self._begun.pop(nodeid, None):
            self._keep(nodeid, replace(from_json(carried), outcome="error"))

    def _keep(self, nodeid: str, made: Record) -> None:
        from ..gate.journal_file import append

        made = replace(made, run=self._run or "")
        self._names[made.test] = nodeid
        self.records.append(made)
        self._write_journal(lambda path: append(path, made))

    def _write_journal(self, write: Callable[[Path], object]) -> None:
        if self._journal is None:
            return
        path = self._folder / self._journal
        try:
            write(path)
        except OSError as problem:
            # A full disk must not end the run; it is told once, and the run is not green.
            told = f"{path}: the journal cannot be written: {problem.strerror or problem}"
            self._problems += [told] if told not in self._problems else []

    def _begin(self, path: Path, command: Sequence[str]) -> None:
        from ..gate.journal_file import begin

        self._run = begin(path, command)

    def _write_report(self, name: str) -> None:
        from ..report.html import write

        try:
            write(self._folder / name, self._latest)
        except UsageProblem as problem:
            self._problems.append(str(problem))
        else:
            self._notes.append(f"{name}: the report of {len(self._latest)} test{'s' * (len(self._latest) != 1)}")

    def _write_baseline(self, path: Path, whole: bool) -> None:
        from ..gate import baseline

        try:
            written = baseline.write(path, self._latest, whole=whole)
        except UsageProblem as problem:
            self._problems.append(str(problem))
        else:
            self._notes += [f"{path}: {line}" for line in written.lines()]

    def _is_part(self, config: pytest.Config) -> bool:
        """Tell whether only a part of the tests of some file ran."""
        options = ("keyword", "markexpr", "deselect", "lf", "stepwise")
        chosen = any(config.getoption(name, None) for name in options)
        return chosen or self.ending.deselected or any("::" in str(each) for each in config.args)

    def _ask(self, session: pytest.Session, exitstatus: int, policy: Policy, problems: Sequence[str]) -> None:
        from ..gate.counting import counted
        from ..gate.verdict import judge

        self._result = result = judge(self._latest, policy, self._known, problems)
        if exitstatus in OWN_CODES:
            return
        if result.verdict != "PASS":
            session.exitstatus = self._code = result.exit_code
        elif exitstatus == 1:
            judged = {self._names[each.test] for each in self._latest if counted(each) == "failed"}
            if other := self.ending.unexcused(session, judged):
                self._notes.append(f"the gate does not judge what else failed, {other}")
            else:
                session.exitstatus = 0
                self._notes.append("the policy of the gate allows the failures, so the exit code is 0")

    def _settle(self, session: pytest.Session) -> None:
        """Give the process the gate's exit code, whatever other plugins made of it; a pass excuses none of theirs."""
        if self._code is not None:
            session.exitstatus = self._code


def results(config: pytest.Config) -> Results:
    """Return what gathers the results, as the options and `[tool.llmchaos.gate]` ask for it.

    Raises:
        UsageProblem: an option, the table or the baseline is bad.
    """
    option = config.option
    folder = config.invocation_params.dir
    if option.llmchaos_journal:
        journal = folder / option.llmchaos_journal
        _can_be_written("--llmchaos-journal", journal)
    if option.llmchaos_report:
        _can_be_written("--llmchaos-report", folder / option.llmchaos_report)
    asked, given, update = option.llmchaos_gate, option.llmchaos_baseline, option.llmchaos_update_baseline
    if not (asked or given or update):
        return Results(config)
    from ..core.config import load
    from ..gate.policy import Policy

    policy = Policy.of(load(config.rootpath)) or Policy()
    path = config.invocation_params.dir / given if given else policy.baseline
    if update and path is None:
        raise UsageProblem("--llmchaos-update-baseline needs a file: --llmchaos-baseline=FILE")
    if given and not (asked or update):
        raise UsageProblem(
            "--llmchaos-baseline is compared by --llmchaos-gate, or written with --llmchaos-update-baseline"
        )
    known = None
    if update and path is not None:
        _can_be_written("--llmchaos-baseline", path)
    if path is not None:
        from ..gate.baseline import read

        if not update or path.exists():
            known = read(path)
    # A run that writes the baseline is not compared with the one that it replaces.
    return Results(config, policy if asked else None, path, None if update else known)


def _can_be_written(option: str, path: Path) -> None:
    """Refuse a file that cannot be, before a long run and not at its end; its folder is made.

    Raises:
        UsageProblem: it is a folder, or stands where nothing can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageProblem(f"{option}: {path}: {problem.strerror or problem}") from None
    if path.is_dir():
        raise UsageProblem(f"{option}: {path}: this is a directory, and must be a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageProblem(f"{option}: {path}: there is no permission to write it")


def _speaks_unicode(file: Any) -> bool:
    try:
        "✓✗…─".encode(getattr(file, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
