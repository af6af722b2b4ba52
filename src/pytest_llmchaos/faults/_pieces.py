"""What the faults share that send the events of a stream in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..core.plan import Chunk, Head, Step, StepMap, Wait

__all__ = ["in_pieces"]


def in_pieces(cut: Callable[[bytes], Iterator[bytes]], every: float = 0.0) -> StepMap:
    """Return a step map that sends each chunk of a good answer (2xx) in the pieces that `cut` makes of it, with
    `every` seconds before each piece but the first of all. The last piece stands for the event as it was.
    """
    good = first = False

    def split(step: Step) -> Iterable[Step]:
        nonlocal good, first
        if isinstance(step, Head):
            good = first = 200 <= step.status < 300
        if not good or not isinstance(step, Chunk):
            return (step,)
        *early, last = cut(step.data) if step.data else (b"",)
        steps: list[Step] = []
        for chunk in (*map(Chunk, early), Chunk(last, step.event, step.error)):
            if every and not first:
                steps.append(Wait(every))
            steps.append(chunk)
            first = False
        return steps

    return split
