"""Failures as data: a status and a JSON body in which `{names}` stand for what only the call knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Form", "fill"]

_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Form:
    """One failure of one provider.

    Attributes:
        status: HTTP status; None for an outage, which comes with the status that the fault asks for.
        body: the JSON body as the provider sends it, with `{names}` in its texts.
        headers: headers of this failure alone, with `{names}` too.
    """

    status: int | None
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return the template with its names filled in; a text that is one name alone takes the value's own type.

    Raises:
        KeyError: a name has no value.
    """
    if isinstance(template, str):
        if whole := _NAME.fullmatch(template):
            return values[whole[1]]
        return _NAME.sub(lambda name: str(values[name[1]]), template)
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(each, values) for each in template]
    return template
