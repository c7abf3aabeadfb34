"""Letters about the gateway itself, through any SMTP server: no mailbox is looked into for that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from crawdad.adapters.channels.email.mailbox import hand_over
from crawdad.adapters.channels.email.settings import EmailSettings
from crawdad.core.channels import SendFailed
from crawdad.core.notification_settings import NotificationTarget
from crawdad.core.notifications import Letter, NotDelivered
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.wire.email.answers import mark_of

_FINAL = frozenset(("refused", "signed_out", "unsupported", "too_long"))


class SmtpCourier:
    """`core.notifications.Courier` over SMTP."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """Hand the letter to the server. Its Message-ID is the same for each try, so that mailboxes can tell doubles."""
        smtp = target.smtp
        sender = (smtp.from_address or smtp.username).strip()
        if not (smtp.host and sender and target.to):
            raise NotDelivered(Text("notifications.missing", {"keys": "smtp.host, smtp.fromAddress, to"}), again=False)
        settings = EmailSettings(
            imap_username=smtp.username,
            imap_password=smtp.password,
            smtp_host=smtp.host,
            smtp_port=smtp.port,
            smtp_security=smtp.security,
            from_address=sender,
        )
        mark = mark_of(letter.id, sender)
        message = EmailMessage(policy=policy.SMTP)
        message["From"], message["To"] = _one_line(sender), _one_line(target.to)
        message["Subject"] = _one_line(letter.title)
        message["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now(), UTC))
        message["Message-ID"] = mark
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text or " ")
        try:
            await asyncio.to_thread(hand_over, settings, message, target.to)
        except SendFailed as failed:
            raise NotDelivered(failed.text, again=failed.outcome not in _FINAL) from None
        return mark


def _one_line(text: str) -> str:
    return " ".join(text.split())[:900]
