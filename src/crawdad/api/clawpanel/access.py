"""Who may use a route of the contract: whoever signed in, and every key of Crawdad's own that has the right.

A token comes as `Authorization: Bearer <JWT>`, with or without the word in front; where a browser can send no header, as
`?token=` or, better, as a ticket (`?ticket=`), on the routes that say so. The two refusals are worded as the contract words
them, in every language.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.requests import HTTPConnection

from crawdad.api.management.access import credentials_of, principal_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.identity import Door
from crawdad.services.identity.panel_tokens import PanelTokens, SignedIn
from crawdad.services.identity.tickets import Tickets

Guard = Callable[[Request], Awaitable[Principal]]


class Access:
    """The way in."""

    def __init__(self, door: Door, tokens: PanelTokens, tickets: Tickets) -> None:
        self.door = door
        self.tokens = tokens
        self.tickets = tickets

    def need(self, permission: Permission, *, by_query: bool = False) -> Guard:
        """A dependency: who asks, holding `permission`. `by_query`: a token (`?token=`) or a ticket (`?ticket=`) may stand in
        the address, and a header wins."""

        async def check(request: Request) -> Principal:
            query = request.query_params if by_query else {}
            found = (await self.signed_in(request, query.get("token", ""), query.get("ticket", ""))).principal
            found.need(permission)
            return found

        return check

    async def principal(self, request: Request) -> Principal:
        """Who asks, by a header. Raises UNAUTHENTICATED in the contract's words, and what the door does of an address."""
        return (await self.signed_in(request)).principal

    async def signed_in(self, request: HTTPConnection, token: str = "", ticket: str = "") -> SignedIn:
        """Who asks, and for how long that holds. `token` and `ticket` are those of the address. Raises as `principal`."""
        presented = credentials_of(request)
        address = request.state.address
        own = next((each for each in presented if self.tokens.looks_like_one(each)), None)
        if not presented and self.tokens.looks_like_one(token):
            own = token
        try:
            if own is not None:
                return await self.tokens.read(own, address)
            if not presented and ticket:
                return await self.tickets.redeem(ticket, request.url.path, address)
            page: SignedIn | None = getattr(request.state, "signed_in", None)
            if page is not None and not presented and not token:
                return page
            found = self.door.enter(token, address) if not presented and token else principal_of(self.door, request)
            return SignedIn(found, self.door.hash_of(found.id), found.expires_at)
        except GatewayError as error:
            if error.kind is not ErrorKind.UNAUTHENTICATED:
                raise
            key = "panel.no_token" if not presented and not token and not ticket else "panel.invalid_token"
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text(key), {"code": "invalid_token"}) from None
