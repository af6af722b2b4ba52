"""The gate: records and a policy in, a verdict with reasons out."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import UsageProblem
from pytest_llmchaos.cli import cli
from pytest_llmchaos.core import config
from pytest_llmchaos.gate import baseline
from pytest_llmchaos.gate.counting import counted
from pytest_llmchaos.gate.journal_file import append
from pytest_llmchaos.gate.policy import Policy
from pytest_llmchaos.gate.record import Record
from pytest_llmchaos.gate.verdict import EXIT_CODES, added_latency, attempts, judge


def call(at=0.0, status=503, lasts=1.0, by=("outage",), provider="openai", request=""):
    """Return a call as records hold it; no faults unless it is bad."""
    return {
        "type": "exchange",
        "provider": provider,
        "operation": "chat",
        "request": request,
        "started": at,
        "ended": at + lasts,
        "status": status,
        "error": None,
        "faults": list(by) if status != 200 else [],
    }


def verdict(outcome, always=False):
    """Return a verdict as records hold it."""
    return {"check": "failed_over", "outcome": outcome, "reason": f"it is {outcome}", "evidence": [], "always": always}


def made(test="t.py::test_a", outcome="passed", scenario="openai-outage", hit=True, **more):
    """Return a record of a test that a fault hit and that got its answer elsewhere, unless told otherwise."""
    given = {
        "test": test,
        "outcome": outcome,
        "scenarios": [scenario],
        "tags": {scenario: ["outage"]},
        "hit": [scenario] if hit else [],
        "applied": True,
        "llm": "calls",
        "entries": [call(), call(1.0, 200, provider="anthropic")] if hit else [call(status=200)],
        "virtual": 2.0,
        "replay": f"pytest {test}",
        **more,
    }
    return Record(**given)


FAILED = {"outcome": "failed"}
BYSTANDER = {"hit": False, "entries": [], "llm": "none"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (made(), "survived"),
        (made(**FAILED), "failed"),
        (made(outcome="xfailed"), "failed"),
        (made(outcome="error"), "failed"),
        (made(outcome="skipped"), "inconclusive"),
        (made(outcome="skipped", hit=False), "skipped"),
        (made(hit=False), "inconclusive"),
        (made(**BYSTANDER), "no calls"),
        (made(**BYSTANDER, outcome="failed"), "no calls"),
        (made(**BYSTANDER, outcome="failed", applied=False), "failed"),
        (made(**BYSTANDER, outcome="error"), "error"),
        (made(verdicts=[verdict("held")]), "survived"),
        (made(verdicts=[verdict("inconclusive")]), "inconclusive"),
        (made(verdicts=[verdict("inconclusive", always=True)]), "survived"),
        (made(verdicts=[verdict("violated", always=True)]), "failed"),
        (made(verdicts=[verdict("inconclusive")], **FAILED), "inconclusive"),
        (made(verdicts=[verdict("inconclusive")], raised=True, **FAILED), "failed"),
        (made(verdicts=[verdict("inconclusive"), verdict("violated")], **FAILED), "failed"),
        (made(scenarios=["openai-outage", "other"]), "inconclusive"),
    ],
)
def test_a_test_survives_only_on_evidence(record, expected):
    """Nothing counts as survived that no fault hit, that stayed open or that failed, expectedly or not."""
    assert counted(record) == expected


def test_no_evidence_is_inconclusive():
    """Neither nothing at all nor tests without calls, nor tests that were not hit, make a gate pass."""
    for records in ([], [made(**BYSTANDER)], [made(hit=False)], [made(outcome="skipped")]):
        assert judge(records, Policy()).verdict == "INCONCLUSIVE"


def test_a_test_that_failed_for_want_of_evidence_is_no_success():
    """A gate does not pass over a test that failed only because its check could not be judged; nor does it block."""
    result = judge([made("a"), made("b", verdicts=[verdict("inconclusive")], **FAILED)], Policy())
    assert result.verdict == "INCONCLUSIVE"
    assert "1 test failed because nothing could be judged, such as b under openai-outage" in result.lines()[1]
    assert result.lines()[1].endswith("it is inconclusive")


def test_all_must_survive_unless_the_policy_says_less():
    """The least share counts tests that a fault hit, and nothing else."""
    records = [made(f"t.py::test_{n}") for n in range(19)] + [made("t.py::test_bad", **FAILED), made("c", **BYSTANDER)]
    strict = judge(records, Policy())
    assert strict.verdict == "BLOCK"
    assert "95% survived and at least 100% must; failed: t.py::test_bad under openai-outage" in strict.lines()[1]
    assert strict.lines()[0] == "BLOCK: 19 of 20 tests survived (95%), 1 without LLM calls"
    lenient = judge(records, Policy(survival=0.95))
    assert lenient.verdict == "PASS"
    assert "1 test did not survive" in lenient.lines()[1]
    assert judge(records, Policy(survival=0.951)).verdict == "BLOCK"


@pytest.mark.parametrize(
    ("records", "wanted", "expected", "reason"),
    [
        ([made()], "tag:outage", "PASS", ""),
        ([made()], "openai-*", "PASS", ""),
        ([made(), made("b", **FAILED)], "tag:outage", "BLOCK", "did not hold in 1 of 2 tests, such as b"),
        ([made(), made("b", hit=False, scenario="other")], "other", "INCONCLUSIVE", "hit no LLM call in 1 test"),
        ([made()], "tag:outag", "INCONCLUSIVE", "no test ran under it; did you mean 'outage'"),
        ([made()], "openai-outages", "INCONCLUSIVE", "did you mean 'openai-outage'"),
        ([made(), made("b", scenario="x", verdicts=[verdict("inconclusive")])], "x", "INCONCLUSIVE", "it is inconc"),
        ([made(), made("b", scenario="x", outcome="xfailed")], "x", "BLOCK", "did not hold"),
    ],
)
def test_what_is_required_must_be_exercised_and_hold(records, wanted, expected, reason):
    """A required scenario or tag that failed once blocks; one that hit nothing is inconclusive."""
    result = judge(records, Policy(require=(wanted,), survival=0.01))
    assert result.verdict == expected
    assert reason in "\n".join(result.lines())


def test_attempts_are_counted_until_one_succeeds():
    """In a row, by request and provider; a success starts anew."""
    tries = [call(0), call(1), call(2, 200), call(3), call(4, provider="anthropic"), call(5, request="other")]
    record = made(entries=tries)
    assert attempts(record) == 3
    assert judge([record], Policy(attempts=3)).verdict == "PASS"
    result = judge([record, made("b", entries=[call(n) for n in range(5)])], Policy(attempts=2))
    assert result.verdict == "BLOCK"
    assert "5 attempts in a row in b under openai-outage, and 2 are allowed (and 1 test more)" in result.lines()[1]


def test_added_latency_is_the_wait_for_the_next_good_answer():
    """From a call that a fault hit, without what the test skipped; to the end where no answer came."""
    skip = {"type": "event", "at": 5.0, "kind": "advance", "text": "", "seconds": 60.0}
    assert added_latency(made(entries=[call(0), call(2, 200, lasts=3)])) == 5
    assert added_latency(made(entries=[call(0), skip, call(65, 200, lasts=1)])) == 6
    assert added_latency(made(entries=[call(0), call(4)])) == 5
    assert added_latency(made(entries=[{**call(0), "ended": None}], virtual=9.0)) == 9
    slow = {**call(0, 200, lasts=20), "faults": ["latency"]}
    result = judge([made(entries=[slow])], Policy(added_latency=10))
    assert result.verdict == "BLOCK"
    assert "20s until the next good answer" in result.lines()[1]


def test_cost_is_a_budget():
    """Too dear is blocked; a price that nobody knows proves nothing."""
    dear, cheap, odd = made("t.py::test_dear", cost=0.5), made(cost=0.01), made(cost=0.01, unpriced=2)
    assert judge([cheap], Policy(cost=0.1)).verdict == "PASS"
    result = judge([dear, cheap], Policy(cost=0.1))
    assert (result.verdict, result.findings[0].text.partition(" for ")[0]) == ("BLOCK", "0.5 USD")
    result = judge([odd], Policy(cost=0.1))
    assert result.verdict == "INCONCLUSIVE"
    assert "[tool.llmchaos.prices]" in result.findings[0].text


def test_a_violation_outweighs_an_error_and_that_a_doubt():
    """The gravest decides, and stands first."""
    doubt, policy = made("doubt", hit=False, scenario="x"), Policy(require=("x",))
    assert judge([made(), doubt], policy).verdict == "INCONCLUSIVE"
    assert judge([made(), doubt], policy, problems=["a worker died"]).verdict == "ERROR"
    result = judge([made("bad", **FAILED), doubt], policy, problems=["a worker died"])
    assert result.verdict == "BLOCK"
    assert [each.level for each in result.findings] == ["BLOCK", "ERROR", "INCONCLUSIVE"]


def test_the_worst_result_of_a_test_counts():
    """Whatever the order; a budget binds every one."""
    some = [made(**FAILED), made(), made(outcome="skipped", hit=False), made("b")]
    for records in itertools.permutations(some):
        result = judge(records, Policy())
        assert (result.verdict, result.share) == ("BLOCK", "1 of 2 tests survived (50%)")
    slow = made(entries=[call(lasts=9.0), call(9.0, 200)])
    for records in ([made(), slow], [slow, made()]):
        assert judge(records, Policy(added_latency=5.0)).verdict == "BLOCK"


def test_regressions_against_a_baseline(tmp_path):
    """What survived must go on surviving; what failed before is known."""
    path = tmp_path / "b.json"
    before = [made("t.py::a"), made("t.py::b", **FAILED), made("t.py::gone")]
    assert baseline.write(path, before).count == 3
    known = baseline.read(path)
    same = judge([made("t.py::a"), made("t.py::b", **FAILED)], Policy(), known)
    assert same.verdict == "PASS"
    assert [each.level for each in same.findings] == ["NOTE", "NOTE"]
    worse = [made("t.py::a", **FAILED), made("t.py::b", **FAILED), made("t.py::c")]
    result = judge(worse, Policy(), known)
    assert result.verdict == "BLOCK"
    assert "t.py::a under openai-outage survived in the baseline and now fails" in result.lines()[1]
    assert judge(worse, Policy(regressions=1), known).verdict == "PASS"
    assert judge([made("t.py::a"), made("t.py::new", **FAILED)], Policy(), known).verdict == "BLOCK"
    assert judge([made("t.py::a", hit=False), made("t.py::b")], Policy(), known).verdict == "INCONCLUSIVE"
    assert judge([made("t.py::a"), made("t.py::b", **FAILED)], Policy(survival=0.9), known).verdict == "BLOCK"


def test_a_baseline_keeps_the_files_that_did_not_run(tmp_path):
    """Part of a suite renews its part; tests that are gone from a file vanish when the whole file ran, and are told."""
    path = tmp_path / "sub" / "b.json"
    first = [made("a.py::x"), made("a.py::y", scenario="slow"), made("a.py::gone"), made("a.py::calls_no_more")]
    baseline.write(path, [*first, made("a.py::skips"), made("b.py::y"), made("b.py::calm", **BYSTANDER)])
    part = [made("a.py::x", **FAILED), made("a.py::calls_no_more", **BYSTANDER)]
    lines = baseline.write(path, part).lines()
    assert lines == [
        "the baseline now holds 5 results",
        "4 results of tests that did not run kept, such as a.py::gone under openai-outage",
        "1 result removed, as the tests are gone or make no LLM call any more, such as a.py::calls_no_more under "
        "openai-outage",
    ]
    written = baseline.write(path, [*part, made("a.py::skips", outcome="skipped", hit=False)], whole=True)
    assert written.gone == [("a.py::gone", "openai-outage")]
    assert baseline.read(path) == {
        "a.py::x": {"openai-outage": "failed"},
        "a.py::y": {"slow": "survived"},
        "a.py::skips": {"openai-outage": "survived"},
        "b.py::y": {"openai-outage": "survived"},
    }
    assert [each.name for each in path.parent.iterdir()] == ["b.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2, "tests": {}}', '{"schema": 1, "tests": {"a": 3}}'])
def test_a_bad_baseline_is_told_and_not_overwritten(tmp_path, text):
    """By its path."""
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UsageProblem, match=r"b\.json: "):
        baseline.write(path, [made()])
    assert path.read_text() == text


def test_one_screen_and_no_control_characters():
    """Reasons are cut at a dozen, and what the wire says cannot draw on the terminal."""
    records = [made(f"t.py::test_{n}\x1b[31m", **FAILED) for n in range(50)]
    lines = judge(records, Policy()).lines()
    assert len(lines) <= 26
    assert lines[-1] == "  and 38 more"
    assert "\x1b" not in "".join(lines)


SOME = st.builds(
    made,
    test=st.sampled_from("abcd"),
    outcome=st.sampled_from(["passed", "failed", "error", "skipped", "xfailed"]),
    scenario=st.sampled_from(["x", "y"]),
    hit=st.booleans(),
    verdicts=st.lists(st.builds(verdict, st.sampled_from(["held", "violated", "inconclusive"]), st.booleans())),
)


@given(st.lists(SOME, max_size=6), st.sampled_from([None, 0.5, 1.0]))
def test_a_pass_has_its_evidence(records, survival):
    """Whatever the records are: to pass, some test survived, enough did, and what is required held."""
    result = judge(records, Policy(require=("x",), survival=survival))
    survived, failed = result.counts.get("survived", 0), result.counts.get("failed", 0)
    if result.verdict == "PASS":
        assert survived
        assert survived / (survived + failed) >= (survival or 1.0)
        assert any(counted(each) == "survived" and each.scenarios == ["x"] for each in records)
    assert result.exit_code == EXIT_CODES[result.verdict]
    assert bool(result.exit_code) == (result.verdict != "PASS")


# --- the policy -------------------------------------------------------------------------------------------------------


def write(folder: Path, text: str) -> None:
    """Write a pyproject.toml."""
    (folder / "pyproject.toml").write_text(f"[tool.llmchaos.gate]\n{text}\n", "utf-8")


def test_the_policy_is_read_from_pyproject(tmp_path):
    """Shares and durations as users write them; the baseline is relative to the file."""
    write(
        tmp_path,
        'require = ["tag:outage"]\nsurvival = "95%"\nattempts = 6\nadded_latency = "30s"\nregressions = 2\n'
        'baseline = "chaos.json"',
    )
    assert Policy.of(config.load(tmp_path)) == Policy(("tag:outage",), 0.95, 6, 30.0, 2, tmp_path / "chaos.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('requires = ["x"]', "has no 'requires'.*did you mean 'require'"),
        ('require = "x"', "require: must be a list"),
        ('survival = "120%"', "survival: '120%' is not a rate"),
        ("attempts = 0", "attempts: must be a whole number, 1 or more"),
        ("attempts = true", "attempts: must be a whole number"),
        ('added_latency = "soon"', "added_latency: 'soon' is not a duration"),
        ("cost = 0", "cost: must be a number of US dollars above 0, got 0"),
        ("regressions = -1", "regressions: must be"),
        ("baseline = 3", "baseline: must be the path"),
    ],
)
def test_mistakes_in_the_policy_name_the_file(tmp_path, text, message):
    """Table, key and what was expected."""
    write(tmp_path, text)
    with pytest.raises(UsageProblem, match=rf"pyproject.toml: \[tool.llmchaos.gate\] ?{message}"):
        Policy.of(config.load(tmp_path))


# --- the command ------------------------------------------------------------------------------------------------------


def gate(folder, *args):
    """Run `llmchaos gate`."""
    return CliRunner().invoke(cli, ["gate", "--config", str(folder), *map(str, args)])


def test_the_command_judges_journals_of_several_runs(tmp_path):
    """Exit codes are those of pytest's gate."""
    write(tmp_path, 'require = ["tag:outage"]')
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    append(one, made())
    append(two, made("t.py::test_b", **FAILED))
    assert gate(tmp_path, one).exit_code == 0
    both = gate(tmp_path, one, two)
    assert both.exit_code == 10
    assert both.output.startswith("BLOCK: 1 of 2 tests survived (50%)\n")
    assert "pytest t.py::test_b" in both.output


def test_the_command_tells_lost_evidence(tmp_path):
    """A missing, bad or torn journal and a missing baseline are errors; an empty journal is inconclusive."""
    good, torn, empty = (tmp_path / name for name in ("good", "torn", "empty"))
    for path in (good, torn):
        append(path, made())
    torn.write_bytes(torn.read_bytes() + b'{"test": "x')
    empty.touch()
    assert gate(tmp_path, empty).exit_code == 11
    for args in ([good, tmp_path / "none"], [torn], [good, "--baseline", tmp_path / "none.json"]):
        result = gate(tmp_path, *args)
        assert (result.exit_code, result.output[:5]) == (12, "ERROR")
    write(tmp_path, "attempts = 0")
    assert gate(tmp_path, good).exit_code == 2


def test_the_command_writes_a_baseline(tmp_path):
    """And compares with it."""
    path, journal, later = tmp_path / "b.json", tmp_path / "j.jsonl", tmp_path / "later.jsonl"
    append(journal, made())
    append(later, made(**FAILED))
    assert "now holds 1 result" in gate(tmp_path, journal, "--baseline", path, "--update-baseline").output
    assert gate(tmp_path, journal, "--baseline", path).exit_code == 0
    assert gate(tmp_path, later, "--baseline", path).exit_code == 10


def test_a_baseline_that_cannot_be_written_is_told(tmp_path):
    """A folder that is a file, as a disk that is full, is a mistake and no traceback."""
    journal = tmp_path / "j.jsonl"
    append(journal, made())
    done = gate(tmp_path, journal, "--baseline", journal / "b.json", "--update-baseline")
    assert done.exit_code == 2
    assert "the baseline cannot be written" in done.output


def test_a_required_scenario_that_cannot_hit_is_explained():
    """The reason names what the scenario is aimed at and what the tests called."""
    unmet = {"model-retired": ["model_retired -> openai/gpt-4*"]}
    quiet = {**call(status=200), "model": "gpt-5"}
    record = made(scenario="model-retired", hit=False, entries=[quiet], unmet=unmet)
    (finding,) = [
        each for each in judge([record], Policy(require=("model-retired",))).findings if "required" in each.text
    ]
    assert finding.level == "INCONCLUSIVE"
    assert "it is model_retired -> openai/gpt-4*, and the tests called openai/gpt-5:chat" in finding.text


def test_a_scenario_that_hit_nothing_is_named():
    """Among others that did it is a note: what was not put to the test is not good."""
    result = judge([made(), made("t.py::test_b", scenario="quiet", hit=False)], Policy())
    assert result.verdict == "PASS"
    assert [each.text for each in result.findings if "quiet" in each.text] == [
        "quiet hit no LLM call in 1 test and proves nothing: the tests called openai:chat"
    ]


def test_many_scenarios_that_hit_nothing_are_all_named():
    """However many there are: in one note, which no limit of reasons cuts."""
    names = [f"quiet-{nth}" for nth in range(30)]
    result = judge([made(), *(made(f"t.py::{each}", scenario=each, hit=False) for each in names)], Policy())
    assert result.verdict == "PASS"
    told = "\n".join(result.lines())
    assert all(each in told for each in names)
    assert "the tests called openai:chat" in told
