"""`message`: words to people over a channel. An agent answers where it was asked; elsewhere only as far as it may."""

from __future__ import annotations

import hashlib

from crawdad.core.agents import Outbound
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.sessions import Route
from crawdad.core.tasks import rendered
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agent_tools.arguments import get_text, get_texts, schema
from crawdad.services.agent_tools.pictures import Pictures

ACTIONS = ("send", "broadcast")
_MOST_TARGETS = 20
_MOST_BYTES = 20 * 1024 * 1024


class MessageTool:
    """The tool. A call sends once, also when it is looked at again after a restart."""

    definition = ToolDefinition(
        "message",
        "Send a message over a channel: by default to the conversation that you are in. Only for messages beside your "
        "answer; the answer itself is delivered anyway.",
        schema(
            {
                "action": {"type": "string", "enum": list(ACTIONS)},
                "channel": {"type": "string", "description": "The channel's id. Default: that of this conversation."},
                "target": {"type": "string", "description": "To whom. Default: this conversation."},
                "targets": {"type": "array", "items": {"type": "string"}, "maxItems": _MOST_TARGETS},
                "accountId": {"type": "string"},
                "threadId": {"type": "string"},
                "message": {"type": "string"},
                "media": {"type": "string", "description": "A picture: a path in the workspace or an address."},
                "caption": {"type": "string"},
            },
            ("action",),
        ),
        "messaging",
        needs_trust=True,
    )

    def __init__(self, outbound: Outbound, pictures: Pictures) -> None:
        self._outbound = outbound
        self._pictures = pictures

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        action = get_text(arguments, "action", 40)
        if action not in ACTIONS:
            raise bad_request("arguments.choice", "action", choices=", ".join(ACTIONS))
        routes = self._routes(arguments, context, action)
        parts = await self._parts(arguments, context)
        sent: list[JsonObject] = []
        for route in routes:
            key = f"{context.idempotency}:{hashlib.sha256(repr(route).encode()).hexdigest()[:16]}"
            try:
                delivery = await self._outbound.send(route, parts, key=key)
                status, error = delivery.status, rendered(delivery.error, context.language)
            except GatewayError as failure:
                if len(routes) == 1:
                    raise
                status, error = "not-delivered", failure.message(context.language)
            sent.append(
                {"channel": route.channel, "to": route.to, "status": status, **({"error": error} if error else {})}
            )
        failed = [one for one in sent if one["status"] == "not-delivered"]
        words = "; ".join(
            f"{one['channel']} {one['to']}: {one['status']} {one.get('error', '')}".strip() for one in sent
        )
        return told(words, {"action": action, "deliveries": sent}, is_error=len(failed) == len(sent))

    def _routes(self, arguments: JsonObject, context: ToolContext, action: str) -> list[Route]:
        here = context.route
        known = self._outbound.channels()
        if not known:
            raise GatewayError(ErrorKind.CONFLICT, Text("messages.no_channels"), {"code": "no_channels"})
        channel = get_text(arguments, "channel", 64) or (here.channel if here else "")
        if not channel:
            raise bad_request("messages.no_route", "channel", channels=", ".join(known))
        if channel not in known:
            words = Text("messages.no_channel", {"channel": channel, "channels": ", ".join(known)})
            raise GatewayError(ErrorKind.NOT_FOUND, words, {"param": "channel"})
        targets = get_texts(arguments, "targets", _MOST_TARGETS) if action == "broadcast" else []
        target = get_text(arguments, "target", 300) or (here.to if here and here.channel == channel else "")
        if not targets and target:
            targets = [target]
        if not targets:
            raise bad_request("arguments.missing", "target")
        same = here is not None and here.channel == channel
        account = get_text(arguments, "accountId", 100) or (here.account if here and same else "")
        thread = get_text(arguments, "threadId", 100) or (here.thread if here and same and targets == [here.to] else "")
        routes = [Route(channel, to.strip(), account, thread) for to in dict.fromkeys(targets)]
        for route in routes:
            _check_context(route, context)
        return routes

    async def _parts(self, arguments: JsonObject, context: ToolContext) -> list[Part]:
        parts: list[Part] = []
        text = get_text(arguments, "message", 100_000) or get_text(arguments, "caption", 10_000)
        if text:
            parts.append(TextPart(text))
        media = get_text(arguments, "media", 4000)
        if media:
            picture: MediaPart = await self._pictures.load(media, context.workspace, _MOST_BYTES)
            parts.append(picture)
        if not parts:
            raise bad_request("arguments.missing", "message")
        return parts


def _check_context(route: Route, context: ToolContext) -> None:
    """Who speaks with the agent over a channel may not have it write to others: only the operator may, and a turn of the
    operator's own making."""
    here, scope = context.route, context.scope
    if here is not None and (route.channel, route.to) == (here.channel, here.to):
        if not route.account or route.account == here.account:
            return
    elif here is None and scope.origin != "channel":
        return
    if scope.sender.owner:
        return
    raise GatewayError(ErrorKind.FORBIDDEN, Text("messages.other_context"), {"code": "cross_context"})
