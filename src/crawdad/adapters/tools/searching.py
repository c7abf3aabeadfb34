"""The tools find and grep."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import os
import re
import sys
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.tools.access import FileAccess, marked
from crawdad.adapters.tools.definitions import FIND, GREP
from crawdad.adapters.tools.files import path_of, printable
from crawdad.adapters.tools.folder import Folder
from crawdad.adapters.tools.walking import Walk
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.programs import FileMark
from crawdad.core.text import Text
from crawdad.core.text_files import decoded
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told

_LEFT_OUT = frozenset((".git", "node_modules", "__pycache__", ".venv"))
_MOST_SEEN = 50_000
_MOST_FOUND = 1000
_MOST_LINES = 200
_MOST_FILE_BYTES = 2 * 1024 * 1024
_MOST_BYTES = 128 * 1024 * 1024
_LONGEST_LINE = 500
_SECONDS = 15.0
_MATCHER = str(Path(__file__).with_name("matcher.py"))
_LINE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FindTool:
    """`core.tools.Tool`."""

    access: FileAccess
    definition: ToolDefinition = FIND

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments, "."), context)
        most = min(arguments.get("limit") or _MOST_FOUND, _MOST_FOUND)
        fits = _glob(arguments["pattern"])
        folder = self.access.folder(path, context)
        found, stopped = await asyncio.to_thread(_found, folder, path, fits, most)
        lines = [printable(each) for each in found] + ([Text("workspace.stopped").render()] if stopped else [])
        text = "\n".join(lines) or Text("workspace.no_change").render()
        outcome = told(text, {"count": len(found), "truncated": stopped})
        outcome.names = [os.path.join(folder.root, each) for each in found]
        return outcome


@dataclass(frozen=True, slots=True)
class GrepTool:
    """`core.tools.Tool`."""

    access: FileAccess
    definition: ToolDefinition = GREP

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        path = self.access.spelled(path_of(arguments, "."), context)
        pattern = re.escape(arguments["pattern"]) if arguments.get("literal") else arguments["pattern"]
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            words = Text("workspace.bad_pattern", {"pattern": pattern[:200], "reason": str(error)})
            raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "pattern"}) from None
        wanted = {"pattern": pattern, "ignoreCase": bool(arguments.get("ignoreCase"))}
        fits = _glob(arguments.get("glob") or "*")
        folder = self.access.folder(path, context)
        texts = _texts(folder, path, fits)
        most = min(arguments.get("limit") or _MOST_LINES, _MOST_LINES)
        try:
            async with asyncio.timeout(_SECONDS):
                return await _grep(texts, wanted, most, arguments.get("context") or 0)
        except TimeoutError:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("workspace.pattern_slow"), {"param": "pattern"}) from None


async def _grep(texts: Generator[_Lines, None, None], wanted: JsonObject, most: int, around: int) -> ToolOutcome:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", _MATCHER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        limit=_LINE_LIMIT,
    )
    shown: list[str] = []
    reads: list[FileMark] = []
    count = 0
    stopped = False
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(wanted).encode() + b"\n")
        while (item := await asyncio.to_thread(next, texts, None)) is not None:
            path, lines = item.path, item.lines
            process.stdin.write(json.dumps([line[:4000] for line in lines]).encode() + b"\n")
            await process.stdin.drain()
            numbers: list[int] = json.loads(await process.stdout.readline() or b"[]")
            if numbers:
                reads.append(item.mark)
            for number in numbers[: most - count]:
                shown += _around(path, lines, number, around)
            stopped = len(numbers) > most - count
            count += min(len(numbers), most - count)
            if stopped:
                shown.append(Text("workspace.stopped").render())
                break
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        texts.close()
    text = "\n".join(shown) or Text("workspace.no_change").render()
    outcome = told(text, {"count": count, "files": len(reads), "truncated": stopped})
    outcome.reads = reads
    return outcome


def _around(path: str, lines: list[str], number: int, around: int) -> list[str]:
    shown = []
    for place in range(max(0, number - around), min(len(lines), number + around + 1)):
        sign = ":" if place == number else "-"
        line = lines[place]
        cut = line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…"
        shown.append(f"{printable(path)}{sign}{place + 1}{sign} {cut}")
    return shown


@dataclass(frozen=True, slots=True)
class _Glob:
    """A glob over paths: `**` stands for any folders, a glob without `/` for a name anywhere."""

    expression: re.Pattern[str]
    whole: bool

    def __call__(self, path: str) -> bool:
        return self.expression.fullmatch(path if self.whole else path.rpartition("/")[2]) is not None


def _glob(pattern: str) -> _Glob:
    bare = pattern.removeprefix("./").strip("/")
    if "/" not in bare:
        return _Glob(re.compile(fnmatch.translate(bare)), False)
    pieces = []
    for part in bare.split("/"):
        pieces.append("(?:[^/]+/)*" if part == "**" else _part(part) + "/")
    joined = "".join(pieces)
    return _Glob(re.compile(joined[:-1] if joined.endswith("/") else joined + "[^/]+"), True)


def _part(part: str) -> str:
    translated = fnmatch.translate(part)
    inner = translated.removeprefix("(?s:").removesuffix(r")\Z").removesuffix(r")\z")
    return inner.replace(".*", "[^/]*")


def _walk(folder: Folder, path: str) -> Walk:
    return Walk(folder, path, _LEFT_OUT, _MOST_SEEN, _SECONDS)


def _found(folder: Folder, path: str, fits: _Glob, most: int) -> tuple[list[str], bool]:
    found: list[str] = []
    for file in _walk(folder, path):
        if fits(file.below):
            if len(found) >= most:
                return sorted(found), True
            found.append(file.path)
    return sorted(found), False


@dataclass(frozen=True, slots=True)
class _Lines:
    """A text file by its lines."""

    path: str
    lines: list[str]
    mark: FileMark


def _texts(folder: Folder, path: str, fits: _Glob) -> Generator[_Lines, None, None]:
    """The lines of every text file below `path`, or of the one that it is."""
    try:
        data, shown = folder.read(path, _MOST_BYTES)
    except GatewayError as error:
        if error.details.get("code") != "is_folder":
            raise
    else:
        text = decoded(data)
        if text is not None:
            yield _Lines(shown, text.text.split("\n"), marked(folder, shown, data))
        return
    total = 0
    for found in _walk(folder, path):
        if not fits(found.below):
            continue
        try:
            with os.fdopen(folder.open_file(found.folder, found.name, found.path), "rb") as file:
                data = file.read(_MOST_FILE_BYTES + 1)
        except (OSError, GatewayError):
            continue
        total += len(data)
        if total > _MOST_BYTES:
            return
        text = decoded(data) if len(data) <= _MOST_FILE_BYTES else None
        if text is not None:
            yield _Lines(found.path, text.text.removesuffix("\n").split("\n"), marked(folder, found.path, data))
