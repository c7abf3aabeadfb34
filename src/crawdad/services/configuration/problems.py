"""What is wrong with a configuration, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crawdad.core.text import Language, Text


class Severity(StrEnum):
    """An error keeps a configuration from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` is the key (`models.providers.x.baseUrl`, empty for the file itself); line and column count
    from 1 and are None where no text is at fault. Neither text ever holds a value that may be secret.
    """

    severity: Severity
    path: str
    message: Text
    fix: Text
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two findings the same although lines moved."""
        return self.path, self.message.key

    def describe(self, language: Language = "en") -> str:
        """One line: place, key, what is wrong, how to put it right."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        parts = (place, self.path, self.message.render(language))
        return ": ".join(part for part in parts if part) + " " + self.fix.render(language)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of `problems` is an error."""
    return any(problem.is_error for problem in problems)
