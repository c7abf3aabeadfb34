"""Documents: the Markdown files of the installation and of its agents, and those that make an agent what it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import FolderTree, Node
from crawdad.core.text import Text
from crawdad.services.panel_files.areas import Area

LARGEST = 1 << 20
IDENTITY = ("AGENTS.md", "BOOTSTRAP.md", "HEARTBEAT.md", "IDENTITY.md", "SOUL.md", "TOOLS.md", "USER.md")
_AGENTS = "agents"
_MOST = 500
_MOST_BYTES = 8 << 20
_MOST_WALKED = 20_000
_MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Document:
    """A document. `node` is None where it is not there; `hash` is the SHA-256 of its bytes, empty where only the beginning of
    it was read."""

    name: str
    path: str
    content: str = ""
    node: Node | None = None
    hash: str = ""


class Documents:
    """Reads and writes them. `home` is the directory of the installation."""

    def __init__(self, tree: FolderTree, home: str) -> None:
        self._tree = tree
        self.home = home

    async def all(self) -> list[Document]:
        """Those below `agents`, then those right in the directory of the installation; as many as a panel can show."""
        paths: list[str] = []

        def look(node: Node) -> None:
            if node.name.lower().endswith(".md"):
                paths.append(node.path)

        try:
            await self._tree.files(self.home, _AGENTS, look, (".git", "node_modules"), _MOST_WALKED)
        except GatewayError as error:
            if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
                raise
        nodes, _ = await self._tree.entries(self.home, "", _MOST_ENTRIES)
        own = sorted(node.path for node in nodes if node.name.lower().endswith(".md") and not node.is_folder)
        found: list[Document] = []
        size = 0
        for path in (*sorted(paths), *own)[:_MOST]:
            document = await self._read(self.home, path, path)
            size += len(document.content)
            if size > _MOST_BYTES:
                break
            if document.node is not None:
                found.append(document)
        return found

    async def identity(self, area: Area) -> list[Document]:
        """The seven of an agent, those that are not there as well."""
        return [await self._read(area.root, name, name) for name in IDENTITY]

    async def write(self, roots: Sequence[str], path: str, content: str, base_hash: str | None = None) -> None:
        """Put a text into a document, which may be a new one: `path` is absolute, or relative to the first of `roots`. Raises
        FORBIDDEN (`outside`) where it lies in none of them, TOO_LARGE, CONFLICT (`changed`)."""
        data = content.encode(errors="replace")
        if len(data) > LARGEST:
            raise GatewayError(ErrorKind.TOO_LARGE, Text("panel.files.text_long", {"most": LARGEST}))
        root, inner = _inside(roots, path)
        await self._tree.write(root, inner, data, base_hash)

    async def _read(self, root: str, path: str, name: str) -> Document:
        place = os.path.join(root, path)
        try:
            file = await self._tree.open(root, path)
        except GatewayError as error:
            if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
                return Document(name, place)
            raise
        try:
            data = await file.read(0, LARGEST)
        finally:
            await file.close()
        whole = file.node.size <= len(data)
        digest = hashlib.sha256(data).hexdigest() if whole else ""
        return Document(name, place, data.decode(errors="replace"), file.node, digest)


def _inside(roots: Sequence[str], path: str) -> tuple[str, str]:
    """The root that a path names, and the path from there."""
    steps = path.split("/")
    if ".." not in steps and "\0" not in path:
        if not path.startswith("/"):
            return roots[0], path
        for root in roots:
            if path.startswith(f"{root.rstrip('/')}/"):
                return root, path[len(root.rstrip("/")) + 1 :]
    raise GatewayError(ErrorKind.FORBIDDEN, Text("panel.files.outside"), {"code": "outside"})
