"""What the documents say is so."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import httpx2
import pytest

from pytest_llmchaos import checks, faults, inject
from pytest_llmchaos.faults import FaultFactory
from pytest_llmchaos.providers import dialects
from pytest_llmchaos.scenarios import scenario_file

from .intercept.passthrough.beneath import cassette

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
NEEDS = {"vcr": "vcr", "httpx_mock": "pytest_httpx", "pytest.mark.vcr": "pytest_recording"}
"""What an example uses, and the package that it comes from."""


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
    table = README[README.index("## The faults") : README.index("## The checks")]
    for name, arguments in re.findall(r"^\| `(\w+)\(([^)]*)\)", table, re.MULTILINE):
        known = faults.find(name).parameters()
        for each in filter(None, arguments.split(", ")):
            assert each.partition("=")[0] in known


def test_the_readmes_scenario_loads(tmp_path):
    """The YAML example is a valid scenario."""
    (example,) = [each for each in blocks(README, "yaml") if "phases:" in each]
    path = tmp_path / "our-march-outage.yaml"
    path.write_text(example, "utf-8")
    assert scenario_file.load(path).name == "our-march-outage"


def test_chaos_needs_none_of_the_plugins_that_the_readme_switches_off(tmp_path):
    """The names are those that pytest knows them by, and what they came with is not imported either."""
    (line,) = [each for each in blocks(README, "toml") if "-p no:" in each]
    off = re.findall(r"-p no:(\w+)", line)
    assert set(off) <= {each.name for each in entry_points(group="pytest11")}
    (tmp_path / "pytest.ini").write_text(line.replace("[tool.pytest.ini_options]", "[pytest]").replace('"', ""))
    (tmp_path / "test_it.py").write_text(
        "import sys\n\nimport httpx\n\nfrom pytest_llmchaos import faults, llmchaos\n\n\n"
        "@llmchaos(faults.outage(status=503))\ndef test_it(request):\n"
        f"    for name in {off}:\n        assert not request.config.pluginmanager.has_plugin(name), name\n"
        '    assert "faker" not in sys.modules and "hypothesis" not in sys.modules\n'
        '    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}\n'
        '    assert httpx.post("https://api.openai.com/v1/chat/completions", json=body).status_code == 503\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


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


# --- docs/ --------------------------------------------------------------------------------------------------------


def load_tool():
    """Return the module that makes the providers' page; it is no part of the package."""
    spec = importlib.util.spec_from_file_location("provider_docs", ROOT / "tools" / "provider_docs.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def played(pytester, page, code):
    """Run an example as a test file, in a project with what its page has in TOML and with cassettes that fit."""
    for word, package in NEEDS.items():
        if word in code:
            pytest.importorskip(package)
    settings = [each for each in blocks(page, "toml") if "[tool.llmchaos" in each]
    options = '[tool.pytest.ini_options]\nasyncio_default_fixture_loop_scope = "function"\n'
    (pytester.path / "pyproject.toml").write_text(options + "\n".join(settings), "utf-8")
    tape = cassette("https://api.openai.com/v1/chat/completions")
    (pytester.path / "calls.yaml").write_text(tape, "utf-8")
    folder = pytester.path / "cassettes" / "test_bot"
    folder.mkdir(parents=True)
    for name in re.findall(r"def (test_\w+)", code):
        (folder / f"{name}.yaml").write_text(tape, "utf-8")
    pytester.makepyfile(test_bot=code)
    return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        pytest.param(page, code, id=f"{page}-{re.findall(r'def (test_.*?)[(]', code)[0]}")
        for page in PAGES
        for code in blocks(PAGES[page], "python")
        if "fails with" not in PAGES[page]
    ],
)
def test_the_pages_python_passes(page, code, pytester):
    """Each example is a test file that passes as it stands."""
    result = played(pytester, PAGES[page], code)
    result.assert_outcomes(passed=code.count("def test_"))


def test_the_failure_text_is_what_the_example_prints(pytester):
    """But for the times, which chance and the machine have a part in."""
    page = PAGES["failures.md"]
    (code,), (text,) = blocks(page, "python"), blocks(page, "text")

    def timeless(line):
        line = re.sub(r"[━╸]+ +[\d.]+m?s ", "", line)  # a call that took long enough to be drawn
        return re.sub(r" +", " ", re.sub(r"\d+\.\d{3}s", "0.000s", line.removeprefix("E  ").strip()))

    result = played(pytester, page, code)
    result.assert_outcomes(failed=1)
    printed = "\n".join(timeless(line.replace("pytest_llmchaos.ChaosFailed: ", "")) for line in result.outlines)
    assert "\n".join(map(timeless, text.strip().splitlines())) in printed


def test_the_failure_page_names_all_that_can_fail_a_run():
    """Each word that stands in the place of a check is explained."""
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    words = set(re.findall(r"(?:_judge|self)\.add\(\s*\"(\w+)\"", sources))
    assert words >= {"escape", "unused", "hung", "clock", "fault"}
    table = PAGES["failures.md"].partition("## What else")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == words


def test_the_providers_page_is_fresh():
    """It is made from the code, and holds a section for each provider."""
    tool = load_tool()
    page = PAGES["providers.md"]
    assert tool.fresh(page) == page, f"docs/providers.md is stale; run: {tool.COMMAND}"
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == sorted(dialects())


def test_a_provider_that_the_page_cannot_ask_is_told(monkeypatch):
    """One without a sample, or with one that it does not know itself, never goes missing without a word."""
    tool = load_tool()
    kind = dialects()["openai"]
    for sample, told in ((None, "needs a `sample`"), (replace(kind.sample, path="/x"), "does not know its own")):
        monkeypatch.setattr(kind, "sample", sample)
        with pytest.raises(LookupError, match=f"openai {told}"):
            tool.sample(kind(), stream=False)
    with pytest.raises(ValueError, match="lost the marks"):
        tool.fresh("# The providers\n")


def test_the_index_leads_to_every_page():
    """No page is lost, and no link leads nowhere."""
    assert set(re.findall(r"^- \[.*?\]\((.*?)\)", PAGES["index.md"], re.MULTILINE)) == set(PAGES) - {"index.md"}
    for name, page in PAGES.items():
        for link in re.findall(r"\]\(([^)#:]+)\)", page):
            assert (ROOT / "docs" / link).exists(), f"docs/{name}: {link}"


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_yaml_and_toml_are_valid(page, tmp_path):
    """Scenarios load, and settings are such that a run takes them."""
    import tomllib

    from pytest_llmchaos.providers import Providers

    for number, example in enumerate(blocks(PAGES[page], "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(example, "utf-8")
        assert scenario_file.load(path).name
    for example in blocks(PAGES[page], "toml"):
        Providers(tomllib.loads(example).get("tool", {}).get("llmchaos", {}).get("providers"))
