"""Notices by a bot while no channel is open: the gateway is stopped, or in safe mode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from crawdad.adapters.channels.telegram.api import BotApi
from crawdad.adapters.channels.telegram.settings import TelegramSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.errors import GatewayError
from crawdad.core.notification_settings import NotificationTarget
from crawdad.core.notifications import Letter, NotDelivered
from crawdad.core.ports import Randomness, Transport
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.telegram.calls import Call, Refusal, failure_of
from crawdad.wire.telegram.lengths import TEXT_LIMIT

_FINAL = frozenset(("refused", "signed_out", "unsupported", "too_long"))


class TelegramCourier:
    """`core.notifications.Courier` by the bot of an account: `settings_of` has its settings (None: there is none such)."""

    def __init__(
        self, transport: Transport, randomness: Randomness, settings_of: Callable[[str], ChannelSettings | None]
    ) -> None:
        self._transport, self._randomness, self._settings_of = transport, randomness, settings_of

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        settings = self._settings_of(target.account)
        token = await _token(settings) if isinstance(settings, TelegramSettings) and settings.enabled else None
        if not isinstance(settings, TelegramSettings) or token is None:
            raise NotDelivered(Text("telegram.no_token"))
        api = BotApi(self._transport, self._randomness, settings.api_root, token, settings.proxy)
        text = f"{letter.title}\n{letter.text}"[: TEXT_LIMIT - 100]
        try:
            answer = await api.ask(Call("sendMessage", {"chat_id": target.to, "text": text}))
        except GatewayError as error:
            raise NotDelivered(error.text) from None
        if isinstance(answer, Refusal):
            failed = failure_of(answer)
            raise NotDelivered(failed.text, again=failed.outcome not in _FINAL)
        return str(answer.get("message_id", "")) if isinstance(answer, dict) else ""


async def _token(settings: TelegramSettings) -> Secret | None:
    if settings.bot_token is not None or not settings.token_file:
        return settings.bot_token
    try:
        text = (await asyncio.to_thread(_read, settings.token_file)).strip()
    except (OSError, UnicodeError):
        return None
    return Secret(text) if text else None


def _read(path: str) -> str:
    return Path(path).expanduser().read_text()
