"""How other commands find the proxy that runs in a folder."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import UsageProblem

__all__ = ["CONTROL", "FOLDER", "another", "known", "known_bundle", "known_server"]

CONTROL = "/__llmchaos/"
"""What stands before the paths of the control API."""

FOLDER = Path(".llmchaos")
"""Where what a proxy tells of itself stands, below the folder in which it was started."""

_AT = FOLDER / "serve.json"


@contextlib.contextmanager
def known(url: str, token: str, bundle: Path) -> Iterator[None]:
    """Write down how the proxy is controlled, for this user alone, as long as it runs."""
    FOLDER.mkdir(exist_ok=True)
    content = json.dumps({"control": url, "token": token, "ca": str(bundle.absolute()), "pid": os.getpid()})
    descriptor = os.open(f"{_AT}.{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(f"{_AT}.{os.getpid()}", _AT)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if _AT.read_text("utf-8") == content:
                _AT.unlink()


def _written() -> Mapping[str, Any]:
    """Return what a proxy of this folder has written down; nothing where none did, or something else."""
    try:
        found = json.loads(_AT.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def another() -> str:
    """Return where another proxy runs that was started in this folder; empty where none does."""
    found = _written()
    try:
        os.kill(int(found["pid"]), 0)
        return str(found["control"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ""


def known_server() -> tuple[str, str]:
    """Return address and token of the proxy that runs in this folder.

    Raises:
        UsageProblem: there is none.
    """
    found = _written()
    if not found.keys() >= {"control", "token"}:
        raise UsageProblem(
            "no proxy runs here: start one in this folder by `llmchaos serve`, or tell which by --control and --token"
        )
    return str(found["control"]), str(found["token"])


def known_bundle() -> str | None:
    """Return where the authorities stand that clients of that proxy must trust; None where no proxy runs here."""
    found = _written()
    return str(found["ca"]) if "ca" in found else None
