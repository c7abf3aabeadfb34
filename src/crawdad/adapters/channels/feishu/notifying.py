"""Notices by an app of one's own at Feishu's open platform, without a channel that listens there."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.adapters.channels.feishu.api import FeishuApi
from crawdad.adapters.channels.feishu.settings import FeishuSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import SignedOut
from crawdad.core.notification_settings import NotificationTarget
from crawdad.core.notifications import Courier, Letter, NotDelivered
from crawdad.core.ports import Clock, Randomness, Transport
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.feishu.messages import TEXT_LIMIT, Body, failure_of, sent_id

_FINAL = frozenset(("refused", "signed_out", "unsupported", "too_long"))
_MOST_APPS = 50


class FeishuAppCourier:
    """`core.notifications.Courier` by an app. The platform tells doubles by the letter's id."""

    def __init__(self, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        self._transport, self._clock, self._randomness = transport, clock, randomness
        self._apps: dict[tuple[str, str, Secret], FeishuApi] = {}

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """Send it to the chat (`oc_…`), person (`ou_…`) or address of mail."""
        if not (target.app_id and target.app_secret and target.to):
            raise NotDelivered(Text("notifications.missing", {"keys": "appId, appSecret, to"}), again=False)
        body = Body("text", {"text": f"{letter.title}\n{letter.text}"[:TEXT_LIMIT]})
        fields = {"receive_id": target.to, **body.fields(), "uuid": letter.id[-50:]}
        path = f"im/v1/messages?receive_id_type={_kind_of(target.to)}"
        try:
            answer = await self._app(target, target.app_secret).ask("POST", path, fields)
        except SignedOut as refused:
            raise NotDelivered(refused.text, again=False) from None
        if not answer.ok:
            failed = failure_of(answer)
            raise NotDelivered(failed.text, again=failed.outcome not in _FINAL)
        return next(iter(sent_id(answer.data)), "")

    def _app(self, target: NotificationTarget, secret: Secret) -> FeishuApi:
        address = FeishuSettings(domain=target.domain).address
        key = (address, target.app_id, secret)
        if key not in self._apps:
            if len(self._apps) >= _MOST_APPS:
                self._apps.clear()
            self._apps[key] = FeishuApi(self._transport, self._clock, self._randomness, address, target.app_id, secret)
        return self._apps[key]


class FeishuChannelCourier:
    """The same with the app of a configured channel, while that is not open: `settings_of` has an account's settings (None:
    there is no such account)."""

    def __init__(self, app: Courier, settings_of: Callable[[str], ChannelSettings | None]) -> None:
        self._app, self._settings_of = app, settings_of

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        settings = self._settings_of(target.account)
        if not isinstance(settings, FeishuSettings) or not settings.enabled:
            raise NotDelivered(Text("notifications.no_channels"))
        own = {"app_id": settings.app_id, "app_secret": settings.app_secret, "domain": settings.domain}
        return await self._app.deliver(target.model_copy(update=own), letter)


def _kind_of(to: str) -> str:
    if to.startswith("ou_"):
        return "open_id"
    return "email" if "@" in to else "chat_id"
