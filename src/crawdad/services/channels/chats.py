"""Which chat a route leads to."""

from __future__ import annotations

from crawdad.core.channels import Account, Chat
from crawdad.core.errors import bad_request
from crawdad.core.sessions import Route
from crawdad.services.channels.addressing import target_of
from crawdad.store.channel_chats import ChannelChats, KnownChat


async def chat_at(chats: ChannelChats, account: Account, route: Route) -> KnownChat:
    """What is known of the chat that the route names; else one made of its words. Raises BAD_REQUEST when it names none."""
    kind, chat_id = target_of(route.to, account.channel)
    if not chat_id:
        raise bad_request("channels.no_target", "to")
    known = await chats.find(account, chat_id, route.thread)
    fitting = [one for one in known if kind is None or one.chat.kind == kind]
    return fitting[0] if fitting else KnownChat(account, Chat(kind or "direct", chat_id, thread=route.thread))
