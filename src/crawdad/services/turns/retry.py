"""Whether, where and when to try again after a failed attempt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import RetrySettings

AGAIN = frozenset(
    {
        ErrorKind.RATE_LIMITED,
        ErrorKind.OVERLOADED,
        ErrorKind.UPSTREAM_ERROR,
        ErrorKind.UPSTREAM_BROKEN,
        ErrorKind.UPSTREAM_TIMEOUT,
    }
)
"""Faults that may pass: the same source may be tried again."""

ELSEWHERE = AGAIN | {
    ErrorKind.PAYMENT,
    ErrorKind.FORBIDDEN,
    ErrorKind.NOT_FOUND,
    ErrorKind.UNAVAILABLE,
}
"""Faults of one source that another source need not share."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try offer number `offer` after `seconds`."""

    offer: int
    seconds: float


def may_pass(error: GatewayError) -> bool:
    """Whether the source that failed so may do better the next time."""
    return error.kind in AGAIN and error.details.get("passing") is not False


def next_attempt(
    error: GatewayError,
    offer: int,
    tries: list[int],
    elapsed: float,
    settings: RetrySettings,
    chance: float,
    rests: Sequence[float] = (),
) -> Again | None:
    """What to do after `error` from offer number `offer`; None gives up.

    `tries` counts attempts per offer so far, `elapsed` is in seconds since the turn began, `chance` in [0, 1) is jitter.
    Untried offers come first, at once; then the offers whose faults may pass take turns until the attempts or the time
    are used up. A wait that the upstream asks for (`Retry-After`) is honoured in full or not at all. `rests` are the seconds
    for which each offer may not be tried again, infinite where its fault will not pass; empty: there is only `error` to go by.
    """
    cannot_say = error.details.get("code") == "unsupported_content"
    if error.kind not in ELSEWHERE and not cannot_say:
        return None
    for number, count in enumerate(tries):
        if count == 0:
            return Again(number, 0.0)
    again = may_pass(error)
    if not (again or rests) or sum(tries) >= max(settings.attempts, len(tries)):
        return None
    rounds = max(tries) - 1
    if again and error.retry_after is not None and not (rests and rests[offer]):
        wait = error.retry_after
    elif error.kind is ErrorKind.UPSTREAM_BROKEN and rounds == 0:
        wait = 0.0  # most often a kept-alive connection that the upstream had just closed
    else:
        wait = min(settings.max_seconds, settings.base_seconds * (2**rounds)) * (0.5 + chance / 2)
    if not rests:
        rests = [0.0] * len(tries)
    number = min(range(len(tries)), key=lambda number: (max(wait, rests[number]), tries[number], number))
    wait = max(wait, rests[number])
    return Again(number, wait) if elapsed + wait <= settings.budget_seconds else None
