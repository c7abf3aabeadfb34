"""A backup's file: a line about the backup, then a line for each of its files. The first line holds the hash of the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import orjson

from crawdad.core.backups import PARTS, Backup, Entry, Manifest, safe_link, safe_path
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

FORMAT = 1
_NAMES = frozenset(field.name for field in fields(Backup))
_MODES = 0o777
_KINDS = ("configuration", "full")
_REASONS = ("change", "manual", "schedule", "pre-restore", "pre-update", "import")


def written(manifest: Manifest) -> bytes:
    """The file."""
    rest = b"".join(_line(_entry_out(entry)) for entry in manifest.entries)
    head = {
        "format": FORMAT,
        **asdict(manifest.backup),
        "left_out": list(manifest.skipped),
        "sha256": hashlib.sha256(rest).hexdigest(),
    }
    return _line(head) + rest


def read_head(line: bytes) -> Backup:
    """The backup of the first line. Raises INTERNAL where it cannot be read."""
    return _head(line)[0]


def read(data: bytes) -> Manifest:
    """A file's manifest, each of its paths looked at. Raises INTERNAL where it is damaged, BAD_REQUEST for hostile paths."""
    first, _, rest = data.partition(b"\n")
    backup, head = _head(first)
    if hashlib.sha256(rest).hexdigest() != head.get("sha256"):
        raise _damaged(backup.id)
    try:
        entries = tuple(_entry_in(orjson.loads(line)) for line in rest.splitlines())
    except (ValueError, TypeError, KeyError, IndexError):
        raise _damaged(backup.id) from None
    places = {entry.place: entry for entry in entries}
    if len(places) != len(entries) or any(_is_below_a_file(entry, places) for entry in entries):
        raise _damaged(backup.id)
    return Manifest(backup, entries, tuple(str(path) for path in head.get("left_out", ())))


def _is_below_a_file(entry: Entry, places: Mapping[tuple[str, str], Entry]) -> bool:
    """Whether a path leads through something that is a file, or a link, itself."""
    steps = entry.path.split("/")
    return any((entry.root, "/".join(steps[:count])) in places for count in range(1, len(steps)))


def _head(line: bytes) -> tuple[Backup, dict[str, Any]]:
    try:
        head = orjson.loads(line)
        if head["format"] != FORMAT or head["kind"] not in _KINDS or head["reason"] not in _REASONS:
            raise ValueError
        values = {name: value for name, value in head.items() if name in _NAMES}
        values["parts"] = tuple(part for part in PARTS if part in values.get("parts", ()))
        backup = Backup(**values)
        if not isinstance(backup.id, str) or not isinstance(backup.created_at, float | int):
            raise ValueError
        return backup, head
    except (ValueError, TypeError, KeyError):
        raise _damaged("") from None


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"


def _entry_out(entry: Entry) -> Sequence[Any]:
    return [
        *(entry.part, entry.root, entry.path, entry.sha256, entry.size, entry.mode, entry.blobs),
        *(entry.sealed, entry.link, entry.stamp),
    ]


def _entry_in(values: Sequence[Any]) -> Entry:
    part, root, path, sha256, size, mode, blobs, is_sealed, link, stamp = values
    texts = (root, path, sha256, link, stamp, *blobs)
    if part not in PARTS or not all(isinstance(text, str) for text in texts) or not isinstance(size, int):
        raise ValueError
    safe_path(path)
    if link and not safe_link(path, link):
        raise ValueError
    return Entry(part, root, path, sha256, size, int(mode) & _MODES, tuple(blobs), bool(is_sealed), link, stamp)


def _damaged(backup_id: str) -> GatewayError:
    return GatewayError(ErrorKind.INTERNAL, Text("backups.damaged", {"id": backup_id[:40] or "?"}), {"code": "damaged"})
