"""Embeddings that do not belong to the index."""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from ..core.errors import ParameterError
from ..core.parameters import choice, natural, param
from ._base import Fault
from ._documents import Editing

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["WrongEmbeddings"]

Numbers = list[float]


@dataclass(frozen=True)
class WrongEmbeddings(Fault):
    """A 200 whose vectors are useless for an index that was built before: as after a silent change of the model
    behind a name, or eight hours of degraded embeddings (OpenAI, 25 September 2023).

    No SDK notices. It fits embeddings calls only; answers from beneath (passthrough) are changed the same way.

    Args:
        dimensions: with `form="length"`, how many numbers each vector has; None for half as many as it should.
        form: `length` for vectors of another length, `shuffled` for the right numbers in a wrong order (the same
            order for all vectors of an answer), `zeros` for nothing but zeros.
    """

    name = "wrong_embeddings"
    kind = "content"

    dimensions: int | None = natural("0 is not a number of dimensions, one or more", default=None)
    form: str = param(choice("length", "shuffled", "zeros"), default="length")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dimensions is not None and self.form != "length":
            raise ParameterError("dimensions", f"goes with form='length' only, not with {self.form!r}")

    def unfit(self, call: Call) -> str | None:
        """Only embeddings calls have vectors."""
        if call.operation != "embeddings":
            return f"{self.name} spoils vectors, and this {call.operation} call asks for none"
        return None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Spoil the vectors on their way."""
        key = draw.part(self.name).key
        return plan.shaped(lambda: Editing(lambda document: self._spoil(document, key), error=self.name))

    def _spoil(self, document: Any, key: str) -> bool:
        """Change every list of numbers, and every vector in base64, within the document; tell whether that did."""
        if _is_vector(document):
            before = list(document)
            document[:] = self._wrong(document, key)
            return bool(document != before)
        if not isinstance(document, dict | list):
            return False
        items = document.items() if isinstance(document, dict) else enumerate(document)
        changed = False
        for at, value in list(items):
            if at == "embedding" and isinstance(value, str):
                document[at] = _coded(self._wrong(_decoded(value), key))
                changed = changed or document[at] != value
            else:
                changed = self._spoil(value, key) or changed
        return changed

    def _wrong(self, vector: Numbers, key: str) -> Numbers:
        if self.form == "zeros":
            return [type(each)(0) for each in vector]
        if self.form == "shuffled":
            order = list(range(len(vector)))
            Random(key).shuffle(order)  # noqa: S311 - repeatable on purpose
            return [vector[at] for at in order]
        size = self.dimensions or max(len(vector) // 2, 1)
        return (vector * (size // max(len(vector), 1) + 1))[:size]


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )


def _decoded(text: str) -> Numbers:
    numbers = array("f", b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


def _coded(vector: Numbers) -> str:
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode()
