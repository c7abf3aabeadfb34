"""`/v1/heal/backups`: the configuration as it was, and what has changed since.

They are backups like any other, called as the contract calls its files: `openclaw.json.<id>.bak` is the main file of the
configuration in the backup `<id>`, and `openclaw.json.bak` that of the newest.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.management.contract_route import language_of
from crawdad.core.backups import CONFIG_ROOT
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Language, Text
from crawdad.services.backups.comparing import Comparison
from crawdad.services.backups.service import Backups

_NAME = re.compile(r"openclaw\.json\.(?:(?P<id>[0-9A-Za-z_-]{8,64})\.)?bak\Z", re.ASCII)
_NEWEST = "openclaw.json.bak"
_LABELS = ("backup", "error")
"""What the contract calls the two sides: the backup, and what is there now."""


def heal_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    backups = context.backups
    may_list = Depends(context.access.need(Permission.SYSTEM_READ))
    may_look = Depends(context.access.need(Permission.CONFIG_READ))
    may_restore = Depends(context.access.need(Permission.SYSTEM_MANAGE, Permission.CONFIG_WRITE))

    @router.get("/v1/heal/backups", dependencies=[may_list])
    async def listed() -> dict[str, Any]:
        ground = backups.ground
        zone = ground.zone_of(ground.settings().backup.timezone)
        rows = []
        for backup in await backups.listed():
            if "config" not in backup.parts:
                continue
            try:
                entry = (await backups.read(backup.id)).find(CONFIG_ROOT, ground.config_name)
            except GatewayError:
                continue  # one that is damaged is no reason to show none
            if entry is not None:
                time = datetime.fromtimestamp(backup.created_at, zone).strftime("%Y-%m-%d %H:%M:%S")
                rows.append({"name": f"openclaw.json.{backup.id}.bak", "size": entry.size, "time": time})
        return success([*rows[:1], *({**row, "name": _NEWEST} for row in rows[:1]), *rows[1:]])

    @router.get("/v1/heal/backups/{name}", dependencies=[may_look])
    async def content(name: str) -> dict[str, Any]:
        """The main file as it was, its secrets masked."""
        ground, wanted = backups.ground, await _id_of(backups, name)
        texts = await backups.shown(wanted)
        text = texts.get(f"{CONFIG_ROOT}/{ground.config_name}")
        if text is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("buddy.no_backup"), {"code": "backup_not_found"})
        return success({"name": name, "content": text})

    @router.get("/v1/heal/backups/{name}/diff", dependencies=[may_look])
    async def diff(request: Request, name: str) -> dict[str, Any]:
        """From the backup to what is there now: `+` is what there is now. Secrets are masked."""
        found = await backups.compare(await _id_of(backups, name), None, _LABELS)
        return success({"name": name, **_difference(found, language_of(request))})

    @router.post("/v1/heal/backups/{name}/restore", response_model=None)
    async def restore(request: Request, name: str, by: Principal = may_restore) -> dict[str, Any] | Response:
        """The main file of the configuration as it was, rehearsed first; what is there now becomes a backup (`undo`)."""
        wanted = await _id_of(backups, name)

        async def work(report: Report) -> JsonObject:
            restored = await context.restores.restore(wanted, ("config",), report, main_only=True)
            return {"undo": f"openclaw.json.{restored.safety.id}.bak" if restored.safety is not None else ""}

        order = TaskOrder("backup.restore", Text("backups.task.restore", {"id": wanted}), wanted, "backup", by.id)
        return await changed(context.tasks, request, order, work, Text("buddy.restored"))


async def _id_of(backups: Backups, name: str) -> str:
    """The backup that a name means. Raises BAD_REQUEST, NOT_FOUND."""
    if ".." in name or "\\" in name:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("buddy.bad_backup_name"), {"code": "invalid_request"})
    matched = _NAME.match(name)
    known = [backup.id for backup in await backups.listed() if "config" in backup.parts] if matched else []
    wanted = known[0] if matched and known and matched["id"] is None else matched["id"] if matched else None
    if wanted is None or wanted not in known:
        raise GatewayError(ErrorKind.NOT_FOUND, Text("buddy.no_backup"), {"code": "backup_not_found"})
    return wanted


def _difference(found: Comparison, language: Language) -> dict[str, Any]:
    text = found.diff
    if not text:
        text = Text("buddy.secrets_differ" if found.secrets_differ else "buddy.no_difference").render(language)
    return {
        "diff": text,
        "identical": found.is_same,
        "secretsDiffer": found.secrets_differ,
        "truncated": found.truncated,
        "hunks": _hunks(found.diff),
    }


def _hunks(diff: str) -> list[dict[str, Any]]:
    """The places that differ, each with its file and its lines."""
    hunks: list[dict[str, Any]] = []
    file = ""
    left = 0, 0
    for line in diff.splitlines():
        if left == (0, 0):
            if line.startswith("--- "):
                file = line[4:].partition("/")[2]
            elif line.startswith("@@"):
                left = _lengths(line)
                hunks.append({"file": file, "header": line, "lines": []})
            continue
        hunks[-1]["lines"].append(line)
        left = left[0] - (line[:1] != "+"), left[1] - (line[:1] != "-")
    return hunks


def _lengths(header: str) -> tuple[int, int]:
    """How many lines of either side a hunk has, of `@@ -10,3 +10 @@`: a number that is not there is 1."""
    sides = header.split()[1:3]
    old, new = (int(side.partition(",")[2] or 1) for side in sides)
    return old, new
