"""What one account does by itself: welcomes, answers pokes, tells its owner what happens, accepts requests.

Whatever is said goes through the outbox under the event's name, so that an event that is taken twice says nothing twice. A
welcome that is to wait is followed like an answer: it outlives the process.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

import structlog

from crawdad.core.channel_automations import AutomatedSettings
from crawdad.core.channels import Chat, InboundMessage, SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.text import Language, Text
from crawdad.services.channels.automation_rules import (
    Remembered,
    chosen,
    concerns_owner,
    congratulation,
    heeds_poke,
    owner_command,
    pattern_for,
    told_of_request,
    told_owner,
    welcome_seconds,
    welcome_template,
    welcome_text,
)
from crawdad.services.channels.deliveries import notice
from crawdad.services.channels.requests import Requests
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.wording import label_of, plain_name
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import StoredEvent, lane_of

WELCOME = "welcome"
"""The run of an event that a welcome is still to follow."""
_MOST_REMEMBERED = 500
_LONGEST_REMEMBERED = 2000
_MOST_CHATS = 2000
_MOST_NAMES = 2000

Value = TypeVar("Value")
_log = structlog.get_logger(__name__)


class Automations:
    """The automations of one account; of a channel that has none they do nothing."""

    def __init__(self, account: OpenAccount, sending: Sending, requests: Requests) -> None:
        self._desk = account
        self._world = account.world
        self._sending = sending
        self._requests = requests
        self._remembered: OrderedDict[str, Remembered] = OrderedDict()
        self._titles: OrderedDict[str, str] = OrderedDict()
        self._names: OrderedDict[str, str] = OrderedDict()
        self._poked: OrderedDict[str, float] = OrderedDict()

    @property
    def _settings(self) -> AutomatedSettings | None:
        settings = self._desk.settings
        return settings if isinstance(settings, AutomatedSettings) else None

    async def heard(self, event: StoredEvent, message: InboundMessage) -> str:
        """Somebody has written. Returns what became of it, in a word, where it is no agent's business: it was the owner's word
        about a request."""
        settings = self._settings
        if settings is None or message.old:
            return ""
        self.note(message)
        direct = message.chat.kind == "direct" and message.kind == "message"
        if not direct or not settings.owner or message.sender.id != settings.owner:
            return ""
        command = owner_command(message.text)
        if command is None:
            return ""
        by = Principal(
            f"channel-owner:{self._desk.account.channel}:{message.sender.id}"[:200], "system", "", EVERYTHING
        )
        try:
            pending = await self._requests.pending()
            kinds = [one.request.kind for one in pending if one.request.flag == command.flag]
            if not any((kind == "friend") == (command.kind == "friend") for kind in kinds):
                raise GatewayError(ErrorKind.NOT_FOUND, Text("automations.no_request", {"flag": command.flag}))
            await self._requests.decide(command.flag, command.accept, command.reason, by)
            word = "accepted" if command.accept else "refused"
            words = Text(f"automations.request_{word}", {"flag": command.flag})
        except SendFailed as failure:
            words = Text("automations.request_failed", {"reason": failure.text})
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            words = Text("automations.no_request", {"flag": command.flag})
        await self._say(message.chat, words, f"command:{self._desk.account}:{event.event_id}", settings)
        return "owner_command"

    def note(self, message: InboundMessage) -> None:
        """Remember a message for the case that it is recalled."""
        settings = self._settings
        if settings is not None and settings.anti_recall.enabled and message.message_id not in self._remembered:
            self._remember(message)

    async def asked(self, event: StoredEvent, message: InboundMessage) -> tuple[str, str]:
        """Somebody has asked for something. Returns what became of it, or else the id of the question to the operator."""
        request = message.request
        assert request is not None
        wanted, settings = self._desk.settings.requests, self._settings
        if wanted != "ask":
            try:
                by = "settings"
                return await self._requests.answer(message, wanted == "accept", by), ""
            except SendFailed as failure:
                if failure.outcome == "ambiguous":
                    return "request_unknown", ""
                raise
        if settings is not None and await self._fits(settings, message):
            word = await self._accepted(message)
            if word == "request_accepted":
                await self._tell_of_request(settings, event, message, accepted=True)
            if word != "request_failed":
                return word, ""
        asked = await self._requests.put(event, message)
        if settings is not None:
            await self._tell_of_request(settings, event, message, accepted=False)
        return "", asked

    async def _accepted(self, message: InboundMessage) -> str:
        try:
            return await self._requests.answer(message, True, "pattern")
        except SendFailed:  # whatever it was, the owner can still be asked
            return "request_failed"

    async def _fits(self, settings: AutomatedSettings, message: InboundMessage) -> bool:
        assert message.request is not None
        pattern = pattern_for(settings, message.request)
        if not pattern or self._world.search is None:
            return False
        try:
            return await self._world.search(pattern, message.request.comment)
        except GatewayError as error:
            await self._desk.tell("pattern", error.text)
            return False

    async def _tell_of_request(
        self, settings: AutomatedSettings, event: StoredEvent, message: InboundMessage, *, accepted: bool
    ) -> None:
        assert message.request is not None
        if not settings.owner:
            return
        person = await self._label(message.sender.id, message.sender.name)
        words = told_of_request(message.request, person, self._group(message.request.group), accepted=accepted)
        what = "accepted" if accepted else "asked"
        await self._say(Chat("direct", settings.owner), words, self._key(what, event), settings)

    async def happened(self, event: StoredEvent, message: InboundMessage) -> tuple[str, str]:
        """Something has happened. Returns what became of it, or else `WELCOME` when something is still to follow."""
        settings, told = self._settings, message.notice
        if settings is None or told is None or message.old:
            return "", ""
        if heeds_poke(settings, message):
            return await self._answer_poke(settings, event, message), ""
        if told.what == "honoured":
            words = congratulation(settings, message, await self._name(told.person))
            if words is not None:
                await self._say(message.chat, words, self._key("honour", event), settings)
            return "honoured", ""
        if concerns_owner(settings, told):
            await self._tell_owner(settings, event, message)
        if welcome_template(settings, told, message.chat.id):
            return "", WELCOME
        return told.what, ""

    async def see_through(self, event: StoredEvent) -> str:
        """Welcome somebody once it is time. Returns what became of it, in a word."""
        message, told = event.message, event.message.notice if event.message is not None else None
        if message is None or told is None:
            return "kind"
        template = ""
        while (settings := self._settings) is not None:  # as they are by then
            template = welcome_template(settings, told, message.chat.id)
            wait = event.received_at + welcome_seconds(settings) - self._desk.now
            if wait <= 0 or not template:
                break
            await self._world.clock.sleep(min(wait, 60.0))
        if not template:
            return "joined"
        words = welcome_text(template, await self._name(told.person), told.person)
        key = self._key("welcome", event)
        await self._sending.say(*notice(self._desk, message.chat, words, key, mention=told.person))
        return "welcomed"

    async def _answer_poke(self, settings: AutomatedSettings, event: StoredEvent, message: InboundMessage) -> str:
        lane, now = lane_of(message.chat), self._desk.now
        last = self._poked.get(lane)
        if last is not None and now - last < settings.poke.min_interval_sec:
            return "poked_too_soon"
        _put(self._poked, lane, now, _MOST_CHATS)
        words = chosen(settings.poke.replies, self._world.randomness.uniform())
        await self._sending.say(*notice(self._desk, message.chat, words, self._key("poke", event)))
        return "poked"

    async def _tell_owner(self, settings: AutomatedSettings, event: StoredEvent, message: InboundMessage) -> None:
        told = message.notice
        assert told is not None
        said = self._remembered.get(message.message_id) if told.what == "recalled" else None
        person = await self._label(told.person, said.name if said is not None else "")
        operator = await self._label(told.operator) if told.operator else "?"
        words = told_owner(message, person, operator, self._group(message.chat.id), said)
        await self._say(Chat("direct", settings.owner), words, self._key("told", event), settings)

    async def _say(self, chat: Chat, words: Text, key: str, settings: AutomatedSettings) -> None:
        await self._sending.say(*notice(self._desk, chat, words.render(self._language(settings)), key))

    def _language(self, settings: AutomatedSettings) -> Language:
        wanted = self._world.settings().language
        return wanted if wanted in ("en", "zh") else settings.language

    def _key(self, what: str, event: StoredEvent) -> str:
        return f"{what}:{self._desk.account}:{event.event_id}"

    def _remember(self, message: InboundMessage) -> None:
        if message.chat.title and message.chat.kind != "direct":
            _put(self._titles, message.chat.id, plain_name(message.chat.title), _MOST_CHATS)
        if message.sender.name:
            _put(self._names, message.sender.id, message.sender.name, _MOST_NAMES)
        if message.message_id:
            files = " ".join(f"<{media.kind}>" for media in message.media)
            text = "\n".join(part for part in (message.text[:_LONGEST_REMEMBERED], files) if part)
            kept = Remembered(message.sender.id, message.sender.name, text)
            _put(self._remembered, message.message_id, kept, _MOST_REMEMBERED)

    def _group(self, identity: str) -> str:
        title = self._titles.get(identity, "")
        return f"{title} ({identity})" if title else identity

    async def _label(self, identity: str, name: str = "") -> str:
        return label_of(identity, name or await self._name(identity))

    async def _name(self, identity: str) -> str:
        """What somebody calls themselves; their id where nobody says."""
        known = self._names.get(identity)
        if known is None:
            try:
                known = (await self._desk.channel.person(identity)).name
            except GatewayError as error:
                _log.info("channel_person_unknown", account=str(self._desk.account), reason=error.message())
                return identity
            _put(self._names, identity, known, _MOST_NAMES)
        return plain_name(known) or identity


def _put(memory: OrderedDict[str, Value], name: str, value: Value, most: int) -> None:
    memory[name] = value
    memory.move_to_end(name)
    if len(memory) > most:
        memory.popitem(last=False)
