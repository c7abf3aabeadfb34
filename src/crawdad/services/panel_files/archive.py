"""Files and folders of a workspace as one ZIP archive, made while it is sent: it is never whole on the disk or in memory."""

from __future__ import annotations

import asyncio
import time
import zipfile
from collections.abc import AsyncIterator, Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import FolderTree, Node
from crawdad.core.text import Text
from crawdad.services.panel_files.paths import parent_of

MOST_CHOSEN = 200
MOST_FILES = 10_000
LARGEST_ARCHIVE = 4 << 30
_PIECE = 256 * 1024
_OLDEST = (1980, 1, 1, 0, 0, 0)


async def gathered(tree: FolderTree, root: str, paths: Sequence[str]) -> list[Node]:
    """The files that are chosen, and those below the folders that are, each once. Raises TOO_LARGE where they are too many, or
    too much."""
    if len(paths) > MOST_CHOSEN:
        raise _too_many(MOST_CHOSEN)
    found: dict[str, Node] = {}
    for path in paths:
        try:
            file = await tree.open(root, path)
        except GatewayError as error:
            if error.details.get("code") != "is_folder":
                raise
            inside: list[Node] = []
            if not await tree.files(root, path, inside.append, (), MOST_FILES):
                raise _too_many(MOST_FILES) from None
            found |= {node.path: node for node in inside}
        else:
            found[file.node.path] = file.node
            await file.close()
    if len(found) > MOST_FILES:
        raise _too_many(MOST_FILES)
    if sum(node.size for node in found.values()) > LARGEST_ARCHIVE:
        words = Text("panel.files.archive_large", {"most": LARGEST_ARCHIVE >> 30})
        raise GatewayError(ErrorKind.TOO_LARGE, words, {"code": "too_large"})
    return list(found.values())


async def zipped(tree: FolderTree, root: str, paths: Sequence[str], files: Sequence[Node]) -> AsyncIterator[bytes]:
    """The archive, piece by piece. Names in it are relative to the folder that holds all that was chosen. What has gone
    meanwhile, or may not be read, is left out; of what has grown the size of before is taken."""
    base = _folder_of(paths)
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED) as archive:
        for node in files:
            try:
                file = await tree.open(root, node.path)
            except GatewayError:
                continue
            try:
                name = node.path[len(base) + 1 :] if base else node.path
                entry = zipfile.ZipInfo(name.encode(errors="replace").decode(), _moment(node.modified))
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with archive.open(entry, "w", force_zip64=node.size >= 1 << 31) as target:
                    at = 0
                    while at < node.size and (piece := await file.read(at, min(_PIECE, node.size - at))):
                        at += len(piece)
                        await asyncio.to_thread(target.write, piece)
                        if data := pieces.take():
                            yield data
            finally:
                await file.close()
    if data := pieces.take():
        yield data


class _Pieces:
    """What the archive has written and nobody has sent."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take more of it."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """What is left is taken all the same."""

    def take(self) -> bytes:
        """All of it since the last time."""
        data, self._written = b"".join(self._written), []
        return data


def _folder_of(paths: Sequence[str]) -> str:
    """The innermost folder that holds all of them."""
    folders = [(parent_of(path) or "").split("/") for path in paths]
    common: list[str] = []
    for steps in zip(*folders, strict=False):
        if len(set(steps)) > 1 or not steps[0]:
            break
        common.append(steps[0])
    return "/".join(common)


def _moment(modified: float) -> tuple[int, int, int, int, int, int]:
    """When a file was changed, as archives tell it: not before 1980."""
    year, month, day, hour, minute, second = time.localtime(max(0.0, modified))[:6]
    return (year, month, day, hour, minute, second) if 1980 <= year < 2108 else _OLDEST


def _too_many(most: int) -> GatewayError:
    return GatewayError(ErrorKind.TOO_LARGE, Text("panel.files.too_many", {"most": most}), {"code": "too_many"})
