"""Asking over urllib3: for the tests of that library."""

from __future__ import annotations

import json

import pytest
import urllib3

from .scripted import BODY, STREAM, URL

JSON = {"content-type": "application/json"}
SENT = json.dumps(BODY).encode()
is_two = not urllib3.__version__.startswith("1.")
two = pytest.mark.skipif(not is_two, reason="urllib3 1.26 has no such method")


def post(url=URL, body=BODY, *, manager=None, **options):
    """Make a chat call."""
    manager = manager or urllib3.PoolManager()
    return manager.request("POST", url, body=json.dumps(body).encode(), headers=JSON, **options)


def streaming(url=URL, **options):
    """Make a streamed chat call and leave its body to be read."""
    return post(url, STREAM, preload_content=False, **options)
