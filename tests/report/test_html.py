"""The HTML report, as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.report import html
from pytest_llmchaos.report._page import SCRIPT, STYLE

from . import records


class Seen(HTMLParser):
    """Collects the elements of a page, and whether each that was opened is closed."""

    VOID = frozenset(["meta", "input", "br", "wbr"])

    def __init__(self, text):
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["script"], ["style"]):
            self.text.append(data)


def seen(*made):
    """Return what a page for these records has."""
    return Seen(html.render(made))


def test_all_is_there_without_script():
    """Verdicts, evidence, replay, matrix and the calls in words are text of the page."""
    text = " ".join(seen(records.gave_up(), records.fallback(test="tests/test_b.py::test_b"), records.untouched()).text)
    for part in (
        *("✗ violated", "failed_over(to='anthropic', within='5s')", "the app gave up at 1s", "always on"),
        *("pytest tests/test_bot.py::test_asks --llmchaos-seed=0", "Survival matrix", "openai-outage", "recovery"),
        *("read_timeout", "#2 SDK retry", "app/bot.py:41", "advance 31m", "≈ 31m", "the test made no LLM call"),
        *("failover from openai to anthropic", "asked to wait 2s", "31m45.0s"),
    ):
        assert part in text


def test_ids_are_unique_and_links_lead_somewhere():
    """Every link leads to a place of the page, and to nowhere else."""
    page = seen(*records.many(60))
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.links) > 100


def test_nothing_from_outside():
    """The policy lets in the page's own style and script only, and nothing in the page asks for more."""
    text = html.render([records.fallback()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src &#x27;none&#x27;; style-src &#x27;sha256-")
    assert "unsafe" not in policy
    assert f"<style>{STYLE}</style>" in text
    assert f"<script>{SCRIPT}</script>" in text
    page = Seen(text)
    assert not page.attributes & {"src", "style", "onclick", "onload", "srcset", "action"}
    assert not re.search(r"(?:https?:)?//", re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))


def test_hostile_texts_stay_texts():
    """Markup, quotes, control characters, direction marks and lone surrogates are shown, not done."""
    text = html.render([records.hostile()])
    page = Seen(text)
    assert not page.tags & {"img", "iframe", "object", "base", "form", "link"}
    assert text.count("<script") == 1
    assert not any(char in text for char in "\u202e\x1b\x00\ud800")
    text.encode("utf-8")
    assert "\\u202egnp.exe\\x1b[31m\\x00\\ud800" in "".join(page.text)


@given(st.text(st.characters(), max_size=40), st.text(st.sampled_from("<>\"'&/=` \u2028\u202e\x00\x85-"), max_size=12))
def test_any_text_is_safe(one, other):
    """Whatever a model, a host, an error or a test is called, the page has the elements it always has."""
    entry = {**records.fallback().entries[0], "model": one, "error": other, "provider": one + other, "phase": other}
    made = records.record(
        test=other + one,
        scenarios=[one],
        llm="calls",
        entries=[entry, {"type": "event", "at": 0.5, "kind": "escape", "text": other, "seconds": 0.0}],
        phases=[{"name": one, "start": 0.0, "end": 1.0}],
        verdicts=[records.verdict(one, "violated", other, 0)],
    )
    page = seen(made)
    usual = seen(records.fallback(), records.gave_up()).tags
    assert page.tags <= usual
    "".join(page.text).encode("utf-8")


def test_keys_are_hidden():
    """What is shaped like a key is in no form of the report."""
    key = "sk-proj-abcdefghijklmnop1234567890"
    made = records.gave_up(verdicts=[records.verdict("a_check", "violated", f"the app told {key}", 0)])
    assert key not in html.render([made])


@pytest.mark.parametrize(
    "made",
    [
        [],
        [records.record(test="t::none")],
        [records.record("0 openai open")],
        [records.record(*["0 openai 503"] * 400)],
        [records.record("0 openai 503 after=90d", "1 openai 200")],
        [records.record(*[f"{nth} p{nth} 503" for nth in range(30)], "1000000000 openai 200")],
        [records.record("0 openai 200", scenarios=[], faults=["latency('20s')"], seed=2**40)],
        [records.record("0 openai:status 200", verdicts=[records.verdict("x")], outcome="skipped", replay="")],
    ],
    ids=["nothing", "no calls", "open", "many calls", "long wait", "many lanes", "loose faults", "skipped"],
)
def test_odd_records(made):
    """Each renders to whole markup, its numbers finite."""
    text = html.render(made)
    Seen(text)
    assert not re.search(r'="-?(?:nan|inf)', text)


def test_odd_numbers_of_a_foreign_journal():
    """What is no number where one belongs does not break the page."""
    entry = {"type": "exchange", "provider": "openai", "operation": "chat", "started": 1, "attempt": "x", "retry": []}
    seen(records.record(llm="calls", entries=[{**entry, "retry_after": "soon", "longest_gap": None, "model": 3}]))


def test_it_is_bounded():
    """A journal with thousands of calls makes no huge page: pictures and tables are cut, and say so."""
    made = records.record(*[f"{nth} openai 503 by=outage" for nth in range(3000)])
    text = html.render([made])
    assert len(text) < 200_000
    assert "calls are not drawn" in text
    assert "and 2750 more calls, which the journal has" in text


def test_colours_have_contrast():
    """Text meets WCAG AA on each ground it stands on, in light and in dark."""
    light, dark = (dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", part)) for part in STYLE.split("@media")[:2])
    for scheme in (light, dark):
        grounds = {"bg": ("fg", "soft", "link", "bad", "warn", "good"), "panel": ("fg", "soft", "bad", "warn", "good")}
        grounds |= {"bad-bg": ("bad",), "warn-bg": ("warn", "fg"), "good-bg": ("good",), "none-bg": ("soft",)}
        for ground, texts in grounds.items():
            for text in texts:
                assert _contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
        for bar in ("bar-ok", "bar-bad", "bar-open"):  # graphics need 3:1
            assert _contrast(scheme[bar], scheme["bg"]) >= 3, bar


def _contrast(one, other):
    """Return the WCAG contrast ratio of two colours."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_written_whole(tmp_path):
    """Folders are made, nothing else is left behind, and what cannot be written is told."""
    html.write(tmp_path / "a" / "report.html", [records.fallback()])
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["report.html"]
    with pytest.raises(UsageProblem, match="cannot be written"):
        html.write(tmp_path / "a" / "report.html" / "x.html", [])
