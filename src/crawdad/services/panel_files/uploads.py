"""Files that are being received: how far each upload is, and that it is there whole in the end or not at all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import FolderTree, IncomingFile, Node
from crawdad.core.ports import Clock
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.panel_files.areas import Area
from crawdad.services.panel_files.files import PanelFiles, Tell
from crawdad.services.panel_files.paths import clean_path, joined, safe_name

PROGRESS = "workspace.upload"
"""The topic of the event that an upload went on: `{id, agent, state, received, total, files}`."""
_MOST_AT_ONCE = 8
_MOST_REMEMBERED = 200
_LONGEST_ID = 64
_BLOCK = 1 << 20
_NEWS_SECONDS = 0.5

State = Literal["receiving", "done", "failed"]


@dataclass(slots=True)
class Progress:
    """How far an upload is, in bytes of content; `total` is what the request announced (with its wrapping), None: nothing."""

    id: str
    agent: str
    total: int | None
    state: State = "receiving"
    received: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    """Name and size of each, as far as it came."""

    def told(self) -> dict[str, Any]:
        """The progress as events and panels tell it."""
        return {
            "id": self.id,
            "agent": self.agent,
            "state": self.state,
            "received": self.received,
            "total": self.total,
            "files": self.files,
        }


class Uploads:
    """All uploads of this process."""

    def __init__(
        self, tree: FolderTree, files: PanelFiles, clock: Clock, settings: Callable[[], Settings], tell: Tell
    ) -> None:
        self.tree = tree
        self.files = files
        self.clock = clock
        self.tell = tell
        self._settings = settings
        self._known: OrderedDict[str, Progress] = OrderedDict()
        self._running = 0

    def begin(self, area: Area, upload_id: str, expected: int | None) -> Upload:
        """A new upload. Raises RATE_LIMITED where many run, CONFLICT for an id that runs already, BAD_REQUEST for one that is
        none."""
        if not 0 < len(upload_id) <= _LONGEST_ID or not upload_id.replace("-", "").isalnum():
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.bad_upload_id"), {"code": "bad_upload_id"})
        known = self._known.get(upload_id)
        if known is not None and known.state == "receiving":
            raise GatewayError(ErrorKind.CONFLICT, Text("panel.files.upload_runs"), {"code": "upload_runs"})
        if self._running >= _MOST_AT_ONCE:
            words = Text("panel.files.many_uploads", {"most": _MOST_AT_ONCE})
            raise GatewayError(ErrorKind.RATE_LIMITED, words, {"code": "many_uploads"}, retry_after=5)
        self._running += 1
        progress = self._known[upload_id] = Progress(upload_id, area.agent, expected)
        self._known.move_to_end(upload_id)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        limits = self._settings().gateway.uploads
        return Upload(self, area, progress, limits.max_files, limits.max_file_bytes)

    def find(self, upload_id: str) -> Progress:
        """How far an upload is. Raises NOT_FOUND."""
        found = self._known.get(upload_id)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("panel.files.no_upload"), {"code": "no_upload"})
        return found

    def over(self) -> None:
        """One upload less is running."""
        self._running -= 1


class Upload:
    """One request's files. `close` it whatever happens: what was not kept is gone then."""

    def __init__(self, uploads: Uploads, area: Area, progress: Progress, most_files: int, most_bytes: int) -> None:
        self._uploads = uploads
        self._area = area
        self._progress = progress
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._incoming: list[tuple[str, IncomingFile]] = []
        self._names: set[str] = set()
        self._waiting = bytearray()
        self._told_at = uploads.clock.monotonic()

    async def next_file(self, name: str) -> None:
        """A file of that name comes now. Raises BAD_REQUEST for one too many, UNAVAILABLE (`disk_full`)."""
        await self._settle()
        if len(self._incoming) >= self._most_files:
            words = Text("panel.files.too_many_files", {"most": self._most_files})
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "too_many_files"})
        safe = self._own(safe_name(name))
        left = max(0, (self._progress.total or 0) - self._progress.received)
        incoming = await self._uploads.tree.receive(self._area.root, left)
        self._incoming.append((safe, incoming))
        self._progress.files.append({"name": safe, "size": 0})

    async def write(self, data: bytes) -> None:
        """More of the file. Raises TOO_LARGE, UNAVAILABLE (`disk_full`)."""
        file = self._progress.files[-1]
        file["size"] += len(data)
        self._progress.received += len(data)
        if file["size"] > self._most_bytes:
            words = Text("panel.files.file_too_large", {"name": file["name"], "most": self._most_bytes})
            raise GatewayError(ErrorKind.TOO_LARGE, words, {"code": "file_too_large"})
        self._waiting += data
        if len(self._waiting) >= _BLOCK:
            await self._settle()
            await self._news()

    async def keep(self, folder: object, *, replace: bool) -> list[Node]:
        """Put all files into a folder. Raises BAD_REQUEST where there are none."""
        if not self._incoming:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.none_given"), {"code": "no_files"})
        await self._settle()
        place = clean_path(folder)
        for name, incoming in self._incoming:  # before the first is put anywhere
            await incoming.check(joined(place, name), replace=replace)
        nodes = [await incoming.keep(joined(place, name), replace=replace) for name, incoming in self._incoming]
        self._progress.state = "done"
        await self._uploads.files.changed(self._area, *(node.path for node in nodes))
        return nodes

    async def close(self) -> None:
        """End it. Files that were not kept are gone."""
        try:
            for _, incoming in self._incoming:
                with suppress(GatewayError):
                    await incoming.discard()
        finally:
            self._uploads.over()
            if self._progress.state == "receiving":
                self._progress.state = "failed"
        await self._uploads.tell(PROGRESS, self._progress.told())

    def _own(self, name: str) -> str:
        """A name that no other file of this upload has."""
        stem, dot, extension = name.rpartition(".")
        if not stem:
            stem, dot, extension = name, "", ""
        number, found = 1, name
        while found in self._names:
            number += 1
            found = f"{stem} ({number}){dot}{extension}"
        self._names.add(found)
        return found

    async def _settle(self) -> None:
        """Write what is waiting."""
        if self._waiting:
            data, self._waiting = bytes(self._waiting), bytearray()
            await self._incoming[-1][1].write(data)

    async def _news(self) -> None:
        now = self._uploads.clock.monotonic()
        if now - self._told_at >= _NEWS_SECONDS:
            self._told_at = now
            await self._uploads.tell(PROGRESS, self._progress.told())
