#!/usr/bin/env bash
# pytest-asyncio 1.3.0 under pytest 8.2.0 (strict mode): a loop that it made is left open where a plain test that calls
# `asyncio.run` follows an async one. With warnings as errors another test fails for it, the one in which it is collected.
# Runs three tests, of which the last does nothing but collect, and fails when that one passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_loops.py <<'PY'
import asyncio
import gc

import pytest


@pytest.mark.asyncio
async def test_async():
    pass


def test_plain():
    asyncio.run(asyncio.sleep(0))


def test_that_touches_no_loop():
    gc.collect()
PY
python3 -m venv venv
venv/bin/pip install -q pytest==8.2.0 pytest-asyncio==1.3.0
status=0
venv/bin/python -m pytest -q -p no:cacheprovider -W error -o asyncio_default_fixture_loop_scope=function test_loops.py \
    > told 2>&1 || status=$?
grep -E "ResourceWarning: unclosed|passed|failed" told | sed "s@<.*@@" | sort -u
[ "$status" -ne 0 ]
grep -q "ResourceWarning: unclosed" told
grep -q "FAILED test_loops.py::test_that_touches_no_loop" told
