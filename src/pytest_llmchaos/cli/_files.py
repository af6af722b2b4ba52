"""The text files of a code base."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import UsageProblem

__all__ = ["Texts"]

_SKIPPED = frozenset([".git", ".hg", ".svn", "node_modules", "__pycache__", "site-packages", ".tox", ".nox", ".eggs"])
_LARGEST = 2 * 1024 * 1024
_HEAD = 8192


@dataclass
class Texts:
    """Reads the text files beneath some paths; what it left out stays in `left_out`.

    Skipped without a word: version control, virtual environments, `node_modules`, caches, binary files, links (what
    they lead to is read where it stands, if it stands beneath a path at all). Named: files larger than 2 MiB and those
    that cannot be read.
    """

    paths: Iterable[Path]
    left_out: list[str] = field(default_factory=list)
    read: int = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each file's path as the user would write it, and its text; a file that two paths lead to comes once.

        Raises:
            UsageProblem: one of the paths does not exist.
        """
        paths = list(self.paths)
        for path in paths:
            if not path.exists():
                raise UsageProblem(f"{path}: there is no such file or folder")
        seen: set[str] = set()
        for path in paths:
            for each in _walk(path):
                if (real := os.path.realpath(each)) in seen:
                    continue
                seen.add(real)
                text = self._text(each)
                if text is not None:
                    self.read += 1
                    yield each, text

    def _text(self, path: str) -> str | None:
        try:
            with open(path, "rb") as file:
                data = file.read(_HEAD)
                wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
                if b"\0" in data and not wide:
                    return None
                data += file.read(_LARGEST)
        except OSError as problem:
            self.left_out.append(f"{path} ({problem.strerror})")
            return None
        if len(data) > _LARGEST:
            self.left_out.append(f"{path} (larger than 2 MiB)")
            return None
        return data.decode("utf-16" if wide else "utf-8", "replace")


def _walk(path: Path) -> Iterator[str]:
    if path.is_file():
        yield str(path)
        return
    for folder, folders, files in os.walk(path):
        if folder != str(path) and "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(each for each in folders if not _skipped(each))
        for name in sorted(files):
            full = os.path.normpath(os.path.join(folder, name))
            # Sockets and pipes would block; a link may lead anywhere.
            if not os.path.islink(full) and os.path.isfile(full):
                yield full


def _skipped(folder: str) -> bool:
    return folder in _SKIPPED or folder.endswith(("_cache", ".egg-info"))
