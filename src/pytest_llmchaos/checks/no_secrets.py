"""Keys and people's data stay where they belong, also when things go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..journal import secret_search
from ._base import Check
from ._calls import against, count, named, worst
from ._said import spoken
from .verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..journal.entries import Journal

__all__ = ["NoSecrets"]


@dataclass(frozen=True)
class NoSecrets(Check):
    """No API key and no canary stands in log records, standard output and error, or the texts of errors.

    An API key may not stand in a result or in a later call to another provider either. Keys are those that calls came
    with (of 20 characters or more: `test-key` is a word) and those of `llmchaos.canary("key")`. They are found as they
    are, as JSON, URLs and base64 write them, and by a long beginning. What went through file descriptors directly, as
    from a subprocess, is not seen.
    """

    name = "no_secrets"

    def judge(self, journal: Journal) -> Verdict:
        """Search everything that the app showed since chaos started."""
        app = journal.app
        secrets = secret_search.secrets(app)
        calls = list(journal.exchanges)
        if not secrets:
            return self.verdict(
                "inconclusive",
                "there is no secret to search for: give the app llmchaos.canary('key') as its API key, or put a "
                "canary into what it handles",
            )
        said: list[str] = []
        searched = 0
        for place, texts, everywhere_only in _places(journal):
            searched += len(texts)
            wanted = [each for each in secrets if each.everywhere or not everywhere_only]
            said += dict.fromkeys(f"{each.what} stands in {place}" for each in secret_search.search(wanted, texts))
        sent = [each for each, _ in app.sent_on]
        said += [f"{what} was sent in the body of {each.label}" for each, what in app.sent_on]
        if said:
            return self.verdict("violated", against("no secret where the app writes", worst(said)), sent)
        if not searched:
            return self.verdict(
                "inconclusive",
                "the app wrote, raised and gave nothing: let it log, mark the ask with `with llmchaos.request(...)`, "
                "or set its result",
            )
        reason = f"{count(len(secrets), 'secret')} searched for in {count(searched, 'text')} and found in none"
        if not calls:
            return self.verdict("inconclusive", f"{reason}, but no LLM call was made: let the app ask something")
        return self.verdict("held", reason, calls)


def _places(journal: Journal) -> Iterator[tuple[str, list[str], bool]]:
    """Yield where to search: its name, its texts, and whether only keys are out of place there."""
    app = journal.app
    yield "a log record", app.written.logs, False
    # Put together: what comes piece by piece, as a stream that is printed, has no secret in any one piece.
    yield "standard output or error", ["".join(app.written.output)] if app.written.output else [], False
    for request in app.requests:
        if request.error is not None:
            yield secret_search.named(request.error), secret_search.texts(request.error), False
        if request.has_result:
            yield f"the result of {named(request.name)}", list(spoken(request.result)), True
    if app.error is not None:
        yield secret_search.named(app.error), secret_search.texts(app.error), False
