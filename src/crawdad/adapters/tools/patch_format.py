"""Patches between `*** Begin Patch` and `*** End Patch`: what they say, and a text after them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_ADD, _UPDATE, _DELETE, _MOVE = "*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "
_END_OF_FILE = "*** End of File"
_ODD = str.maketrans({"‐": "-", "‑": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})


@dataclass(slots=True)
class Hunk:
    """Lines to find and what takes their place. `heading` is a line somewhere above; `at_end`: at the file's end."""

    heading: str = ""
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    at_end: bool = False


@dataclass(slots=True)
class FilePatch:
    """What becomes of one file. `lines` are those of a new one."""

    kind: Literal["add", "update", "delete"]
    path: str
    move_to: str | None = None
    lines: list[str] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)


def parse_patch(text: str) -> list[FilePatch]:
    """The files of a patch. Raises BAD_REQUEST naming the line at fault."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    if lines[0].startswith("<<") and lines[-1].strip() in ("EOF", "PATCH"):  # the form it has for a shell
        lines = lines[1:-1]
    if lines[0].strip() != "*** Begin Patch":
        raise _bad(1, "begin")
    if len(lines) < 2 or lines[-1].strip() != "*** End Patch":
        raise _bad(len(lines), "end")
    files: list[FilePatch] = []
    at = 1
    while at < len(lines) - 1:
        if not lines[at].strip():
            at += 1
            continue
        patch = _header(lines[at], at)
        files.append(patch)
        at = _body(patch, lines, at + 1)
    if not files:
        raise _bad(1, "empty")
    return files


def _header(line: str, at: int) -> FilePatch:
    for beginning, kind in ((_ADD, "add"), (_UPDATE, "update"), (_DELETE, "delete")):
        if line.startswith(beginning) and line[len(beginning) :].strip():
            return FilePatch(kind, line[len(beginning) :].strip())  # type: ignore[arg-type]
    raise _bad(at + 1, "header")


def _body(patch: FilePatch, lines: Sequence[str], at: int) -> int:
    """Read on until the next file. Returns where that begins."""
    first, last = at, len(lines) - 1
    if patch.kind == "update" and at < last and lines[at].startswith(_MOVE):
        patch.move_to = lines[at][len(_MOVE) :].strip()
        at += 1
    while at < last and not (lines[at].startswith("*** ") and lines[at].strip() != _END_OF_FILE):
        _line(patch, lines[at], at)
        at += 1
    if patch.kind == "update" and not patch.hunks and not patch.move_to:
        raise _bad(first, "empty")
    return at


def _line(patch: FilePatch, line: str, at: int) -> None:
    if patch.kind == "delete":
        if line.strip():
            raise _bad(at + 1, "header")
    elif patch.kind == "add":
        if not line.startswith("+"):
            raise _bad(at + 1, "line")
        patch.lines.append(line[1:])
    elif line.startswith("@@"):
        patch.hunks.append(Hunk(line[2:].strip().removesuffix("@@").strip()))
    else:
        if not patch.hunks:
            patch.hunks.append(Hunk())
        _change(patch.hunks[-1], line, at)


def _change(hunk: Hunk, line: str, at: int) -> None:
    if line.strip() == _END_OF_FILE:
        hunk.at_end = True
    elif not line or line[0] == " ":
        hunk.old.append(line[1:])
        hunk.new.append(line[1:])
    elif line[0] == "-":
        hunk.old.append(line[1:])
    elif line[0] == "+":
        hunk.new.append(line[1:])
    else:
        raise _bad(at + 1, "line")


def patched(text: str, patch: FilePatch) -> str:
    """A file's text after its hunks, which follow one another. Raises BAD_REQUEST when the lines are not there."""
    ends_in_line = text.endswith("\n") or not text
    lines = text.split("\n")
    if ends_in_line:
        lines.pop()
    at = 0
    for hunk in patch.hunks:
        start = at
        if hunk.heading and not _is_range(hunk.heading):
            place = _place(lines, [hunk.heading], start, False)
            if place is None:
                raise _nowhere(patch.path, [hunk.heading])
            start = place + 1
            if hunk.old and _matches(lines[place : place + len(hunk.old)], hunk.old, _exact):
                start = place
        found = len(lines) if not hunk.old else _place(lines, hunk.old, start, hunk.at_end)
        if not hunk.old and hunk.heading and not hunk.at_end:
            found = start
        if found is None:
            raise _nowhere(patch.path, hunk.old)
        lines[found : found + len(hunk.old)] = hunk.new
        at = found + len(hunk.new)
    return "\n".join(lines) + ("\n" if ends_in_line and lines else "")


def _exact(line: str) -> str:
    return line


def _loose(line: str) -> str:
    return line.strip().translate(_ODD)


def _place(lines: Sequence[str], wanted: Sequence[str], start: int, at_end: bool) -> int | None:
    """Where the lines stand at or after `start`: exactly, then but for blanks at the end, then but for blanks around and the
    quotes and dashes that models like to exchange."""
    for alike in (_exact, str.rstrip, _loose):
        places = range(start, len(lines) - len(wanted) + 1)
        for place in reversed(places) if at_end else places:
            if _matches(lines[place : place + len(wanted)], wanted, alike):
                return place
    return None


def _matches(lines: Sequence[str], wanted: Sequence[str], alike: Callable[[str], str]) -> bool:
    return len(lines) == len(wanted) and all(alike(a) == alike(b) for a, b in zip(lines, wanted, strict=True))


def _is_range(heading: str) -> bool:
    """`-1,3 +1,4`: numbers of lines, which models guess; the lines themselves tell the place."""
    return heading.startswith("-") and "+" in heading and heading[1:2].isdigit()


def _bad(line: int, reason: str) -> GatewayError:
    words = Text("patch.bad", {"line": line, "reason": Text(f"patch.reason.{reason}")})
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "input"})


def _nowhere(path: str, lines: Sequence[str]) -> GatewayError:
    words = Text("patch.no_place", {"path": path[:300], "lines": "\n".join(lines[:20])[:2000]})
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "input", "code": "no_place"})
