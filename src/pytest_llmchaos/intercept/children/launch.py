"""What a child process is given as it starts, and what is kept about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._post import FOLDER, post

if TYPE_CHECKING:
    from ...run.dispatcher import Dispatcher

__all__ = ["inherited", "into", "into_list", "started", "unseen"]

_SITE = str(Path(__file__).parent / "site")
_SHELLS = ("sh", "bash", "dash", "zsh", "ash")


def into(env: Mapping[Any, Any] | None) -> dict[Any, Any]:
    """Return an environment with what loads the guard in it; None stands for that of this process.

    `os.posix_spawn` takes None since Python 3.13, and `subprocess` hands it on.
    """
    made = dict(os.environ if env is None else env)
    for name, value in _additions(made.get("PYTHONPATH") or made.get(b"PYTHONPATH")).items():
        made.pop(name.encode(), None)
        made[name] = value
    return made


def into_list(env: Sequence[bytes] | None) -> list[bytes]:
    """Return the same, as the list of `NAME=value` that C wants; None stands for that of this process."""
    if env is None:
        env = [name + b"=" + value for name, value in os.environb.items()]
    found = dict(each.partition(b"=")[::2] for each in env)
    new = {os.fsencode(name): os.fsencode(value) for name, value in _additions(found.get(b"PYTHONPATH")).items()}
    rest = [each for each in env if each.partition(b"=")[0] not in new]
    return [*rest, *(name + b"=" + value for name, value in new.items())]


@contextmanager
def inherited() -> Iterator[None]:
    """Have it in the environment that C functions hand on, within a block; `os.environ` stays as it is."""
    new = _additions(os.environ.get("PYTHONPATH"))
    for name, value in new.items():
        os.putenv(name, value)
    try:
        yield
    finally:
        for name in new:
            if name in os.environ:
                os.putenv(name, os.environ[name])
            else:
                os.unsetenv(name)


def started(run: Dispatcher, pid: int, words: Any) -> None:
    """Keep that the run started a process: its id, and the words of its command."""
    if isinstance(words, str | bytes | os.PathLike):
        words = [words]
    words = [os.fsdecode(each) for each in words]
    run.started.append((str(pid), _named(words)))


def unseen(run: Dispatcher) -> list[str]:
    """Return the programs that the run started and that chaos cannot see into, by their names."""
    seen = post.seen()
    return list(dict.fromkeys(name for pid, name in run.started if pid not in seen))


def _additions(path: Any) -> dict[str, str]:
    from ..active_runs import on

    folder = str(post.open())
    post.write(on())
    others = [each for each in os.fsdecode(path or "").split(os.pathsep) if each and each != _SITE]
    return {FOLDER: folder, "PYTHONPATH": os.pathsep.join((_SITE, *others))}


def _named(words: Sequence[str]) -> str:
    name = Path(words[0]).name if words else "?"
    if name in _SHELLS and "-c" in words[:-1]:
        command = words[words.index("-c") + 1].split()
        return f"{Path(command[0]).name} (by {name})" if command else name
    return name
