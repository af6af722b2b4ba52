"""What the documents say is so."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from pytest_llmchaos import checks, faults, inject, scenario_file
from pytest_llmchaos.faults import FaultFactory

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readme_names_every_fault_and_check():
    """The tables are complete, and name nothing that does not exist."""
    table = README[README.index("## The faults") : README.index("## The checks")]
    rows = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)\(", rows)) == set(faults.names())
    told = README[README.index("## The checks") : README.index("## Healthy answers")]
    assert {name for name in checks.names() if f"`{name}(" in told} == set(checks.names())


def test_the_readmes_faults_take_the_parameters_it_shows():
    """Each signature in the table can be called so."""
    for name, arguments in re.findall(r"^\| `(\w+)\(([^)]*)\)", README, re.MULTILINE):
        known = faults.find(name).parameters()
        for each in filter(None, arguments.split(", ")):
            assert each.partition("=")[0] in known


def test_the_readmes_scenario_loads(tmp_path):
    """The YAML example is a valid scenario."""
    (example,) = [each for each in blocks(README, "yaml") if "phases:" in each]
    path = tmp_path / "our-march-outage.yaml"
    path.write_text(example, "utf-8")
    assert scenario_file.load(path).name == "our-march-outage"


@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_readmes_python_compiles(code):
    """No typing mistakes in the examples."""
    compile(code, "README.md", "exec")


def test_the_contributors_fault_works(monkeypatch):
    """The fault in thirty lines does what it says."""
    (code,) = blocks((ROOT / "CONTRIBUTING.md").read_text("utf-8"), "python")
    module = ModuleType("pytest_llmchaos.faults.shouting")
    module.__package__ = "pytest_llmchaos.faults"
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "CONTRIBUTING.md", "exec"), module.__dict__)  # noqa: S102 - our own document
    shouting = FaultFactory(module.Shouting)
    with inject(shouting(target="openai")) as chaos:
        chaos.replies("quiet please")
        body = {"model": "gpt-5", "stream": True, "messages": [{"role": "user", "content": "x"}]}
        assert "QUIET" in httpx2.post("https://api.openai.com/v1/chat/completions", json=body).text
