"""Running an app of the zoo, and what is said of it."""

from __future__ import annotations

from contextlib import suppress

from pytest_llmchaos import ChaosFailed, checks, inject
from pytest_llmchaos.checks.verdict import Verdict
from pytest_llmchaos.clock import AppHung

from .drives import App
from .row import Bug

OF_THE_RUN = ("hung", "unused", "escape")


def judged(bug: Bug, app: App) -> tuple[Verdict, ...]:
    """Run an app as a test does, and return all that was recorded against the run."""
    run = inject(*bug.faults)
    with suppress(ChaosFailed, AppHung), run as chaos:
        if bug.replies:
            chaos.replies(*bug.replies)
        bug.drive(chaos, app() if isinstance(app, type) else app)
        if bug.check in checks.names():
            getattr(chaos.expect, bug.check)(**bug.given)
    return chaos.verdicts
