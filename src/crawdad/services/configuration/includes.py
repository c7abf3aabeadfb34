"""Joins the files of a configuration: `$include` names a file, or a list of them, whose value stands in its place.

The included files are merged in order, the keys beside `$include` win, lists are joined. Names are relative to the
including file and may not leave the folder of the configuration (the reader sees to that, links resolved). Nesting,
cycles, the number of files and what they hold together are bounded.
"""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import FileText
from crawdad.core.text import Text
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Document, Member, Node
from crawdad.services.configuration.json5.parser import MAXIMUM_VALUES, Parsed, parse
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.trees import children, merged, replaced

INCLUDE = "$include"
MAXIMUM_INCLUDE_DEPTH = 10
MAXIMUM_INCLUDES = 100
MAXIMUM_CHARACTERS_IN_ALL = 2 << 20

Reader = Callable[[str], Awaitable[FileText | None]]
"""Reads an included file; raises `GatewayError` when that is not allowed or not possible."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read, where in the configuration its value stands, and the value (None: not readable)."""

    file: FileText
    mount: Path
    root: Node | None


@dataclass(slots=True)
class Assembly:
    """A configuration joined from its files. `root` is an object in any case; `paths` also names missing files."""

    root: Node
    sources: list[Source] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


async def assemble(main: FileText | None, path: str, read: Reader, findings: Findings) -> Assembly:
    """Join `main` (at `path`; None: there is no such file) with everything it includes."""
    assembler = _Assembler(read, findings)
    assembly = assembler.assembly
    assembly.paths.append(path)
    root = await assembler.add(main, (), (main.real_path,)) if main else None
    if root is None:
        root = Node({}, Document(path, ""))
    elif not isinstance(root.content, dict):
        findings.error("root", (), root)
        root = replaced(root, {})
    assembly.root = root
    return assembly


class _Assembler:
    def __init__(self, read: Reader, findings: Findings) -> None:
        self.read = read
        self.findings = findings
        self.count = self.characters = self.values = 0
        self.assembly = Assembly(Node({}, Document("", "")))

    async def add(self, file: FileText, mount: Path, chain: tuple[str, ...]) -> Node | None:
        """The value of one file with its includes in place. `chain`: the real paths from the main file to this one."""
        parsed, sites = await asyncio.to_thread(_read, file, mount)
        self.findings.extend(parsed.problems)
        self.characters += len(file.text)
        self.values += parsed.values
        self.assembly.sources.append(Source(file, mount, parsed.root))
        if parsed.root is None:
            return None
        included: dict[int, list[Node]] = {}
        for path, site in sites:
            included[id(site)] = await self.included(file, path, site, chain)
        return await asyncio.to_thread(_expanded, parsed.root, included) if included else parsed.root

    async def included(self, file: FileText, path: Path, site: Node, chain: tuple[str, ...]) -> list[Node]:
        """The values of the files that the `$include` at `site` names, those that can be had."""
        values: list[Node] = []
        for name in site.content if isinstance(site.content, list) else [site]:
            try:
                value = await self.include(file, path, name, chain)
            except GatewayError as error:
                self.findings.error("include", (*path, INCLUDE), name, reason=error.text)
                continue
            if value is not None:
                values.append(value)
        return values

    async def include(self, file: FileText, path: Path, name: Node, chain: tuple[str, ...]) -> Node | None:
        if not isinstance(name.content, str) or not name.content:
            self.findings.error("include.name", (*path, INCLUDE), name)
            return None
        self.count += 1
        if self.count > MAXIMUM_INCLUDES or len(chain) > MAXIMUM_INCLUDE_DEPTH:
            self.findings.error(
                "include.many", (*path, INCLUDE), name, depth=MAXIMUM_INCLUDE_DEPTH, count=MAXIMUM_INCLUDES
            )
            return None
        if self.characters > MAXIMUM_CHARACTERS_IN_ALL or self.values > MAXIMUM_VALUES:
            limits = {"limit": MAXIMUM_CHARACTERS_IN_ALL, "values": MAXIMUM_VALUES}
            self.findings.error("include.large", (*path, INCLUDE), name, **limits)
            return None
        target = _relative_to(file.path, name.content)
        self.assembly.paths.append(target)
        found = await self.read(target)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("files.missing", {"path": target}))
        if found.real_path in chain:
            self.findings.error("include.cycle", (*path, INCLUDE), name, path=target)
            return None
        return await self.add(found, path, (*chain, found.real_path))


def _read(file: FileText, mount: Path) -> tuple[Parsed, list[tuple[Path, Node]]]:
    """A file, and where it includes others."""
    parsed = parse(file.text, file.path, mount)
    return parsed, list(_sites(parsed.root, mount)) if parsed.root is not None else []


def _relative_to(file: str, name: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(file), name))


def _sites(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """Every `$include` in the tree: the path of the object it stands in, and its value."""
    site = node.child(INCLUDE) if isinstance(node.content, dict) else None
    if site is not None:
        yield path, site
    for key, value in children(node):
        if value is not site:
            yield from _sites(value, (*path, key))


def _expanded(node: Node, included: dict[int, list[Node]]) -> Node:
    """The tree with every `$include` replaced by what it includes."""
    if isinstance(node.content, list):
        return replaced(node, [_expanded(item, included) for item in node.content])
    if not isinstance(node.content, dict):
        return node
    rest = {
        key: Member(member.key, _expanded(member.value, included))
        for key, member in node.content.items()
        if key != INCLUDE
    }
    site = node.child(INCLUDE)
    parts = list(included[id(site)]) if site is not None else []
    if rest or not parts:
        parts.append(replaced(node, rest))
    return reduce(merged, parts)
