"""`llmchaos calendar`: which of your models is about to go."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._common import Duration, say, table

if TYPE_CHECKING:
    from ..scenarios.calendar import Hit

__all__ = ["calendar"]

_DAY = 86400.0


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Reckon from this day, not from now.")
@click.option("--within", type=Duration(), default="90d", show_default=True, help="How far ahead counts as due.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def calendar(paths: tuple[Path, ...], today: datetime | None, within: float, form: str) -> None:
    """Show which models your code or configuration names that are retired or about to be.

    Looks through the text files beneath each PATH (default: this folder) for models in our list of retirements, price
    changes and policy dates, and in what the installed SDKs say of retirements (those of anthropic, openai and litellm
    do), and names the scenario that rehearses each. Retirements are always listed, prices and policies only while they
    are near. Exits with 1 when a model is gone or something happens within the window.
    The dates of our list are mostly second-hand; where an SDK tells another, the earlier one counts. A model that is
    not listed may go as well.
    """
    from ..scenarios.calendar import Partners, find_in, rehearsals
    from ._files import Texts

    day, ahead = (today.date() if today else date.today()), within / _DAY
    texts, partners = Texts(paths or (Path(),)), Partners()
    found: list[tuple[str, Hit]] = []
    for path, text in texts:
        found += [(path, hit) for hit in _once(find_in(text, partners)) if hit.row.worth_telling(day, ahead)]
    found.sort(key=lambda each: (each[1].row.date, each[0], each[1].line, each[1].model))
    scenarios = rehearsals(hit.row for _, hit in found)
    shown = [_shown(path, hit, day, ahead, scenarios[id(hit.row)]) for path, hit in found]
    if form == "json":
        say(json.dumps(shown, indent=2))
    else:
        _text(shown)
        _tell_the_rest(texts.read, texts.left_out, sorted(partners.names), bool(shown))
    sys.exit(any(each["due"] for each in shown))


def _once(hits: list[Hit]) -> list[Hit]:
    """Leave a policy's second place in a file out: it is about all models of its provider."""
    seen: set[int] = set()
    left = []
    for hit in hits:
        if hit.row.kind == "policy":
            if id(hit.row) in seen:
                continue
            seen.add(id(hit.row))
        left.append(hit)
    return left


def _shown(path: str, hit: Hit, day: date, ahead: float, scenario: str) -> dict[str, Any]:
    told = asdict(hit.row)
    del told["models"], told["common"]
    return {
        "file": path,
        "line": hit.line,
        "model": hit.model,
        **told,
        "days": hit.row.days(day),
        "due": hit.row.due(day, ahead),
        "scenario": scenario,
    }


def _text(shown: list[dict[str, Any]]) -> None:
    if not shown:
        return
    rows: list[tuple[str, ...]] = [
        ("file:line", "model", "provider", "date", "days", "successor", "scenario", "told by")
    ]
    notes: dict[str, None] = {}
    for each in shown:
        mark = "*" if each["conflict"] or each["what"] else ""
        days = "" if each["days"] is None else str(each["days"])
        rows.append(
            (
                f"{each['file']}:{each['line']}",
                each["model"],
                each["provider"],
                (each["date"] or "gone") + mark,
                days,
                each["successor"] or "-",
                each["scenario"] or "-",
                each["sdk"] or "our list",
            )
        )
        if mark:
            said = "; ".join(filter(None, (each["what"], each["conflict"])))
            notes[f"  {each['provider']}/{each['model']}, {each['date'] or 'no date'} ({each['kind']}): {said}"] = None
    table(rows, indent="")
    if notes:
        say("\n* what changes, or what sources do not agree on:")
        for note in notes:
            say(note)


def _tell_the_rest(read: int, left_out: list[str], partners: list[str], any_shown: bool) -> None:
    if not any_shown:
        say(f"none of the models that we know dates of is named in {read} text file{'s' * (read != 1)}")
    if partners:
        say(f"left out, as these clouds keep dates of their own: {', '.join(partners)}", err=True)
    for each in left_out:
        say(f"not read: {each}", err=True)
