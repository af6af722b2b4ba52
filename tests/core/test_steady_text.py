"""What of a prompt chance hangs on: its words, and nothing that is another in the next run."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.call import Call
from pytest_llmchaos.core.steady_text import steady, texts
from pytest_llmchaos.providers import dialects

DATES = st.datetimes(datetime(1000, 1, 1))
OPENAI = dialects()["openai"]()


@pytest.mark.parametrize(
    "varying",
    [
        *("Friday, 27 November 2026", "2026-11-27", "27.11.2026", "11/27/26", "Nov 3, 2026 at 9:05 PM", "3rd of May"),
        *("2026-11-27 10:00:00.123456+00:00", "Thu May  5 10:00:00 2026", "2026年11月27日", "27. Dezember", "5 mars"),
        *("1764279510.123", "user 42", "user-7f3a", "user_id=ab", "customer id: x7Yz", "session aBcDeFgHiJ", "pid 917"),
        *(
            "0b6a3c1e-5b0e-4d5c-9d0a-2f1f6a1b7c3d",
            "a3f0c9d2e1b4",
            "/home/me/pytest-12/test_x0",
            "ada@example.com",
        ),
        "usr_kdTqWxYzAb",
    ],
)
def test_dates_times_and_ids_are_left_out(varying):
    """With one of them in it, a prompt is the same as with another."""
    words = steady(f"You help. Now: {varying}. Answer question 7.").split()
    kept = [each for each in words if each not in ("user", "customer", "session", "pid")]
    assert kept == ["you", "help", "now", "answer", "question", "7"]


@pytest.mark.parametrize(("one", "other"), [("question 1", "question 12"), ("q1", "q2"), ("refunds", "orders")])
def test_questions_are_told_apart(one, other):
    """Short numbers stay: tests ask by them, in several threads."""
    assert steady(one) != steady(other)


@given(
    DATES,
    DATES,
    st.sampled_from(["%c", "%x %X", "%Y-%m-%dT%H:%M:%S", "%A, %d %B %Y", "%d/%m/%y %I:%M %p"]),
)
def test_no_date_in_any_form_makes_a_difference(one, other, form):
    """However it is written, and of whatever length."""
    assert steady(f"today it is {one.strftime(form)}, be kind") == steady(
        f"today it is {other.strftime(form)}, be kind"
    )


@given(st.uuids(), st.integers(1000, 10**12), st.text(max_size=30))
def test_ids_and_long_numbers_make_none(uid, number, text):
    """UUIDs with and without dashes, counters, timestamps; any text can be read."""
    assert steady(f"order {uid} {uid.hex} {number} please") == "order please"
    assert steady(text) == steady(text)


def test_only_what_is_said_counts():
    """What a request has to tell it, its user or its state from others is no part of its words."""
    body = {"user": "u1", "metadata": {"run": "x"}, "messages": [{"role": "user", "content": "hi", "id": "m1"}]}
    assert texts(body) == ["hi", "user"]


def test_a_very_long_text_is_read_from_its_beginning():
    """A date before the place where reading ends moves that place, and makes no difference."""
    tail = "one two three " * 5000
    assert steady(f"on 1 May 2026 {tail}") == steady(f"on Wednesday, the 23rd of September 2026, at 10:04:11 {tail}")


def test_calls_with_other_words_are_others():
    """The call's identity has its model, whether it streams, the user's request and the words."""

    def identity(text, request="", model="gpt-5"):
        body = {"messages": [{"role": "user", "content": text}]}
        made = Call("openai", "chat", model, False, "POST", "h", "/p", speaks=OPENAI, body=body, request=request)
        return made.identity()

    assert identity("at 10:04 say hi") == identity("at 11:15 say hi")
    assert identity("hi", "checkout 5f0e9a1b") == identity("hi", "checkout 77aa01cd")
    assert len({identity("hi"), identity("ho"), identity("hi", "checkout"), identity("hi", model="gpt-6")}) == 4
