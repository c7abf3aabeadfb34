"""What is done with the files of a workspace."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Discarded, FileTrash, FolderTree, Node, OpenFile
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.core.text_files import decoded
from crawdad.services.panel_files.archive import gathered, zipped
from crawdad.services.panel_files.areas import Area, Areas
from crawdad.services.panel_files.notes import Notes
from crawdad.services.panel_files.paths import clean_name, clean_path, clean_target, joined

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
CHANGED = "workspace.changed"
"""The topic of the event that files of a workspace changed: `{agent, paths}`."""
MOST_ENTRIES = 20_000
MOST_WALKED = 200_000
LARGEST_TEXT = 4 << 20
DAY_SECONDS = 86_400
_TRASH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a folder: folders first, then the newest. `complete`: whether all that is there was looked at."""

    nodes: Sequence[Node]
    total: int
    complete: bool


@dataclass(slots=True)
class Figures:
    """What lies in a workspace."""

    files: int = 0
    size: int = 0
    old: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Deleted:
    """What came of deleting: paths as they were given, and ids in the trash by path."""

    paths: Sequence[str]
    trash: dict[str, str]
    errors: Sequence[tuple[str, GatewayError]]


class PanelFiles:
    """The files of all workspaces."""

    def __init__(
        self,
        areas: Areas,
        tree: FolderTree,
        trash: FileTrash,
        notes: Notes,
        clock: Clock,
        randomness: Randomness,
        tell: Tell,
    ) -> None:
        self.areas = areas
        self.notes = notes
        self._tree = tree
        self._trash = trash
        self._clock = clock
        self._randomness = randomness
        self._tell = tell
        self._changing = asyncio.Lock()

    async def listed(self, area: Area, path: object, offset: int = 0, limit: int | None = None) -> Listed:
        """What lies in a folder."""
        nodes, complete = await self._tree.entries(area.root, clean_path(path), MOST_ENTRIES)
        ordered = sorted(nodes, key=lambda node: (not node.is_folder, -node.modified, node.name))
        end = None if limit is None else offset + limit
        return Listed(ordered[offset:end], len(ordered), complete)

    async def figures(self, area: Area, days: float) -> Figures:
        """How much there is, and how many files are older than `days`."""
        found = Figures()
        before = self._clock.now() - days * DAY_SECONDS

        def count(node: Node) -> None:
            found.files += 1
            found.size += node.size
            found.old += node.modified < before

        found.complete = await self._tree.files(area.root, "", count, (), MOST_WALKED)
        return found

    async def named(self, area: Area, text: str, most: int) -> tuple[list[Node], bool]:
        """Files whose name holds `text` in whatever case, the newest `most` of them; and whether all were looked at."""
        found: list[Node] = []
        wanted = text.casefold()

        def look(node: Node) -> None:
            if wanted in node.name.casefold() and len(found) < MOST_ENTRIES:
                found.append(node)

        complete = await self._tree.files(area.root, "", look, (), MOST_WALKED)
        return sorted(found, key=lambda node: -node.modified)[:most], complete and len(found) <= most

    async def open(self, area: Area, path: object) -> OpenFile:
        """A file to read."""
        return await self._tree.open(area.root, clean_path(path))

    async def packed(self, area: Area, chosen: Sequence[object]) -> AsyncIterator[bytes]:
        """An archive of files and folders. What is wrong with them is raised before the first piece is asked for."""
        paths = list(dict.fromkeys(clean_path(path) for path in chosen))
        files = await gathered(self._tree, area.root, paths)
        return zipped(self._tree, area.root, paths, files)

    async def make_folder(self, area: Area, folder: object, name: object) -> str:
        """Make a folder in another that is there. Returns its path."""
        path = joined(clean_path(folder), clean_name(name))
        await self._tree.make_folder(area.root, path)
        await self.changed(area, path)
        return path

    async def move(self, area: Area, source: object, target: object, *, replace: bool) -> str:
        """Give something another name or place; its notes go along. Returns the path."""
        old, new = clean_path(source), clean_target(clean_path(target))
        await self._tree.move(area.root, old, new, replace=replace)
        if old != new:
            await self.notes.moved(area.agent, old, new)
        await self.changed(area, old, new)
        return new

    async def copy(self, area: Area, source: object, target: object) -> str:
        """Copy a file or folder. Returns the path."""
        old, new = clean_path(source), clean_target(clean_path(target))
        await self._tree.copy(area.root, old, new)
        await self.changed(area, new)
        return new

    async def save(self, area: Area, path: object, content: str, base_hash: str | None) -> tuple[Node, str]:
        """Put a text in place of the file whose hash is `base_hash` (empty: a new file; None: whatever is there), in the
        encoding and with the ends of lines that it had. Returns the node and the new hash."""
        place = clean_path(path)
        async with self._changing:
            data = await self._as_before(area, place, content)
            if len(data) > LARGEST_TEXT:
                raise GatewayError(ErrorKind.TOO_LARGE, Text("panel.files.text_long", {"most": LARGEST_TEXT}))
            if not await self.exists(area, place):
                clean_target(place)
            node = await self._tree.write(area.root, place, data, base_hash)
        await self.changed(area, place)
        return node, hashlib.sha256(data).hexdigest()

    async def exists(self, area: Area, path: str) -> bool:
        """Whether there is an ordinary file."""
        try:
            await (await self._tree.open(area.root, path)).close()
        except GatewayError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return False
            raise
        return True

    async def delete(self, area: Area, paths: Sequence[object], *, for_good: bool = False) -> Deleted:
        """Move files and folders to the trash, or remove them for good. The root is refused."""
        done: list[str] = []
        trash: dict[str, str] = {}
        errors: list[tuple[str, GatewayError]] = []
        for each in paths:
            shown = each if isinstance(each, str) else str(each)[:100]
            try:
                path = clean_path(each)
                if for_good:
                    await self._tree.erase(area.root, path)
                else:
                    item = Discarded(self._randomness.new_id(), area.agent, path, 0, False, self._clock.now())
                    await self._trash.put(item, area.root)
                    trash[path] = item.id
                done.append(shown)
                await self.notes.gone(area.agent, path)
            except GatewayError as error:
                errors.append((shown, error))
        if done:
            await self.changed(area, *done)
        return Deleted(done, trash, errors)

    async def discarded(self, area: Area) -> Sequence[Discarded]:
        """What is in the trash, the newest first."""
        return await self._trash.items(area.agent)

    async def restore(self, area: Area, ids: Sequence[object]) -> tuple[list[str], list[tuple[str, GatewayError]]]:
        """Put things back from the trash. Returns their paths and what failed."""
        known = {item.id: item for item in await self._trash.items(area.agent)}
        done: list[str] = []
        errors: list[tuple[str, GatewayError]] = []
        for each in ids:
            item = known.get(each) if isinstance(each, str) else None
            try:
                if item is None:
                    raise GatewayError(ErrorKind.NOT_FOUND, Text("panel.files.not_in_trash"), {"code": "not_in_trash"})
                await self._trash.restore(item, area.root)
                done.append(item.path)
            except GatewayError as error:
                errors.append((str(each)[:100], error))
        if done:
            await self.changed(area, *done)
        return done, errors

    async def empty_trash(self, area: Area) -> int:
        """Remove for good what is in the trash. Returns how many things that were."""
        items = await self._trash.items(area.agent)
        for item in items:
            await self._trash.erase(item.id)
        return len(items)

    async def tidy(self) -> None:
        """Remove what has been in the trash for a month."""
        await self._trash.purge(self._clock.now() - _TRASH_DAYS * DAY_SECONDS)

    async def changed(self, area: Area, *paths: str) -> None:
        """Tell that files changed."""
        await self._tell(CHANGED, {"agent": area.agent, "paths": list(paths[:100])})

    async def _as_before(self, area: Area, path: str, content: str) -> bytes:
        try:
            plain = content.encode()
        except UnicodeEncodeError:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.no_text"), {"code": "no_text"}) from None
        try:
            file = await self._tree.open(area.root, path)
        except GatewayError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return plain
            raise
        try:
            text = decoded(await file.read(0, LARGEST_TEXT))
        finally:
            await file.close()
        if text is None:
            return plain
        try:
            return text.encoded(content)
        except UnicodeEncodeError:  # signs that its encoding does not have: the file becomes UTF-8
            return plain
