"""In the step of CI where every SDK must be there, these tests may not be skipped either."""

from __future__ import annotations

from ...providers.conftest import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
