"""What the user reads is one answer, not two halves of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._asks import later
from ._base import Check
from ._bodies import walk
from ._calls import against, count, named, worst
from ._results import broken_off, ended, set_result
from ._said import plain, variants
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["NoSplice"]

_SURE = 8  # characters that two texts do not share by chance


@dataclass(frozen=True)
class NoSplice(Check):
    """The text of a result is from one attempt: what came of a broken one is not left in front of the next one's.

    An attempt that was asked to go on from the broken text (it stands in its request) continues it, and may.
    """

    name = "no_splice"

    def judge(self, journal: Journal) -> Verdict:
        """Look for the text of each broken attempt beside that of the attempt that followed."""
        said: list[str] = []
        guilty: list[Exchange] = []
        good: list[Exchange] = []
        for request in ended(journal):
            if not request.has_result:
                continue
            shown = variants(request.result)
            for broken in filter(broken_off, request.calls):
                for whole in later(broken, request.calls):
                    mine = [text for text in shown if _shows(text, whole)]
                    if kind(whole) != kind(broken) or broken_off(whole) or not mine or _continues(whole, broken):
                        continue
                    if any(_spliced(text, plain(broken.answer.text), plain(whole.answer.text)) for text in mine):
                        guilty += [broken, whole]
                        said.append(
                            f"the result of {named(request.name)} has what came of {broken.label} ({broken.outcome}) "
                            f"besides the answer of {whole.label}"
                        )
                    else:
                        good += [broken, whole]
        if said:
            reason = against("a result from one attempt's answer", worst(said))
            return self.verdict("violated", reason, dict.fromkeys(guilty))
        if not good:
            return self.verdict(
                "inconclusive",
                "no result has an answer that followed on one that broke off with text: inject what breaks a stream, "
                f"such as faults.stream_cut(calls=1), and {set_result(journal)}",
            )
        reason = f"{count(len(good) // 2, 'result')} followed on a broken answer and has none of it"
        return self.verdict("held", reason, dict.fromkeys(good))


def _shows(shown: str, call: Exchange) -> bool:
    """Tell whether a result has the text of a call, or enough of it to be sure where it is from."""
    text = plain(call.answer.text)
    return bool(text) and (text in shown or (len(text) >= 4 * _SURE and text[-2 * _SURE :] in shown))


def _spliced(shown: str, broken: str, whole: str) -> bool:
    if len(broken) < _SURE:  # a few letters may stand anywhere; right in front of the answer they are no chance
        return f"{broken}{whole}" in shown or f"{broken} {whole}" in shown
    if whole in shown:  # results hold an answer more than once: as the text and as the last message
        return broken in shown.replace(whole, "\0")
    return shown.count(broken) > whole.count(broken)


def _continues(call: Exchange, broken: Exchange) -> bool:
    text = plain(broken.answer.text)
    return any(
        text in plain(value) for each in walk(dict(call.body)) for value in each.values() if isinstance(value, str)
    )
