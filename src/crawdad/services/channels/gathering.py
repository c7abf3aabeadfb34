"""Several messages of one sender that come in quick succession become one turn (`messages.inbound`).

What has been gathered is written into the last of them in one piece with the others' end, so that a crash neither loses nor
repeats any. Files, commands and buttons are not waited with, and another's message ends the waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from crawdad.core.channels import InboundMessage, Mentions
from crawdad.core.pacing import left_until
from crawdad.services.channels.commands import command_in
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import StoredEvent

_MOST = 20
_LONGEST = 10
"""So many times the wait at most, however quickly one message follows the other."""
_LONGEST_SLEEP = 60.0


def batch_of(events: Sequence[StoredEvent], fits: Callable[[InboundMessage], bool]) -> list[StoredEvent]:
    """The messages at the beginning of what waits in a chat that belong together. Pure."""
    batch: list[StoredEvent] = []
    for event in events:
        message = event.message
        if message is None or not fits(message):
            break
        if batch and batch[0].message is not None and batch[0].message.sender.id != message.sender.id:
            break
        batch.append(event)
    return batch


def merged(messages: Sequence[InboundMessage]) -> InboundMessage:
    """Messages of one sender as one, under the name of the last. Pure."""
    last = messages[-1]
    named = [one.mentions for one in messages]
    mentions = Mentions(
        any(one.bot for one in named),
        next((one.way for one in named if one.bot), ""),
        any(one.everyone for one in named),
        tuple(dict.fromkeys(person for one in named for person in one.others)),
    )
    text = "\n".join(one.text for one in messages if one.text)
    quoted = next((one.quoted for one in reversed(messages) if one.quoted is not None), None)
    return replace(last, text=text, mentions=mentions, quoted=quoted)


class Gathering:
    """What waits in the chats of one account. `note` hears each message that becomes a part of another."""

    def __init__(self, account: OpenAccount, note: Callable[[InboundMessage], None]) -> None:
        self._desk = account
        self._note = note
        self._inbox = account.world.inbox

    async def gathered(self, event: StoredEvent) -> StoredEvent | None:
        """The event to be taken, with what was gathered; None: look again, there may be more by now."""
        settings, account = self._desk.world.settings(), self._desk.account
        seconds = settings.messages.inbound.seconds(account.channel)
        triggers = settings.session.reset_triggers

        def fits(message: InboundMessage) -> bool:
            if message.kind != "message" or message.media or message.old or message.sender.itself:
                return False
            return command_in(message.text, triggers, group=message.chat.kind != "direct") is None

        if not seconds or event.message is None or not fits(event.message):
            return event
        waiting = await self._inbox.waiting(account, event.lane, _MOST)
        batch = batch_of(waiting, fits)
        if not batch or batch[0].id != event.id:
            return event
        due = min(batch[-1].received_at + seconds, batch[0].received_at + _LONGEST * seconds)
        wait = left_until(due, self._desk.now, batch[-1].received_at)
        if len(batch) == len(waiting) < _MOST and wait > 0:
            await self._desk.world.clock.sleep(min(wait, _LONGEST_SLEEP))
            return None
        if len(batch) == 1:
            return event
        messages = [one.message for one in batch if one.message is not None]
        for each in messages:
            self._note(each)
        message = merged(messages)
        await self._inbox.merge(batch[-1].id, message, [one.id for one in batch[:-1]], self._desk.now)
        return replace(batch[-1], message=message)
