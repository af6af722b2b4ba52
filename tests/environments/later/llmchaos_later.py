"""A pytest plugin: the SDKs that warn of models by their vendor's calendar warn of every model."""

from __future__ import annotations

import sys
import time

import pytest


class Everything(dict):
    """A table in which every model stands."""

    def __contains__(self, model):
        """Tell that it is there."""
        return True

    def __missing__(self, model):
        """Return a date that is over."""
        return "January 1st, 2027"


def judges():
    """Return the modules of anthropic that hold the table by which it warns."""
    import anthropic.resources.beta.messages.messages
    import anthropic.resources.messages.messages  # noqa: F401

    loaded = [module for name, module in sys.modules.items() if name.startswith("anthropic.")]
    found = [each for each in loaded if isinstance(vars(each).get("DEPRECATED_MODELS"), dict)]
    assert found, "anthropic keeps its table of deprecated models elsewhere: look for it"
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session):
    """Put the table where anthropic looks, and make sure that this session is what it says."""
    for module in judges():
        module.DEPRECATED_MODELS = Everything()
    assert _today_by_the_kernel() + 700 * 86400 < time.time(), "the wall clock is not ahead"


def _today_by_the_kernel():
    """Return the machine's own wall time: that of the files it writes."""
    import os
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.fstat(file.fileno()).st_mtime
