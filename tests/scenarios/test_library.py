"""The library: what is shipped, and how scenarios are found."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pytest_llmchaos.core import config
from pytest_llmchaos.core.errors import ChaosError, UsageProblem
from pytest_llmchaos.scenarios import library, scenario_file
from pytest_llmchaos.scenarios.scenario import EVIDENCE
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, dump, loads

REPOSITORY = Path(__file__).parents[2]
MUST_HAVES = {
    "openai-board-crisis-2023",
    "openai-outage",
    "gpt4-20s-latency",
    "openai-2024-12-04-530-then-stall",
    "anthropic-overloaded",
    "model-retired",
    "claude-model-retired",
    "policy-geo-block",
    "quota-exhausted",
    "stream-breaks",
}
KINDS = ["access", "content", "continuity", "cost", "latency", "outage", "policy", "retirement", "stream"]
FAMILIES = (
    "provider-vanishes",
    "announced-exit",
    "single-provider-concentration",
    "twenty-second-answers",
    "stampede-to-competitors",
    "open-model-fallback",
    "usage-price-shock",
    "credit-runs-out",
    "opaque-change",
    "status-page-lies",
    "data-may-not-leave",
    "leak-on-the-error-path",
    "policy-tightens",
    "customer-becomes-ineligible",
    "model-retired",
    "grey-failure",
    "stream-breaks",
    "flapping-recovery",
    "gateway-is-the-spof",
    "second-order-us",
)
"""What can happen to a company that builds on one provider; each is a tag."""
BEST_KNOWN = (
    "openai-2023-11-08-router-memory",
    "openai-2023-10-19-auth-cache",
    "openai-2023-11-27-stream-server-error",
    "openai-2024-12-04-530-then-stall",
    "openai-2024-12-26-azure-power",
    "azure-2026-03-09-one-model-400-429",
    "anthropic-529-steady",
    "anthropic-2026-06-05-staggered",
    "gcp-2025-06-12-service-control",
    "cloudflare-2025-11-18-edge",
    "openai-2025-06-10-gpu-network",
    "hung-200",
    "openai-2024-01-04-completions",
    "xai-2026-05-15-substitution",
    "gemini-retired-as-429",
    "hf-api-inference-410",
    "policy-geo-block",
    "org-verification-400",
    "haiku-price-times-four",
    "board-crisis-data-may-not-leave",
)
"""The real incidents with the best evidence."""
DISPUTED = (
    "openai-2023-11-08-router-memory",
    "openai-2023-11-08-periodic-ddos",
    "openai-2024-12-26-azure-power",
    "openai-2024-01-04-completions",
    "gemini-retired-as-429",
    "claude-model-retired",
)
"""Scenarios on whose facts sources contradict each other."""
OWN = "name: {}\ntags: [own]\ninject:\n  - {{fault: outage, target: 'localhost:8000'}}\n"


@cache
def shipped():
    """All scenarios, read once."""
    return {each.name: each for each in library.all_scenarios(())}


@pytest.fixture
def own(tmp_path):
    """A folder of the user's own, with one scenario."""
    (tmp_path / "my-outage.yaml").write_text(OWN.format("my-outage"))
    (tmp_path / "notes.txt").write_text("no scenario")
    return tmp_path


def test_the_scenarios_of_the_documentation_are_shipped():
    """Nobody has to write a file to begin."""
    assert set(library.names(())) >= MUST_HAVES


@pytest.mark.parametrize("name", library.names(()))
def test_a_shipped_scenario_is_complete(name):
    """It is called as its file, says what it tests and expects, how sure its facts are and their sources."""
    scenario = shipped()[name]
    assert scenario.name == name
    assert scenario.title
    assert scenario.hypothesis.endswith(".")
    assert scenario.evidence in EVIDENCE
    assert len(scenario.notes) > 100
    assert scenario.sources
    # An address, or the name of a page whose address is not known.
    assert all(
        re.fullmatch(r"https://\S+|[\w.-]+(, [\w ]+)*( \([\w. ]+\))?", re.sub("[&-]", "", each))
        for each in scenario.sources
    )
    assert scenario.expect
    hit = {one.provider for each in scenario.injections for one in each.target.each}
    assert hit - {"*"} <= set(scenario.tags)
    assert loads(dump(scenario)) == scenario


@pytest.mark.parametrize("name", library.names(()))
def test_a_shipped_scenario_can_be_judged_by_a_short_test(name):
    """What needs more than one request, because it expects a recovery or strikes late or now and then, says so."""
    scenario = shipped()[name]
    if "game-day" not in scenario.tags:
        assert "recovered" not in [each.name for each in scenario.expect]
        assert any(each.rate == 1 and each.between is None and not each.above for each in scenario.flat[0].inject)


def test_the_library_is_in_folders_by_kind():
    """Each kind of trouble has some."""
    assert library.kinds(()) == KINDS
    assert len(library.names(())) >= 45


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_trouble_has_a_scenario(family):
    """They are found by its name as their tag."""
    assert [each.name for each in shipped().values() if family in each.tags]


def test_the_best_known_incidents_are_shipped():
    """One can begin with what really happened."""
    assert set(library.names(())) >= {*BEST_KNOWN, *DISPUTED}


@pytest.mark.parametrize("name", DISPUTED)
def test_known_conflicts_stay_visible(name):
    """Where sources contradict each other, the file says so."""
    assert "Known conflict" in shipped()[name].notes


def test_a_scenario_is_loaded_by_name_or_by_file(own):
    """What has a slash or ends in .yaml is a file, everything else a name."""
    by_name = library.load("my-outage", [own])
    assert by_name == library.load(own / "my-outage.yaml") == library.load(str(own / "my-outage.yaml"))


def test_a_file_beside_the_working_folder_needs_no_slash(own, monkeypatch):
    """The suffix is enough."""
    monkeypatch.chdir(own)
    assert library.load("my-outage.yaml").name == "my-outage"


def test_an_unknown_name_gets_the_near_one(own):
    """Own scenarios are near names too."""
    with pytest.raises(UsageProblem, match=r"no scenario 'openai-outge'; did you mean 'openai-outage'\?"):
        library.load("openai-outge", ())
    with pytest.raises(UsageProblem, match=r"did you mean 'my-outage'\?"):
        library.load("my-outge", [own])
    with pytest.raises(UsageProblem, match="`llmchaos list` shows all"):
        library.load("zzz", ())


def test_a_missing_file_gets_the_near_one(own):
    """A path is never taken for a name."""
    with pytest.raises(ScenarioError, match=r"no such file; did you mean 'my-outage\.yaml'\?"):
        library.load(own / "my-outge.yaml")


def test_own_folders_come_from_the_settings(own, monkeypatch):
    """`[tool.llmchaos] scenarios` is used where no folder is given."""
    (own / "pyproject.toml").write_text("[tool.llmchaos]\nscenarios = ['chaos/']\n")
    (own / "chaos").mkdir()
    shutil.move(own / "my-outage.yaml", own / "chaos")
    monkeypatch.chdir(own)
    assert config.load().scenarios == (own / "chaos",)
    assert "my-outage" in library.names()
    assert library.load("my-outage").name == "my-outage"
    assert "my-outage" not in library.names(())


def test_a_missing_own_folder_is_told(tmp_path):
    """A typo in the settings is not an empty folder."""
    with pytest.raises(UsageProblem, match="chaso: there is no such scenario folder"):
        library.names([tmp_path / "chaso"])


def test_two_files_of_one_name_are_refused(own):
    """A test must not change its meaning because a file was added."""
    (own / "openai-outage.yaml").write_text(OWN.format("openai-outage"))
    with pytest.raises(
        UsageProblem, match=r"two scenarios are named 'openai-outage': .*scenarios/.*openai-outage\.yaml and "
    ):
        library.names([own])


def test_a_name_that_is_not_the_files_is_refused(own):
    """In a folder the file's name is what finds a scenario."""
    (own / "other.yaml").write_text(OWN.format("my-other"))
    with pytest.raises(UsageProblem, match=r"other\.yaml: the scenario's name is 'my-other'; .* 'other'"):
        library.load("other", [own])


def test_a_bad_own_file_is_told_with_its_place(own):
    """Selecting by tag reads every file; a bad one is not skipped."""
    (own / "bad.yaml").write_text("name: bad\n")
    with pytest.raises(ScenarioError, match=r"bad\.yaml:1:1: phases is missing"):
        library.find(tag="own", folders=[own])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"names": "my-*"}, ["my-outage"]),
        ({"names": ["my-*", "openai-outage"]}, ["my-outage", "openai-outage"]),
        ({"tag": "own"}, ["my-outage"]),
        ({"tag": "o?n"}, ["my-outage"]),
        ({"names": "claude-model*", "tag": ["deprecation", "anthropic"]}, ["claude-model-retired"]),
        ({"names": "model-ret*", "tag": "openai"}, ["model-retired"]),
    ],
)
def test_scenarios_are_selected(given, expected, own):
    """Names are alternatives, tags narrow; both take patterns."""
    assert [each.name for each in library.find(**given, folders=[own])] == expected


def test_everything_is_selected_by_nothing(own):
    """Without a condition all scenarios fit, sorted by name."""
    everything = [each.name for each in library.find(folders=[own])]
    assert everything == library.names([own]) == sorted(everything)
    assert [each.name for each in library.all_scenarios([own])] == everything


@pytest.fixture
def nested(tmp_path):
    """Scenarios of one's own in folders by kind, with what is none beside them."""
    for kind, name in (
        ("outage", "my-a"),
        ("outage/eu", "my-b"),
        ("cost", "my-c"),
        (".", "my-d"),
        (".git", "no"),
        ("_old", "no"),
    ):
        (tmp_path / kind).mkdir(parents=True, exist_ok=True)
        (tmp_path / kind / f"{name}.yaml").write_text(OWN.format(name))
    (tmp_path / "loop").symlink_to(tmp_path)
    return tmp_path


def test_scenarios_may_stand_in_folders_by_kind(nested):
    """They keep their names; hidden folders and links to folders are not looked into."""
    assert set(library.names([nested])) - set(library.names(())) == {"my-a", "my-b", "my-c", "my-d"}
    assert library.load("my-b", [nested]).name == "my-b"
    assert set(library.kinds([nested])) >= {"outage", "eu", "cost"}
    assert "" not in library.kinds([nested])


@pytest.mark.parametrize(("kind", "mine"), [("cost", {"my-c"}), ("eu", {"my-b"}), ("[ec]*", {"my-b", "my-c"})])
def test_scenarios_are_selected_by_kind(kind, mine, nested):
    """The folder in which a file stands; patterns are allowed."""
    found = {each.name for each in library.find(kind=kind, folders=[nested])}
    assert found & {"my-a", "my-b", "my-c", "my-d"} == mine


def test_two_files_of_one_name_in_two_folders_are_refused(nested):
    """A scenario is found by its name alone."""
    (nested / "cost" / "my-a.yaml").write_text(OWN.format("my-a"))
    with pytest.raises(UsageProblem, match="two scenarios are named 'my-a'"):
        library.names([nested])


def test_an_unknown_kind_gets_the_near_one(nested):
    """With those that there are."""
    with pytest.raises(UsageProblem, match=r"no scenario is of the kind 'csot'; did you mean 'cost'\? \(known: .*cost"):
        library.find(kind="csot", folders=[nested])
    with pytest.raises(UsageProblem, match=r"no scenario has the tag 'x\*'"):
        library.find(kind="cost", tag=["own", "x*"], folders=[nested])


def test_scenarios_are_selected_by_provider(own):
    """A provider is hit where one of the faults' targets matches it; what hits whichever it is fits each."""
    hit = {each.name for each in library.find(provider="anthropic", folders=[own])}
    assert "anthropic-overloaded" in hit
    assert "openai-outage" not in hit
    assert "pinned-model-gone" in hit
    found = [each.name for each in library.find(provider="localhost:8000", folders=[own])]
    assert found == ["my-outage", "pinned-model-gone"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"names": "opena-*"}, "no scenario has a name like 'opena-*'"),
        ({"names": ["openai-outage", "nope"]}, "no scenario has a name like 'nope'"),
        ({"tag": "deprecatio"}, "no scenario has the tag 'deprecatio'; did you mean 'deprecation'? (known: "),
        ({"tag": ["stream", "quota"]}, "no scenario has the tag 'stream' and the tag 'quota'"),
        ({"provider": "opnai"}, "no scenario hits 'opnai'; did you mean 'openai'? (known: "),
        ({"names": "pinned-model-gone", "provider": "opnai"}, "no scenario hits 'opnai'; did you mean 'openai'?"),
        ({"names": "openai-outage", "tag": "outage", "provider": "anthropic"}, "no scenario hits 'anthropic'"),
    ],
)
def test_a_selection_of_nothing_is_an_error(given, says):
    """An empty selection would be a test that tests nothing."""
    with pytest.raises(UsageProblem, match=re.escape(says)):
        library.find(**given, folders=())


def test_a_wheel_has_the_scenarios_in_the_package(tmp_path, monkeypatch):
    """They stand in `_library` there; a wheel without them says so."""
    room = tmp_path / "site-packages" / "pytest_llmchaos" / "scenarios"
    room.mkdir(parents=True)
    monkeypatch.setattr(library, "_ROOM", room)
    with pytest.raises(ChaosError, match="reinstall"):
        library.names(())
    (room / "_library").mkdir()
    (room / "_library" / "outage").mkdir()
    (shipped,) = (REPOSITORY / "scenarios").rglob("openai-outage.yaml")
    shutil.copy(shipped, room / "_library" / "outage")
    assert library.names(()) == ["openai-outage"]


def test_listing_names_reads_no_yaml():
    """Importing the library, and looking for names, costs nothing of YAML."""
    code = (
        "import sys; from pytest_llmchaos.scenarios import library; library.names(()); assert 'yaml' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)  # noqa: S603


@pytest.mark.parametrize(
    "chosen", [{"names": 3}, {"names": ("openai-outage", 3)}, {"tag": [3]}, {"provider": 3}, {"kind": 3}]
)
def test_what_is_no_text_chooses_nothing(chosen):
    """It comes from a marker's arguments, and gets an error of ours."""
    with pytest.raises(UsageProblem, match=r"^3 is not a text by which scenarios could be chosen"):
        library.find(**chosen, folders=())


def test_a_file_is_parsed_once_for_what_is_in_it(tmp_path, monkeypatch):
    """However many tests play it; what is written anew counts, within the same tick and of the same size too."""
    parsed = []
    read = scenario_file.read_yaml
    monkeypatch.setattr(scenario_file, "read_yaml", lambda data, path: parsed.append(path) or read(data, path))
    file = tmp_path / "parsed-once.yaml"
    file.write_text("name: parsed-once\ninject: [{fault: outage, target: openai}]\n", "utf-8")
    first = library.load(file)
    assert library.load(file) == first
    assert parsed == [str(file)]
    file.write_text("name: parsed-once\ninject: [{fault: outage, target: gemini}]\n", "utf-8")
    assert library.load(file) != first
    file.write_text("name: parsed-once\ninject: [{fault: outrage, target: gemini}]\n", "utf-8")
    for _ in range(2):
        with pytest.raises(ScenarioError, match="did you mean 'outage'"):
            library.load(file)
