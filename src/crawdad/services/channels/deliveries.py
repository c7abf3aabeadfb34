"""What is to be said, in parts that the platform takes: text cut to its size, files within its limits. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from crawdad.core.agents import Delivery
from crawdad.core.channels import Chat, OutboundMedia, Role
from crawdad.core.parts import MediaPart, Part
from crawdad.core.text import Text
from crawdad.services.channels.chunking import chunks
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import DeliveryDraft, PartDraft, StoredDelivery

_STATUSES = {"sent": "delivered", "failed": "not-delivered"}


def with_media(account: OpenAccount, texts: list[PartDraft], media: Sequence[MediaPart], key: str) -> list[PartDraft]:
    """The parts of an answer: its text, then its files. A caption goes along with a single file where the platform takes it;
    a file that it does not take becomes a word about it."""
    capabilities = account.kind.capabilities
    drafts = list(texts)
    for number, part in enumerate(media):
        file = _file(part, account)
        part_id = f"{key}:m{number}"
        if file is None:
            words = part.url or Text("channels.file_not_sent", {"name": part.name or part.kind}).render()
            drafts.append(PartDraft(part_id, "final", words))
            continue
        caption = ""
        alone = len(media) == 1 and len(texts) == 1 and not texts[0].buttons
        if alone and account.channel.measure(texts[0].text) <= capabilities.caption_limit:
            caption, drafts = texts[0].text, []
        drafts.append(PartDraft(part_id, "final", caption, file))
    return drafts


def _file(part: MediaPart, account: OpenAccount) -> OutboundMedia | None:
    capabilities = account.kind.capabilities
    kind = part.kind if part.kind in capabilities.media else "document"
    if kind not in capabilities.media or not part.data:
        return None
    try:
        data = base64.b64decode(part.data, validate=False)
    except (binascii.Error, ValueError):
        return None
    if not data or len(data) > account.media_limit():
        return None
    return OutboundMedia(kind, data, part.media_type or "application/octet-stream", part.name or part.kind)


def delivery_parts(account: OpenAccount, parts: Sequence[Part], key: str) -> list[PartDraft]:
    """What somebody wants sent, in parts that the platform takes."""
    text = "\n\n".join(
        part.text for part in parts if hasattr(part, "text") and not isinstance(part, MediaPart) and part.text
    )
    pieces = chunks(text, account.text_limit(), account.channel.measure)
    drafts = [PartDraft(f"{key}:{number}", "final", piece) for number, piece in enumerate(pieces)]
    return with_media(account, drafts, [part for part in parts if isinstance(part, MediaPart)], key)


def notice(
    account: OpenAccount, chat: Chat, text: str, key: str, role: Role = "notice", *, mention: str = ""
) -> tuple[DeliveryDraft, list[PartDraft]]:
    """A word of the gateway's own to a chat. `mention`: the id of somebody who is named at its beginning."""
    draft = DeliveryDraft(account.world.randomness.new_id(), key, account.account, chat, mention=mention)
    pieces = chunks(text, account.text_limit(), account.channel.measure)
    return draft, [PartDraft(f"{key}:{number}", role, piece) for number, piece in enumerate(pieces)]


def came_of(delivery: StoredDelivery | None) -> Delivery:
    """What is told of a delivery to whoever ordered it; None: nothing is known of it."""
    if delivery is None:
        return Delivery("unknown")
    status = _STATUSES.get(delivery.state, "unknown")
    error = delivery.error or next((part.error for part in delivery.parts if part.error), "")
    if delivery.state in ("open", "growing") and not error:
        error = Text("channels.on_its_way").render()
    named = next((part.message_ids[0] for part in delivery.parts if part.message_ids), "")
    return Delivery(status, "" if status == "delivered" else error, named)
