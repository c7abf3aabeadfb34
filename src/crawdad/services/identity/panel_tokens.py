"""Tokens that a panel gets for a credential when somebody signs in: JWTs that hold for a week.

The signing key follows from a key of the installation and the credential's hash: a credential that is revoked, replaced or
expired takes its tokens with it, and a token never does more than its credential does now. The claims are those of
ClawPanel (`role`, `iat`, `exp`) and the session's id (`jti`), by which it can be ended; whose token it is stands in the
header, as `kid`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.identity.door import Door
from crawdad.services.identity.installation_key import InstallationKey
from crawdad.services.identity.living import Living

PANEL_KEY = "panel.key"
"""The name of the installation's key that they are signed with."""
LIFETIME_SECONDS = 7 * 24 * 3600
_ALGORITHM = "HS256"
_MOST_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is let in for a while. `credential` is the hash of the credential that stands behind it, `expires_at` Unix
    seconds (None: for as long as the credential), `session` its id where it can be ended."""

    principal: Principal
    credential: str
    expires_at: float | None = None
    session: str = ""

    def still(self, door: Door, living: Living, now: float) -> bool:
        """Whether it holds still: its time is not over, nobody signed out, and the credential is the one that it was."""
        if (self.expires_at is not None and now >= self.expires_at) or door.has_ended(self.session):
            return False
        return living(self.principal.id) is not None and door.hash_of(self.principal.id) == self.credential


class PanelTokens:
    """Makes and checks them."""

    def __init__(self, door: Door, key: InstallationKey, clock: Clock, randomness: Randomness) -> None:
        self._door = door
        self._key = key
        self._clock = clock
        self._randomness = randomness

    async def issue(self, principal: Principal) -> str:
        """A token for whoever just proved to be `principal`."""
        import jwt

        now = int(self._clock.now())
        claims = {"role": "admin", "iat": now, "exp": now + LIFETIME_SECONDS, "jti": self._randomness.new_id()}
        return jwt.encode(claims, await self._signing_key(principal.id), _ALGORITHM, {"kid": principal.id})

    @staticmethod
    def looks_like_one(value: str) -> bool:
        """Whether a credential has the form of such a token."""
        return value.count(".") == 2 and value.startswith("eyJ")

    async def principal(self, token: str, address: str) -> Principal:
        """Whose token it is, with the rights of now. Raises UNAUTHENTICATED, and what the door does of `address`."""
        return (await self.read(token, address)).principal

    async def read(self, token: str, address: str) -> SignedIn:
        """The same, and until when it holds."""
        import jwt

        self._door.check_address(address)
        try:
            if len(token) > _MOST_CHARACTERS:
                raise jwt.InvalidTokenError
            name = jwt.get_unverified_header(token).get("kid", "")
            found = self._door.holder(name) if isinstance(name, str) else None
            if found is None:
                raise jwt.InvalidTokenError
            options = {"verify_exp": False, "verify_iat": False, "require": ["role", "iat", "exp"]}
            claims = jwt.decode(token, await self._signing_key(name), [_ALGORITHM], options)  # type: ignore[arg-type]
            # The time is the clock's of this process, which PyJWT would not ask.
            if claims["role"] != "admin" or not int(claims["iat"]) - 60 <= self._clock.now() < int(claims["exp"]):
                raise jwt.InvalidTokenError
            session = claims.get("jti", "")
            if self._door.has_ended(session):
                raise jwt.InvalidTokenError
        except (jwt.PyJWTError, ValueError, TypeError):
            # No guess is counted: a key of this length is not guessed, and a panel whose token is over asks every few seconds.
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.unknown"), {"code": "invalid_token"}) from None
        if not found.limits.allow_address(address):
            text = Text("identity.address_forbidden", {"address": address[:60]})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "network_not_allowed"})
        return SignedIn(found, self._door.hash_of(name), float(claims["exp"]), session)

    async def proof(self, signed_in: SignedIn) -> str:
        """What a page of ours knows of its session and no other page does: it is told to whoever holds the token."""
        key = await self._signing_key(signed_in.principal.id)
        return hmac.digest(key, f"page|{signed_in.session}".encode(), hashlib.sha256).hex()

    async def _signing_key(self, principal_id: str) -> bytes:
        of_credential = self._door.hash_of(principal_id)
        return hmac.digest(await self._key.ready(), f"{principal_id}|{of_credential}".encode(), hashlib.sha256)
