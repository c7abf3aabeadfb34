"""Who comes, by the cookie of our own pages.

A browser sends its cookie by itself, on behalf of any page. Other sites' pages are told apart by their origin, and the cookie
is kept from them (`SameSite=Strict`); what changes something carries besides, in a header, what only a page of ours was told.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from crawdad.api.call import CREDENTIAL_HEADERS, Scope
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.identity.panel_tokens import PanelTokens, SignedIn

COOKIE = "crawdad_session"
PROOF_HEADER = b"x-crawdad-csrf"
_READING = frozenset(("GET", "HEAD", "OPTIONS"))


@dataclass(frozen=True, slots=True)
class PageSession:
    """Somebody who signed in. `proven`: the request may change something in his name."""

    signed_in: SignedIn
    proven: bool


class PageSessions:
    """Reads the cookie."""

    def __init__(self, tokens: PanelTokens) -> None:
        self._tokens = tokens

    async def of(self, scope: Scope, address: str) -> PageSession | None:
        """Whose session a request or a socket belongs to; None where it names none, or one that is over, or where it brings a
        credential of its own."""
        headers = dict(scope["headers"])
        if b"cookie" not in headers or any(name in headers for name in CREDENTIAL_HEADERS):
            return None
        token = _cookie(headers[b"cookie"].decode("latin-1"))
        if not self._tokens.looks_like_one(token):
            return None
        try:
            signed_in = await self._tokens.read(token, address)
        except GatewayError:
            return None  # whatever needs somebody says so
        if scope["type"] == "websocket" or scope["method"] in _READING:
            return PageSession(signed_in, True)
        given, wanted = headers.get(PROOF_HEADER, b""), await self._tokens.proof(signed_in)
        return PageSession(signed_in, hmac.compare_digest(given, wanted.encode()))


def unproven() -> GatewayError:
    """A change by the cookie alone."""
    return GatewayError(ErrorKind.FORBIDDEN, Text("console.unproven"), {"code": "csrf"})


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value
