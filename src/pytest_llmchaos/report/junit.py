"""What JUnit files tell of a test under chaos, and a JUnit file of its own from journals."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.call import BESIDE
from ..core.terminal_text import safe
from ..gate.outcome import outcome_of
from ._base import ReportForm
from ._survival import BAD, decisive, short_reason

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["Junit", "document", "properties"]


class Junit(ReportForm):
    """A JUnit file."""

    option = "junit"
    help = "Write a JUnit file."

    def render(self, records: Sequence[Record]) -> str:
        """Return the file."""
        return document(records)


def properties(record: Record) -> list[tuple[str, str]]:
    """Return the `<property>` names and values of one test, all beginning with `llmchaos.`.

    How the test ended is not among them: pytest asks for them before it is known. Values are fit for XML, and what is
    shaped like a key is hidden. Times are in seconds.
    """
    # What the app asks a status page is no attempt at an answer.
    calls = [each for each in record.entries if each["type"] == "exchange" and each.get("operation") not in BESIDE]
    attempts = Counter(str(each.get("provider")) for each in calls)
    told: list[tuple[str, object]] = [("scenario", each) for each in record.scenarios]
    told += [("fault", each) for each in record.faults]
    told += [("seed", record.seed), ("clock", record.clock)]
    told += [(f"verdict.{each.get('check')}", each.get("outcome")) for each in record.verdicts]
    told += [("attempts", len(calls))]
    told += [(f"attempts.{provider}", number) for provider, number in attempts.items()]
    told += [("virtual_seconds", f"{record.virtual:.3f}"), ("replay", record.replay)]
    return [(safe(f"llmchaos.{name}"), safe(str(value))) for name, value in told if value not in ("", None)]


def document(records: Sequence[Record]) -> str:
    """Return a whole JUnit file: a test case for each record, a failure for each that was violated or failed.

    An inconclusive record is a failure too: nothing was shown. One that no fault hit, or that made no LLM call, is
    skipped, with the reason.
    """
    suite = xml.Element("testsuite", name="llmchaos", tests=str(len(records)))
    counts: Counter[str] = Counter()
    for each in records:
        # A parameter's text may hold anything, `::` too.
        plain, bracket, parameters = each.test.partition("[")
        file, _, name = plain.rpartition("::")
        name += bracket + parameters
        case = xml.SubElement(
            suite, "testcase", classname=safe(_dotted(file)), name=safe(name), time=f"{each.wall:.3f}"
        )
        box = xml.SubElement(case, "properties")
        for key, value in [*properties(each), ("llmchaos.standing", outcome_of(each))]:
            xml.SubElement(box, "property", name=key, value=value)
        if (kind := _kind(each)) is None:
            continue
        counts[kind] += 1
        verdict = decisive(each)
        check = f"{verdict.get('check')} {verdict.get('outcome')}: " if verdict else ""
        result = xml.SubElement(case, kind, message=safe(check + short_reason(each)))
        if kind != "skipped":
            result.text = safe(f"play it again with: {each.replay}") if each.replay else ""
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    suite.set("skipped", str(counts["skipped"]))
    suite.set("time", f"{sum(each.wall for each in records):.3f}")
    suites = xml.Element("testsuites")
    suites.append(suite)
    xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(suites, encoding="unicode") + "\n"


def _kind(record: Record) -> str | None:
    how = outcome_of(record)
    if how in BAD:
        return "error" if how == "error" else "failure"
    return None if how == "held" else "skipped"


def _dotted(path: str) -> str:
    """Write the file and class of a node id as pytest's own JUnit files do."""
    return path.replace(".py", "").replace("/", ".").replace("::", ".")
