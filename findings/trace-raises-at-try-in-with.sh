#!/usr/bin/env bash
# CPython 3.11.7, 3.12.1 and 3.13.0: a trace function (sys.settrace) that raises at the line of a `try:` inside a `with`
# leaves the block without `__exit__`: a lock stays held. Raised one line earlier or later, it is released; 3.10.13
# releases it in all three places. No handler covers the NOP that `try:` is compiled to since 3.11. A signal never comes
# there; what raises from a tracer (debuggers, the usual recipe for ending a thread, a search for places where an
# interrupt does harm) does.
# Runs each of these Pythons that the machine has, on its PATH or from pyenv, and fails when one does otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/held.py" <<'PY'
import sys
import threading

lock = threading.Lock()


def work():
    with lock:
        before = 1
        try:
            inside = 2
        finally:
            after = 3


def held_after(line):
    def trace(frame, event, arg):
        if frame.f_code is not work.__code__:
            return None
        if event == "line" and frame.f_lineno - work.__code__.co_firstlineno == line:
            sys.settrace(None)
            raise RuntimeError
        return trace

    sys.settrace(trace)
    try:
        work()
    except RuntimeError:
        pass
    held = lock.locked()
    if held:
        lock.release()
    return held


print([held_after(line) for line in (2, 3, 4)])
PY
seen=0
for version in 3.11 3.12 3.13; do
    for python in "$(command -v "python$version" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        if [ -x "$python" ] && "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            told=$("$python" "$folder/held.py")
            echo "$("$python" --version): held after raising before, at and after the line of try: $told"
            [ "$told" = "[False, True, False]" ]
            seen=$((seen + 1))
            break
        fi
    done
done
[ "$seen" -gt 0 ]
