"""From what a tool's files hold to what they shall hold, and back. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.secret import mask
from crawdad.core.text import Text
from crawdad.services.cli_sync.edits import changed, read, value_at
from crawdad.services.cli_sync.tools import Tool, ToolFile, Wanted

_SECRET_VALUE = re.compile(
    r"""(?P<name>["']?[\w.-]*(?:key|token|secret|passw\w*|authorization|credential\w*|cookie)["']?\s*[:=]\s*)"""
    r"""(?P<mark>["']?)(?P<value>[^"'\s,}#]{4,})(?P=mark)""",
    re.IGNORECASE,
)
_LONG_TOKEN = re.compile(r"(?<![\w.-])[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]{10,}){2}(?![\w.-])")


def shown_at_home(file: ToolFile) -> str:
    """The name of a file for people, where no variable moves it."""
    return f"~/{file.path}"


Shown = Callable[[ToolFile], str]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What happens to one file. `before` is None where there is none, `after` where it goes; `shown` is its name for people."""

    file: ToolFile
    before: str | None
    after: str | None
    shown: str

    @property
    def is_change(self) -> bool:
        """Whether anything happens."""
        return self.before != self.after

    def diff(self, secrets: Iterable[str] = ()) -> str:
        """A unified diff with secrets masked; empty where nothing changes."""
        before, after = ((text or "").splitlines() for text in (self.before, self.after))
        old, new = (self.shown if text is not None else "/dev/null" for text in (self.before, self.after))
        lines = difflib.unified_diff(before, after, old, new, lineterm="")
        return without_secrets("\n".join(lines), secrets)


def sync_changes(
    tool: Tool, texts: Mapping[str, str | None], wanted: Wanted, shown: Shown = shown_at_home
) -> list[FileChange]:
    """What pointing `tool` at `wanted` does to its files, all of which are readable. Raises BAD_REQUEST naming the file."""
    changes = []
    for file in tool.files:
        before = texts[file.path]
        if before is None and file.optional:
            continue
        values = contents(file, before, shown)
        try:
            after = changed(before or "", file.format, file.changes(wanted, values))
        except GatewayError as error:
            raise _in_file(error, file, shown) from None
        changes.append(FileChange(file, before, after, shown(file)))
    return changes


def restored(file: ToolFile, text: str | None, backup: str | None, shown: Shown = shown_at_home) -> str | None:
    """The text of a file with what was changed put back as it was in `backup` (None: there was no file); None where nothing is
    left of it. What the tool itself has written since stays.
    """
    if text is None:
        return backup
    old = {} if backup is None else contents(file, backup, shown)
    try:
        now = contents(file, text)
    except GatewayError:
        return backup if backup is not None else text  # broken since: the backup is all there is
    changes = {path: value_at(old, path) for path in file.managed if value_at(now, path) != value_at(old, path)}
    after = changed(text, file.format, changes)
    left = contents(file, after)
    if backup is not None and left == old:
        return backup
    return None if backup is None and not left else after


def contents(file: ToolFile, text: str | None, shown: Shown = shown_at_home) -> dict[str, Any]:
    """The values in a file. Raises BAD_REQUEST naming it."""
    try:
        return read(text or "", file.format)
    except GatewayError as error:
        raise _in_file(error, file, shown) from None


def is_synced(tool: Tool, texts: Mapping[str, str | None], url: str) -> bool:
    """Whether every file says what it must for the tool to use `url`; the key may be any."""
    try:
        values = {file.path: contents(file, texts[file.path]) for file in tool.files}
    except GatewayError:
        return False
    found = tool.base_url(values)
    if found is None or found.rstrip("/") != url.rstrip("/"):
        return False
    for file in tool.files:
        if texts[file.path] is None:
            if file.optional:
                continue
            return False
        changes = file.changes(Wanted(url), values[file.path])
        if any(value_at(values[file.path], path) != value for path, value in changes.items() if value is not None):
            return False
    return True


def current_url(tool: Tool, texts: Mapping[str, str | None]) -> str | None:
    """The address that the tool uses now, as far as its files can be read."""
    values = {}
    for file in tool.files:
        try:
            values[file.path] = contents(file, texts[file.path])
        except GatewayError:
            continue
    return tool.base_url(values)


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """The text of a settings file with what looks like a secret masked, and `secrets` wherever they stand."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, mask(secret)).replace(secret[-20:], mask(secret))
    text = _LONG_TOKEN.sub(lambda found: mask(found[0]), text)
    return _SECRET_VALUE.sub(
        lambda found: found["name"] + found["mark"] + _mask_once(found["value"]) + found["mark"], text
    )


def _mask_once(value: str) -> str:
    return value if "…" in value or value in ("***", "true", "false", "null") else mask(value)


def _in_file(error: GatewayError, file: ToolFile, shown: Shown) -> GatewayError:
    words = Text("sync.in_file", {"file": shown(file), "reason": error.text})
    return GatewayError(error.kind, words, {**error.details, "param": file.name})
