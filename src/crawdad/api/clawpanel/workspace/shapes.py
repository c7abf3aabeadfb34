"""How the contract tells of files, and of what could not be done with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Discarded, Node
from crawdad.core.text import Language
from crawdad.services.panel_files.files import DAY_SECONDS
from crawdad.services.panel_files.paths import parent_of
from crawdad.services.panel_files.previews import extension_of

_STEP = 1024


def shown_name(text: str) -> str:
    """A name for JSON: bytes in it that are no UTF-8 are shown as such."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def iso(at: float) -> str:
    """A moment as the contract writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def human_size(size: int) -> str:
    """A size for people."""
    if size < _STEP:
        return f"{size} B"
    if size < _STEP**2:
        return f"{size / _STEP:.1f} KB"
    return f"{size / _STEP**2:.1f} MB" if size < _STEP**3 else f"{size / _STEP**3:.2f} GB"


def file_of(node: Node, now: float) -> dict[str, Any]:
    """One file or folder."""
    return {
        "name": shown_name(node.name),
        "path": shown_name(node.path),
        "size": node.size,
        "sizeHuman": human_size(node.size),
        "isDirectory": node.is_folder,
        "modifiedAt": iso(node.modified),
        "createdAt": iso(node.created),
        "extension": "" if node.is_folder else extension_of(shown_name(node.name)),
        "ageDays": max(0, int((now - node.modified) // DAY_SECONDS)),
    }


def discarded_of(item: Discarded) -> dict[str, Any]:
    """Something in the trash."""
    return {
        "id": item.id,
        "path": shown_name(item.path),
        "name": shown_name(item.path.rpartition("/")[2]),
        "size": item.size,
        "isDirectory": item.is_folder,
        "deletedAt": iso(item.at),
    }


def parent_path(current: str) -> str | None:
    """The folder above the one that is shown, as the contract has it: nothing above the root."""
    return parent_of("/".join(step for step in current.split("/") if step not in ("", ".")))


def failures(errors: Iterable[tuple[str, GatewayError]], language: Language) -> list[str]:
    """What could not be done, a line each."""
    return [f"{shown_name(path)}: {error.message(language)}" for path, error in errors]


@contextmanager
def told_as(kind: ErrorKind, passing: Mapping[str, ErrorKind] | None = None) -> Iterator[None]:
    """Faults of paths and of the file system as the contract tells them here, whatever they are: BAD_REQUEST or INTERNAL. The
    code says what it is. Those whose code is in `passing` are told as that."""
    try:
        yield
    except GatewayError as error:
        code = str(error.details.get("code", ""))
        found = (passing or {}).get(code, error.kind if code in _OWN else kind)
        raise GatewayError(found, error.text, error.details, error.retry_after) from None


_OWN = (
    "agent_not_found",
    "bad_upload_id",
    "changed",
    "disk_full",
    "file_too_large",
    "many_uploads",
    "no_files",
    "too_many_files",
    "upload_runs",
)
"""What is told as it is: no client of the contract has met these."""
