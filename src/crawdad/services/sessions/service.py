"""The sessions of this gateway: `core.sessions.Sessions`, and what lists and people do with them.

Whoever changes something tells the bus (`sessions.changed`), so that panels and other processes can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.sessions import (
    LogEvent,
    NewLogEvent,
    SearchHit,
    SessionEntry,
    SessionFilter,
    SessionLog,
    SessionPage,
    agent_of,
    kind_of,
)
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.sessions.changes import checked
from crawdad.services.sessions.policy import over, reset_of
from crawdad.services.sessions.view import view_of
from crawdad.store.session_search import MOST_ON_A_PAGE, SessionSearch
from crawdad.store.sessions import SessionStore

CHANGED = "sessions.changed"
"""The topic. `data` holds `key`, `sessionId`, `agentId`, `owner` and `reason`: created, message, changed, reset, forked,
imported, deleted or purged."""


class SessionService:
    """The sessions. `zone` is whose days end conversations; None: this machine's."""

    def __init__(
        self,
        store: SessionStore,
        search: SessionSearch,
        clock: Clock,
        randomness: Randomness,
        bus: Bus,
        settings: Callable[[], Settings],
        origin: str = "",
    ) -> None:
        self.store = store
        self.search = search
        self.clock = clock
        self.randomness = randomness
        self._bus = bus
        self._settings = settings
        self.zone: Callable[[], tzinfo | None] = lambda: None
        self._origin = origin

    async def open(
        self, key: str, *, owner: str = "", fresh: bool = False, values: Mapping[str, Any] | None = None
    ) -> SessionEntry:
        """The session of a canonical key, made when there is none; with a new log where the old one is over."""
        found = await self.store.get(key)
        if found is None:
            made = self._new(key, owner, values or {})
            if await self.store.add(made):
                await self.tell(made, "created")
                return made
            found = await self.need(key)  # somebody else was faster
        why = "reset" if fresh else self._over(found)
        return found if why is None else await self._begin(found, why)

    def _over(self, entry: SessionEntry) -> str | None:
        reset = reset_of(entry, self._settings().session)
        return over(reset, entry.active_at or entry.updated_at, self.clock.now(), self.zone())

    def _new(self, key: str, owner: str, values: Mapping[str, Any]) -> SessionEntry:
        now = self.clock.now()
        entry = SessionEntry(
            key=key,
            session_id=self.randomness.new_id(),
            agent_id=agent_of(key),
            kind=kind_of(key, values.get("chat_type")),
            created_at=now,
            updated_at=now,
            owner=owner,
            active_at=now,
        )
        return replace(entry, **values)

    async def get(self, key: str) -> SessionEntry | None:
        """A session as it stands."""
        return await self.store.get(key)

    async def append(self, entry: SessionEntry, events: Sequence[NewLogEvent]) -> list[LogEvent]:
        """Add lines to the present log, in order. CONFLICT when the session has another log by now."""
        if not events:
            return []
        lines = await self.store.append(entry, events, self.clock.now())
        if any(event.kind == "message" for event in events):
            await self.tell(entry, "message")
        return lines

    async def view(self, session_id: str) -> list[LogEvent]:
        """What the model is to see of a log."""
        return view_of(*await self.store.view(session_id))

    async def change(self, key: str, values: Mapping[str, Any]) -> SessionEntry:
        """Change fields of an entry (`settings` are merged, a None in them removes). Raises NOT_FOUND."""
        changed = await self.store.change(key, values, self.clock.now())
        if changed is None:
            raise no_session(key)
        await self.tell(changed, "changed")
        return changed

    async def patch(self, key: str, wanted: Mapping[str, Any]) -> SessionEntry:
        """What a person changes: `title`, `label` and settings by OpenClaw's names. Raises BAD_REQUEST for any other, and
        CONFLICT for a label that another session of the agent has."""
        entry = await self.need(key)
        values = checked(wanted)
        label = values.get("label")
        if label:
            others = await self.store.labelled(label, entry.agent_id)
            if any(other.key != key for other in others):
                text = Text("sessions.label_taken", {"label": label})
                raise GatewayError(ErrorKind.CONFLICT, text, {"param": "label", "code": "label_taken"})
        return await self.change(key, values) if values else entry

    async def count(
        self,
        entry: SessionEntry,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_tokens: int,
        cost: float,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Add what a turn used, and set what it leaves behind: `model`, `provider`, `context_tokens`, `aborted`. Nothing
        changes where the session has begun another log: what was used is none of that one's."""
        amounts = {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cached_tokens": cached_tokens,
            "cost": cost,
        }
        changes = {**values, "updated_at": self.clock.now()} if values else {}
        await self.store.count(entry, amounts, changes)
        if values:
            await self.tell(entry, "changed")

    async def reset(self, key: str, reason: str = "reset") -> SessionEntry:
        """Begin a new log under the same key; the old one stays. Raises NOT_FOUND."""
        return await self._begin(await self.need(key), reason)

    async def _begin(self, entry: SessionEntry, reason: str) -> SessionEntry:
        begun = await self.store.begin(entry, self.randomness.new_id(), self.clock.now(), reason)
        if begun is None:  # somebody else has just done the same
            return await self.need(entry.key)
        await self.tell(begun, "reset")
        return begun

    async def trim(self, entry: SessionEntry, after: int) -> None:
        """Have the lines above `after` no longer seen by the model; the log keeps them."""
        await self.append(entry, [NewLogEvent("trim", {"after": after})])

    async def delete(self, key: str) -> None:
        """Take a session out of the lists; its log stays until somebody purges it. Raises NOT_FOUND."""
        entry = await self.need(key)
        if await self.store.delete(key, self.clock.now()):
            await self.tell(entry, "deleted")

    async def forget(self, session_id: str) -> None:
        """Remove one log that was left for a newer one under the same key, with everything said in it."""
        await self.store.purge_log(session_id)

    async def purge(self, key: str) -> int:
        """Remove a session (also one that was deleted) with everything said in it: how many logs. Raises NOT_FOUND."""
        entry = await self.store.get(key)
        count = await self.store.purge(key)
        if entry is None and not count:
            raise no_session(key)
        if entry is not None:
            await self.tell(entry, "purged")
        return count

    async def page(self, wanted: SessionFilter, limit: int = 50, cursor: str | None = None) -> SessionPage:
        """Sessions, the newest first."""
        return await self.search.page(wanted, limit, cursor)

    async def hits(
        self, wanted: SessionFilter, limit: int = 20, cursor: str | None = None
    ) -> tuple[list[SearchHit], str | None]:
        """Where something was said."""
        return await self.search.hits(wanted, min(limit, MOST_ON_A_PAGE), cursor)

    async def history(
        self, session_id: str, limit: int = 50, before: int | None = None, *, everything: bool = False
    ) -> list[LogEvent]:
        """A page of what was said in a log, in order: the last lines below `before`. Without `everything` messages alone."""
        kinds = () if everything else ("message",)
        return await self.store.lines(session_id, before=before, limit=limit, newest=True, kinds=kinds)

    async def logs(self, key: str) -> list[SessionLog]:
        """The logs that a key has had, the newest first."""
        return await self.store.logs(key)

    async def need(self, key: str) -> SessionEntry:
        """A session. Raises NOT_FOUND."""
        found = await self.store.get(key)
        if found is None:
            raise no_session(key)
        return found

    async def tell(self, entry: SessionEntry, reason: str) -> None:
        """Let others know that a session changed."""
        data = {
            "key": entry.key,
            "sessionId": entry.session_id,
            "agentId": entry.agent_id,
            "owner": entry.owner,
            "reason": reason,
        }
        await self._bus.publish(Event(CHANGED, data, self.clock.now(), self._origin))


def no_session(key: str) -> GatewayError:
    """There is none of that name, or not for whoever asks."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("sessions.not_found", {"key": key[:200]}), {"code": "not_found"})
