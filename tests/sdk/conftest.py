"""Here too, where every SDK must be there a test that misses one fails instead of being skipped."""

from __future__ import annotations

from ..providers.conftest import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
