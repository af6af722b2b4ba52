"""The HTML report in a real browser."""

from __future__ import annotations

import base64

import pytest

from pytest_llmchaos.report import html

from . import browser, records

pytestmark = pytest.mark.skipif(browser.EXECUTABLE is None, reason="no Chromium on this machine")


def test_in_a_real_browser(tmp_path):
    """500 tests stay few elements; the console stays silent; links, keys, filters and both colour schemes work."""
    html.write(tmp_path / "many.html", records.many(500))
    html.write(tmp_path / "hostile.html", [records.hostile()])
    with browser.opened(tmp_path / "profile") as page:
        url = (tmp_path / "many.html").as_uri()
        page.open(url)
        assert page.ask("document.querySelectorAll('*').length") < 500 * 250
        _layout(page)
        _keys(page)
        _filters(page)
        _links(page, url)
        _pictures(page)
        page.open((tmp_path / "hostile.html").as_uri())
        assert page.ask("document.images.length + document.querySelectorAll('[onerror]').length") == 0
        assert page.ask("document.scripts.length") == 1
        assert page.ask("document.querySelector('svg[role=img]') !== null")
        assert page.said == []


def _layout(page):
    """Nothing reaches beyond the window, and no label beyond its picture."""
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
    assert page.ask("document.querySelectorAll('.matrix tbody tr').length") == 100
    beyond = """[...document.querySelectorAll('details[open] svg[role=img]')].flatMap(svg =>
        [...svg.querySelectorAll('text')].filter(text => {
            const box = text.getBBox();
            return box.x < -1 || box.x + box.width > svg.viewBox.baseVal.width + 1;
        })).length"""
    assert page.ask("document.querySelectorAll('details[open] svg[role=img]').length") == 3
    assert page.ask(beyond) == 0


def _keys(page):
    """The first stop of the Tab key is the way past the matrix; Enter opens a test."""
    page.press("Tab", 9)
    assert page.ask("document.activeElement.className") == "skip"
    page.ask("document.querySelectorAll('.test > summary')[9].focus()")
    page.press("Enter", 13)
    assert page.ask("document.querySelectorAll('.test')[9].open")
    page.press("Tab", 9)
    assert page.ask("document.activeElement.closest('.test') === document.querySelectorAll('.test')[9]")


def _filters(page):
    """Boxes and words hide what they do not name."""
    shown = "[...document.querySelectorAll('.test')].filter(each => each.getClientRects().length).length"
    assert page.ask(shown) == 500
    page.ask("document.getElementById('f-held').click()")
    assert page.ask(shown) == 50
    page.ask("document.getElementById('f-held').click()")
    write = "var q = document.getElementById('q'); q.value = {!r}; q.dispatchEvent(new Event('input'))"
    page.ask(write.format("suite_3 RATE-LIMITS"))
    assert page.ask(shown) == 10
    page.ask(write.format(""))
    assert page.ask(shown) == 500


def _links(page, url):
    """A cell of the matrix leads to its test, and the evidence to its call; both open what they lead to."""
    page.ask("document.querySelectorAll('.matrix tbody tr')[60].querySelector('a').click()")
    at = "document.getElementById(location.hash.slice(1))"
    opened = f"new Promise(done => setTimeout(() => done({at}.closest('details').open), 50))"
    assert page.ask(opened)
    page.ask(f"{at}.querySelector('.verdicts a').click()")
    assert page.ask("/^#t[0-9]+-[0-9]+$/.test(location.hash)")
    assert page.ask(opened)
    page.ask("location.hash = ''")


def _pictures(page):
    """It is drawn, in light and in dark."""
    seen = []
    for scheme in ("light", "dark"):
        page.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        seen.append(page.ask("getComputedStyle(document.body).backgroundColor"))
        shot = base64.b64decode(page.do("Page.captureScreenshot")["data"])
        assert shot.startswith(b"\x89PNG")
        assert len(shot) > 20_000
    assert seen == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]
