"""`GET /v1/system/info`: the machine, in the words of the document and of the system behind it; and which version runs."""

from __future__ import annotations

import sys
from typing import Any

from fastapi import APIRouter, Depends

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.core.identity import Permission

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}
"""Go's words, which the contract's clients know."""


def system_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/v1/system/version", dependencies=[may_read])
    async def version(refresh: str = "") -> dict[str, Any]:
        """`latest` is the present one where nobody has looked for newer ones; `?refresh=true` looks."""
        updates = context.updates
        known = await (updates.check() if refresh.strip().lower() == "true" else updates.known())
        latest = known.latest if known.available else known.current
        return success({"current": known.current, "latest": latest, "release_url": ""})

    @router.get("/v1/openclaw/version", dependencies=[may_read])
    async def program() -> dict[str, Any]:
        """The gateway and its panel are one program here."""
        return success({"installed": True, "version": context.updates.version, "path": sys.executable})

    @router.get("/v1/system/info", dependencies=[may_read])
    async def info() -> dict[str, Any]:
        """Memory in MiB, shares in percent."""
        machine = await context.surroundings.machine()
        used = machine.total_memory - machine.free_memory
        architecture = machine.architecture.lower()
        return success(
            {
                "hostname": machine.hostname,
                "os": machine.platform,
                "arch": _ARCHITECTURES.get(architecture, architecture),
                "cpus": machine.processors,
                "cpu": {"usage": machine.processor_usage, "cores": machine.processors},
                "memory": {
                    "total": machine.total_memory,
                    "used": used,
                    "percent": _percent(used, machine.total_memory),
                },
                "disk": {"path": machine.disk_path, "percent": machine.disk_usage},
            }
        )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
