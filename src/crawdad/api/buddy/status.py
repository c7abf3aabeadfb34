"""`GET /v1/openclaw/status` and `GET /v1/stats/health`: how the gateway is, and how it was."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends

from crawdad import __version__
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.core.health import HealthLevel, HealthSample
from crawdad.core.identity import Permission

_MEGABYTE = 1024 * 1024
_LEVELS: dict[HealthLevel, str] = {"ok": "Healthy", "degraded": "Degraded", "down": "Down"}


def status_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    clock, health = context.gate.clock, context.health

    @router.get("/v1/openclaw/status", dependencies=[may_read])
    async def status() -> dict[str, Any]:
        """Flat, the process; below `metrics`, the machine. `pid` is 0 while the gateway is stopped: nothing of it serves."""
        machine, process, installed, inside = await asyncio.gather(
            context.surroundings.machine(), context.process.process(), context.installed_at(), context.inside.told()
        )
        runs = context.lifecycle.state == "running"
        seconds = int(clock.monotonic() - context.started_at)
        used = machine.total_memory - machine.free_memory
        since = moment(installed) if installed is not None else ""
        looked = health.report.checked_at is not None
        return success(
            {
                "version": __version__,
                "status": "Running" if runs else "Stopped",
                "uptime": uptime(seconds) if runs else "",
                "cpuPercent": process.processor,
                "memoryMB": round(process.resident / _MEGABYTE, 1),
                "diskUsagePercent": machine.disk_usage,
                "installedAt": since,
                "installed_at": since,
                "health": _LEVELS[health.report.level] if looked else "Unknown",
                "lastHeartbeatAt": moment(health.heartbeat_at),
                "gateway": {
                    "runtime": elapsed(seconds) if runs else "Inactive",
                    "pid": process.id if runs else 0,
                    "status": "running" if runs else "stopped",
                },
                "metrics": {
                    "cpu_usage": machine.processor_usage,
                    "memory_usage": round(100 * used / machine.total_memory, 1) if machine.total_memory else 0.0,
                    "disk_usage": machine.disk_usage,
                },
                **inside,
            }
        )

    @router.get("/v1/stats/health", dependencies=[may_read])
    async def history() -> dict[str, Any]:
        """The last 24 hours, the oldest first: one for each minute in which the gateway ran."""
        return success([sample_told(sample) for sample in await health.history()])


def sample_told(sample: HealthSample) -> dict[str, Any]:
    """How it was; the level in both spellings. Without an answer its time is 0, as the contract has numbers alone. Pure."""
    return {
        "timestamp": moment(sample.at),
        "status": sample.level,
        "level": _LEVELS[sample.level],
        "response_time_ms": sample.response_ms or 0,
        "cpu_usage": sample.processor,
        "memory_usage": sample.memory,
        "parts": dict(sample.parts),
    }


def uptime(seconds: int) -> str:
    """`2d 4h 12m`. Pure."""
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    return " ".join(([f"{days}d"] if days else []) + ([f"{hours}h"] if days or hours else []) + [f"{minutes}m"])


def elapsed(seconds: int) -> str:
    """`[[dd-]hh:]mm:ss`, as `ps` has it. Pure."""
    days, hours = seconds // 86_400, seconds // 3600 % 24
    begun = f"{days:02}-{hours:02}:" if days else f"{hours:02}:" if hours else ""
    return f"{begun}{seconds // 60 % 60:02}:{seconds % 60:02}"
