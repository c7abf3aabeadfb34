"""`channels.*`, `web.login.*`, `send` and `wake`: the ways to people, and a nudge for the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.channel_shapes import (
    dead_letter_shape,
    labels_of,
    pairing_account_shape,
    pairing_shape,
    person_shape,
    sign_in_shape,
    status_shape,
)
from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.api.control.turns import Turns
from crawdad.core.agent_names import default_agent
from crawdad.core.channels import SIGN_IN_OVER, Account
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.sessions import Route, main_key
from crawdad.core.text import Language, Text
from crawdad.services.channels.pairing import MOST_WAITING, SECONDS, PairingRequest
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, STRINGS, closed, integer, words
from crawdad.wire.control.scopes import ADMIN, PAIRING, READ, WRITE, holds
from crawdad.wire.qr import qr_data_uri

_PROBE_MILLISECONDS = 5000
_SIGN_IN_MILLISECONDS = 120_000
_POLL_SECONDS = 40.0

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
    status = closed({"probe": BOOLEAN, "timeoutMs": integer(0), "channel": FILLED})
    wake = closed({"mode": words("now", "next-heartbeat"), "text": FILLED}, "mode", "text")
    account = closed({"channel": FILLED, "accountId": STRING}, "channel")
    listed = closed({"channel": STRING, "accountId": STRING})
    asked = {"channel": FILLED, "accountId": STRING, "requestId": FILLED}
    approve = closed({**asked, "notify": BOOLEAN, "bootstrapCommandOwner": BOOLEAN}, "channel", "requestId")
    sign_in = {"timeoutMs": integer(0), "accountId": STRING, "channel": STRING}
    start = closed({**sign_in, "force": BOOLEAN, "verbose": BOOLEAN})
    signed = "{qrDataUrl?, qrText?, message, state, accountId}"
    return [
        Method("channels.status", READ, answers.status, status, "{ts, channelOrder, channels, channelAccounts, …}"),
        Method("channels.start", ADMIN, answers.start, account, "{channel, accountId, started}"),
        Method("channels.stop", ADMIN, answers.stop, account, "{channel, accountId, stopped}"),
        Method("channels.logout", ADMIN, answers.logout, account, "{channel, accountId, cleared, loggedOut}"),
        Method(
            "channels.pairing.list",
            PAIRING,
            answers.waiting,
            listed,
            "{accounts[], requests[], commandOwnerConfigured, limits}",
        ),
        Method(
            "channels.pairing.approve",
            PAIRING,
            answers.approve,
            approve,
            "{requestId, senderId, notification, commandOwnerBootstrap}",
        ),
        Method(
            "channels.pairing.dismiss",
            PAIRING,
            answers.dismiss,
            closed(asked, "channel", "requestId"),
            "{requestId, senderId}",
        ),
        Method("channels.pairing.people", PAIRING, answers.people, account, "{people[]}"),
        Method(
            "channels.pairing.remove",
            PAIRING,
            answers.remove,
            closed({"channel": FILLED, "accountId": STRING, "senderId": FILLED}, "channel", "senderId"),
            "{senderId, removed}",
        ),
        Method("channels.deadLetters.list", ADMIN, answers.dead_letters, listed, "{deadLetters[]}"),
        Method(
            "channels.deadLetters.resubmit", ADMIN, answers.resubmit, closed({"id": FILLED}, "id"), "{id, resubmitted}"
        ),
        Method("channels.deadLetters.drop", ADMIN, answers.drop, closed({"id": FILLED}, "id"), "{id, dropped}"),
        Method("web.login.start", ADMIN, answers.sign_in, start, signed),
        Method(
            "web.login.wait",
            ADMIN,
            answers.sign_in_wait,
            closed({**sign_in, "code": STRING, "currentQrDataUrl": STRING}),
            f"{{connected, {signed[1:]}",
        ),
        Method("send", WRITE, answers.send, _SEND, "{runId, messageId, channel}"),
        Method("wake", WRITE, answers.wake, wake, "{ok}"),
    ]


class _Channels:
    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side
        self._turns = Turns(control, side)
        self._host = side.channels

    async def status(self, asked: Asked) -> Any:
        host = self._host
        channel = str(asked.params.get("channel") or "")
        kinds = [host.kind(channel)] if channel else host.kinds
        wanted = {kind.id for kind in kinds}
        if asked.params.get("probe"):
            seconds = (asked.params.get("timeoutMs") or _PROBE_MILLISECONDS) / 1000
            for view in await host.view():
                if view.status.running and view.account.channel in wanted:
                    try:
                        async with asyncio.timeout(seconds):
                            await host.probe(view.account)
                    except (TimeoutError, GatewayError):
                        continue
        return status_shape(kinds, await host.view(), self._control.clock.now(), asked.language)

    async def start(self, asked: Asked) -> Any:
        """Run an account that was stopped."""
        account = self._account(asked)
        await self._host.start(account)
        return {"channel": account.channel, "accountId": account.name, "started": True}

    async def stop(self, asked: Asked) -> Any:
        """Run an account no more."""
        account = self._account(asked)
        await self._host.stop(account)
        return {"channel": account.channel, "accountId": account.name, "stopped": True}

    async def logout(self, asked: Asked) -> Any:
        """Forget the credentials of an account."""
        account = self._account(asked)
        await self._host.sign_out(account)
        return {"channel": account.channel, "accountId": account.name, "cleared": True, "loggedOut": True}

    async def waiting(self, asked: Asked) -> Any:
        """Who asks to be let in."""
        channel = str(asked.params.get("channel") or "")
        wanted = self._host.kind(channel).id if channel else ""
        requests = await self._host.pairing.waiting(wanted, str(asked.params.get("accountId") or ""))
        labels = labels_of(self._host.kinds, asked.language)
        views = {view.account: view for view in await self._host.view()}
        return {
            "accounts": [
                pairing_account_shape(account, labels[account.channel], view)
                for account, view in views.items()
                if view.settings is not None and view.settings.dm_policy == "pairing"
            ],
            "requests": [
                pairing_shape(one, labels.get(one.account.channel, one.account.channel), views.get(one.account))
                for one in requests
            ],
            "commandOwnerConfigured": await self._has_owner(views),
            "limits": {"pendingPerAccount": MOST_WAITING, "ttlMs": round(SECONDS * 1000)},
        }

    async def _has_owner(self, accounts: Iterable[Account]) -> bool:
        """Whether the operator is known in any channel: by the settings, or let in as such."""
        if self._control.settings().commands.owner_allow_from:
            return True
        for account in accounts:
            if any(person.owner for person in await self._host.pairing.people(account)):
                return True
        return False

    async def approve(self, asked: Asked) -> Any:
        """Let somebody in."""
        owner = bool(asked.params.get("bootstrapCommandOwner"))
        if owner and not holds(asked.connection.admitted.scopes, ADMIN):
            raise GatewayError(ErrorKind.FORBIDDEN, f"missing scope: {ADMIN}")
        account = self._account(asked)
        request = await self._host.pairing.request(account, asked.params["requestId"])
        by = asked.connection.admitted.principal.id
        await self._host.pairing.approve(account.channel, request.code, by=by, account=account.name, owner=owner)
        notification = "not-requested"
        if asked.params.get("notify"):
            notification = await self._tell_paired(account, request)
        return {
            "requestId": asked.params["requestId"],
            "senderId": request.sender_id,
            "notification": notification,
            "commandOwnerBootstrap": "configured" if owner else "not-requested",
        }

    async def _tell_paired(self, account: Account, request: PairingRequest) -> str:
        route = Route(account.channel, request.chat.id, account.name, request.chat.thread)
        language: Language = "zh" if self._control.settings().language == "zh" else "en"
        words_ = [TextPart(Text("channels.paired").render(language))]
        key = f"paired:{account}:{request.sender_id}:{request.created_at}"
        try:
            sent = await self._side.outbound.send(route, words_, key=key)
        except GatewayError:
            return "failed"
        return "sent" if sent.delivered else "failed"

    async def dismiss(self, asked: Asked) -> Any:
        """Drop a request to be let in."""
        account = self._account(asked)
        request = await self._host.pairing.request(account, asked.params["requestId"])
        await self._host.pairing.dismiss(account, request.sender_id)
        return {"requestId": asked.params["requestId"], "senderId": request.sender_id}

    async def people(self, asked: Asked) -> Any:
        """Who was let in."""
        return {"people": [person_shape(one) for one in await self._host.pairing.people(self._account(asked))]}

    async def remove(self, asked: Asked) -> Any:
        """Let somebody in no more."""
        sender = asked.params["senderId"]
        await self._host.pairing.remove(self._account(asked), sender)
        return {"senderId": sender, "removed": True}

    async def dead_letters(self, asked: Asked) -> Any:
        """Events that nothing could be made of, the newest first."""
        channel, account = str(asked.params.get("channel") or ""), str(asked.params.get("accountId") or "")
        return {"deadLetters": [dead_letter_shape(one) for one in await self._host.dead_letters(channel, account)]}

    async def resubmit(self, asked: Asked) -> Any:
        """Have one looked at anew."""
        await self._host.resubmit(asked.params["id"])
        return {"id": asked.params["id"], "resubmitted": True}

    async def drop(self, asked: Asked) -> Any:
        """Be done with one that is of no use."""
        await self._host.drop(asked.params["id"])
        return {"id": asked.params["id"], "dropped": True}

    async def sign_in(self, asked: Asked) -> Any:
        """Begin a sign-in by QR code."""
        account = self._signing_in(asked)
        step = await self._host.sign_in(account, force=bool(asked.params.get("force")))
        return sign_in_shape(step, account.name, asked.language)

    async def sign_in_wait(self, asked: Asked) -> Any:
        """How a sign-in goes on: returns when it is over, when there is another code to show or one to be entered."""
        account = self._signing_in(asked)
        until = self._control.clock.monotonic() + (asked.params.get("timeoutMs") or _SIGN_IN_MILLISECONDS) / 1000
        code, shown = str(asked.params.get("code") or ""), str(asked.params.get("currentQrDataUrl") or "")
        while True:
            before = self._host.signing_in(account)
            left = until - self._control.clock.monotonic()
            step = await self._host.sign_in_poll(account, code=code, seconds=max(0.0, min(left, _POLL_SECONDS)))
            code = ""
            news = step is not before and step.state in ("qr", "need_code")
            news = news or bool(shown and step.qr and qr_data_uri(step.qr) != shown)
            if news or step.state in SIGN_IN_OVER or self._control.clock.monotonic() >= until:
                return sign_in_shape(step, account.name, asked.language)

    def _account(self, asked: Asked) -> Account:
        return self._host.account(asked.params["channel"], str(asked.params.get("accountId") or ""))

    def _signing_in(self, asked: Asked) -> Account:
        channel = str(asked.params.get("channel") or "")
        if not channel:
            able = [
                kind.id for kind in self._host.kinds if kind.capabilities.sign_in and self._host.is_configured(kind.id)
            ]
            if len(able) != 1:
                raise bad_request("control.which_channel" if able else "control.no_sign_in", "channel")
            channel = able[0]
        return self._host.account(channel, str(asked.params.get("accountId") or ""))

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
