"""`GET /api/system/skills` and `POST /api/system/clawhub-sync`: what is installed, and what there is to be had."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.services.skills.installed import InstalledSkill

_SOURCES = {"bundled": "app-skill", "workspace": "workspace", "project": "workspace", "plugin": "skill"}
"""The contract's names for where skills lie; all others are `skill`."""


def skill_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/api/system/skills", dependencies=[may_read])
    async def skills(request: Request) -> dict[str, Any]:
        """Plugins first, as the contract has them, then skills: of two with one id the first."""
        installed = context.skills
        if installed is None:
            return {"ok": True, "skills": []}
        language = language_of(request)
        found = [_plugin(entry) for entry in await installed.plugins(language)]
        found += [_skill(each, language) for each in await installed.skills()]
        entries = context.gate.settings().plugins.entries
        found += [_leftover(id_, entries[id_].enabled) for id_ in await installed.unknown_plugins() if id_ in entries]
        by_id: dict[str, JsonObject] = {}
        for entry in found:
            by_id.setdefault(entry["id"], entry)
        return {"ok": True, "skills": list(by_id.values())}

    @router.post("/api/system/clawhub-sync", dependencies=[may_manage])
    async def sync(request: Request) -> dict[str, Any]:
        listing = await context.skill_registry.sync()
        answer: dict[str, Any] = {"ok": True, "skills": listing.skills, "source": listing.source}
        if listing.source == "cache" and listing.at is not None:
            moment = datetime.fromtimestamp(listing.at, UTC).isoformat(timespec="milliseconds")
            answer["syncedAt"] = moment.replace("+00:00", "Z")
        if listing.problem is not None:
            answer["error"] = listing.problem.message(language_of(request))
        return answer


def _plugin(entry: JsonObject) -> JsonObject:
    return {
        "id": entry["id"],
        "name": entry["name"],
        "description": entry["description"],
        "version": entry["version"] or "",
        "enabled": entry["enabled"],
        "source": "installed",
        "path": entry["rootDir"],
        "installedAt": "",
    }


def _skill(each: InstalledSkill, language: Language) -> JsonObject:
    head = each.skill.head
    requires = {"env": list(head.variables), "bins": list(head.binaries)}
    installers = [{"kind": one.kind, "package": one.what, "bins": list(one.binaries)} for one in head.installers]
    own = {"emoji": head.emoji, "homepage": head.homepage, "requires": requires, "install": installers}
    told: JsonObject = {
        "id": head.key,
        "name": head.name,
        "description": head.described(language),
        "version": head.version,
        "enabled": each.enabled,
        "source": _SOURCES.get(each.skill.source, "skill"),
        "path": each.skill.folder,
        "requires": requires,
        "metadata": {"openclaw": own},
        "usable": each.skill.hindrance is None,
    }
    if each.skill.hindrance is not None:
        told["reason"] = each.skill.hindrance.render(language)
    return told


def _leftover(plugin: str, enabled: bool | None) -> JsonObject:
    """What the settings speak of, and nobody has."""
    on = enabled is not False
    return {"id": plugin, "name": plugin, "description": "", "version": "", "enabled": on, "source": "config"}
