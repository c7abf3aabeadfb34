"""What one key may use of the REST interface in a minute: requests, tokens, tokens of context."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.ports import RateCounter
from crawdad.core.session_settings import RestApiSettings
from crawdad.core.text import Text

_NO_LIMIT = 2**52


class RestLimits:
    """Counts by key and minute. What a turn takes is known at its end: it counts then, and the next one waits."""

    def __init__(self, rates: RateCounter, settings: Callable[[], RestApiSettings]) -> None:
        self._rates = rates
        self._settings = settings

    async def enter(self, principal: Principal) -> None:
        """Count a request. Raises RATE_LIMITED."""
        limit = self._settings().requests_per_minute
        if limit is None:
            return
        added, seconds = await self._rates.add(_key(principal, "requests"), 1, limit)
        if not added:
            raise _refused("requests", limit, seconds)

    async def need_room(self, principal: Principal) -> None:
        """Raise RATE_LIMITED when the tokens of this minute are used up."""
        settings = self._settings()
        limits = {"tokens": settings.tokens_per_minute, "context": settings.context_tokens_per_minute}
        for unit, limit in limits.items():
            if limit is not None:
                found = await self._rates.look(_key(principal, unit))
                if found is not None and found.used >= limit:
                    raise _refused(unit, limit, found.seconds)

    async def used(self, principal: Principal, tokens: int, context: int) -> None:
        """Count what a turn took."""
        for unit, amount in (("tokens", tokens), ("context", context)):
            if amount > 0:
                await self._rates.add(_key(principal, unit), amount, _NO_LIMIT)

    async def standing(self, principal: Principal) -> tuple[int, int]:
        """Tokens and tokens of context of this minute."""
        found = [await self._rates.look(_key(principal, unit)) for unit in ("tokens", "context")]
        tokens, context = (0 if each is None else each.used for each in found)
        return tokens, context


def _key(principal: Principal, unit: str) -> str:
    return f"rest:{principal.id}:{unit}"


def _refused(unit: str, limit: int, seconds: float) -> GatewayError:
    text = Text("guide.limit", {"unit": Text(f"guide.limit.{unit}"), "limit": limit})
    return GatewayError(ErrorKind.RATE_LIMITED, text, {"code": f"{unit}_limit"}, retry_after=max(1.0, seconds))
