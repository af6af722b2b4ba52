"""What a form of the report is that `llmchaos report` writes to a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..core.errors import UsageProblem

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["ReportForm"]


class ReportForm(ABC):
    """One form of the report.

    Attributes:
        option: its option of `llmchaos report`, without the dashes.
        help: what the option's help says.
    """

    option: ClassVar[str]
    help: ClassVar[str]

    @abstractmethod
    def render(self, records: Sequence[Record]) -> str:
        """Return the text of the file."""

    def write(self, path: Path, records: Sequence[Record]) -> None:
        """Write the file; missing folders are made.

        Raises:
            UsageProblem: it cannot be written there.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.render(records), encoding="utf-8")
        except OSError as problem:
            raise UsageProblem(f"{path}: the report cannot be written: {problem.strerror or problem}") from None
