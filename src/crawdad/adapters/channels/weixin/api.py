"""Calls of iLink in the name of one account."""

from __future__ import annotations

import orjson

from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.core.channels import ChannelContext, SendFailed, SignedOut
from crawdad.core.errors import GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.weixin.requests import Answer, common_headers, failure_of, post_headers, read_answer

_MOST_ANSWERED = 32 * 1024 * 1024


class WeixinApi:
    """What the account's state and settings say counts at each call."""

    def __init__(self, context: ChannelContext, settings: WeixinSettings) -> None:
        self._context, self._settings = context, settings

    async def token(self) -> str:
        """The token of the account. Raises `SignedOut` where there is none."""
        token = await self._context.state.get("token")
        if not token:
            raise SignedOut(Text("weixin.not_signed_in", {}))
        return str(token)

    async def post(self, name: str, body: JsonObject, seconds: float, *, once: bool = False) -> Answer:
        """Call a method below `/ilink/bot/` in the name of the account."""
        token = await self.token()
        base = str(await self._context.state.get("base_url") or self._settings.base_url).rstrip("/")
        return await self.exchange("POST", f"{base}/ilink/bot/{name}", orjson.dumps(body), token, seconds, once=once)

    async def exchange(
        self, method: str, url: str, body: bytes | None, token: str, seconds: float, *, once: bool = False
    ) -> Answer:
        """One request and its answer. Raises `GatewayError` when none comes."""
        tag = self._settings.route_tag
        chance = self._context.randomness.uniform()
        headers = post_headers(chance, token, tag) if method == "POST" else common_headers(tag)
        timeouts = Timeouts(10.0, seconds, seconds)
        call = UpstreamCall(method, url, headers, body, timeouts, redirects=False, once=once)
        answer = await self._context.transport.send(call)
        try:
            return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
        finally:
            await answer.close()

    async def sent(self, name: str, body: JsonObject, seconds: float, *, harmless: bool = False) -> Answer:
        """Call for a part. `harmless`: nobody sees it, so that without an answer nothing has been sent."""
        try:
            answer = await self.post(name, body, seconds, once=not harmless)
        except SignedOut as error:
            raise SendFailed("signed_out", error.text) from error
        except NotReached as error:
            raise SendFailed("not_sent", error.text) from error
        except GatewayError as error:
            # Who the account is is read before anything leaves, and kept in our own database.
            certain = harmless or error.details.get("code") == "database"
            raise SendFailed("not_sent" if certain else "ambiguous", error.text) from error
        if not answer.ok:
            failed = failure_of(answer)
            if harmless and failed.outcome == "ambiguous":
                raise SendFailed("not_sent", failed.text)
            raise failed
        return answer
