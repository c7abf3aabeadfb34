"""The places at which plugins are told: before runs of agents and around calls of tools; and what is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from crawdad.core.agents import RunOrder
from crawdad.core.exchange import Exchange
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.plugin_hooks import (
    AfterModelRequest,
    AfterToolCall,
    AgentEnd,
    BeforeAgentStart,
    BeforeToolCall,
    MessageReceived,
    PluginHooks,
    SessionEnd,
    SessionStart,
    refused,
)
from crawdad.core.ports import Bus
from crawdad.core.tools import Tool, Toolbox, ToolContext, ToolDefinition, ToolOutcome, ToolScope
from crawdad.services.agents.execution import End
from crawdad.services.sessions.service import CHANGED
from crawdad.store.runs import StoredRun

_SHOWN_CHARACTERS = 20_000
_STARTS = frozenset(("created", "reset", "forked"))
_ENDS = frozenset(("deleted", "purged"))


@dataclass(frozen=True, slots=True)
class HookedTool:
    """A tool whose calls plugins hear of, may change and refuse."""

    tool: Tool
    hooks: PluginHooks

    @property
    def definition(self) -> ToolDefinition:
        return self.tool.definition

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """See `core.tools.Tool`."""
        scope, name = context.scope, self.definition.name
        if self.hooks.wanted(BeforeToolCall.hook):
            event = await self.hooks.ask(
                BeforeToolCall(
                    tool=name,
                    arguments=arguments,
                    agent_id=scope.agent_id,
                    session_key=scope.session_key,
                    run_id=context.run_id,
                    call_id=context.call_id,
                )
            )
            if event.refused_by:
                raise refused(event)
            arguments = event.arguments
        outcome = await self.tool.run(arguments, context)
        if self.hooks.wanted(AfterToolCall.hook):
            text = "\n".join(part.text for part in outcome.content if isinstance(part, TextPart))
            self.hooks.tell_soon(
                AfterToolCall(
                    tool=name,
                    arguments=arguments,
                    agent_id=scope.agent_id,
                    session_key=scope.session_key,
                    run_id=context.run_id,
                    call_id=context.call_id,
                    text=text[:_SHOWN_CHARACTERS],
                    is_error=outcome.is_error,
                )
            )
        return outcome


@dataclass(frozen=True, slots=True)
class HookedToolbox:
    """`core.tools.Toolbox`: the tools of another one, with the plugins around them."""

    inner: Toolbox
    hooks: PluginHooks

    async def effective(self, scope: ToolScope) -> Mapping[str, Tool]:
        """See `core.tools.Toolbox`."""
        found = await self.inner.effective(scope)
        return {name: HookedTool(tool, self.hooks) for name, tool in found.items()}

    def known(self) -> Sequence[ToolDefinition]:
        """See `core.tools.Toolbox`."""
        return self.inner.known()


async def heard_order(hooks: PluginHooks, order: RunOrder) -> RunOrder:
    """The order of a turn after plugins have heard of it: they may add to the prompt and choose the model. Raises FORBIDDEN
    where one refuses it."""
    if not order.parts or not (hooks.wanted(MessageReceived.hook) or hooks.wanted(BeforeAgentStart.hook)):
        return order
    text = "\n".join(part.text for part in order.parts if isinstance(part, TextPart))[:_SHOWN_CHARACTERS]
    hooks.tell_soon(
        MessageReceived(
            agent_id=order.agent_id,
            session_key=order.session_key,
            origin=order.origin,
            channel=order.channel,
            sender_id=order.sender.id,
            sender_name=order.sender.name,
            text=text,
            untrusted=order.untrusted,
        )
    )
    event = await hooks.ask(
        BeforeAgentStart(
            agent_id=order.agent_id,
            session_key=order.session_key,
            origin=order.origin,
            channel=order.channel,
            sender_id=order.sender.id,
            text=text,
            model=order.model or "",
        )
    )
    if event.refused_by:
        raise refused(event)
    extra = "\n\n".join(each for each in (order.extra_system, event.extra_system) if each)
    return replace(order, extra_system=extra, model=event.model or None)


async def tell_end(hooks: PluginHooks, run: StoredRun, end: End) -> None:
    """A turn of an agent has ended."""
    hooks.tell_soon(
        AgentEnd(
            run_id=run.id,
            agent_id=run.agent_id,
            session_key=run.session_key,
            status=end.status,
            text=str(end.values.get("text") or "")[:_SHOWN_CHARACTERS],
            error=str(end.values.get("error") or ""),
        )
    )


def tell_exchange(hooks: PluginHooks, exchange: Exchange) -> None:
    """An exchange has ended."""
    if not hooks.wanted(AfterModelRequest.hook):
        return
    usage = exchange.usage
    hooks.tell_soon(
        AfterModelRequest(
            exchange_id=exchange.id,
            contract=exchange.contract,
            principal_id=exchange.principal_id,
            principal_name=exchange.principal_name,
            session=exchange.session or "",
            model=exchange.model_requested,
            model_resolved=exchange.model_resolved,
            provider=exchange.provider,
            outcome=exchange.outcome,
            status=exchange.status,
            error=exchange.error_message or "",
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=exchange.cost,
            seconds=exchange.duration_seconds,
        )
    )


async def tell_sessions(hooks: PluginHooks, bus: Bus, here: Callable[[str], bool]) -> None:
    """Tell of conversations that begin and end, for ever. `here`: whether an event came from this process."""
    async for event in bus.subscribe((CHANGED,)):
        reason = str(event.data.get("reason"))
        kind = SessionStart if reason in _STARTS else SessionEnd if reason in _ENDS else None
        if kind is not None and here(event.origin):
            hooks.tell_soon(
                kind(
                    session_key=str(event.data.get("key") or ""),
                    session_id=str(event.data.get("sessionId") or ""),
                    agent_id=str(event.data.get("agentId") or ""),
                    reason=reason,
                )
            )
