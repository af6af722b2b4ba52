"""What a test pays for before its first answer: nothing is imported that it does not need."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import httpx2
before = set(sys.modules)  # what the library brings is its own affair
from pytest_llmchaos import faults, inject

with inject(faults.latency("1s", target="openai")):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
    answer = httpx2.post("https://api.openai.com/v1/chat/completions", json=body)
HEAVY = ("faker", "hypothesis", "respx", "yaml", "click", "aiohttp", "requests", "openai", "anthropic")
words = answer.json()["choices"][0]["message"]["content"].split()
print(json.dumps([len(words) > 9, [each for each in HEAVY if each in set(sys.modules) - before]]))
"""


def test_a_plain_fault_needs_neither_faker_nor_yaml():
    """Healthy text is made of a list of words of our own."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [True, []]
