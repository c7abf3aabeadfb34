"""The tool apply_patch: everything is read, looked at and allowed first, and only then written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from crawdad.adapters.tools.access import FileAccess, marked
from crawdad.adapters.tools.definitions import APPLY_PATCH
from crawdad.adapters.tools.files import MOST_BYTES, encoded, with_changes
from crawdad.adapters.tools.folder import Folder, fault
from crawdad.adapters.tools.patch_format import FilePatch, parse_patch, patched
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.core.text_files import decoded
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told

_MOST_FILES = 200
Check = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of one place. `data` None: it goes. `before` is what stood there, to put it back when a later one fails."""

    folder: Folder
    path: str
    data: bytes | None
    before: bytes | None
    check: Check
    sign: str


@dataclass(frozen=True, slots=True)
class ApplyPatchTool:
    """`core.tools.Tool`."""

    access: FileAccess
    definition: ToolDefinition = APPLY_PATCH

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        text: str = arguments["input"]
        files = parse_patch(text)
        if len(files) > _MOST_FILES:
            raise fault(ErrorKind.TOO_LARGE, "larger", "input", limit=_MOST_FILES)
        changes: list[_Change] = []
        for file in files:
            changes += await self._changes(file, text, context, changes)
        places = await asyncio.to_thread(_apply, changes)
        lines = [f"{change.sign} {change.path}" for change in changes]
        outcome = told(Text("patch.done", {"changes": "\n".join(lines)}).render(), {"changed": lines})
        outcome.reads = [
            marked(change.folder, change.path, change.before) for change in changes if change.before is not None
        ]
        written = [
            self.access.changed(change.folder, place, change.data, context)
            for change, place in zip(changes, places, strict=True)
            if change.data is not None
        ]
        return with_changes(outcome, written)

    async def _changes(self, file: FilePatch, text: str, context: ToolContext, earlier: list[_Change]) -> list[_Change]:
        path = self.access.spelled(file.path, context)
        folder = self.access.folder(path, context)
        check = await self.access.may_change(path, text, context)
        if file.kind == "add":
            if await asyncio.to_thread(_there, folder, path):
                raise GatewayError(ErrorKind.CONFLICT, Text("patch.exists", {"path": path[:300]}), {"param": "input"})
            data = encoded("\n".join(file.lines) + "\n" if file.lines else "")
            return [_Change(folder, path, data, None, check, "A")]
        known = next((change.data for change in reversed(earlier) if change.path == path), None)
        before = known if known is not None else (await asyncio.to_thread(folder.read, path, MOST_BYTES))[0]
        if file.kind == "delete":
            return [_Change(folder, path, None, before, check, "D")]
        after = await asyncio.to_thread(_patched, path, before, file)
        if not file.move_to or file.move_to == file.path:
            return [_Change(folder, path, after, before, check, "M")]
        target = self.access.spelled(file.move_to, context)
        target_folder = self.access.folder(target, context)
        if await asyncio.to_thread(_there, target_folder, target):
            raise GatewayError(ErrorKind.CONFLICT, Text("patch.exists", {"path": target[:300]}), {"param": "input"})
        target_check = await self.access.may_change(target, text, context)
        return [
            _Change(target_folder, target, after, None, target_check, "A"),
            _Change(folder, path, None, before, check, "D"),
        ]


def _patched(path: str, before: bytes, file: FilePatch) -> bytes:
    text = decoded(before)
    if text is None:
        raise fault(ErrorKind.BAD_REQUEST, "binary", path, size=len(before))
    return text.encoded(patched(text.text, file))


def _there(folder: Folder, path: str) -> bool:
    try:
        return folder.exists(path)
    except GatewayError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return False
        raise


def _apply(changes: list[_Change]) -> list[str]:
    """Carry them out. Returns where each led, from its root."""
    done: list[_Change] = []
    places: list[str] = []
    try:
        for change in changes:
            if change.data is None:
                change.folder.delete(change.path, change.check)
                places.append(change.path)
            else:
                places.append(change.folder.write(change.path, change.data, change.check))
            done.append(change)
    except GatewayError:
        for change in reversed(done):
            if change.before is None:
                change.folder.delete(change.path)
            else:
                change.folder.write(change.path, change.before)
        raise
    return places
