"""Letters that are sent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from crawdad.core.channels import OutboundMessage
from crawdad.wire.email.letters import UNVERIFIED


def mark_of(identity: str, sender: str) -> str:
    """The Message-ID of a part: the same for each try."""
    domain = sender.rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(identity.encode()).hexdigest()[:40]}@{domain}>"


def recipient_of(message: OutboundMessage) -> str:
    """To whom a part goes."""
    return message.chat.id.removeprefix(UNVERIFIED)


def answer_of(message: OutboundMessage, sender: str, name: str, now: float, subject: str) -> EmailMessage:
    """A part as a letter, in the conversation that it answers. `subject` is that of a letter that begins one. What a header
    cannot hold (a line break) is taken out: nobody writes headers through a name or a subject."""
    letter = EmailMessage(policy=policy.SMTP)
    context = message.reply_context
    letter["From"] = formataddr((_one_line(name), sender))
    letter["To"] = _one_line(recipient_of(message))
    before = _one_line(str(context.get("subject") or ""))
    letter["Subject"] = (
        before if before.lower().startswith("re:") else f"Re: {before}" if before else _one_line(subject)
    )
    letter["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    letter["Message-ID"] = mark_of(message.id, sender)
    if context.get("in_reply_to"):
        letter["In-Reply-To"] = _one_line(str(context["in_reply_to"]))
    references = [_one_line(str(one)) for one in context.get("references") or ()]
    if references:
        letter["References"] = " ".join(references)
    letter["Auto-Submitted"] = "auto-replied"
    letter.set_content(message.text or " ")
    if message.media is not None:
        main, _, sub = (message.media.media_type or "application/octet-stream").partition("/")
        letter.add_attachment(
            message.media.data, maintype=main, subtype=sub or "octet-stream", filename=_one_line(message.media.name)
        )
    return letter


def _one_line(text: str) -> str:
    return " ".join(text.split())[:900]
