"""Bad input of every kind: a clear error of ours, never another, never half of it, never more than a second."""

# ruff: noqa: E501 - a case of one line reads best on one line
from __future__ import annotations

import gc
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmchaos import checks, faults, inject
from pytest_llmchaos.core.call import Target, Targets
from pytest_llmchaos.core.errors import ParameterError, UsageProblem, shown
from pytest_llmchaos.core.yaml_nodes import MAX_BYTES
from pytest_llmchaos.intercept.active_runs import active
from pytest_llmchaos.scenarios import schema_shapes, strategies
from pytest_llmchaos.scenarios.resolve import resolve
from pytest_llmchaos.scenarios.scenario import Phase, Repeat, Scenario, read_date
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, loads

from .thorough import EXAMPLES

FILES = [each.read_bytes() for each in sorted((Path(__file__).parents[1] / "scenarios").rglob("*.yaml"))]
MANY = settings(max_examples=3 * EXAMPLES)


class Odd:
    """Something that cannot even be shown."""

    def __repr__(self):
        """Fail."""
        raise RuntimeError("no repr")


def deep(levels=3000):
    """Lists in lists, deeper than Python can show."""
    made = []
    for _ in range(levels):
        made = [made]
    return made


def endless():
    """A list that holds itself."""
    made = []
    made.append(made)
    return made


ODD = [Odd(), deep(), endless(), 10**5000, -(10**5000), float("nan"), float("inf"), -0.0, "\ud800", "\0", b"x", object, len,
       {1: 2}, {"fault": 5}, {"distribution": {}}, (), [], {}, set(),
       range(3), Ellipsis, lambda: 1, "\uff19s", "1²", "-1s", "1e3", "%", "0x10", "1_000", "openai:", ":", "/", "a/", "/a", "[::1]:8", "a:b:c"]  # fmt: skip

BIG = [
    "x" * 100_000,
    " " * 100_000,
    "1" * 100_000,
    "1-" + " " * 100_000 + "x",
    "a/" + ":" * 100_000,
    [5] * 100_000,
    {"x" * 100_000: 1},
]


def odd(number):
    """One of them: Hypothesis cannot show them all."""
    return ODD[number]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4) | st.integers(0, len(ODD) - 1).map(odd),
    lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner, inner)
    | st.dictionaries(st.sampled_from(["distribution", "fault", "of", "weight", "from", "to", "over", "min", "max"]) | st.integers(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def told(make, *args, **given):
    """Make it; what it raises is a clear error of ours, told in a moment. Returns what it made, or None."""
    began = time.thread_time()
    problem = made = None
    try:
        made = make(*args, **given)
    except ValueError as raised:
        problem = raised
    if problem is not None:
        assert type(problem) in (ValueError, UsageProblem, ParameterError, ScenarioError), type(problem)
        assert 0 < len(str(problem).strip()) < 60_000
    assert time.thread_time() - began < 1
    return made


# --- values typed in Python ---

READERS = [*schema_shapes.READERS, Target.parse, Targets.parse, read_date, strategies._target]


@MANY
@given(st.sampled_from(READERS), ANYTHING)
def test_readers_raise_nothing_of_another_kind(read, value):
    """Durations, rates, ranges, delays, targets, conditions and dates."""
    told(read, value)


@pytest.mark.parametrize("value", [*ODD, *BIG], ids=range(len(ODD) + len(BIG)))
def test_every_reader_meets_every_oddity(value):
    """Those values above that fuzzing would find too seldom."""
    for read in [*READERS, lambda given: resolve([given]), inject]:
        told(read, value)


@MANY
@given(st.sampled_from([*faults.names(), *checks.names()]), st.data())
def test_faults_and_checks_raise_nothing_of_another_kind(kind, data):
    """Whatever their parameters and conditions are given, and under whatever name."""
    known = kind in faults.names()
    factory = faults.find(kind) if known else checks.find(kind)
    names = factory.parameters() if known else ["to", "from_", "from", "within", "at_most", "target", "per"]
    given_ = data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=5), ANYTHING, max_size=4))
    args = data.draw(st.lists(ANYTHING, max_size=2))
    if known:
        made = told(factory, *args, **given_)
        assert made is None or isinstance(made, faults.Injection)
    else:
        told(factory.build, args, given_)


@MANY
@given(
    st.sampled_from([Phase, Repeat, Scenario]),
    st.dictionaries(st.sampled_from(["name", "lasts", "jitter", "times", "date", "evidence"]), ANYTHING, max_size=3),
)
def test_scenarios_in_python_raise_nothing_of_another_kind(kind, given_):
    """Plain data that is wrong in a plain way."""
    inside = (Phase("a", (), 1),) if kind is not Phase else ()
    base = {Phase: {"name": "x"}, Repeat: {"times": 2, "phases": inside}, Scenario: {"name": "x", "phases": inside}}[
        kind
    ]
    takes = {Phase: ("lasts", "jitter"), Repeat: ("times",), Scenario: ("date", "evidence")}[kind]
    told(kind, **(base | {key: value for key, value in given_.items() if key in takes}))


@MANY
@given(
    st.lists(
        ANYTHING
        | st.sampled_from([faults.outage, faults.outage(), "openai-outage", "openai-outge", Path("nowhere.yaml")]),
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["clock", "upstream"]), ANYTHING, max_size=2),
)
def test_inject_raises_nothing_of_another_kind(what, options):
    """Names, paths, faults and options that are none; nothing is running afterwards."""
    told(resolve, what)
    told(inject, *what, **options)
    assert active() is None


@MANY
@given(st.recursive(ANYTHING, lambda inner: st.lists(inner, max_size=2)))
def test_whatever_a_message_shows_is_short(value):
    """A value of a megabyte is not worth a message of one."""
    assert len(shown(value)) < 20_000


# --- files ---


@pytest.fixture(scope="module", autouse=True)
def _heap_of_others():
    """What other tests left in the heap is not gone through for garbage while a file is timed."""
    gc.freeze()


def survives(data):
    """Load it; each problem is one short line with the file's name, and only a good file gives a scenario."""
    began = time.thread_time()
    problem = made = None
    try:
        made = loads(data, "x.yaml")
    except ScenarioError as raised:
        problem = raised
    if problem is None:
        assert isinstance(made, Scenario)
    else:
        lines = str(problem).splitlines()
        assert len(lines) == len(problem.problems)
        assert 0 < len(lines) <= 102
        assert all(each.startswith("x.yaml") and len(each) < 3000 for each in lines)
    assert time.thread_time() - began < 1


PIECES = [b"&a ", b"*a", b"!!python/object:os.system ", b"!!int ", b"[", b"]", b"{", b"}", b": ", b"- ", b"\n", b"\t", b"\r", b"\r\n", b"'", b'"', b"\\x00",
          b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xf0\x9f\x99\x82", b"\xed\xa0\x80", b"null", b"true", b"-5", b".inf", b".nan", b"<<: ",
          b"? ", b"|\n", b">\n", b"---\n", b"...\n", b"%YAML 1.1\n", b"1e999", b"9" * 40, b"#", b"fault", b"mix", b"of", b"repeat", b"phases", b"inject", b"target",
          b"self", b"from", b"where: 'json:dumps'", b"sticky: key", b"rate: {from: 0%, to: 1}"]  # fmt: skip


@MANY
@given(st.sampled_from(FILES), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_real_file_with_changes_gives_a_scenario_or_its_problems(data: bytes, rng: random.Random, changes):
    """The files of the library, with pieces cut, doubled, moved, or taken from another one."""
    for _ in range(changes):
        start = rng.randrange(len(data) + 1)
        end = min(start + rng.choice([0, 0, 1, 2, 5, 20, 200]), len(data))
        other = rng.choice(FILES)
        at = rng.randrange(len(other))
        new = rng.choice([rng.choice(PIECES), rng.choice(PIECES), data[start:end] * 2, b"", other[at : at + 30]])
        data = data[:start] + new + data[end:]
    survives(data)


@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_lines_in_another_order_give_a_scenario_or_its_problems(data: bytes, rng: random.Random):
    """Lines that were moved, doubled, or indented another way."""
    lines = data.splitlines(keepends=True)
    for _ in range(4):
        at = rng.randrange(len(lines))
        line = lines.pop(at)
        lines.insert(
            rng.randrange(len(lines) + 1), rng.choice([line, line * 2, b" " + line, line.lstrip(), b"\t" + line])
        )
    survives(b"".join(lines))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp037", "utf-7"])
def test_other_encodings_are_told(encoding):
    """Editors write them; each but UTF-8 is refused with the place, or reads the same."""
    for data in FILES[:5]:
        survives(data.decode().encode(encoding, "replace"))


@given(st.sampled_from(FILES), st.sampled_from([b"\r\n", b"\r", b"\n\n"]), st.booleans())
def test_other_line_ends_change_nothing(data, end, mark):
    """CRLF, CR, and a byte order mark at the start."""
    changed = (b"\xef\xbb\xbf" if mark else b"") + data.replace(b"\n", end)
    if end != b"\n\n":  # a blank line in a folded text means something
        assert loads(changed) == loads(data)
    survives(changed)


N = MAX_BYTES - 200
HEAD = "name: x\ninject: [{fault: outage}]\n"


def fault(text):
    """A scenario of one injection."""
    return f"name: x\ninject: [{text}]\n"


HOSTILE = {
    "calls of spaces": lambda: fault('{fault: outage, calls: "1-' + " " * N + 'x"}'),
    "calls of digits": lambda: fault('{fault: outage, calls: "' + "1" * N + '"}'),
    "rate of spaces": lambda: fault('{fault: outage, rate: "1' + " " * N + 'x"}'),
    "load": lambda: fault('{fault: outage, above: "1/' + "x" * (N // 2) + " " * (N // 2) + 'y"}'),
    "duration of digits": lambda: fault('{fault: latency, delay: "' + "1" * N + '"}'),
    "duration of parts": lambda: fault('{fault: latency, delay: "' + "1s" * (N // 2) + 'x"}'),
    "target of colons": lambda: fault('{fault: outage, target: "a/' + "b:" * (N // 2) + 'cha"}'),
    "name of a fault": lambda: fault("{fault: " + "outag" * (N // 5) + "}"),
    "where of parts": lambda: fault('{fault: outage, where: "' + "a." * (N // 2) + ':b"}'),
    "where of letters": lambda: fault('{fault: outage, where: "' + "a" * (N // 2) + ':b"}'),
    "unknown keys": lambda: HEAD + "".join(f"outage_key{i:06d}: 1\n" for i in range(9000)),
    "unknown parameters": lambda: fault("{fault: outage, " + ", ".join(f"targeting{i:04d}: 1" for i in range(9000)) + "}"),
    "unknown faults": lambda: fault(", ".join(f"{{fault: outag{i}}}" for i in range(4000))),
    "unknown checks": lambda: HEAD + "expect: [" + "failed_ove, " * 15000 + "]",
    "bad tags": lambda: HEAD + "tags: [" + "5, " * 19000 + "]",
    "the same key": lambda: "name: x\n" * (N // 8),
    "repetition": lambda: "name: x\nphases: [{repeat: 1000, phases: [" + ", ".join(f"{{name: p{i}, lasts: 1s, inject: [{{fault: outage}}]}}" for i in range(1500)) + "]}]",
    "repetitions": lambda: "name: x\nphases: [" + ", ".join(f"{{repeat: 1000, phases: [{{name: p{i}, lasts: 1s, inject: []}}]}}" for i in range(1000)) + "]",
    "mixes in mixes": lambda: fault("{fault: mix, of: [" * 14 + "{fault: outage}, {fault: outage}" + "]}, {fault: outage}" * 13 + "]}"),
    "a mix of many": lambda: fault("{fault: mix, of: [" + "{fault: outage}, " * 6000 + "]}"),
    "bad values": lambda: fault("{fault: latency, delay: {distribution: empirical, values: [" + "x, " * 18000 + "]}}"),
    "a long date": lambda: HEAD + "date: '" + "2" * N + "'",
    "a long name": lambda: "name: " + "a-" * (N // 2) + "!\ninject: [{fault: outage}]\n",
    "a long tag": lambda: "x: !" + "t" * N + " 5",
    "a long alias": lambda: "x: *" + "t" * N,
    "a long key": lambda: '"' + "x" * (N // 2) + '": 1',
    "marks in the text": lambda: "\ufeff" * (N // 3),
    "anchors": lambda: "[" + ", ".join(f"&a{i} x" for i in range(18000)) + "]",
    "laughs": lambda: "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)),
    "nesting": lambda: "[" * N,
    "nested keys": lambda: "? " * (N // 2),
    "nested blocks": lambda: "\n".join(" " * i + "a:" for i in range(600)),
    "tabs": lambda: "\t" * N,
    "returns": lambda: "\r" * N,
    "escapes": lambda: '"' + "\\x41" * (N // 4) + '"',
    "a huge number": lambda: f"name: x\nphases: [{{name: a, lasts: {'9' * (N // 2)}, inject: []}}]",
    "a tiny number": lambda: fault("{fault: latency, delay: {distribution: lognormal, median: 1e-320, p99: 1e300}}"),
    "directives": lambda: "%TAG ! " + "x" * N,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_no_second(name):
    """Regular expressions, messages and repetitions grow with the file, not beyond it."""
    survives(HOSTILE[name]())


def test_a_file_with_too_many_problems_says_so():
    """The first hundred are enough to know what is wrong."""
    with pytest.raises(ScenarioError) as caught:
        loads(HEAD + "tags: [" + "5, " * 200 + "]", "x.yaml")
    assert len(caught.value.problems) == 101
    assert str(caught.value).endswith("the rest of the file is not checked: mend this first")


def test_a_module_that_exits_when_imported_is_told(tmp_path, monkeypatch):
    """`where` names a module of the user's; whatever it does, the file is what is wrong."""
    (tmp_path / "llmchaos_exits.py").write_text("raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ScenarioError, match="'llmchaos_exits:f' cannot be imported: SystemExit"):
        loads(fault("{fault: outage, where: 'llmchaos_exits:f'}"))


# --- the marker ---

MARKERS = [
    "5", "None", "object()", "b'x'", "[[[]], 5]", "'nowhere'", "''", "'./nowhere.yaml'", "'\\0.yaml'", "'x' * 5000 + '.yaml'", "faults.outage", "10 ** 5000",
    "faults.outage(target='opnai')", "'openai-outage', sed=1", "'openai-outage', clock='fast'", "'openai-outage', clock=[]", "'openai-outage', upstream=5",
    "DEEP", "ODD", "{'a': 1}",
]  # fmt: skip


def test_a_bad_marker_fails_its_test_with_a_message(pytester):
    """Without a traceback, and the other tests of the file run."""
    body = "".join(f"@pytest.mark.llmchaos({each})\ndef test_{nth}(): pass\n\n" for nth, each in enumerate(MARKERS))
    pytester.makepyfile(
        "import pytest\nfrom pytest_llmchaos import faults\n"
        "class Odd:\n    def __repr__(self): raise RuntimeError\n"
        "ODD = Odd()\nDEEP = []\nfor _ in range(3000): DEEP = [DEEP]\n\n"
        f"{body}def test_good(): pass\n"
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=1, errors=len(MARKERS))
    text = result.stdout.str()
    assert "Traceback" not in text
    assert "INTERNALERROR" not in text
