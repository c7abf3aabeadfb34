"""A collector of problems, each placed at the node at fault."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path, format_path
from crawdad.services.configuration.problems import Problem, Severity


class Findings:
    """The problems found so far. Words are `configuration.<key>`; what to do about it is `configuration.<key>.fix`."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems = list(problems)

    def is_faulty(self, path: Path) -> bool:
        """Whether an error was found at `path` already: what follows from it need not be said."""
        name = format_path(path)
        return any(problem.is_error and problem.path == name for problem in self.problems)

    def error(self, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """Something that keeps the configuration from being used."""
        self.add(Severity.ERROR, key, path, node, **values)

    def warning(self, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """Something a person should look at; the configuration works without."""
        self.add(Severity.WARNING, key, path, node, **values)

    def add(self, severity: Severity, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """A problem at `path`, standing at `node` (None: nowhere in particular)."""
        fix = Text(f"configuration.{key}.fix", values)
        file = line = column = None
        if node is not None and node.document.variable is not None:
            fix = Text("configuration.variable.fix", {"variable": node.document.variable})
        elif node is not None:
            file = node.document.name or None
            line, column = node.document.position(node.start) if node.document.text else (None, None)
        text = Text(f"configuration.{key}", values)
        self.problems.append(Problem(severity, format_path(path), text, fix, file, line, column))
