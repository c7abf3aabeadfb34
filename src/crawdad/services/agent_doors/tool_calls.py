"""Calling one tool without a model: what `/tools/invoke` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from crawdad.core.agent_names import configured_agents, default_agent
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Randomness
from crawdad.core.sessions import SessionEntry, agent_of, normalise_agent_id, session_key
from crawdad.core.settings import Settings
from crawdad.core.text import Language, Text
from crawdad.core.tools import Sender, Tool, Toolbox, ToolContext, ToolOutcome, ToolScope
from crawdad.services.agent_doors.once import OnceOnly
from crawdad.services.agent_doors.orders import is_owner

NEVER = frozenset(("exec", "process", "spawn", "shell", "read", "write", "edit", "apply_patch"))
"""Hands on the machine itself: they are for turns, where approvals and sandboxes are."""
DENIED = frozenset(
    (
        *("sessions_spawn", "sessions_send", "gateway", "whatsapp_login", "fs_write", "fs_delete", "fs_move"),
        *("terminal", "portal", "cron", "automation", "plugins", "nodes", "computer", "mobile_ui", "openclaw"),
    )
)
"""Not offered over HTTP unless `gateway.tools.allow` names them."""


class KnownSessions(Protocol):
    """What is needed of the sessions (`core.sessions.Sessions`)."""

    async def get(self, key: str) -> SessionEntry | None: ...


@dataclass(frozen=True, slots=True)
class ToolOrder:
    """A call: which tool, with what, as which agent and session."""

    tool: str
    arguments: JsonObject = field(default_factory=dict)
    action: str | None = None
    session_key: str = ""
    agent_id: str = ""
    dry_run: bool = False
    idempotency_key: str | None = None
    channel: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class ToolRefusal(Exception):
    """There is no such tool for this caller; why is nobody's business."""

    tool: str


class ToolCalls:
    """Calls tools for callers who may."""

    def __init__(
        self,
        toolbox: Toolbox,
        sessions: KnownSessions,
        once: OnceOnly,
        randomness: Randomness,
        settings: Callable[[], Settings],
        workspace_of: Callable[[str], Path],
    ) -> None:
        self._toolbox = toolbox
        self._sessions = sessions
        self._once = once
        self._randomness = randomness
        self._settings = settings
        self._workspace_of = workspace_of

    async def call(self, order: ToolOrder, principal: Principal, language: Language) -> ToolOutcome:
        """What the tool answers, or with `dry_run` what it would be called with. Raises `ToolRefusal`, and what the tool
        raises."""
        principal.need(Permission.TOOLS_INVOKE)
        scope = await self._scope(order, principal)
        tool = await self._tool(order.tool, scope)
        arguments = with_action(order, tool)
        if order.dry_run:
            told = {"dryRun": True, "tool": order.tool, "arguments": arguments, "sessionKey": scope.session_key}
            return ToolOutcome([], told)
        key = order.idempotency_key
        if key is None:
            return await self._run(tool, arguments, scope, self._randomness.new_id(), language)
        name = f"{tool.definition.name}:{key}"
        return await self._once.run(
            principal.id, name, lambda: self._run(tool, arguments, scope, f"http-{key}", language)
        )

    async def _scope(self, order: ToolOrder, principal: Principal) -> ToolScope:
        settings = self._settings()
        agent_id = normalise_agent_id(order.agent_id) if order.agent_id else default_agent(settings.agents)
        key = session_key(order.session_key, agent_id, settings.session.scope)
        agent_id = agent_of(key, agent_id)
        if agent_id not in [known for known, _ in configured_agents(settings.agents)]:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.unknown_agent", {"agent": agent_id}))
        if not is_owner(principal):
            entry = await self._sessions.get(key)
            if entry is not None and entry.owner != principal.id:
                raise GatewayError(ErrorKind.FORBIDDEN, Text("doors.session_forbidden"))
        sender = Sender(principal.id, principal.name, is_owner(principal))
        return ToolScope(
            agent_id, key, principal, sender, channel=order.channel, account=order.account, surface="http", origin="api"
        )

    async def _tool(self, name: str, scope: ToolScope) -> Tool:
        rules = self._settings().gateway.tools
        denied = name in NEVER or name in rules.deny or (name in DENIED and name not in rules.allow)
        tool = None if denied else (await self._toolbox.effective(scope)).get(name)
        if tool is None or (tool.definition.owner_only and not scope.sender.owner):
            raise ToolRefusal(name)
        return tool

    async def _run(
        self, tool: Tool, arguments: JsonObject, scope: ToolScope, call_id: str, language: Language
    ) -> ToolOutcome:
        entry = await self._sessions.get(scope.session_key)
        context = ToolContext(
            scope,
            run_id="http",
            call_id=call_id,
            session_id=entry.session_id if entry is not None else "",
            workspace=self._workspace_of(scope.agent_id),
            route=entry.route if entry is not None else None,
            language=language,
        )
        return (await tool.run(arguments, context)).plain()


def with_action(order: ToolOrder, tool: Tool) -> JsonObject:
    """The arguments, with `action` where the tool has one and it is not among them."""
    properties: Mapping[str, object] = tool.definition.parameters.get("properties") or {}
    if order.action is None or "action" in order.arguments or "action" not in properties:
        return order.arguments
    return {**order.arguments, "action": order.action}
