"""A marker that nobody reads, as where PYTEST_DISABLE_PLUGIN_AUTOLOAD keeps the plugin out: it must not be green."""

from __future__ import annotations

import sys

import pytest

__all__ = ["WATCH", "watch"]

WATCH = "llmchaos-unread"
"""The name under which the watch is registered; the plugin takes it away."""


def watch() -> None:
    """Have the run of pytest that imports or calls us refuse marked tests, unless it has the plugin."""
    manager = _manager()
    if manager is None or manager.has_plugin(WATCH):
        return
    plugin = sys.modules.get("pytest_llmchaos.plugin")
    if plugin is None or not manager.is_registered(plugin):
        manager.register(_Watch(), WATCH)


class _Watch:
    """The hook of a run without the plugin."""

    # Last: a test that is not chosen does no harm.
    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse tests that would run without chaos."""
        marked = [each.nodeid for each in items if each.get_closest_marker("llmchaos") is not None]
        if marked:
            raise pytest.UsageError(
                f"{marked[0]} is marked with llmchaos, and the plugin that reads the marker is not loaded: the test "
                "would run without chaos. Load it with -p pytest_llmchaos.plugin (plugins do not load by themselves "
                "here, as of PYTEST_DISABLE_PLUGIN_AUTOLOAD or -p no:llmchaos)"
            )


def _manager() -> pytest.PytestPluginManager | None:
    """Return the plugin manager of the run that collects further up the stack; None where there is none."""
    frame = sys._getframe(1) if hasattr(sys, "_getframe") else None
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(("_pytest.", "pluggy.")):
            of = frame.f_locals.get("self")
            if isinstance(of, pytest.PytestPluginManager):
                return of
            if isinstance(of, pytest.Config):
                return of.pluginmanager
            if isinstance(of, pytest.Collector):
                return of.config.pluginmanager
        frame = frame.f_back
    return None
