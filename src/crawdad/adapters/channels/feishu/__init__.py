"""Feishu and Lark, through an app of one's own."""

from __future__ import annotations

from crawdad.adapters.channels.feishu.settings import FeishuSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind
from crawdad.wire.feishu.messages import TEXT_LIMIT


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.feishu.channel import FeishuChannel

    return FeishuChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    return isinstance(settings, FeishuSettings) and bool(settings.app_id and settings.app_secret)


def _identity(text: str) -> str:
    """open_id, union_id, user_id or chat_id; a channel's name may stand before it."""
    text = text.strip()
    for prefix in ("feishu:", "lark:", "user:", "chat:"):
        text = text.removeprefix(prefix)
    return text.strip()


CHANNEL = ChannelKind(
    id="feishu",
    label=("Feishu / Lark", "飞书"),
    open=_open,
    settings=FeishuSettings,
    capabilities=Capabilities(
        text_limit=TEXT_LIMIT,
        media=frozenset(("image", "document", "audio", "video")),
        media_limit=30 * 1024 * 1024,
        quote=True,
        buttons=True,
        edit=True,
        edit_seconds=0.4,
        delete=True,
        react=True,
        typing_seconds=600.0,
        repeats_safely=True,
        streaming="partial",
        silence_seconds=300.0,
    ),
    aliases=("lark",),
    configured=_configured,
    secrets=("appSecret", "verificationToken", "encryptKey"),
    identity=_identity,
)
