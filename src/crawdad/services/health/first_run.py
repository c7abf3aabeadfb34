"""Since when there is this installation: since its first start with a version that notes it."""

from __future__ import annotations

import structlog

from crawdad.core.errors import GatewayError
from crawdad.store.key_values import KeyValues

_KEPT = "installation.first_run_at"
_log = structlog.get_logger(__name__)


async def note_first_run(values: KeyValues, now: float) -> None:
    """Keep that it runs since now, unless it did before."""
    try:
        await values.settle(_KEPT, now)
    except GatewayError as error:
        _log.warning("first_run_not_kept", reason=error.message())


async def first_run(values: KeyValues) -> float | None:
    """When it ran first, Unix seconds; None: that is not known."""
    found = await values.get(_KEPT)
    return float(found) if isinstance(found, int | float) else None
