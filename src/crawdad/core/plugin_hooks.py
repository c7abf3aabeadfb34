"""Hooks: the moments at which plugins are told, and some of which they may change. Each is defined once, here.

A hook is a class of events; `hook` is its name, `changes` names the fields that a plugin may give another value. Fields hold
plain JSON only, so that a plugin in a process of its own sees the same. Names follow OpenClaw's where the moment is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeVar

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text


@dataclass(frozen=True, kw_only=True)
class HookEvent:
    """Something that happens. Hooks without `changes` run side by side; the others one after the other, by priority."""

    hook: ClassVar[str] = ""
    changes: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Refusable(HookEvent):
    """Something that may be refused: `refuse` holds the reason; `refused_by` is filled in by the gateway."""

    refuse: str = ""
    refused_by: str = ""


@dataclass(frozen=True, kw_only=True)
class GatewayStart(HookEvent):
    """The gateway serves from now on."""

    hook: ClassVar[str] = "gateway_start"
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class GatewayStop(HookEvent):
    """The gateway ends; plugins are taken down next."""

    hook: ClassVar[str] = "gateway_stop"


@dataclass(frozen=True, kw_only=True)
class BeforeModelRequest(Refusable):
    """A model is about to be asked, by a client or by an agent (`contract` is then `agent`). With another `model` the
    request goes there, as far as whoever asks may go there."""

    hook: ClassVar[str] = "before_model_request"
    changes: ClassVar[frozenset[str]] = frozenset(("model", "refuse"))
    exchange_id: str = ""
    contract: str = ""
    principal_id: str = ""
    principal_name: str = ""
    session: str = ""
    model: str = ""
    stream: bool = False


@dataclass(frozen=True, kw_only=True)
class AfterModelRequest(HookEvent):
    """An exchange has ended, well or not. Tokens and cost are null where nobody knows them."""

    hook: ClassVar[str] = "after_model_request"
    exchange_id: str = ""
    contract: str = ""
    principal_id: str = ""
    principal_name: str = ""
    session: str = ""
    model: str = ""
    model_resolved: str = ""
    provider: str = ""
    outcome: str = ""
    status: int = 0
    error: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class MessageReceived(HookEvent):
    """A message for an agent has come in, by whatever door."""

    hook: ClassVar[str] = "message_received"
    agent_id: str = ""
    session_key: str = ""
    origin: str = ""
    channel: str = ""
    sender_id: str = ""
    sender_name: str = ""
    text: str = ""
    untrusted: bool = False


@dataclass(frozen=True, kw_only=True)
class BeforeAgentStart(Refusable):
    """A turn of an agent is about to be ordered. `extra_system` is added to its system prompt, `model` asked instead of
    the agent's own."""

    hook: ClassVar[str] = "before_agent_start"
    changes: ClassVar[frozenset[str]] = frozenset(("extra_system", "model", "refuse"))
    agent_id: str = ""
    session_key: str = ""
    origin: str = ""
    channel: str = ""
    sender_id: str = ""
    text: str = ""
    extra_system: str = ""
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class AgentEnd(HookEvent):
    """A turn of an agent has ended."""

    hook: ClassVar[str] = "agent_end"
    run_id: str = ""
    agent_id: str = ""
    session_key: str = ""
    status: str = ""
    text: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class BeforeToolCall(Refusable):
    """A tool is about to run. Changed `arguments` are checked like the model's own."""

    hook: ClassVar[str] = "before_tool_call"
    changes: ClassVar[frozenset[str]] = frozenset(("arguments", "refuse"))
    tool: str = ""
    arguments: JsonObject = field(default_factory=dict)
    agent_id: str = ""
    session_key: str = ""
    run_id: str = ""
    call_id: str = ""


@dataclass(frozen=True, kw_only=True)
class AfterToolCall(HookEvent):
    """A tool has run. `text` is what the model is told, cut to 20,000 characters."""

    hook: ClassVar[str] = "after_tool_call"
    tool: str = ""
    arguments: JsonObject = field(default_factory=dict)
    agent_id: str = ""
    session_key: str = ""
    run_id: str = ""
    call_id: str = ""
    text: str = ""
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageSending(Refusable):
    """A message is about to go out by a channel. A refused one is not sent."""

    hook: ClassVar[str] = "message_sending"
    changes: ClassVar[frozenset[str]] = frozenset(("text", "refuse"))
    channel: str = ""
    account: str = ""
    to: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageSent(HookEvent):
    """A message was handed to a channel. `status` is `core.agents.Delivery`'s."""

    hook: ClassVar[str] = "message_sent"
    channel: str = ""
    account: str = ""
    to: str = ""
    text: str = ""
    status: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class SessionStart(HookEvent):
    """A conversation has begun: the first of its key, or another after a reset."""

    hook: ClassVar[str] = "session_start"
    session_key: str = ""
    session_id: str = ""
    agent_id: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SessionEnd(HookEvent):
    """A conversation was deleted."""

    hook: ClassVar[str] = "session_end"
    session_key: str = ""
    session_id: str = ""
    agent_id: str = ""
    reason: str = ""


HOOKS: Mapping[str, type[HookEvent]] = MappingProxyType(
    {
        kind.hook: kind
        for kind in (
            *(GatewayStart, GatewayStop, BeforeModelRequest, AfterModelRequest, MessageReceived, BeforeAgentStart),
            *(AgentEnd, BeforeToolCall, AfterToolCall, MessageSending, MessageSent, SessionStart, SessionEnd),
        )
    }
)
"""Every hook by its name."""

Happening = TypeVar("Happening", bound=HookEvent)


def refused(event: Refusable) -> GatewayError:
    """The error for what a plugin refused."""
    values = {"plugin": event.refused_by, "reason": event.refuse}
    return GatewayError(ErrorKind.FORBIDDEN, Text("plugins.refused", values), {"code": "refused_by_plugin"})


class PluginHooks(Protocol):
    """Tells plugins. Nothing that a plugin does comes out of it: what fails is the plugin's own."""

    def wanted(self, hook: str) -> bool:
        """Whether anybody listens; cheap."""

    async def tell(self, event: HookEvent) -> None:
        """Tell all who listen, and wait for them."""

    def tell_soon(self, event: HookEvent) -> None:
        """Tell them beside what goes on here. With too many waiting the event is dropped, and counted."""

    async def ask(self, event: Happening) -> Happening:
        """The event as it is after all who listen have had their say."""


class NoHooks:
    """Nobody listens."""

    def wanted(self, hook: str) -> bool:
        return False

    async def tell(self, event: HookEvent) -> None: ...

    def tell_soon(self, event: HookEvent) -> None: ...

    async def ask(self, event: Happening) -> Happening:
        return event
