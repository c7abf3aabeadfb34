"""`${NAME}` in string values becomes the environment variable of that name; `$${NAME}` stands for the text itself."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping

from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.problems import Severity
from crawdad.services.configuration.trees import children, map_strings, replaced

REFERENCE = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)\}")


def refers_to_environment(text: str) -> bool:
    """Whether the text holds a reference that will be replaced."""
    return any(not found[1] for found in REFERENCE.finditer(text))


def literal(text: str) -> str:
    """The text that a string without references stands for: `$${NAME}` is `${NAME}`."""
    return REFERENCE.sub(lambda found: found[0].removeprefix("$"), text)


def escaped(text: str) -> str:
    """The string that stands for `text` exactly, whatever it holds: the inverse of `literal`."""
    return REFERENCE.sub(lambda found: "$" + found[0], text)


def substitute(
    root: Node, environment: Mapping[str, str], findings: Findings, severity: Callable[[Path], Severity]
) -> Node:
    """The tree with its references replaced. A variable that is missing or empty is a problem of the `severity` of
    the place it is used at, and its reference stays.
    """

    def change(path: Path, node: Node, text: str) -> Node:
        if "${" not in text:
            return node

        def value(found: re.Match[str]) -> str:
            if found[1]:
                return found[0][1:]
            if not environment.get(found[2]):
                findings.add(severity(path), "variable.missing", path, node, variable=found[2])
                return found[0]
            return environment[found[2]]

        return replaced(node, REFERENCE.sub(value, text))

    return map_strings(root, change)


def with_configured_variables(root: Node, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, and behind it what the file's own `env` section defines (`env.vars.NAME`, `env.NAME`).

    Those may not refer to others.
    """
    section = root.child("env")
    if section is None:
        return environment
    inner = section.child("vars")
    own = {
        str(key): literal(value.content)
        for part in (section, inner)
        if part is not None
        for key, value in children(part)
        if isinstance(value.content, str) and not refers_to_environment(value.content)
    }
    return ChainMap(dict(environment), own)
