"""Backups as plain JSON: what programs and the clients of the control channel get. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from crawdad.core.backups import Backup, Fault, Manifest
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import rendered

if TYPE_CHECKING:
    from crawdad.services.backups.comparing import Comparison

_HIDDEN = ("key_check", "configuration")


def backup_fields(backup: Backup) -> JsonObject:
    """A backup, without what is for checking alone. Times are Unix seconds, sizes bytes."""
    return {name: value for name, value in asdict(backup).items() if name not in _HIDDEN}


def manifest_fields(manifest: Manifest, texts: Mapping[str, str]) -> JsonObject:
    """A backup with its files; `texts` is what its configuration says, secrets masked."""
    files = [
        {"path": f"{entry.root}/{entry.path}", "part": entry.part, "size": entry.size, "sealed": entry.sealed}
        for entry in manifest.entries
    ]
    left_out = list(manifest.skipped)
    return {**backup_fields(manifest.backup), "files_kept": files, "left_out": left_out, "texts": dict(texts)}


def verified_fields(backup: Backup, faults: Sequence[Fault], language: str) -> JsonObject:
    """What a look through a backup found."""
    told = [{"path": fault.path, "problem": rendered(fault.problem, language)} for fault in faults]
    return {"id": backup.id, "whole": not told, "faults": told}


def comparison_fields(found: Comparison) -> JsonObject:
    """What differs; sizes None: the file is not there."""
    return {
        "old": found.old,
        "new": found.new,
        "same": found.is_same,
        "diff": found.diff,
        "files": [
            {"path": each.path, "change": each.change, "old_size": each.old_size, "new_size": each.new_size}
            for each in found.files
        ],
        "secrets_differ": found.secrets_differ,
        "truncated": found.truncated,
    }


def deleted_fields(count: int, freed: int) -> JsonObject:
    """How many backups went, and how many bytes that freed."""
    return {"deleted": count, "freed": freed}
