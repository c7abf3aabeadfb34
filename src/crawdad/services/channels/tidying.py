"""What channels keep does not stay for ever."""

from __future__ import annotations

import structlog

from crawdad.core.errors import GatewayError
from crawdad.services.channels.world import ChannelWorld

_TIDY_SECONDS = 3600.0
_KEPT_SECONDS = 30 * 86_400.0
_FILES_SECONDS = 3 * 86_400.0

_log = structlog.get_logger(__name__)


async def keep_tidy(world: ChannelWorld) -> None:
    """Remove old events, deliveries, chats and files now and then; for ever."""
    while True:
        now = world.clock.now()
        try:
            await world.inbox.delete_done(now - _KEPT_SECONDS)
            await world.outbox.delete_before(now - _KEPT_SECONDS)
            await world.chats.delete_before(now - _KEPT_SECONDS)
            await world.files.delete_before(now - _FILES_SECONDS)
        except GatewayError as error:
            _log.warning("channels_not_tidied", reason=error.message())
        await world.clock.sleep(_TIDY_SECONDS)
