"""A run that nobody ended is ended by the garbage collector, which may come while the same thread starts another."""

from __future__ import annotations

import threading

import pytest

from pytest_llmchaos.journal import captured_output, mended_arguments
from pytest_llmchaos.journal.entries import Journal


@pytest.mark.parametrize("module", [captured_output, mended_arguments])
def test_the_collector_may_end_a_run_in_the_middle_of_another(module):
    """It waits for no lock that its own thread holds."""
    app = Journal().app
    listener = {captured_output: app.written, mended_arguments: app.mended}[module]

    def end_in_the_middle() -> None:
        with module._lock:
            listener.stop()

    thread = threading.Thread(target=end_in_the_middle, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
