"""Retirements to come, written into a list of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._base import Notice

__all__ = ["announce_listed"]


def announce_listed(document: dict[str, Any], notice: Notice, members: Mapping[str, str]) -> bool:
    """Write the members into each listed model that the notice is about, or into the one described; tell whether.

    Args:
        document: a list of models under `data`, or one model; names are under `id`.
        notice: the retirement.
        members: what to write, with `{on}` and `{successor}`; a member whose successor is not known stays as it is.
    """
    found = document.get("data", [document])
    listed = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    told = {
        key: text.format(on=notice.on, successor=notice.successor)
        for key, text in members.items()
        if notice.successor is not None or "{successor}" not in text
    }
    going = [each for each in listed if notice.about(each.get("id"))]
    for each in going:
        each.update(told)
    return bool(going and told)
