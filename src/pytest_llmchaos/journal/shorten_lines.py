"""Shortens long lists of lines: runs of similar ones collapse, and the whole is bounded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

__all__ = ["Gap", "bounded", "collapsed"]

_LONGEST_PATTERN = 8


@dataclass(frozen=True, slots=True)
class Gap:
    """Places `start` up to `end` (excluded) are left out.

    `pattern` tells how many lines before it repeat in it; 0 means it was cut for length alone.
    """

    start: int
    end: int
    pattern: int = 0


Part = int | Gap


def collapsed(keys: Sequence[Hashable], longest: int = 12) -> list[Part]:
    """Return the places to show, long repetitions replaced by gaps.

    Lines alike in a row, or patterns of up to 8 lines (three tries and a failover, again and again), are
    collapsed when they fill more than `longest` lines. A key of None is like no other.
    """
    parts: list[Part] = []
    at = 0
    while at < len(keys):
        pattern, end = _repetition(keys, at)
        if end - at > longest:
            shown = at + (3 if pattern == 1 else pattern)
            parts += [*range(at, shown), Gap(shown, end, pattern)]
            at = end
        else:
            parts.append(at)
            at += 1
    return parts


def _repetition(keys: Sequence[Hashable], at: int) -> tuple[int, int]:
    """Return the shortest pattern that repeats from here for longest, and where its repetition ends."""
    best, best_end = 1, at + 1
    for pattern in range(1, _LONGEST_PATTERN + 1):
        end = at + pattern
        while end < len(keys) and keys[end] is not None and keys[end] == keys[end - pattern]:
            end += 1
        end -= (end - at) % pattern
        if end - at >= 3 * pattern and end > best_end:
            best, best_end = pattern, end
    return best, best_end


def bounded(parts: Sequence[Part], most: int, keep: Callable[[Part], bool]) -> list[Part]:
    """Return about `most` of the parts: head, tail and, as far as they fit, those that `keep` names."""
    if len(parts) <= most:
        return list(parts)
    third = max(most // 3, 1)
    chosen = {*range(third), *range(len(parts) - third, len(parts))}
    wanted = [place for place in range(third, len(parts) - third) if keep(parts[place])]
    if len(wanted) > third:
        wanted = [*wanted[: third // 2], *wanted[third // 2 - third :]]
    chosen.update(wanted)
    out: list[Part] = []
    skipped: list[Part] = []
    for place, part in enumerate(parts):
        if place not in chosen:
            skipped.append(part)
            continue
        if skipped:
            out.append(_cut(skipped))
            skipped = []
        out.append(part)
    return out


def _cut(skipped: Sequence[Part]) -> Part:
    first, last = skipped[0], skipped[-1]
    if len(skipped) == 1:
        return first
    start = first.start if isinstance(first, Gap) else first
    return Gap(start, last.end if isinstance(last, Gap) else last + 1)
