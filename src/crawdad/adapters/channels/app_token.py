"""The token that an app gets for its id and secret, kept until shortly before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from crawdad.core.channels import SignedOut
from crawdad.core.errors import GatewayError, NotReached
from crawdad.core.ports import Clock
from crawdad.core.secret import Secret

_EARLY_SECONDS = 300.0


class AppToken:
    """`ask` gets a new one: the token and for how many seconds it holds. `early`: how long before its end it is made anew (but
    never in the first half of its life)."""

    def __init__(
        self, clock: Clock, ask: Callable[[], Awaitable[tuple[str, float]]], early: float = _EARLY_SECONDS
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._early = early
        self._token: Secret | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def fresh(self) -> Secret:
        """One that holds now. Raises `SignedOut`, and `NotReached` where none is to be had: what it was wanted for has not
        left then."""
        async with self._asking:
            if self._token is None or self._clock.monotonic() >= self._until:
                try:
                    token, seconds = await self._ask()
                except SignedOut:
                    raise
                except GatewayError as error:
                    raise NotReached(error.kind, error.text, error.details, error.retry_after) from error
                self._token = Secret(token)
                self._until = self._clock.monotonic() + max(seconds - self._early, seconds / 2)
            return self._token

    def drop(self) -> None:
        """The platform no longer takes it."""
        self._token = None
