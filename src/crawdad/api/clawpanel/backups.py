"""`/api/system/backup`, `backups`, `restore`: the configuration and the cron jobs, as the contract names their files.

They are parts of backups like any other: `openclaw-<id>.json` is the main file of the configuration in the backup `<id>`,
`cron-jobs-<id>.json` its jobs, and `pre-restore-<id>.json` the configuration as it was before something was restored.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.backups import CONFIG_ROOT, CRON_ROOT, Manifest, Part
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.backups.ground import JOBS_FILE

_NAME = re.compile(r"(openclaw|cron-jobs|pre-restore)-([0-9A-Za-z_-]{8,64})\.json\Z")


def backup_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    backups, restores = context.backups, context.restores
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_change = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.post("/api/system/backup", dependencies=[may_change])
    async def make() -> dict[str, Any]:
        return {"ok": True, "backupId": (await backups.create("configuration", "manual")).id}

    @router.get("/api/system/backups", dependencies=[may_read])
    async def listed() -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for backup in await backups.listed():
            if {"config", "cron"} & set(backup.parts):
                try:
                    found += _rows(await backups.read(backup.id), backups.ground.config_name, backups.ground.home)
                except GatewayError:
                    continue  # one that is damaged is no reason to show none
        return {"ok": True, "backups": sorted(found, key=lambda row: row["name"], reverse=True)}

    @router.post("/api/system/restore", dependencies=[may_change])
    async def restore(request: Request) -> dict[str, Any]:
        name = (await body_of(request)).get("backupName")
        if not isinstance(name, str) or not name:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.no_backup_name"), {"code": "invalid_request"})
        found = _NAME.match(name)
        if found is None or not any(backup.id == found[2] for backup in await backups.listed()):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("panel.backup_not_found"), {"code": "backup_not_found"})
        part: Part = "cron" if found[1] == "cron-jobs" else "config"
        restored = await restores.restore(found[2], (part,), main_only=True)
        return {"ok": True, "preRestoreId": restored.safety.id if restored.safety is not None else None}


def _rows(manifest: Manifest, config_name: str, home: str) -> list[dict[str, Any]]:
    backup = manifest.backup
    before = "pre-restore" if backup.reason == "pre-restore" else "openclaw"
    at = datetime.fromtimestamp(backup.created_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = []
    for prefix, place in ((before, (CONFIG_ROOT, config_name)), ("cron-jobs", (CRON_ROOT, JOBS_FILE))):
        entry = manifest.find(*place)
        if entry is not None:
            path = f"{home}/backups/manifests/{backup.id}.jsonl"
            rows.append({"name": f"{prefix}-{backup.id}.json", "path": path, "size": entry.size, "time": at})
    return rows
