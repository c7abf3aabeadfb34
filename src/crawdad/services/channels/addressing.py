"""Which agent and which session a message of a chat belongs to, and how a chat is named where an answer goes. Pure."""

from __future__ import annotations

from crawdad.core.channels import Account, Chat, ChatKind, InboundMessage
from crawdad.core.sessions import Route, direct_key, group_key, main_key
from crawdad.core.settings import Settings
from crawdad.services.agents.bindings import Place
from crawdad.services.sessions.policy import person_of

_KINDS: tuple[ChatKind, ...] = ("direct", "group", "channel")


def place_of(account: Account, message: InboundMessage) -> Place:
    """Where a message comes from, as bindings know places."""
    chat = message.chat
    return Place(
        channel=account.channel,
        account=account.name,
        peer_kind=chat.kind,
        peer=chat.id,
        parent_kind=chat.kind if chat.parent else "",
        parent_peer=chat.parent,
        guild=chat.guild,
        team=chat.team,
        roles=message.sender.roles,
    )


def session_of(settings: Settings, agent_id: str, account: Account, message: InboundMessage) -> str:
    """The key of the session that a chat is."""
    chat, session = message.chat, settings.session
    if chat.kind != "direct":
        return group_key(agent_id, account.channel, chat.id, chat.thread or None, room=chat.kind == "channel")
    if session.scope == "global":
        return main_key(agent_id, session.scope)
    person = person_of(account.channel, message.sender.id, session.identity_links)
    key = direct_key(agent_id, session.dm_scope, account.channel, account.name, person)
    return f"{key}:thread:{chat.thread}".lower() if chat.thread and session.dm_scope != "main" else key


def route_of(account: Account, chat: Chat) -> Route:
    """Where answers to a chat go: direct chats by the peer's id, others as `group:<id>` or `channel:<id>`."""
    to = chat.id if chat.kind == "direct" else f"{chat.kind}:{chat.id}"
    return Route(account.channel, to, account.name, chat.thread)


def target_of(to: str, channel: str = "") -> tuple[ChatKind | None, str]:
    """What somebody wrote as a target: the kind of chat, where it says so, and the id. `telegram:group:5`, `group:5`, `user:5`,
    `5`."""
    bare = to.strip()
    if channel and bare.lower().startswith(f"{channel.lower()}:"):
        bare = bare[len(channel) + 1 :]
    word, _, rest = bare.partition(":")
    kind = {"user": "direct", "dm": "direct", "room": "channel"}.get(word.lower(), word.lower())
    for one in _KINDS:
        if kind == one and rest:
            return one, rest.strip()
    return None, bare
