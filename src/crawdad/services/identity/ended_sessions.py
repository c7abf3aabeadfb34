"""Sessions that somebody signed out of: they are over in every process, though their tokens would hold for days."""

from __future__ import annotations

from crawdad.core.ports import Clock
from crawdad.services.identity.door import Door
from crawdad.services.identity.panel_tokens import SignedIn
from crawdad.store.changes import Changes
from crawdad.store.key_values import KeyValues

SESSION_ENDED = "session.ended"
"""The topic of revisions."""
_PREFIX = "panel.ended:"


class EndedSessions:
    """Ends sessions, and tells the door which have been. `load` at the start, and whenever another process has ended one."""

    def __init__(self, door: Door, values: KeyValues, changes: Changes, clock: Clock) -> None:
        self._door = door
        self._values = values
        self._changes = changes
        self._clock = clock

    async def load(self) -> None:
        """Take up what any process has ended. What would be over by now anyway is forgotten."""
        now = self._clock.now()
        kept = await self._values.with_prefix(_PREFIX)
        for name in [name for name, until in kept.items() if until <= now]:
            await self._values.delete(name)
            del kept[name]
        self._door.end_sessions(frozenset(name.removeprefix(_PREFIX) for name in kept))

    async def end(self, signed_in: SignedIn) -> None:
        """Sign somebody out, here at once and elsewhere within a second. Nothing where it is no session."""
        if not signed_in.session or signed_in.expires_at is None:
            return
        await self._values.put(_PREFIX + signed_in.session, signed_in.expires_at)
        await self.load()
        await self._changes.bump(SESSION_ENDED)
