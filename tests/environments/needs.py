"""Importing what only one environment has."""

from __future__ import annotations

import warnings
from typing import Any

import pytest


def needs(module: str, session: str) -> Any:
    """Import a module that the nox session installs, or skip the whole test module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # while tests are collected, a warning is an error
        return pytest.importorskip(module, reason=f"needs {module}: nox -s {session}")
