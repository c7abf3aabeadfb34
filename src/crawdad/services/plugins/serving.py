"""What the gateway does for plugins, each within what its manifest asks for and the operator agreed to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from crawdad.core.agents import AgentRuns, RunOrder
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import TextPart
from crawdad.core.patterns import matches
from crawdad.core.plugin_manifest import Manifest, host_allowed
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.sessions import normalise_agent_id
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.configuration.secret_paths import looks_secret

_PATIENCE = Timeouts(connect=10.0, first_byte=60.0, idle=30.0)
_SECONDS = 120.0
_TURN_SECONDS = 600.0
_MASKED = "***"


class PluginServing:
    """`plugins.api.PluginServices`. `runs` is known only once the agents are there."""

    def __init__(self, transport: Transport, settings: Callable[[], Settings]) -> None:
        self.runs: AgentRuns | None = None
        self._transport = transport
        self._settings = settings

    async def fetch(
        self, manifest: Manifest, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> tuple[int, dict[str, str], bytes]:
        """An HTTP request. Redirects are handed back: where they lead has to be asked for as well. Raises FORBIDDEN."""
        try:
            host = urlsplit(url).netloc.rpartition("@")[2]
        except ValueError:
            host = ""
        if not host or not host_allowed(host, manifest.permissions.network):
            raise _forbidden(manifest, "network", host or url)
        call = UpstreamCall(method.upper(), url, dict(headers), body, _PATIENCE, guarded=True, redirects=False)
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await self._transport.send(call)
                try:
                    return answer.status, dict(answer.headers), await answer.read(limit)
                finally:
                    await answer.close()
        except TimeoutError:
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("web.timeout", {"host": host[:200]})) from None

    async def setting(self, manifest: Manifest, path: str) -> Any:
        """A setting, secrets masked. Raises FORBIDDEN, NOT_FOUND."""
        if not any(matches(pattern, path) for pattern in manifest.permissions.config):
            raise _forbidden(manifest, "config", path)
        value: Any = self._settings()
        for step in path.split("."):
            if isinstance(value, BaseModel):
                fields = type(value).model_fields
                name = next((name for name, field in fields.items() if (field.alias or name) == step), None)
                value = getattr(value, name) if name is not None else None
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
        return _plain({path.rpartition(".")[2]: value})[path.rpartition(".")[2]]

    async def ask_agent(self, manifest: Manifest, agent_id: str, text: str, session: str) -> str:
        """One turn, in a session that only this plugin has. Raises FORBIDDEN, and what the turn fails with."""
        agent = normalise_agent_id(agent_id)
        if not any(matches(pattern, agent) for pattern in manifest.permissions.agents):
            raise _forbidden(manifest, "agents", agent_id)
        if self.runs is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("plugins.no_gateway"), {"code": "no_gateway"})
        name = f"plugin:{manifest.id}"
        principal = Principal(name, "system", name, frozenset({Permission.MODELS_USE, Permission.AGENTS_USE}))
        order = RunOrder(
            agent,
            f"agent:{agent}:{name}:{normalise_agent_id(session)}",
            principal,
            "system",
            [TextPart(text)],
            untrusted=True,
        )
        run_id = await self.runs.start(order)
        try:
            state = await self.runs.wait(run_id, _TURN_SECONDS)
        except asyncio.CancelledError:  # the plugin has no more time, or is taken down: nobody hears the answer
            await self.runs.cancel(run_id)
            raise
        if not state.ended:
            await self.runs.cancel(run_id)
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("agents.timeout", {"seconds": round(_TURN_SECONDS)}))
        if state.error_kind is not None:
            raise GatewayError(ErrorKind(state.error_kind), state.error or state.error_kind)
        return state.text


def _plain(value: Any) -> Any:
    """As plain JSON, without secrets."""
    if isinstance(value, Secret):
        return _MASKED
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {field.alias or name: _plain(getattr(value, name)) for name, field in fields.items()}
    if isinstance(value, Mapping):
        return {
            str(key): _MASKED if isinstance(each, str) and looks_secret(str(key)) else _plain(each)
            for key, each in value.items()
        }
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _forbidden(manifest: Manifest, kind: str, what: str) -> GatewayError:
    values = {"plugin": manifest.id, "kind": kind, "what": what[:200]}
    return GatewayError(ErrorKind.FORBIDDEN, Text("plugins.not_permitted", values), {"code": "not_permitted"})
