"""Which agent a message from a channel goes to. Pure.

The most specific binding counts: the very chat, the chat that a thread belongs to, server and roles, server, team,
account, the whole channel; of equals the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.agent_settings import Binding, BoundPeer

_DEFAULT_ACCOUNT = "default"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message comes from. `parent_peer` is the chat that a thread belongs to; kinds are direct, group, channel."""

    channel: str
    account: str = ""
    peer_kind: str = ""
    peer: str = ""
    parent_kind: str = ""
    parent_peer: str = ""
    guild: str = ""
    team: str = ""
    roles: Sequence[str] = ()


def bound_agent(bindings: Sequence[Binding], place: Place) -> str | None:
    """The id of the agent that is to answer; None: the default one."""
    best: tuple[int, str] | None = None
    for binding in bindings:
        rank = _rank(binding, place)
        if rank and (best is None or rank > best[0]):
            best = rank, binding.agent_id
    return best[1] if best else None


def _rank(binding: Binding, place: Place) -> int:
    match = binding.match
    if match.channel.strip().lower() != place.channel.lower():
        return 0
    account = (match.account_id or _DEFAULT_ACCOUNT).strip()
    if account not in ("*", place.account or _DEFAULT_ACCOUNT):
        return 0
    if match.guild_id and match.guild_id != place.guild:
        return 0
    if match.team_id and match.team_id != place.team:
        return 0
    if match.roles and not set(match.roles) & set(place.roles):
        return 0
    if match.peer is not None:
        if _is(match.peer, place.peer_kind, place.peer):
            return 7
        return 6 if _is(match.peer, place.parent_kind, place.parent_peer) else 0
    if match.guild_id:
        return 5 if match.roles else 4
    if match.team_id:
        return 3
    return 1 if account == "*" else 2


def _is(peer: BoundPeer, kind: str, chat: str) -> bool:
    same = peer.kind == kind or {peer.kind, kind} <= {"direct", "dm"}
    return bool(chat) and same and peer.id in (chat, "*")
