"""What of a prompt is the same in every run of a test: its words without dates, times, ids and other people's names.

Chance hangs on it: "Today is Friday, 27 November 2026" in a system prompt, or a UUID in a question, must not make other
calls fail on the next day. Rather too much is left out than too little: calls that look alike are told apart by their
number. Short numbers stay, because tests ask "question 1", "question 2" in several threads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

__all__ = ["steady", "texts"]

_MOST = 8192  # characters of one text; what stands behind them tells nothing more
_WORDS = 800  # of such a text; the place itself moves when a date at the beginning gets longer
_TOKEN = re.compile(r"[^\s\"'`,;(){}\[\]<>|*]+")
_HEAD = re.compile(r"[^-_:/#=.@\\+~?!&%$]*")
_RANDOM = re.compile(r"[a-z][A-Z]")
_LONGEST = 20  # characters of a word; longer ones are keys, addresses, encoded data


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Whatever follows these is somebody's: "user 42", "session id: x7".
_WHOSE = _words("id ids uid uuid guid user username customer client account session tenant member trace pid")
_BETWEEN = _words("is no nr number name")
_LITTLE = _words("of at on the de der den le la el")  # come and go with the way in which a date is written
# A short number beside these is a part of a date or a time.
_DATES = _words("""
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    lundi mardi mercredi jeudi vendredi samedi dimanche
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    lunes martes miércoles jueves viernes sábado domingo
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    lunedì martedì mercoledì giovedì venerdì sabato domenica
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart mei augustus maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    am pm noon midnight morning afternoon evening night today tonight yesterday tomorrow
    utc gmt bst cet cest est edt cst cdt mst mdt pst pdt
    second seconds minute minutes hour hours day days week weeks month months quarter year years ago old
    """)
_SPECIAL = _WHOSE | _LITTLE | _DATES


def steady(text: str) -> str:
    """Return the words of a text that stay the same from run to run."""
    return _steady(text[: _MOST + 1])


@lru_cache(maxsize=512)
def _steady(text: str) -> str:
    words: list[str] = []
    whose = dated = False
    for token in _TOKEN.findall(text):
        if not whose and token not in _SPECIAL and token.islower() and token.isalpha() and len(token) < _LONGEST:
            words.append(token)  # most are like this, and so the quickest way
            dated = False
            continue
        word = _HEAD.match(token)[0].lower()  # type: ignore[index] # it matches nothing at least
        if word in _LITTLE:
            continue
        if whose:
            whose = word in _WHOSE or word in _BETWEEN or not word
        elif word in _DATES:
            if words and words[-1].isdecimal():
                words.pop()
            dated = True
            continue
        elif word in _WHOSE:
            words.append(word)
            whose = token[-1] not in ".!?"
        elif _stays(token, word) and not (dated and word.isdecimal()):
            words.append(word)
        dated = False
    return " ".join(words[:_WORDS] if len(text) > _MOST else words)


def _stays(token: str, word: str) -> bool:
    if not word or len(token) >= _LONGEST or "@" in token:
        return False
    if any(map(str.isdigit, token)):
        plain = token.rstrip(".:!?)")
        return (
            plain.isascii()
            and plain.isalnum()
            and (len(plain) < 4 if plain.isdigit() else not plain[0].isdigit() and len(plain) < 5)
        )
    return _RANDOM.search(token) is None


# What a request says of itself to tell it, its user or its state from others.
_IDENTIFYING = _words("""
    user safety_identifier metadata prompt_cache_key previous_response_id conversation session_id id tool_call_id
    tool_use_id call_id toolUseId toolCallId response_id container cachedContent encrypted_content signature
    thoughtSignature thought_signature file_id file_uri fileUri requestMetadata labels trace store
    """)


def texts(body: Any) -> list[str]:
    """Return the texts of a request's JSON that stay the same from run to run, in order."""
    found: list[str] = []
    _gather(body, found)
    return found


def _gather(body: Any, found: list[str]) -> None:
    if isinstance(body, str):
        found.append(steady(body))
    elif isinstance(body, list | tuple):
        for each in body:
            _gather(each, found)
    elif type(body) is dict or isinstance(body, Mapping):
        for key in sorted(map(str, body)):
            if key not in _IDENTIFYING:
                each = body.get(key)
                if isinstance(each, str):  # most are
                    found.append(steady(each))
                else:
                    _gather(each, found)
