"""`GET /api/system/env`: the machine and the programs on it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from crawdad import __version__
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.core.identity import Permission

_MISSING = "not installed"
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "armv7l": "arm", "i686": "ia32", "i386": "ia32"}
"""Node's words, which the contract's clients know."""


def environment_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the route."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/api/system/env", dependencies=[may_read])
    async def env() -> dict[str, Any]:
        """`openclaw` is what answers for it here: this gateway."""
        found = await context.surroundings.look()
        machine = found.machine
        architecture = machine.architecture.lower()
        system = {
            "platform": machine.platform,
            "arch": _ARCHITECTURES.get(architecture, architecture),
            "hostname": machine.hostname,
            "totalMemMB": machine.total_memory,
            "freeMemMB": machine.free_memory,
            "cpus": machine.processors,
            "cpuModel": machine.processor,
            "uptime": machine.uptime,
            "userInfo": machine.user,
            "distro": machine.distribution,
            "release": machine.release,
            "loadAvg": ", ".join(f"{each:.2f}" for each in machine.load),
        }
        software = {name: said or _MISSING for name, said in found.programs.items()}
        software |= {"python": machine.python, "openclaw": f"Crawdad {__version__}"}
        return {"ok": True, "os": system, "software": software}
