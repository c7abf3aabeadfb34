"""What an operator has the QQ account do: look at its groups and friends, say something, connect again."""

from __future__ import annotations

from typing import Any, Literal

from crawdad.core.channels import Chat
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.qq_sign_in import QQ
from crawdad.wire.onebot.shown import shown_text

ChatType = Literal["group", "private"]


class QQBot:
    """The QQ account at work. Raises NOT_FOUND, UNAVAILABLE where there is none, and `SendFailed`."""

    def __init__(self, access: DirectAccess) -> None:
        self._access = access

    async def groups(self) -> list[JsonObject]:
        """The groups, as OneBot tells them."""
        return await self._listed("get_group_list")

    async def friends(self) -> list[JsonObject]:
        """The friends, as OneBot tells them."""
        return await self._listed("get_friend_list")

    async def _listed(self, action: str) -> list[JsonObject]:
        found = await self._access.call(QQ, action, {})
        return [one for one in found or () if isinstance(one, dict)] if isinstance(found, list) else []

    async def send(self, kind: ChatType, target: int, message: Any) -> str:
        """Say something, once: `message` is OneBot's (segments, one of them, or a text with CQ codes). Returns the message's
        id. An outcome `ambiguous` may have been said."""
        group = kind == "group"
        where: JsonObject = {"group_id": target} if group else {"user_id": target}
        action = "send_group_msg" if group else "send_private_msg"
        segments = [message] if isinstance(message, dict) else message
        data = await self._access.call(QQ, action, {**where, "message": segments})
        identity = str(data.get("message_id") or "") if isinstance(data, dict) else ""
        chat = Chat("group" if group else "direct", str(target))
        await self._access.told(QQ, chat, shown_text(message), [identity] if identity else [])
        return identity

    def reconnect(self) -> bool:
        """Connect anew. False: there is no account that could."""
        try:
            self._access.running(QQ).restart()
        except GatewayError as error:
            if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE):
                raise
            return False
        return True
