"""Who may use a route of the contract: by a header (a session's token, or a key of Crawdad's own), else by the cookie.

A browser sends its cookie by itself, on behalf of any page: the cookie alone reads, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from crawdad.api.management.access import credentials_of, principal_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.text import Text
from crawdad.services.identity import Door
from crawdad.services.identity.panel_tokens import PanelTokens, SignedIn

COOKIE = "guardian_token"
_READING = ("GET", "HEAD", "OPTIONS")

Guard = Callable[[Request], Awaitable[Principal]]


class Access:
    """The way in."""

    def __init__(self, door: Door, tokens: PanelTokens) -> None:
        self.door = door
        self.tokens = tokens

    def need(self, *permissions: Permission) -> Guard:
        """A dependency: who asks, holding all of `permissions`."""

        async def check(request: Request) -> Principal:
            found = await self.principal(request)
            for permission in permissions:
                found.need(permission)
            return found

        return check

    async def principal(self, request: Request) -> Principal:
        """Who asks. Raises UNAUTHENTICATED in the contract's words, FORBIDDEN for a change by the cookie alone, and what the
        door does of an address."""
        return (await self.signed_in(request)).principal

    async def signed_in(self, request: Request) -> SignedIn:
        """The same, and for how long that holds."""
        presented, cookie = credentials_of(request), request.cookies.get(COOKIE, "")
        if not presented and cookie and request.method not in _READING:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("buddy.cookie_alone"), {"code": "csrf"})
        token = next((each for each in presented if self.tokens.looks_like_one(each)), None)
        if not presented and self.tokens.looks_like_one(cookie):
            token = cookie
        try:
            if token is not None:
                return await self.tokens.read(token, request.state.address)
            page: SignedIn | None = getattr(request.state, "signed_in", None)
            if page is not None and not presented and not cookie:
                return page
            by_cookie = not presented and cookie
            found = self.door.enter(cookie, request.state.address) if by_cookie else principal_of(self.door, request)
            return SignedIn(found, self.door.hash_of(found.id), found.expires_at)
        except GatewayError as error:
            if error.kind is not ErrorKind.UNAUTHENTICATED:
                raise
            raise unauthorized() from None


def unauthorized() -> GatewayError:
    """The contract's words for whoever is not let in."""
    return GatewayError(ErrorKind.UNAUTHENTICATED, Text("buddy.unauthorized"), {"code": "invalid_token"})
