#!/usr/bin/env bash
# pytest-xdist 3.8.0 under pytest 9.2.0: `--dist loadgroup` does not keep a group's tests together.
# It writes the group behind a test's `_nodeid`, which this pytest does not read; under 9.0.3 the id ends in @GROUP.
# Runs one group of eight tests on two workers under both versions, and fails when that is so no longer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_group.py <<'PY'
import time
import pytest

@pytest.mark.parametrize("nth", range(8))
@pytest.mark.xdist_group("one")
def test_one(nth):
    time.sleep(0.3)
PY
for version in 9.0.3 9.2.0; do
    python3 -m venv "venv-$version"
    "venv-$version/bin/pip" install -q "pytest==$version" pytest-xdist==3.8.0
    "venv-$version/bin/python" -m pytest -v -p no:cacheprovider -n 2 --dist loadgroup > "told-$version" 2>&1
    echo "pytest $version, xdist 3.8.0: $(grep -c '@one' "told-$version" || true) lines with the group," \
        "on $(grep -o '\[gw[01]\].*PASSED' "told-$version" | grep -o 'gw[01]' | sort -u | wc -l) workers"
done
grep -q '@one' told-9.0.3
! grep -q '@one' told-9.2.0
