"""`/v1/heal/events`, `/v1/heal/reports` and the switch of self-healing: what the gateway did about itself, and whether that
helped."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.healing import HealEvent, HealStatus, event_fields
from crawdad.core.identity import Permission
from crawdad.core.tasks import rendered
from crawdad.core.text import Language, Text
from crawdad.services.configuration import edits
from crawdad.services.healing.reports import cause_words

_MOST = 50
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,99}\.md\Z", re.ASCII)
_RESULTS: dict[HealStatus, str] = {"running": "Running", "healed": "Success", "failed": "Failed", "told": "Notified"}


def healing_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    healing = context.healing
    may_list = Depends(context.access.need(Permission.SYSTEM_READ))
    may_look = Depends(context.access.need(Permission.CONFIG_READ))
    may_write = Depends(context.access.need(Permission.CONFIG_WRITE))

    @router.get("/v1/heal/events", dependencies=[may_list])
    async def events(request: Request) -> dict[str, Any]:
        """The newest fifty."""
        language = language_of(request)
        return success([told_event(event, language) for event in await healing.newest(_MOST)])

    @router.get("/v1/heal/reports", dependencies=[may_list])
    async def reports() -> dict[str, Any]:
        ground = context.backups.ground
        zone = ground.zone_of(ground.settings().backup.timezone)
        rows = []
        for report in await healing.folder.reports():
            time = datetime.fromtimestamp(report.at, zone).strftime("%Y-%m-%d %H:%M:%S")
            rows.append({"name": report.name, "size": report.size, "time": time})
        return success(rows)

    @router.get("/v1/heal/reports/{name}", dependencies=[may_look])
    async def report(name: str) -> dict[str, Any]:
        if ".." in name or "\\" in name:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("healing.bad_report_name"), {"code": "invalid_request"})
        if not _NAME.match(name):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("healing.no_report"), {"code": "report_not_found"})
        return success({"name": name, "content": await healing.folder.read_report(name)})

    @router.get("/v1/settings/self-healing", dependencies=[may_list])
    async def switched() -> dict[str, Any]:
        return success({"enabled": context.gate.settings().healing.enabled})

    @router.post("/v1/settings/self-healing", dependencies=[may_write])
    async def switch(request: Request) -> dict[str, Any]:
        """On or off: written into the configuration, in effect at once, and noted."""
        enabled = (await body_of(request)).get("enabled")
        if not isinstance(enabled, bool):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("buddy.bad_body"), {"code": "invalid_request"})
        await context.configuration.write(lambda text: edits.merge_patch(text, {"healing": {"enabled": enabled}}))
        context.activity.system(Text("healing.switched_on" if enabled else "healing.switched_off"), "system.healing")
        return success({"enabled": enabled})


def told_event(event: HealEvent, language: Language) -> dict[str, Any]:
    """An event in the contract's spelling, and what it has no words for beside it. Pure."""
    fields = event_fields(event, language)
    return {
        "id": event.id,
        "timestamp": moment(event.at),
        "reason": cause_words(event, language),
        "method": Text(f"healing.remedy.{event.remedy}").render(language),
        "result": _RESULTS[event.status],
        "report_path": f"reports/{event.report}" if event.report else "",
        "verify_retries": event.verify_tries,
        "verify_duration_ms": event.verify_ms,
        "verify_error": rendered(event.error, language) or "",
        **{
            name: fields[name]
            for name in ("cause", "remedy", "status", "place", "subject", "confidence", "seen", "steps")
        },
    }
