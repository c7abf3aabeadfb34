"""The WeChat account as panels use it: through the bridge, or where there is none through iLink."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from crawdad.core.channels import Chat, SignInStep
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject, MediaKind, MediaPart, Part, TextPart
from crawdad.core.ports import Clock, Randomness, Timeouts, Transport
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.services.channels.figures import WECHAT
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.weixin_sign_in import WeixinSignIn
from crawdad.services.fetching import fetch_file
from crawdad.services.turns.inlining import media_type_of

BRIDGE, ILINK = WECHAT
PROBE_SECONDS = 2.5
_FRESH_SECONDS = 2.0
_SIGN_IN_SECONDS = 10.0
_MOST_FILES = 9
_FETCH_SECONDS = 60.0
_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_ALIAS = "$alias"

Receiver = str | JsonObject


@dataclass(frozen=True, slots=True)
class WechatState:
    """`connected`: the link works, and WeChat with it; `signed_in`: so the bridge says now. `name`: the last one known."""

    connected: bool = False
    signed_in: bool = False
    name: str = ""


class WechatAccount:
    """The account. Raises NOT_FOUND, UNAVAILABLE where there is none."""

    def __init__(
        self,
        access: DirectAccess,
        ilink: WeixinSignIn,
        transport: Transport,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._access = access
        self._ilink = ilink
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._seen: tuple[float, bool] | None = None

    def channel(self) -> str:
        """Which channel WeChat is: the first that the settings speak of."""
        host = self._access.host
        offered = {kind.id for kind in host.kinds}
        return next((one for one in WECHAT if one in offered and host.is_configured(one)), BRIDGE)

    async def state(self) -> WechatState:
        """How the account is, within `PROBE_SECONDS`."""
        try:
            channel = self.channel()
            status = self._access.host.status(self._access.account(channel))
        except GatewayError:
            return WechatState()
        connected = status.state(self._clock.now()) == "connected"
        asked = channel != ILINK and not status.elsewhere
        signed_in = await self._signed_in() if asked else connected
        return WechatState(connected, signed_in, status.identity)

    async def _signed_in(self) -> bool:
        now = self._clock.monotonic()
        if self._seen is not None and now - self._seen[0] < _FRESH_SECONDS:
            return self._seen[1]
        found = False
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                said = await self._access.running(BRIDGE).desk.channel.probe()
            found = said.get("loggedIn") is True
        except (GatewayError, TimeoutError):
            found = False
        self._seen = now, found
        return found

    async def code(self, owner: str) -> SignInStep:
        """What is to be scanned (`qr`), or that nothing is (`already`). The sign-in goes on by itself from here; whoever asks
        again meanwhile is shown the same code. `owner`: who asks."""
        channel = self.channel()
        host, account = self._access.host, self._access.account(channel)
        try:
            async with asyncio.timeout(_SIGN_IN_SECONDS):
                if channel != ILINK:
                    return await host.sign_in(account)
                scan, _ = await self._ilink.begin(owner)
                return scan.step if scan.over else replace(scan.step, qr=scan.shown)
        except TimeoutError:
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("wechat.no_code")) from None

    async def send(self, to: Receiver, content: str, *, room: bool) -> JsonObject:
        """Say something, once. Returns what the bridge says: `success` tells whether it was said."""
        if self.channel() == ILINK:
            return await self._delivered(to, [TextPart(content)], room)
        body = {"to": to, "isRoom": room, "data": {"type": "text", "content": content}}
        result = await self._access.call(BRIDGE, "webhook/msg/v2", body)
        if result.get("success") is True:
            await self._access.told(BRIDGE, _chat(to, room), content)
        return dict(result)

    async def send_files(self, to: Receiver, urls: str, *, room: bool) -> JsonObject:
        """Send what stands at addresses that somebody named (with commas between them). They are fetched here, where it is
        looked at whether they may be, and not by the bridge. Raises FORBIDDEN, BAD_REQUEST for an address that may not."""
        told = _Told()
        for url in [one.strip() for one in urls.split(",") if one.strip()][:_MOST_FILES]:
            try:
                data, name = await self._fetched(url)
            except GatewayError as error:
                if error.kind in (ErrorKind.FORBIDDEN, ErrorKind.BAD_REQUEST):
                    raise
                told.failed(to, room, url, error.message())
                continue
            told.add(to, room, url, await self._send_file(to, room, data, name))
        return told.result

    async def _fetched(self, url: str) -> tuple[bytes, str]:
        parts = urlsplit(url)
        limit = self._access.running(self.channel()).desk.media_limit()
        name = parse_qs(parts.query).get(_ALIAS, [""])[0] or PurePosixPath(unquote(parts.path)).name or "file"
        data = await fetch_file(self._transport, url, limit, accept="*/*", patience=_PATIENCE, seconds=_FETCH_SECONDS)
        return data, name[:120]

    async def _send_file(self, to: Receiver, room: bool, data: bytes, name: str) -> JsonObject:
        media_type = media_type_of(data, "application/octet-stream")
        encoded = base64.b64encode(data).decode()
        if self.channel() == ILINK:
            kind: MediaKind = "image" if media_type.startswith("image/") else "document"
            part = MediaPart(kind, data=encoded, media_type=media_type, name=name)
            return await self._delivered(to, [part], room)
        body = {"to": to, "isRoom": room, "file": encoded, "name": name, "mediaType": media_type}
        result = dict(await self._access.call(BRIDGE, "webhook/msg", body))
        if result.get("success") is True:
            await self._access.told(BRIDGE, _chat(to, room), "", media=name)
        return result

    async def _delivered(self, to: Receiver, parts: list[Part], room: bool) -> JsonObject:
        """By the outbox of the channel, whose protocol has no way around it, and no groups."""
        if room:
            return {"success": False, "message": Text("wechat.no_groups").render()}
        target = to if isinstance(to, str) else str(to.get("alias") or "")
        delivery = await self._access.host.send(Route(ILINK, target), parts, key=self._randomness.new_id())
        return {"success": delivery.delivered, "message": delivery.error or "Message sent successfully"}


class _Told:
    """Several answers as the bridge tells of several messages."""

    def __init__(self) -> None:
        self._sent = 0
        self._failures: list[JsonObject] = []
        self._task: dict[str, list[Any]] = {"reject": [], "sentFailed": [], "notFound": []}

    def add(self, to: Receiver, room: bool, url: str, result: JsonObject) -> None:
        if result.get("success") is True:
            self._sent += 1
            return
        words = str(result.get("error") or result.get("message") or "")
        self.failed(to, room, url, words, "notFound" if words.endswith("is not found") else "sentFailed")

    def failed(self, to: Receiver, room: bool, url: str, words: str, why: str = "sentFailed") -> None:
        data = {"type": "fileUrl", "content": url, "error": words}
        one: JsonObject = {"to": to, "isRoom": room, "data": [data]}
        self._task[why].append(one if why == "sentFailed" else {**one, "error": words})
        self._failures.append(data)

    @property
    def result(self) -> JsonObject:
        failed = len(self._failures)
        message = "Message sent successfully" if not failed else str(self._failures[0]["error"])
        task = {"successCount": self._sent, "totalCount": self._sent + failed, "failedCount": failed, **self._task}
        return {"success": self._sent > 0, "message": message, "task": task}


def _chat(to: Receiver, room: bool) -> Chat:
    if isinstance(to, str):
        return Chat("group" if room else "direct", to)
    return Chat("direct", f"alias:{to.get('alias', '')}")
