"""Heads of answers over urllib3: those that are not parsed are what http.client's parser makes of them."""

from __future__ import annotations

import io
from http.client import HTTPResponse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.plan import Head
from pytest_llmchaos.intercept.stacks._urllib3_head import ReadyResponse, is_plain, phrase

SEEN = ("status", "reason", "version", "chunked", "length", "will_close", "code")


class Sock:
    """What an answer comes over."""

    def __init__(self, head, told=b""):
        self.head = head
        self._told = told

    def makefile(self, mode):
        return io.BytesIO(self._told)


def told(head):
    """The head as a server sends it."""
    lines = [f"HTTP/1.1 {head.status} {phrase(head.status)}", *(f"{name}: {value}" for name, value in head.headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parsed(head, method):
    """What http.client makes of it."""
    response = HTTPResponse(Sock(head, told(head)), method=method)
    response.begin()
    return response


def same(head, method="POST"):
    """See whether the unparsed one is the same."""
    ready, known = ReadyResponse(Sock(head), method=method), parsed(head, method)
    ready.begin()
    assert [getattr(ready, name) for name in SEEN] == [getattr(known, name) for name in SEEN]
    assert ready.msg.items() == known.msg.items()
    assert ready.getheaders() == known.getheaders()


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304, 429, 503, 520, 999])
@pytest.mark.parametrize(
    "headers",
    [
        (("Content-Length", "12"), ("content-length", "13")),
        (("transfer-encoding", "Chunked"), ("content-length", "13")),
        (("Connection", "Keep-Alive, Close"),),
        (("x-a", ""), ("x-a", "two"), ("X-A", "three  four")),
    ],
)
def test_an_unparsed_head_is_a_parsed_one(headers, status, method):
    """Whatever frames the body, closes the connection or comes twice."""
    head = Head(status, headers)
    assert is_plain(head)
    same(head, method)


NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1)
VALUES = st.text(st.characters(max_codepoint=255), max_size=12)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4), st.sampled_from([200, 204, 400, 599]))
def test_a_head_that_counts_as_plain_is_a_parsed_one(headers, status):
    """Of any head that is taken for plain, the parser makes the same."""
    if is_plain(head := Head(status, tuple(headers))):
        same(head)


@pytest.mark.parametrize(
    "header",
    [
        ("x", " leading"),
        ("x", "trailing "),
        ("x", "tab\tin it"),
        ("x", "two\r\ny: lines"),
        ("x", "two\nlines"),
        ("x", "ümlaut"),
        ("x y", "blank in the name"),
        ("x:y", "colon in the name"),
        ("", "no name"),
    ],
)
def test_what_a_parser_might_alter_is_parsed(header):
    """Blanks around a value, signs beyond ASCII, lines within."""
    assert not is_plain(Head(200, (("a", "b"), header, ("c", "d"))))
    assert not is_plain(Head(200, (header,)))


def test_what_comes_before_an_answer_is_parsed():
    """A status below 200 is no answer yet, and http.client reads on; too many headers it refuses."""
    assert not is_plain(Head(100, ()))
    assert not is_plain(Head(200, (("a", "b"),) * 200))
