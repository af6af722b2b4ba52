"""What the installed SDKs themselves say of models that go: read from their files, and nothing of theirs is imported.

A file that is not there or looks another way tells nothing; it never fails.
"""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Told", "anthropic", "installed", "litellm", "openai"]


@dataclass(frozen=True, slots=True)
class Told:
    """One retirement that an SDK tells.

    Attributes:
        provider: as targets name it.
        model: its id.
        date: ISO date from which it answers no more.
        evidence: `provider` for the vendor's own SDK, else `second-hand`.
        sdk: the SDK with its version.
    """

    provider: str
    model: str
    date: str
    evidence: str = "provider"
    sdk: str = ""


_TABLE = re.compile(r"^DEPRECATED_MODELS\b[^={]*=\s*(\{[^{}]*\})", re.MULTILINE)


def anthropic(folder: Path) -> Iterator[Told]:
    """Read the table by which the SDK warns; older versions have it beside the messages (since 0.40, at least)."""
    for name in ("_data/deprecated_models.py", "resources/messages/messages.py"):
        if (path := folder / name).is_file() and (found := _TABLE.search(path.read_text("utf-8"))):
            for model, told in ast.literal_eval(found[1]).items():
                if date := _date(told):
                    yield Told("anthropic", model, date)
            return


_NOTE = re.compile(r"^- (?P<names>\"[^:]*?):\s*(?P<text>.*?)(?=^- |\"\"\"|\Z)", re.MULTILINE | re.DOTALL)
_SHUTDOWN = re.compile(r"shutdown\s+date:?\s*(\d{4}-\d\d-\d\d)", re.IGNORECASE)


def openai(folder: Path) -> Iterator[Told]:
    """Read the notes below the lists of models (in openai 3: `- "gpt-5.1": Announced shutdown date: 2027-04-01.`)."""
    for path in sorted((folder / "types").glob("**/*_model.py")):
        for note in _NOTE.finditer(path.read_text("utf-8")):
            if found := _SHUTDOWN.search(note["text"]):
                for model in re.findall(r'"([^"\s]+)"', note["names"]):
                    yield Told("openai", model, found[1])


_BY_LITELLM = {
    **{each: each for each in ("anthropic", "cohere", "deepseek", "gemini", "groq", "mistral", "openai", "xai")},
    "cohere_chat": "cohere",
    "text-completion-openai": "openai",
}


def litellm(folder: Path) -> Iterator[Told]:
    """Read the table of prices, which has dates as well."""
    path = folder / "model_prices_and_context_window_backup.json"
    if not path.is_file():
        return
    for name, told in json.loads(path.read_text("utf-8")).items():
        provider = _BY_LITELLM.get(told.get("litellm_provider", ""))
        if provider and (date := _date(told.get("deprecation_date"))):
            yield Told(provider, name.rpartition("/")[2], date, "second-hand")


_READERS: Mapping[str, Callable[[Path], Iterator[Told]]] = {
    "anthropic": anthropic,
    "openai": openai,
    "litellm": litellm,
}


def installed() -> dict[tuple[str, str], Told]:
    """Return what the SDKs of this environment tell, by provider and model; the vendor's own word goes first."""
    found: dict[tuple[str, str], Told] = {}
    for name, read in _READERS.items():
        try:
            spec = find_spec(name)
            folders = list(spec.submodule_search_locations or ()) if spec else []
            told = [each for folder in folders for each in read(Path(folder))]
            version = metadata.version(name) if told else ""
        except Exception:  # noqa: S112 - whatever an SDK looks like: our own list still tells what it knows
            continue
        for each in told:
            made = Told(each.provider, each.model, each.date, each.evidence, f"{name} {version}")
            found.setdefault((each.provider, each.model), made)
    return found


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPOKEN = re.compile(r"([A-Z][a-z]{2})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")


def _date(told: object) -> str:
    """Return an ISO date for `2026-11-30` or `November 30th, 2026`; empty for anything else."""
    if not isinstance(told, str):
        return ""
    try:
        if found := _SPOKEN.fullmatch(told.strip()):
            return dt.date(int(found[3]), _MONTHS.index(found[1].lower()) + 1, int(found[2])).isoformat()
        return dt.date.fromisoformat(told.strip()[:10]).isoformat()
    except ValueError:
        return ""
