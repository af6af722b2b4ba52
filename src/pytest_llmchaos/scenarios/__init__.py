"""Scenarios: in Python, in YAML, in the library, by Hypothesis; and the calendar of models that go."""
