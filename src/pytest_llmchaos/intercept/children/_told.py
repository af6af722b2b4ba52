"""What a run makes of what its children said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._post import post

if TYPE_CHECKING:
    from ...run.chaos import Chaos

__all__ = ["escapes_told"]


def escapes_told(run: Chaos) -> list[str]:
    """Return what children did against a run since the last time, each as a sentence that tells of an escape.

    What a child of an earlier test does now neither proves nor breaks anything in this one; it is only noted.
    """
    found: list[str] = []
    for each in post.received(run.token):
        text = f"a child process ({each['who']}): {each['text']}"
        if each["born"] not in ("", run.token):
            run.journal.note(run.now, "escape", f"{text} (the child is one of an earlier test)")
            continue
        run.journal.note(run.now, "escape", text)
        found.append(
            f"{text}. No fault reaches a child process, so the call was stopped, before anything left this machine. Do "
            "that work in this process (a thread, say), give the child a mock, or accept its calls with "
            "allow_escapes=True, for a whole suite --llmchaos-allow-escapes"
        )
    return found
