"""Write docs/zoo.md from the tables of the bug zoo: `python tools/zoo_docs.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llmchaos import checks
from pytest_llmchaos.checks import always_on

if TYPE_CHECKING:
    from tests.zoo.row import Bug, Released, Unseen

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "zoo.md"
COMMAND = "python tools/zoo_docs.py"
TITLES = {
    "retries": "Retries",
    "fallback": "Fallbacks that are never reached",
    "elsewhere": "Calls that go elsewhere wrongly",
    "breaker": "Breakers, cooldowns and caches",
    "deadlines": "Deadlines",
    "streams": "Streams",
    "tools": "Tools",
    "content": "What users get to see",
    "leaks": "Keys",
    "load": "Under load, and letting go",
}
HEAD = """# The bug zoo

<!-- Written by `{command}` from the tables in tests/zoo; do not edit. -->

{count} bugs of real LLM apps and frameworks, each re-created in a few lines over the real SDKs, and each caught by a
check that anybody can use: no test of the zoo has an assertion of its own. Beside each stands the corrected app, for
which the same check holds under the same faults. The apps are ours and show the mechanism; the links lead to where
the bugs were reported. `pytest tests/zoo` runs them all in a few seconds. {released} more are caught in the
[released frameworks](#in-released-frameworks) themselves.

Of the checks some are asked for (`llmchaos.expect.attempts(at_most=3)`), some are rules of every run, and some are
always on: they need no knowledge of the app.
"""
RELEASED_HEAD = """
## In released frameworks

The same with nothing re-created: {count} bugs in the published version that has them, pinned, with a small app around
it as its users have. The corrected twin has the same version, used in a way that avoids the bug. The apps:
[tests/environments/zoo](../tests/environments/zoo), in an environment of their own; `nox -s zoo` makes it and runs
them.

| framework | bug | goes wrong | caught by |
| --- | --- | --- | --- |
"""
UNSEEN_HEAD = """
## Not seen

Bugs that no check finds, and why.

| bug | reason |
| --- | --- |
"""


def page(bugs: Iterable[Bug], released: Iterable[Released], unseen: Iterable[Unseen]) -> str:
    """Return the page for these bugs; no framework is imported for it."""
    bugs, released = list(bugs), list(released)
    parts = [HEAD.format(command=COMMAND, count=len(bugs), released=len(released))]
    for family, rows in groupby(bugs, key=lambda bug: bug.family):
        parts.append(f"\n## {TITLES[family]}\n\nThe apps: [tests/zoo/{family}.py](../tests/zoo/{family}.py).\n\n")
        parts.append("| bug | goes wrong | caught by |\n| --- | --- | --- |\n")
        parts += [_line(f"{bug.what} ({_links(bug.sources)})", _faults(bug), _caught(bug)) for bug in rows]
    parts.append(RELEASED_HEAD.format(count=len(released)))
    parts += [
        _line(f"{row.package} {row.version}", f"{row.what} ({_links(row.sources)})", _faults(row), _caught(row))
        for row in released
    ]
    parts.append(UNSEEN_HEAD)
    parts += [_line(f"{each.what} ({_links([each.source])})", each.why) for each in unseen]
    return "".join(parts)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _links(sources: Iterable[str]) -> str:
    return ", ".join(f"[{_short(each)}]({each})" for each in sources)


def _short(url: str) -> str:
    """Return a reference as people write it: `BerriAI/litellm#6532`."""
    parts = url.removeprefix("https://").strip("/").split("/")
    if parts[0] == "github.com" and len(parts) == 5:
        return f"{parts[1]}/{parts[2]}#{parts[4]}"
    return parts[-1]


def _faults(bug: Bug | Released) -> str:
    unusual = "no fault, but an unusual answer" if getattr(bug, "replies", ()) else "no fault"
    return ", ".join(f"`{each}`" for each in bug.faults) or unusual


def _caught(bug: Bug | Released) -> str:
    if bug.check in always_on.names():
        return f"`{bug.check}`, always on"
    if bug.check not in checks.names():
        return f"`{bug.check}`, a rule of every run"
    given: dict[str, Any] = {key: _shown(value) for key, value in bug.given.items()}
    told = ", ".join(f"{'from_' if key == 'from' else key}={value}" for key, value in given.items())
    return f"`{bug.check}({told})`"


def _shown(value: Any) -> str:
    return str(value.__name__) if callable(value) else repr(value)


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT))
    from tests.zoo.bugs import BUGS
    from tests.zoo.released import RELEASED
    from tests.zoo.unseen import UNSEEN

    PAGE.write_text(page(BUGS, RELEASED, UNSEEN), "utf-8")


if __name__ == "__main__":
    main()
