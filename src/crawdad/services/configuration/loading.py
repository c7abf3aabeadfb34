"""What loading a configuration gives: settings, problems, and where every value came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crawdad.core.settings import Settings
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.problems import Problem, has_errors


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: a line of a file, an environment variable, or nowhere (the default)."""

    kind: Literal["file", "environment", "default"] = "default"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    variable: str | None = None

    def __str__(self) -> str:
        if self.kind == "file":
            return f"{self.file}:{self.line}"
        return f"${self.variable}" if self.kind == "environment" else "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration as loaded.

    `settings` is None when it has errors and there are no earlier settings to keep; `kept` says that they are earlier
    ones. `hash` is that of the main file's raw text (empty: no such file). `files` names every file that has a say, the
    main file first, also those that are missing; `fingerprint` changes when any of them does. `stated` is the tree as
    the files say it, `root` the one in effect (environment variables in place).
    """

    settings: Settings | None
    problems: tuple[Problem, ...]
    hash: str
    files: tuple[str, ...]
    fingerprint: tuple[tuple[str, str], ...]
    stated: Node
    root: Node
    kept: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether the files as they stand are free of errors."""
        return not has_errors(self.problems)

    def origin(self, path: Path) -> Origin:
        """Where the value in effect at `path` comes from."""
        node = self.root.find(path)
        if node is None:
            return Origin()
        if node.document.variable is not None:
            return Origin("environment", variable=node.document.variable)
        if not node.document.text:
            return Origin()
        line, column = node.document.position(node.start)
        return Origin("file", node.document.name, line, column)
