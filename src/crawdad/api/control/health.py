"""The health snapshot: made anew at most so often, told to everybody, kept for those who ask meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from crawdad.core.agent_names import configured_agents, default_agent
from crawdad.core.durations import seconds_of
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.core.sessions import SessionEntry
from crawdad.core.settings import Settings
from crawdad.services.health import HealthReport

KEPT_SECONDS = 60.0
_RECENT = 5


class SessionList(Protocol):
    """The sessions, for those who want the newest of them."""

    async def newest(self, limit: int, agent_id: str | None = None) -> tuple[int, Sequence[SessionEntry]]:
        """How many there are, of one agent or of all, and those that changed last."""


class Health:
    """How the gateway is. `sessions` None: it has none."""

    def __init__(
        self, settings: Callable[[], Settings], sessions: SessionList | None, clock: Clock, store_path: str
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._clock = clock
        self._store_path = store_path
        self._kept: JsonObject | None = None
        self._made_at = 0.0
        self.version = 0
        """Counts the snapshots."""

    @property
    def age(self) -> float:
        """How old the newest snapshot is, in seconds."""
        return self._clock.monotonic() - self._made_at if self._kept is not None else float("inf")

    async def current(self) -> JsonObject:
        """The kept snapshot while it is fresh, else a new one."""
        if self._kept is None or self.age > KEPT_SECONDS:
            return await self.refresh()
        return self._kept

    async def refresh(self) -> JsonObject:
        """A new snapshot."""
        began = self._clock.monotonic()
        settings = self._settings()
        default = default_agent(settings.agents)
        agents = [await self._agent(settings, name, name == default) for name in agent_ids(settings)]
        self._kept = {
            "ok": True,
            "ts": int(self._clock.now() * 1000),
            "durationMs": int((self._clock.monotonic() - began) * 1000),
            "channels": {},
            "channelOrder": [],
            "channelLabels": {},
            "heartbeatSeconds": (heartbeat(settings)["everyMs"] or 0) // 1000,
            "defaultAgentId": default,
            "agents": agents,
            "sessions": next(agent["sessions"] for agent in agents if agent["isDefault"]),
        }
        self._made_at = self._clock.monotonic()
        self.version += 1
        return self._kept

    async def sessions(self, agent_id: str | None, limit: int) -> tuple[int, Sequence[SessionEntry]]:
        """How many sessions there are, and the newest."""
        return (0, ()) if self._sessions is None else await self._sessions.newest(limit, agent_id)

    @property
    def store_path(self) -> str:
        """Where sessions are kept."""
        return self._store_path

    async def _agent(self, settings: Settings, agent_id: str, is_default: bool) -> JsonObject:
        count, newest = await self.sessions(agent_id, _RECENT)
        now = int(self._clock.now() * 1000)
        recent = [
            {"key": each.key, "updatedAt": int(each.updated_at * 1000), "age": now - int(each.updated_at * 1000)}
            for each in newest
        ]
        return {
            "agentId": agent_id,
            "isDefault": is_default,
            "heartbeat": heartbeat(settings),
            "sessions": {"path": self._store_path, "count": count, "recent": recent},
        }


def health_told(report: HealthReport) -> JsonObject:
    """How well it does, and which parts do not. Beside the snapshot: of that, clients know every property. Pure."""
    bad = {name: part.held.level for name, part in report.parts.items() if part.held.level != "ok"}
    checked = int(report.checked_at * 1000) if report.checked_at is not None else None
    return {"level": report.level, "checkedAt": checked, "responseMs": report.response_ms, "parts": bad}


def agent_ids(settings: Settings) -> list[str]:
    """The agents that are configured; without any there is one."""
    return list(dict.fromkeys(agent_id for agent_id, _ in configured_agents(settings.agents)))


def heartbeat(settings: Settings) -> JsonObject:
    """How often agents look around by themselves, and what they are asked then."""
    pulse = settings.agents.defaults.heartbeat
    wait = int(seconds_of(pulse.every) * 1000)
    told: JsonObject = {"enabled": wait > 0, "every": pulse.every, "everyMs": wait or None}
    return {**told, "prompt": pulse.prompt, "target": pulse.target, "ackMaxChars": pulse.ack_max_chars}
