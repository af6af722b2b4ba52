"""`llmchaos gate`: do the journals of earlier runs meet the policy?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ._common import say, tell, warned

__all__ = ["gate"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("journals", nargs=-1, required=True, metavar="JOURNAL...", type=_PATH)
@click.option(
    "--config",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the pyproject.toml with [tool.llmchaos.gate] is looked for, and above; default: here.",
)
@click.option("--baseline", metavar="FILE", type=_PATH, help="Compare with this baseline instead of the policy's.")
@click.option("--update-baseline", is_flag=True, help="Write the results to the baseline.")
@click.option("-v", "--verbose", is_flag=True, help="Show every reason.")
def gate(
    journals: tuple[Path, ...], folder: Path | None, baseline: Path | None, update_baseline: bool, verbose: bool
) -> None:
    """Judge journals by [tool.llmchaos.gate] (journals: pytest --llmchaos-journal FILE).

    Exits with 0 for PASS, 10 for BLOCK, 11 for INCONCLUSIVE, 12 for ERROR; with 2 when the policy itself is bad. Of
    several results of one test under the same scenarios the last one of each journal counts, and the worst of several
    journals.
    """
    from ..core.config import load
    from ..core.errors import UsageProblem
    from ..gate import baseline as baselines
    from ..gate.journal_file import counting
    from ..gate.policy import Policy
    from ..gate.record import Record
    from ..gate.verdict import judge

    policy = Policy.of(load(folder)) or Policy()
    path = baseline or policy.baseline
    if update_baseline and path is None:
        raise UsageProblem("--update-baseline needs a file: --baseline FILE")
    problems: list[str] = []
    notes: list[str] = []
    records: list[Record] = []
    known = None
    for journal in journals:
        # One bad journal must not hide what the others show.
        with warned() as told:
            try:
                found, told_of = counting(journal)
                records += found
                notes += told_of
            except UsageProblem as problem:
                problems.append(str(problem))
        problems += told
    if path is not None and not update_baseline:
        try:
            known = baselines.read(path)
        except UsageProblem as problem:
            problems.append(str(problem))
    result = judge(records, policy, known, problems, notes)
    lines = result.lines(len(result.findings) if verbose else 12)
    mistake: UsageProblem | None = None
    if update_baseline and path is not None:
        # Before anything is told: whoever reads may go away.
        if problems:
            say(f"{path}: the baseline was left as it is", err=True)
        else:
            try:
                lines += [f"{path}: {line}" for line in baselines.write(path, records).lines()]
            except UsageProblem as problem:
                mistake = problem
    tell(lines)
    if mistake is not None:
        raise mistake
    sys.exit(result.exit_code)
