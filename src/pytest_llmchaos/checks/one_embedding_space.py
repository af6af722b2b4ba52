"""Vectors of different models are not mixed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Check
from ._calls import against, count
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["OneEmbeddingSpace"]


@dataclass(frozen=True)
class OneEmbeddingSpace(Check):
    """All embeddings that the app got are of one model and one length.

    Vectors of two models are not comparable, even where their lengths are equal: an embedding fallback must be the
    same model elsewhere, or an index of its own.
    """

    name = "one_embedding_space"

    def judge(self, journal: Journal) -> Verdict:
        """Compare the good embedding calls: models asked for, models that answered, lengths of the vectors."""
        calls = [each for each in journal.exchanges if each.operation == "embeddings" and each.ok]
        if len(calls) < 2:
            return self.verdict(
                "inconclusive",
                f"{count(len(calls), 'good embedding call')} seen, two are needed to compare: let the app embed again "
                "while its first choice fails",
                calls,
            )
        models: dict[str, Exchange] = {}
        answered: dict[tuple[str, str], Exchange] = {}
        lengths: dict[int, Exchange] = {}
        for each in calls:
            models.setdefault(_model(each), each)
            if each.answer.model:
                answered.setdefault((each.provider, each.answer.model), each)
            for length in each.answer.dimensions:
                lengths.setdefault(length, each)
        expected = "embeddings of one model and one length"
        aliases = {model: each for model, each in models.items() if _alias(each)}
        if len(models) > 1 and len(models) - len(aliases) < 2 and len(lengths) < 2:
            reason = f"of which model Azure's deployment {next(iter(aliases))!r} is, its answers do not tell"
            return self.verdict("inconclusive", reason, models.values())
        if len(models) > 1:
            return self.verdict("violated", against(expected, f"they came of {_listed(models)}"), models.values())
        if len(lengths) > 1:
            said = f"the vectors have {_listed(map(str, sorted(lengths)))} values"
            return self.verdict("violated", against(expected, said), dict.fromkeys(lengths.values()))
        for provider in dict.fromkeys(provider for provider, _ in answered):
            own = {model: each for (where, model), each in answered.items() if where == provider}
            if len(own) > 1:
                said = f"{provider} answered with {_listed(own)}"
                return self.verdict("violated", against(expected, said), own.values())
        if cut := [each for each in calls if each.answer.partial]:
            return self.verdict(
                "inconclusive",
                f"{count(len(cut), 'answer')} so long, and in so many pieces, that not all was kept: the length of "
                "vectors is not known",
                cut,
            )
        size = f" and length {next(iter(lengths))}" if lengths else ", their length not told"
        return self.verdict("held", f"{count(len(calls), 'embedding call')} of one model{size}", calls)


def _model(call: Exchange) -> str:
    """Return which model a call is for, as far as it is told: Azure's paths name a deployment only."""
    told = call.answer.model if call.provider == "azure" else ""
    return _plain(told or call.model or "")


def _alias(call: Exchange) -> bool:
    """Tell whether all that is known of a model is a deployment's name that somebody chose."""
    known = call.answer.model not in ("", call.model) or "text-embedding" in (call.model or "")
    return call.provider == "azure" and not known


def _plain(model: str) -> str:
    """Return a model without the vendor that gateways put before it: `openai/text-embedding-3-small`."""
    return model.rpartition("/")[2]


def _listed(words: Iterable[str]) -> str:
    return " and ".join(words)
