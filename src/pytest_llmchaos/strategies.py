"""Hypothesis strategies for faults, injections, phases and scenarios."""

from __future__ import annotations

from .scenarios.strategies import CONDITIONS, faults, injections, kinds, parameters, phases, scenarios

__all__ = ["CONDITIONS", "faults", "injections", "kinds", "parameters", "phases", "scenarios"]
