"""The report on GitHub and as Markdown."""

from __future__ import annotations

import re

import pytest

from pytest_llmchaos.report import github
from pytest_llmchaos.report.markdown import markdown

from . import records

ON = {"GITHUB_ACTIONS": "true"}


def publish(made, env, **given):
    """Publish, and return what was printed."""
    printed: list[str] = []
    github.publish(made, env, echo=printed.append, **given)
    return printed


def test_nothing_elsewhere(tmp_path):
    """Not on GitHub, or without chaos, nothing is printed and nothing written."""
    path = tmp_path / "summary.md"
    assert publish([records.gave_up()], {"GITHUB_STEP_SUMMARY": str(path)}) == []
    assert publish([], {**ON, "GITHUB_STEP_SUMMARY": str(path)}) == []
    assert not path.exists()


def test_an_annotation_at_the_apps_code(tmp_path):
    """File and line are those of the call that decides, relative to the checkout."""
    (line,) = publish([records.gave_up(), records.fallback()], {**ON, "GITHUB_WORKSPACE": str(tmp_path)},
                      root=tmp_path / "service")  # fmt: skip
    assert line == (
        "::error file=service/app/bot.py,line=41,title=failed_over(to='anthropic'%2C within='5s') violated%2C "
        "openai-outage::tests/test_bot.py::test_asks: expected an ok call to anthropic within 5s when calls to "
        "openai/gpt-5 fail, but the app gave up at 1s%0Aplay it again: "
        "pytest tests/test_bot.py::test_asks --llmchaos-seed=0"
    )


@pytest.mark.parametrize("site", ["/usr/lib/python/httpx.py:3", "../other.py:3", "app.py", ""])
def test_else_at_the_test(site):
    """Code outside the checkout cannot be annotated."""
    made = records.gave_up()
    for each in made.entries:
        each["call_site"] = site
    assert publish([made], ON)[0].startswith("::error file=tests/test_bot.py,line=1,title=")


def test_printed_at_the_beginning_of_a_line(capsys):
    """A command counts nowhere else, and pytest's dots may stand there."""
    github.publish([records.gave_up()], ON)
    assert capsys.readouterr().out.startswith("\n::error file=")
    github.publish([records.fallback()], ON)
    assert capsys.readouterr().out == ""


def test_ten_of_a_kind():
    """GitHub shows no more; the last one says how many there are."""
    bad = [records.gave_up(test=f"t.py::{nth}") for nth in range(14)]
    open_ = [records.fallback(verdicts=[records.verdict("x", "inconclusive")]) for _ in range(10)]
    printed = publish([*open_, *bad], ON)
    assert [line.partition(" ")[0] for line in printed] == ["::error"] * 10 + ["::warning"] * 10
    assert printed[9] == "::error title=llmchaos::5 more in the summary of the job"


def test_hostile_texts_make_no_commands():
    """Line ends and command signs stay within their annotation."""
    made = records.gave_up(
        test="t.py::x\n::error::y", scenarios=["a,b:c%\r\n::stop-commands::z"],
        verdicts=[records.verdict("c,line=7", "violated", "100%\n::set-output name=a::b")],
    )  # fmt: skip
    (line,) = publish([made], ON)
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith(r"::error file=t.py,line=1,title=c%2Cline=7 violated%2C a%2Cb%3Ac%25\r\n%3A%3Astop-comm")


def test_the_summary_is_added_within_its_limit(tmp_path):
    """What other tools wrote stays, and GitHub's limit is kept with all of it."""
    path = tmp_path / "summary.md"
    path.write_text("# coverage\n")
    publish([records.gave_up()], {**ON, "GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text("utf-8").startswith("# coverage\n## llmchaos: ❌ 1 violated\n")
    path.write_text("x" * 900_000 + "\n")
    made = [records.fallback(test=f"t.py::{'n' * 300}{nth}") for nth in range(2000)]
    publish(made, {**ON, "GITHUB_STEP_SUMMARY": str(path)})
    assert 950_000 < path.stat().st_size < 1024 * 1024
    assert path.read_text("utf-8").endswith("it would be too long.\n\n\n</details>\n")


def test_a_summary_that_cannot_be_written_fails_nothing(tmp_path, capsys):
    """It is told."""
    publish([records.gave_up()], {**ON, "GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert "the job's summary cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("most", [0, 10, 200, 1000, 4000, 20_000, 10**6])
def test_markdown_keeps_its_bound(most):
    """In bytes, with nothing left open."""
    text = markdown(records.many(300), most=most)
    assert len(text.encode()) <= most
    assert text.count("<details>") == text.count("</details>")


def test_markdown_tells_it():
    """Totals, scenarios, findings with their command, the matrix."""
    text = markdown([records.gave_up(), records.fallback(scenarios=["slow"]), records.untouched()])
    for part in (
        *("## llmchaos: ❌ 1 violated, ✅ 1 held, 🚫 1 no calls", "| openai-outage | 1 | 1 | 0 |", "virtual time 31m"),
        "- ❌ <code>failed&#95;over(to='anthropic', within='5s')</code> violated, openai-outage: <code>tests/",
        *("play it again: <code>pytest tests/test&#95;bot.py&#58;&#58;test&#95;asks --llmchaos-seed=0</code>",),
        "| tests/test&#95;bot.py&#58;&#58;test&#95;asks | ❌ violated | ✅ held |",
    ):
        assert part in text
    assert markdown([]) == ""
    assert "nothing was put to the test" in markdown([records.untouched()])


def test_hostile_texts_are_no_markdown():
    """No sign of Markdown or HTML survives but our own."""
    text = markdown([records.hostile()])
    left = re.sub(r"</?(?:code|details|summary)>|<br>|&#\d+;", "", text)
    assert not re.search(r"[<>`*_\[\]\\@]", left)
    assert "\u202e" not in text
    assert "www.x" not in markdown([records.gave_up(test="t::www.x.org")])
