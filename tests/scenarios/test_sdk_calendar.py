"""What installed SDKs say of retirements, beside our own list."""

# ruff: noqa: E501 - a table reads best on one line
from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from pytest_llmchaos.cli import cli
from pytest_llmchaos.scenarios import calendar, sdk_calendar
from pytest_llmchaos.scenarios.sdk_calendar import Told

ANTHROPIC = {
    # anthropic 2.14
    "_data/deprecated_models.py": """from typing import Dict

DEPRECATED_MODELS: Dict[str, str] = {
    "claude-a-1": "November 30th, 2026",
    "claude-a-2": "May 1st, 2026",
    "claude-a-3": "2027-01-02",
    "claude-a-4": "some day",
}
""",
    # anthropic 0.73
    "resources/messages/messages.py": 'X = 1\nDEPRECATED_MODELS = {\n    "claude-b": "July 21st, 2025",\n}\n\n\nclass Messages: ...\n',
}  # fmt: skip
# openai 3.57
OPENAI = '''
ChatModel: TypeAlias = Literal[
    "gpt-a",
]
"""Deprecated values:

- "gpt-a", "gpt-a-2026-03-17",
  "gpt-b": Announced shutdown date:
  2027-04-01. See
  https://example.org/ for details.
- "gpt-c-mini": Not a supported model ID. Retained for SDK compatibility.
- "gpt-d": Announced shutdown
  date: 2026-03-26. See https://example.org/.
"""
'''
LITELLM = {
    "sample_spec": {"deprecation_date": "date when the model becomes deprecated in the format YYYY-MM-DD"},
    "gpt-x": {"litellm_provider": "openai", "deprecation_date": "2025-06-06"},
    "gemini/gemini-x": {"litellm_provider": "gemini", "deprecation_date": "2025-09-24"},
    "azure/gpt-x": {"litellm_provider": "azure", "deprecation_date": "2025-06-06"},
    "gpt-y": {"litellm_provider": "openai"},
}


def read(reader, folder, files):
    """Write the files and read them as the SDK's."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return {each.model: each.date for each in reader(folder)}


def test_the_forms_that_sdks_have(tmp_path):
    """Of each, and the newer file of anthropic first."""
    found = read(sdk_calendar.anthropic, tmp_path / "a", ANTHROPIC)
    assert found == {"claude-a-1": "2026-11-30", "claude-a-2": "2026-05-01", "claude-a-3": "2027-01-02"}
    older = {name: text for name, text in ANTHROPIC.items() if "messages" in name}
    assert read(sdk_calendar.anthropic, tmp_path / "b", older) == {"claude-b": "2025-07-21"}
    found = read(sdk_calendar.openai, tmp_path / "c", {"types/shared/chat_model.py": OPENAI, "types/x.py": OPENAI})
    assert found == {**dict.fromkeys(("gpt-a", "gpt-a-2026-03-17", "gpt-b"), "2027-04-01"), "gpt-d": "2026-03-26"}
    prices = {"model_prices_and_context_window_backup.json": json.dumps(LITELLM)}
    assert read(sdk_calendar.litellm, tmp_path / "d", prices) == {"gpt-x": "2025-06-06", "gemini-x": "2025-09-24"}


@pytest.mark.parametrize(
    "text", ["", "DEPRECATED_MODELS = load()", "DEPRECATED_MODELS = {1: x}", "DEPRECATED_MODELS = {\n", "\udcff"]
)
def test_an_sdk_that_looks_another_way_tells_nothing(tmp_path, monkeypatch, text):
    """No SDK can break the command; an environment without any neither."""
    folder = tmp_path / "anthropic"
    (folder / "_data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "_data" / "deprecated_models.py").write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(sdk_calendar, "find_spec", lambda name: None if name != "anthropic" else type(
        "Spec", (), {"submodule_search_locations": [str(folder)]}))  # fmt: skip
    assert sdk_calendar.installed() == {}


def test_the_installed_ones_are_read_without_being_imported():
    """Those of this environment: whatever they say, it has a form."""
    for (provider, model), told in sdk_calendar.installed().items():
        assert (told.provider, told.model) == (provider, model)
        assert len(told.date) == 10
        assert told.sdk.split()[0] in ("anthropic", "openai", "litellm")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `llmchaos calendar` on a text, with SDKs that say so."""
    monkeypatch.chdir(tmp_path)

    def run(text, *told):
        monkeypatch.setattr(sdk_calendar, "installed", lambda: {(each.provider, each.model): each for each in told})
        calendar.of_sdks.cache_clear()
        (tmp_path / "app.py").write_text(text)
        shown = CliRunner().invoke(cli, ["calendar", "--today", "2026-09-01"], prog_name="llmchaos").stdout
        (row,) = json.loads(CliRunner().invoke(cli, ["calendar", "--today", "2026-09-01", "--format", "json"]).stdout)
        return row, shown

    yield run
    calendar.of_sdks.cache_clear()


def test_what_only_an_sdk_knows_is_told_with_its_source(run):
    """A model of which our list has nothing."""
    row, shown = run('MODEL = "claude-z-9"', Told("anthropic", "claude-z-9", "2026-10-01", sdk="anthropic 9.9"))
    assert (row["date"], row["days"], row["due"], row["evidence"]) == ("2026-10-01", 30, True, "provider")
    assert row["source"] == "anthropic 9.9, as it is installed"
    assert shown.splitlines()[1].endswith("anthropic 9.9")


def test_where_they_disagree_the_earlier_date_counts(run):
    """Both are told, once; the successor and the scenario of our list stay."""
    row, shown = run('MODEL = "grok-3"', Told("xai", "grok-3", "2026-05-01", sdk="xai 1"))
    assert row["date"] == "2026-05-01"
    assert "our list says 2026-05-15, xai 1 says 2026-05-01" in shown
    row, shown = run('MODEL = "grok-3"', Told("xai", "grok-3", "2026-05-15", sdk="xai 1"))
    assert (row["date"], row["sdk"], "says" in shown) == ("2026-05-15", "xai 1", False)
    row, shown = run('MODEL = "grok-3"')
    assert (row["sdk"], shown.splitlines()[1].endswith("our list")) == ("", True)
