"""Where pytest would take the path of one of our files for the place of the tests.

pytest looks for the project before it knows the options of plugins, so that it takes a path that stands by itself on
the command line, such as that in `--llmchaos-journal ../journal.jsonl`, for one of the tests, once the file is there:
the settings of the project are not found, and the ids of its tests change.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

__all__ = ["OPTIONS", "refuse_paths_outside"]

OPTIONS = ("--llmchaos", "--llmchaos-matrix", "--llmchaos-journal", "--llmchaos-report", "--llmchaos-baseline")


def refuse_paths_outside(config: pytest.Config) -> None:
    """Refuse a path outside of the project that stands by itself, where the command names no tests.

    Raises:
        pytest.UsageError: tells how to write it instead.
    """
    given = config.known_args_namespace
    if given.file_or_dir or given.rootdir or given.inifilename:
        return  # that is where pytest looks
    folder = Path(config.invocation_params.dir).resolve()
    for option, value in pairwise(config.invocation_params.args):
        path = (folder / str(value)).resolve()
        if option not in OPTIONS or path.is_relative_to(folder):
            continue
        if config.inipath is None or not path.is_relative_to(config.rootpath):
            raise pytest.UsageError(
                f"write {option}={value}: after a blank, pytest takes the path for one of the tests, and looks for "
                "the project there"
            )
