"""Write docs/escapes.md from the table of ways to a provider: `python tools/escapes_docs.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.intercept.escapes.way import Way

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "escapes.md"
COMMAND = "python tools/escapes_docs.py"
HEAD = """# What reaches a provider, and what is seen of it

<!-- Written by `{command}` from tests/intercept/escapes; do not edit. -->

{count} ways to reach a provider while chaos is on. {broken} are intercepted and broken. {stopped} cannot be broken:
the call is stopped before it leaves, and the test fails and names the place (`escape`). {unseen} are not seen; they are
here so that you know. `pytest tests/intercept/escapes` tries the ways, those of libraries that are installed.

A provider's place is told by its name (whoever looks it up, in whatever spelling), by the host and port of
`[tool.llmchaos.providers]`, by the name that TLS is asked for, and by what HTTP/1, a proxy or SOCKS is told. What goes
there on purpose is let go with `upstream="passthrough"` or `allow_escapes=True`. Other traffic is left alone: local
services, databases, pings and the closing of connections opened before.
"""
TITLES = {"broken": "Seen and broken", "stopped": "Stopped and told", "unseen": "Not seen"}


def page(ways: Iterable[Way]) -> str:
    """Return the page for these ways."""
    ways = list(ways)
    count = {outcome: sum(way.outcome == outcome for way in ways) for outcome in TITLES}
    parts = [HEAD.format(command=COMMAND, count=len(ways), **count)]
    for outcome, title in TITLES.items():
        heads = ["way", "library", *(["why"] if outcome == "unseen" else [])]
        parts.append(f"\n## {title}\n\n{_line(heads)}{_line(['---'] * len(heads))}")
        parts += [_line([way.what, way.by, *([way.why] if way.why else [])]) for way in ways if way.outcome == outcome]
    return "".join(parts)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT))
    from tests.intercept.escapes.table import WAYS

    PAGE.write_text(page(WAYS), "utf-8")


if __name__ == "__main__":
    main()
