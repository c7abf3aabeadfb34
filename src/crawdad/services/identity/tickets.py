"""Tickets: what a browser puts into an address where it can send no header. Each opens one path, once, within a minute.

Whoever is signed in gets one. It does what its credential does at the moment of use, and ends with it, and so does what it
opened: both belong to the session that it was asked for in. It is kept as a hash, in
the database: any process of a cluster takes it, and of two that come with the same the first.
"""

from __future__ import annotations

import hashlib

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.identity.door import Door
from crawdad.services.identity.living import Living
from crawdad.services.identity.panel_tokens import LIFETIME_SECONDS, SignedIn
from crawdad.store.tickets import StoredTicket, TicketStore

TICKET_SECONDS = 60
MOST_TICKETS = 1000
"""What one principal may hold at a time."""
_PREFIX = "cdt_"
_MOST_CHARACTERS = 128
_LONGEST_PATH = 512


class Tickets:
    """Makes and takes them."""

    def __init__(self, door: Door, living: Living, store: TicketStore, clock: Clock, randomness: Randomness) -> None:
        self._door = door
        self._living = living
        self._store = store
        self._clock = clock
        self._randomness = randomness

    async def issue(self, holder: SignedIn, path: str) -> str:
        """A ticket for `path` (without its query). Raises BAD_REQUEST for what is no path, RATE_LIMITED."""
        if not path.startswith("/") or len(path) > _LONGEST_PATH or any(sign in path for sign in "?#\0"):
            raise bad_request("panel.ticket_path", "path")
        ticket = _PREFIX + self._randomness.new_token()
        now = self._clock.now()
        stored = StoredTicket(holder.principal.id, _hash(holder.credential), path, holder.session, holder.expires_at)
        if not await self._store.add(_hash(ticket), stored, now, now + TICKET_SECONDS, MOST_TICKETS):
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("panel.tickets_full"), {"code": "tickets_full"}, 10)
        return ticket

    async def redeem(self, ticket: str, path: str, address: str) -> SignedIn:
        """Use a ticket up: whose it is, with the rights of now. Raises UNAUTHENTICATED, FORBIDDEN where its credential may not
        come from `address`, and what the door does of one."""
        self._door.check_address(address)
        found = None
        if ticket.startswith(_PREFIX) and len(ticket) <= _MOST_CHARACTERS:
            found = await self._store.take(_hash(ticket), path, self._clock.now())
        principal = self._living(found.principal_id) if found is not None else None
        credential = self._door.hash_of(principal.id) if principal is not None else ""
        if found is None or principal is None or _hash(credential) != found.credential:
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.unknown"), {"code": "invalid_token"})
        if not principal.limits.allow_address(address):
            text = Text("identity.address_forbidden", {"address": address[:60]})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "network_not_allowed"})
        now = self._clock.now()
        ends = now + LIFETIME_SECONDS if found.session_ends is None else found.session_ends
        if now >= ends or self._door.has_ended(found.session):
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.unknown"), {"code": "invalid_token"})
        return SignedIn(principal, credential, ends, found.session)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
