"""E-mail, through a mailbox of the agent's own."""

from __future__ import annotations

from crawdad.adapters.channels.email.settings import EmailSettings
from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.channels import Capabilities, Channel, ChannelContext, ChannelKind


def _open(context: ChannelContext) -> Channel:
    from crawdad.adapters.channels.email.channel import EmailChannel

    return EmailChannel(context)


def _configured(settings: ChannelSettings) -> bool:
    if not isinstance(settings, EmailSettings):
        return False
    return bool(settings.imap_host and settings.smtp_host and settings.imap_username and settings.imap_password)


CHANNEL = ChannelKind(
    id="email",
    label=("E-mail", "电子邮件"),
    open=_open,
    settings=EmailSettings,
    capabilities=Capabilities(
        text_limit=30_000,
        caption_limit=30_000,
        media=frozenset(("image", "video", "audio", "document")),
        media_limit=15 * 1024 * 1024,
        groups=False,
        silence_seconds=600.0,
    ),
    configured=_configured,
    secrets=("imapPassword", "smtpPassword"),
)
