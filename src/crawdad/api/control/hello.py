"""The welcome: what this gateway is and offers, how things stand, and what the client was given."""

from __future__ import annotations

from crawdad.api.control.connection import Connection
from crawdad.api.control.context import Control
from crawdad.api.control.device_shapes import milliseconds
from crawdad.api.control.registry import Registry
from crawdad.core.agent_names import default_agent
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import main_key
from crawdad.wire.control.limits import MAX_BUFFERED, MAX_PAYLOAD, TICK_SECONDS
from crawdad.wire.control.scopes import READ, holds


async def hello(control: Control, registry: Registry, connection: Connection) -> JsonObject:
    """The payload of a successful `connect`."""
    return {
        "type": "hello-ok",
        "protocol": connection.version,
        "server": {"version": control.version, "connId": connection.id},
        "features": {"methods": registry.advertised(), "events": control.news.hub.events()},
        "snapshot": await _snapshot(control, connection),
        **_auth(connection),
        "policy": {
            "maxPayload": MAX_PAYLOAD,
            "maxBufferedBytes": MAX_BUFFERED,
            "tickIntervalMs": int(TICK_SECONDS * 1000),
        },
    }


async def _snapshot(control: Control, connection: Connection) -> JsonObject:
    """How things stand. Who may not read is told nothing of anybody."""
    settings = control.settings()
    reads = holds(connection.admitted.scopes, READ)
    agent, scope = default_agent(settings.agents), settings.session.scope
    told: JsonObject = {
        "presence": control.presence.listed() if reads else [],
        "health": await control.health.current() if reads else {},
        "stateVersion": control.news.versions,
        "uptimeMs": int((control.clock.monotonic() - control.started_at) * 1000),
        "sessionDefaults": {
            "defaultAgentId": agent,
            "mainKey": "main",
            "mainSessionKey": main_key(agent, scope),
            "scope": scope,
        },
        "authMode": control.admission.mode,
    }
    if reads:
        told |= {"configPath": control.config_path, "stateDir": control.state_directory}
    return told


def _auth(connection: Connection) -> JsonObject:
    """What the client was given: the token's own scopes, where it got a token."""
    admitted = connection.admitted
    if not admitted.token:
        return {"auth": {"role": admitted.role, "scopes": list(admitted.scopes)}}
    return {
        "auth": {
            "deviceToken": admitted.token,
            "role": admitted.role,
            "scopes": list(admitted.token_scopes),
            "issuedAtMs": milliseconds(admitted.issued_at),
        }
    }
