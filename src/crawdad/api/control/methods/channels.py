"""`channels.status`, `send` and `wake`: the ways out to people, and a nudge for the agent."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.turns import Turns
from crawdad.core.agent_names import default_agent
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.sessions import Route, main_key
from crawdad.core.text import Text
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, STRINGS, closed, integer, words
from crawdad.wire.control.scopes import READ, WRITE

_SEND = closed(
    {
        "to": FILLED,
        **dict.fromkeys(("message", "mediaUrl", "channel", "accountId", "threadId", "sessionKey"), STRING),
        "mediaUrls": STRINGS,
        "gifPlayback": BOOLEAN,
        "idempotencyKey": FILLED,
    },
    "to",
    "idempotencyKey",
)


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no agents."""
    if control.agents is None:
        return []
    answers = _Channels(control, control.agents)
    status = closed({"probe": BOOLEAN, "timeoutMs": integer(0)})
    wake = closed({"mode": words("now", "next-heartbeat"), "text": FILLED}, "mode", "text")
    return [
        Method("channels.status", READ, answers.status, status, "{ts, channelOrder, channels, channelAccounts, …}"),
        Method("send", WRITE, answers.send, _SEND, "{runId, messageId, channel}"),
        Method("wake", WRITE, answers.wake, wake, "{ok}"),
    ]


class _Channels:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)

    async def status(self, _: Asked) -> Any:
        names = list(self._side.outbound.channels())
        accounts = {name: [{"accountId": "default", "enabled": True, "configured": True}] for name in names}
        return {
            "ts": round(self._control.clock.now() * 1000),
            "channelOrder": names,
            "channelLabels": {name: name.capitalize() for name in names},
            "channelDetailLabels": {name: name.capitalize() for name in names},
            "channelSystemImages": {},
            "channelMeta": [
                {"id": name, "label": name.capitalize(), "detailLabel": name.capitalize()} for name in names
            ],
            "channels": {name: {"configured": True} for name in names},
            "channelAccounts": accounts,
            "channelDefaultAccountId": dict.fromkeys(names, "default"),
        }

    async def send(self, asked: Asked) -> Any:
        """Send something to somebody; the same key again sends nothing more."""
        params = asked.params
        channel = self._channel(params)
        parts: list[Part] = []
        if str(params.get("message") or "").strip():
            parts.append(TextPart(params["message"]))
        urls = [*([params["mediaUrl"]] if params.get("mediaUrl") else []), *(params.get("mediaUrls") or ())]
        parts += [MediaPart("image", url=url) for url in dict.fromkeys(urls)]
        if not parts:
            raise bad_request("control.nothing_said", "message")
        key = params["idempotencyKey"]
        route = Route(channel, params["to"], params.get("accountId") or "", params.get("threadId") or "")
        principal = asked.connection.admitted.principal
        sent = await self._side.outbound.send(route, parts, key=f"control:{principal.id}:{key}")
        if not sent.delivered:
            words_ = Text("control.not_sent", {"reason": sent.error or sent.status})
            raise GatewayError(ErrorKind.UNAVAILABLE, words_)
        return {"runId": key, "messageId": sent.message_id or key, "channel": channel}

    def _channel(self, params: JsonObject) -> str:
        wanted = str(params.get("channel") or "").strip().lower()
        there = self._side.outbound.channels()
        if wanted == "webchat":
            raise bad_request("control.webchat", "channel")
        if wanted and wanted != "last":
            if wanted not in there:
                raise bad_request("control.unknown_channel", "channel", channel=wanted[:64])
            return wanted
        if len(there) != 1:
            raise bad_request("control.no_channel" if not there else "control.which_channel", "channel")
        return there[0]

    async def wake(self, asked: Asked) -> Any:
        settings = self._control.settings()
        agent = default_agent(settings.agents)
        await self._side.events.add(main_key(agent, settings.session.scope), asked.params["text"], untrusted=False)
        if asked.params["mode"] == "now":
            self._side.hearts.request(agent, "wake")
        return {"ok": True}
