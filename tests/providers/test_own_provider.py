"""Users add providers by a table and by a class: the documents' own examples, run as they stand."""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from pytest_llmchaos.providers import Providers, dialects

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own_provider"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example as pip would install it: its module and its metadata in a folder where Python looks."""
    shutil.copy(EXAMPLE / "acme_llmchaos.py", tmp_path)
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n", "utf-8")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in each.items())
        for group, each in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    dialects.cache_clear()
    yield
    dialects.cache_clear()
    sys.modules.pop("acme_llmchaos", None)


def _example_in(pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    for name in ("test_acme.py", "conftest.py"):
        shutil.copy(EXAMPLE / name, pytester.path)


def test_the_examples_tests_pass_where_it_is_installed(installed, pytester):
    """An app over plain httpx meets the provider's own failures."""
    _example_in(pytester)
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)


def test_where_it_is_not_installed_the_example_is_left_out(pytester):
    """The example's own conftest keeps its tests from failing for nothing."""
    _example_in(pytester)
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_registered_dialect_serves_tables_too(installed):
    """What a class brings can be given further hosts by a table."""
    providers = Providers({"acme-eu": {"hosts": "eu.acme.example", "dialect": "acme"}})
    found = providers.route("POST", "https://eu.acme.example/generate")
    assert found is not None
    assert found[0].name == "acme-eu"
    assert "acme" in providers.names()


def test_an_entry_point_that_is_no_provider_is_told(tmp_path, monkeypatch):
    """A mistake in the entry point names it."""
    from pytest_llmchaos import ChaosError

    info = tmp_path / "wrong-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: wrong\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[llmchaos.providers]\nwrong = json:dumps\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    dialects.cache_clear()
    try:
        with pytest.raises(ChaosError, match=r"entry point 'wrong' of llmchaos\.providers"):
            Providers()
    finally:
        dialects.cache_clear()
