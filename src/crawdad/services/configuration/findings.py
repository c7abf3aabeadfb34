"""A collector of problems, each placed at the node at fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from crawdad.core.text import Text
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path, format_path
from crawdad.services.configuration.problems import Problem, Severity

MOST_PROBLEMS = 200
"""Of each severity. Nobody reads more, and a hostile file must not make more than can be told."""


class Findings:
    """The problems found so far. Words are `configuration.<key>`; what to do about it is `configuration.<key>.fix`."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems: list[Problem] = []
        self._counts: Counter[Severity] = Counter()
        self._faulty: set[str] = set()
        self.extend(problems)

    def is_faulty(self, path: Path) -> bool:
        """Whether an error was found at `path` already: what follows from it need not be said."""
        return format_path(path) in self._faulty

    def is_full(self, severity: Severity) -> bool:
        """Whether no more problems of that severity are told."""
        return self._counts[severity] > MOST_PROBLEMS

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take in problems that others have found."""
        for problem in problems:
            if problem.is_error:
                self._faulty.add(problem.path)
            if not self.is_full(problem.severity):
                self._tell(problem)

    def error(self, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """Something that keeps the configuration from being used."""
        self.add(Severity.ERROR, key, path, node, **values)

    def warning(self, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """Something a person should look at; the configuration works without."""
        self.add(Severity.WARNING, key, path, node, **values)

    def add(self, severity: Severity, key: str, path: Path, node: Node | None, /, **values: object) -> None:
        """A problem at `path`, standing at `node` (None: nowhere in particular)."""
        name = format_path(path)
        if severity is Severity.ERROR:
            self._faulty.add(name)
        if self.is_full(severity):
            return
        fix = Text(f"configuration.{key}.fix", values)
        file = line = column = None
        if node is not None and node.document.variable is not None:
            fix = Text("configuration.variable.fix", {"variable": node.document.variable})
        elif node is not None:
            file = node.document.name or None
            line, column = node.document.position(node.start) if node.document.text else (None, None)
        text = Text(f"configuration.{key}", values)
        self._tell(Problem(severity, name, text, fix, file, line, column))

    def _tell(self, problem: Problem) -> None:
        self._counts[problem.severity] += 1
        if self.is_full(problem.severity):
            problem = Problem(problem.severity, "", Text("configuration.more"), Text("configuration.more.fix"))
        self.problems.append(problem)
