"""`core.folder_trees.FileTrash`: a folder for each thing, with what it was and the thing itself.

A kill between the two leaves a note of something that was never moved, or is back: it is not shown, and purged in time.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from crawdad.adapters.tools.folder import fault
from crawdad.adapters.tools.folder_tree.copying import copy_name, erase_name
from crawdad.adapters.tools.folder_tree.places import FOLDER, exists, facts_of, flush, folder_of, needed, place, refused
from crawdad.core.errors import ErrorKind
from crawdad.core.folder_trees import Discarded

_NOTE = "about.json"
_ITEM = "item"
_NOTE_BYTES = 64 * 1024
_MOST_ITEMS = 2000


class LocalFileTrash:
    """Below `place`, nobody else's to read."""

    def __init__(self, place: Path) -> None:
        self._place = place

    async def put(self, item: Discarded, root: str) -> None:
        """Move something here."""
        await asyncio.to_thread(self._put, item, root)

    async def items(self, owner: str) -> Sequence[Discarded]:
        """What came from that owner, the newest first."""
        return await asyncio.to_thread(self._items, owner)

    async def restore(self, item: Discarded, root: str) -> None:
        """Put it back."""
        await asyncio.to_thread(self._restore, item, root)

    async def erase(self, item_id: str) -> None:
        """Remove one for good."""
        await asyncio.to_thread(self._erase, item_id)

    async def purge(self, before: float) -> None:
        """Remove all that came before that moment."""
        await asyncio.to_thread(self._purge, before)

    def _put(self, item: Discarded, root: str) -> None:
        box = self._box(item.id)
        with place(folder_of(root), item.path) as (parent, name):
            facts = needed(parent, name, item.path)
            kept = replace(item, size=facts.st_size, is_folder=stat.S_ISDIR(facts.st_mode))
            box.mkdir(mode=0o700, parents=True)
            try:
                with (box / _NOTE).open("wb") as note:
                    note.write(json.dumps(asdict(kept)).encode())
                    note.flush()
                    os.fsync(note.fileno())
                _carry(parent, name, box, inward=True)
                flush(parent)
            except BaseException:
                if not os.path.lexists(box / _ITEM):
                    shutil.rmtree(box, ignore_errors=True)
                raise

    def _items(self, owner: str) -> list[Discarded]:
        try:
            ids = sorted(os.listdir(self._place), reverse=True)
        except FileNotFoundError:
            return []
        notes = (self._note(item_id) for item_id in ids[:_MOST_ITEMS])
        return [note for note in notes if note is not None and note.owner == owner]

    def _note(self, item_id: str) -> Discarded | None:
        box = self._place / item_id
        try:
            if not os.path.lexists(box / _ITEM):
                return None
            with (box / _NOTE).open("rb") as file:
                found = json.loads(file.read(_NOTE_BYTES))
            return replace(Discarded(**found), id=item_id)
        except (OSError, ValueError, TypeError):
            return None

    def _restore(self, item: Discarded, root: str) -> None:
        box = self._box(item.id)
        with place(folder_of(root), item.path, create=True) as (parent, name):
            if facts_of(parent, name) is not None:
                raise exists(item.path)
            _carry(parent, name, box, inward=False)
            flush(parent)
        shutil.rmtree(box, ignore_errors=True)

    def _erase(self, item_id: str) -> None:
        box = self._box(item_id)
        if not box.is_dir():
            raise fault(ErrorKind.NOT_FOUND, "no_file", item_id)
        try:
            shutil.rmtree(box)
        except OSError as error:
            raise refused(item_id, error) from None

    def _purge(self, before: float) -> None:
        with suppress(FileNotFoundError):
            for item_id in os.listdir(self._place):
                note, box = self._note(item_id), self._place / item_id
                if note is None and os.path.lexists(box / _ITEM):
                    continue  # nobody knows what it is, so nobody throws it away
                with suppress(OSError):
                    if (note.at if note is not None else box.stat().st_mtime) < before:
                        shutil.rmtree(box)

    def _box(self, item_id: str) -> Path:
        if not item_id.isalnum() or len(item_id) > 64:
            raise fault(ErrorKind.NOT_FOUND, "no_file", item_id)
        return self._place / item_id


def _carry(parent: int, name: str, box: Path, *, inward: bool) -> None:
    """Move between an open folder and a box; from one disk to another by way of a copy."""
    inner = os.open(box, FOLDER)
    sides = ((parent, name), (inner, _ITEM)) if inward else ((inner, _ITEM), (parent, name))
    (source, source_name), (target, target_name) = sides
    try:
        os.rename(source_name, target_name, src_dir_fd=source, dst_dir_fd=target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_name(source, source_name, target, target_name)
        erase_name(source, source_name)
    finally:
        os.close(inner)
