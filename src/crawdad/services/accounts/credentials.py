"""Access tokens: what accounts without a key of their own prove themselves with. Kept in memory only.

A token is asked for when it is first needed and again when less than five minutes of it are left. However many requests wait
for one, the identity provider is asked once; when it cannot be asked, what is left of the old token still serves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.protocol import Tokens
from crawdad.services.accounts.service_account import read_service_account, sign_assertion

_log = structlog.get_logger(__name__)
_MARGIN_SECONDS = 300.0
_LEAST_LEFT_SECONDS = 10.0
_PAUSE_SECONDS = 15.0
"""How long a failed refresh is not tried again while the old token still serves."""
_AGAIN_SECONDS = 60.0
_MOST = 4096

Rotated = Callable[[Account, Secret], Awaitable[None]]
"""Told when an account's refresh token was replaced by the provider: it must be kept, the old one is spent."""


@dataclass(slots=True)
class _Held:
    """What is known of one account. Times are the clock's: wall and monotonic, for either may jump or stand still."""

    secret: Secret
    refresh: Secret
    """The refresh token of the moment: `secret`, or what the provider gave in its place."""
    unkept: bool = False
    """Whether the refresh token of the moment is known to nobody else yet."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    headers: Mapping[str, str] | None = None
    wall: float = 0.0
    monotonic: float = 0.0
    life: float = 0.0
    rounds: int = 0
    error: GatewayError | None = None
    tried: float = 0.0
    refused: float = float("-inf")


class AccessTokens:
    """Gives the headers that prove an account of kind `google_oauth` or `vertex_service_account`."""

    def __init__(self, provider: IdentityProvider, clock: Clock, rotated: Rotated | None = None) -> None:
        self._provider = provider
        self._clock = clock
        self._rotated = rotated
        self._held: dict[str, _Held] = {}

    async def headers(self, account: Account) -> Mapping[str, str]:
        """`Authorization`, and `x-goog-user-project` where the account has a project that pays.

        Raises UPSTREAM_ERROR: with code `credential_revoked` when the credential is no longer good, with another when it cannot
        be used now (`passing` is False then); or what the identity provider's failure is (it may pass).
        """
        held = self._of(account)
        left = self._left(held)
        if held.headers is not None and left >= min(_MARGIN_SECONDS, held.life / 2):
            return held.headers
        if held.headers is not None and left > _LEAST_LEFT_SECONDS and self._paused(held):
            return held.headers
        rounds = held.rounds
        async with held.lock:
            if held.rounds == rounds:
                await self._renew(account, held)
        if held.headers is not None and self._left(held) > (0 if held.error is None else _LEAST_LEFT_SECONDS):
            return held.headers
        error = held.error
        assert error is not None
        raise GatewayError(error.kind, error.text, error.details, error.retry_after)

    def forget(self, account_id: str) -> bool:
        """A token was refused before its time: drop it, so that the next call gets another one. False where that is not worth
        the while, because there is none or the one before it was refused as well a moment ago."""
        held = self._held.get(account_id)
        now = self._clock.monotonic()
        if held is None or held.headers is None or now - held.refused < _AGAIN_SECONDS:
            return False
        held.headers, held.refused = None, now
        return True

    def _of(self, account: Account) -> _Held:
        if account.secret is None or account.kind not in ("google_oauth", "vertex_service_account"):
            text = Text("oauth.kind", {"label": account.label})
            raise GatewayError(ErrorKind.INTERNAL, text)
        held = self._held.get(account.id)
        if held is None or not _same(account.secret, held):
            if len(self._held) >= _MOST:
                self._held.pop(next(iter(self._held)))
            held = self._held[account.id] = _Held(account.secret, account.secret)
        return held

    def _left(self, held: _Held) -> float:
        elapsed = max(self._clock.now() - held.wall, self._clock.monotonic() - held.monotonic)
        return held.life - elapsed

    def _paused(self, held: _Held) -> bool:
        return held.error is not None and self._clock.monotonic() - held.tried < _PAUSE_SECONDS

    async def _renew(self, account: Account, held: _Held) -> None:
        """One try, whose outcome all who wait share."""
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        try:
            tokens = await self._ask(account, held, wall)
        except GatewayError as error:
            held.error = _as_upstream(error)
            held.tried = monotonic
            held.rounds += 1
            if held.error.details.get("code") == "credential_revoked":
                held.headers = None
            _log.warning("access_token_unavailable", account=account.id, reason=held.error.message())
            return
        headers = {"Authorization": f"Bearer {tokens.access.reveal()}"}
        project = account.extra.get("project")
        if account.kind == "google_oauth" and project:
            headers["x-goog-user-project"] = project
        held.headers, held.error = headers, None
        held.wall, held.monotonic, held.life = wall, monotonic, float(tokens.expires_in)
        held.rounds += 1
        if account.kind == "google_oauth" and tokens.refresh is not None and tokens.refresh != held.refresh:
            held.refresh, held.unkept = tokens.refresh, True
        if held.unkept and self._rotated is not None:
            try:
                await self._rotated(account, held.refresh)
                held.unkept = False
            except GatewayError as error:  # the token itself is good; the next renewal tries to keep it again
                _log.error("refresh_token_not_kept", account=account.id, reason=error.message())

    async def _ask(self, account: Account, held: _Held, now: float) -> Tokens:
        if account.kind == "vertex_service_account":
            key = await asyncio.to_thread(read_service_account, held.secret.reveal())
            assertion = await asyncio.to_thread(sign_assertion, key, now)
            return await self._provider.redeem(assertion, key.token_uri)
        client = account.extra.get("client_id")
        if client and client != self._provider.settings.client_id:
            details = {"code": "oauth_client_changed", "passing": False}
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("oauth.client_changed"), details)
        return await self._provider.refresh(held.refresh)


def _same(secret: Secret, held: _Held) -> bool:
    """Whether what is held is of this credential. Nearly always it is the very same object."""
    return secret is held.secret or secret is held.refresh or secret in (held.secret, held.refresh)


def _as_upstream(error: GatewayError) -> GatewayError:
    """A key or an endpoint of ours that cannot be used is no fault of the client's request."""
    if error.kind is not ErrorKind.BAD_REQUEST:
        return error
    details = {"code": error.details.get("code", "credential_unusable"), "passing": False}
    return GatewayError(ErrorKind.UPSTREAM_ERROR, error.text, details)
