"""What differs between two backups, or between one and what is there now; secrets are never shown. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from crawdad.core.backups import Entry
from crawdad.services.configuration.redaction import redacted_text

MOST_LINES = 2000
_MASK = "********"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs. Sizes are in bytes; None: it is not there."""

    path: str
    change: Literal["added", "removed", "changed"]
    old_size: int | None
    new_size: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A unified difference of what is text and configuration, and the other files that differ. `secrets_differ`: texts that
    look the same here differ in a secret."""

    old: str
    new: str
    diff: str
    files: tuple[FileChange, ...]
    secrets_differ: bool = False
    truncated: bool = False

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.diff or self.files or self.secrets_differ)


def compare_texts(old: Mapping[str, str], new: Mapping[str, str], names: tuple[str, str]) -> tuple[str, bool, bool]:
    """`(unified difference, whether secrets differ, whether it was cut)` of texts of configuration by their paths."""
    lines: list[str] = []
    secrets_differ = False
    for path in sorted(old.keys() | new.keys()):
        before, after = (shown(texts.get(path, "")) for texts in (old, new))
        if before == after:
            secrets_differ |= _without_layout(old.get(path)) != _without_layout(new.get(path))
            continue
        found = difflib.unified_diff(
            before.splitlines(), after.splitlines(), f"{names[0]}/{path}", f"{names[1]}/{path}", lineterm=""
        )
        for line in found:
            lines.append(line)
            if len(lines) > MOST_LINES:
                return "\n".join(lines[:MOST_LINES]) + "\n", secrets_differ, True
    return "".join(f"{line}\n" for line in lines), secrets_differ, False


def compare_files(old: Iterable[Entry], new: Iterable[Entry]) -> tuple[FileChange, ...]:
    """The files that differ, by their roots and paths."""
    before, after = ({entry.place: entry for entry in entries} for entries in (old, new))
    found = []
    for place in sorted(before.keys() | after.keys()):
        was, is_now = before.get(place), after.get(place)
        path = f"{place[0]}/{place[1]}"
        if was is None:
            found.append(FileChange(path, "added", None, is_now.size if is_now else None))
        elif is_now is None:
            found.append(FileChange(path, "removed", was.size, None))
        elif (was.sha256, was.link, was.mode) != (is_now.sha256, is_now.link, is_now.mode):
            found.append(FileChange(path, "changed", was.size, is_now.size))
    return tuple(found)


def shown(text: str) -> str:
    """A text of configuration without its secrets; one that cannot be read is not shown at all."""
    if not text.strip():
        return text
    found = redacted_text(text)
    return f"{_MASK}\n" if found is None else found


def _without_layout(text: str | None) -> str:
    return "" if text is None else text.strip()
