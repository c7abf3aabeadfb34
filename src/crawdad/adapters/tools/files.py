"""The tools read, write, edit and ls."""

from __future__ import annotations

import asyncio
import base64
import difflib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crawdad.adapters.tools.access import Changed, FileAccess, marked
from crawdad.adapters.tools.definitions import EDIT, LS, READ, WRITE
from crawdad.adapters.tools.folder import Folder, fault
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, MediaPart, TextPart
from crawdad.core.programs import FileMark
from crawdad.core.text import Text
from crawdad.core.text_files import TextFile, decoded, picture_type
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told

MOST_BYTES = 10 * 1024 * 1024
SHOWN_LINES = 2000
SHOWN_BYTES = 51_200
_MOST_ENTRIES = 1000
_DIFF_LINES = 120


def path_of(arguments: JsonObject, default: str | None = None) -> str:
    """The path, under either of its names."""
    path = arguments.get("path") or arguments.get("file_path") or default
    if not path:
        raise bad_request("tools.argument_missing", "path")
    return str(path)


@dataclass(frozen=True, slots=True)
class ReadTool:
    """`core.tools.Tool`: lines of a text, or a picture."""

    access: FileAccess
    definition: ToolDefinition = READ

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments), context)
        folder = self.access.folder(path, context)

        def read() -> tuple[bytes, str, str | None, TextFile | None]:
            data, shown = folder.read(path, MOST_BYTES)
            kind = picture_type(data)
            return data, shown, kind, None if kind is not None else decoded(data)

        data, shown, kind, text = await asyncio.to_thread(read)
        details: JsonObject = {"path": shown, "size": len(data)}
        if kind is not None:
            note = Text("workspace.picture", {"path": shown, "type": kind, "size": len(data)}).render()
            picture = MediaPart("image", data=base64.b64encode(data).decode(), media_type=kind, name=shown)
            # What is written in a picture is never the user's own words.
            return ToolOutcome([TextPart(note), picture], {**details, "mediaType": kind}, untrusted=True)
        if text is None:
            raise fault(ErrorKind.BAD_REQUEST, "binary", path, size=len(data))
        outcome = _lines(path, text, arguments, details)
        outcome.reads = (marked(folder, shown, data),)
        return outcome


def _lines(path: str, text: TextFile, arguments: JsonObject, details: JsonObject) -> ToolOutcome:
    lines = text.text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first = max(1, arguments.get("offset") or 1)
    if first > max(1, len(lines)):
        raise fault(ErrorKind.BAD_REQUEST, "past_end", path, lines=len(lines))
    most = min(arguments.get("limit") or SHOWN_LINES, SHOWN_LINES)
    shown: list[str] = []
    size = 0
    for line in lines[first - 1 : first - 1 + most]:
        size += len(line.encode()) + 1
        if size > SHOWN_BYTES:
            break
        shown.append(line)
    if not shown and lines:  # one line longer than all that may be shown
        cut = lines[first - 1].encode()[:SHOWN_BYTES].decode(errors="ignore")
        shown = [cut, Text("workspace.cut_line", {"line": first, "limit": SHOWN_BYTES}).render()]
        after = first
    else:
        after = first - 1 + len(shown)
    if left := len(lines) - after:
        shown.append(Text("workspace.more", {"left": left, "next": after + 1}).render())
    return told("\n".join(shown), {**details, "lines": len(lines), "encoding": text.encoding, "truncated": bool(left)})


@dataclass(frozen=True, slots=True)
class WriteTool:
    """`core.tools.Tool`: a whole file."""

    access: FileAccess
    definition: ToolDefinition = WRITE

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments), context)
        content: str = arguments["content"]
        check = await self.access.may_change(path, content, context)
        data = encoded(content)
        folder = self.access.folder(path, context)
        shown = await asyncio.to_thread(folder.write, path, data, check)
        words = Text("workspace.written", {"path": shown, "bytes": len(data)})
        outcome = told(words.render(), {"path": shown, "bytes": len(data)})
        return with_changes(outcome, [self.access.changed(folder, shown, data, context)])


def with_changes(outcome: ToolOutcome, changes: Sequence[Changed]) -> ToolOutcome:
    """`outcome`, telling of the files that were written."""
    outcome.writes = tuple(change.mark for change in changes)
    outcome.vouched = tuple(change.mark for change in changes if change.vouched)
    return outcome


def encoded(content: str) -> bytes:
    """A text as bytes. Raises BAD_REQUEST for what is none (half a surrogate pair)."""
    try:
        data = content.encode()
    except UnicodeEncodeError:
        raise bad_request("tools.not_of_type", "content", wanted="string") from None
    if len(data) > MOST_BYTES:
        raise fault(ErrorKind.TOO_LARGE, "larger", "content", limit=MOST_BYTES)
    return data


@dataclass(frozen=True, slots=True)
class EditTool:
    """`core.tools.Tool`: a text in place of another, which must stand in the file exactly once."""

    access: FileAccess
    definition: ToolDefinition = EDIT

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments), context)
        old = _either(arguments, "oldText", "old_string").replace("\r\n", "\n")
        new = _either(arguments, "newText", "new_string").replace("\r\n", "\n")
        if not old:
            raise bad_request("tools.argument_missing", "oldText")
        if old == new:
            raise bad_request("workspace.same", "newText")
        check = await self.access.may_change(path, f"-{old}\n+{new}", context)
        folder = self.access.folder(path, context)
        change = (old, new, bool(arguments.get("replaceAll")))
        outcome, before, (shown, after) = await asyncio.to_thread(_edit, folder, path, change, check)
        outcome.reads = (before,)
        return with_changes(outcome, [self.access.changed(folder, shown, after, context)])


def _edit(
    folder: Folder, path: str, change: tuple[str, str, bool], check: Callable[[str], None]
) -> tuple[ToolOutcome, FileMark, tuple[str, bytes]]:
    """What is told, the file as it was, and its path and content now."""
    old, new, everywhere = change
    data, place = folder.read(path, MOST_BYTES)
    file = decoded(data)
    if file is None:
        raise fault(ErrorKind.BAD_REQUEST, "binary", path, size=len(data))
    count = file.text.count(old)
    if count == 0:
        raise fault(ErrorKind.BAD_REQUEST, "not_there", path)
    if count > 1 and not everywhere:
        raise fault(ErrorKind.BAD_REQUEST, "several", path, count=count)
    changed = file.text.replace(old, new)
    try:
        fresh = file.encoded(changed)
    except UnicodeEncodeError:
        raise bad_request("tools.not_of_type", "newText", wanted="string") from None
    shown = folder.write(path, fresh, check)
    diff = difference(file.text, changed)
    words = Text("workspace.edited", {"path": shown, "diff": diff})
    outcome = told(words.render(), {"path": shown, "replaced": count, "diff": diff})
    return outcome, marked(folder, place, data), (shown, fresh)


def difference(before: str, after: str) -> str:
    """What changed, as a bounded unified diff without its heads."""
    lines = list(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2))[2:]
    return "\n".join(lines[:_DIFF_LINES])


def _either(arguments: JsonObject, name: str, alias: str) -> str:
    value = arguments.get(name)
    value = arguments.get(alias) if value is None else value
    if value is None:
        raise bad_request("tools.argument_missing", name)
    return str(value)


@dataclass(frozen=True, slots=True)
class LsTool:
    """`core.tools.Tool`: what is in a folder."""

    access: FileAccess
    definition: ToolDefinition = LS

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments, "."), context)
        most = min(arguments.get("limit") or _MOST_ENTRIES, _MOST_ENTRIES)
        return await asyncio.to_thread(_list, self.access.folder(path, context), path, most)


def _list(folder: Folder, path: str, most: int) -> ToolOutcome:
    with folder.opened(path) as (descriptor, shown):
        try:
            names = sorted(os.listdir(descriptor))
        except OSError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, str(error)) from None
        lines = [_entry(descriptor, name) for name in names[:most]]
    if len(names) > most:
        lines.append(Text("workspace.stopped").render())
    text = "\n".join(lines) or Text("workspace.no_change").render()
    outcome = told(text, {"path": shown, "entries": len(names), "truncated": len(names) > most})
    outcome.names = [os.path.join(folder.root, shown, name) for name in names[:most]]
    return outcome


def _entry(descriptor: int, name: str) -> str:
    try:
        facts = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return printable(name)
    if stat.S_ISDIR(facts.st_mode):
        return f"{printable(name)}/"
    if stat.S_ISLNK(facts.st_mode):
        return f"{printable(name)}@"
    return f"{printable(name)} {facts.st_size}"


def printable(name: str) -> str:
    """A file name on one line: names come from anybody, and may hold line ends and escape sequences."""
    return "".join(character if character.isprintable() else "?" for character in name)
