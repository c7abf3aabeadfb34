"""The channel to Discord against a simulator of its interface and its gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crawdad.adapters.channels.discord import CHANNEL
from crawdad.adapters.channels.discord.channel import DiscordChannel
from crawdad.adapters.channels.discord.settings import DiscordSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Button, Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from tests.simulators.discord import API, BOT_ID, GUILD, PERSON, ROOM, TOKEN, DiscordSimulator, room_of
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)
GROUP = Chat("group", ROOM, guild=GUILD)


@pytest.fixture
def discord() -> Iterator[DiscordSimulator]:
    with DiscordSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(discord: DiscordSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    values = {"token": TOKEN, "apiRoot": f"{discord.url}{API}", **settings}
    return MemoryContext(DiscordSettings.model_validate(values), transport, "discord")


def opened(context: MemoryContext) -> DiscordChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, DiscordChannel)
    return channel


@pytest.fixture
def context(discord: DiscordSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(discord, transport)


@pytest.fixture
def channel(context: MemoryContext) -> DiscordChannel:
    return opened(context)


def read(channel: DiscordChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def ready(context: MemoryContext) -> None:
    await context.until(lambda: bool(context.identities))


async def test_people_and_rooms_are_told_apart(
    discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        discord.say("hello <:wave:12>")
        discord.say(f"<@{BOT_ID}> you", room=ROOM)
        discord.say("them", room=ROOM)
        await context.until(lambda: len(context.events) == 3)
    direct, named, unnamed = (read(channel, event) for event in context.events)
    assert (direct.text, direct.chat, direct.sender.id) == ("hello :wave:", DIRECT, PERSON)
    assert (named.text, named.chat, named.mentions.way, named.sender.roles) == ("you", GROUP, "native", ("7",))
    assert (unnamed.mentions.bot, unnamed.at) == (False, 1_795_953_600.0)


async def test_an_answer_to_the_bot_speaks_to_it(
    discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext
) -> None:
    earlier = {
        "id": "77",
        "author": {"id": BOT_ID, "username": "Claw", "bot": True},
        "content": "I said",
        "attachments": [],
    }
    async with running(channel):
        await ready(context)
        discord.say("why", room=ROOM, type=19, referenced_message=earlier)
        discord.say("joined", room=ROOM, type=7)
        await context.until(lambda: len(context.events) == 2)
    answer = read(channel, context.events[0])
    assert answer.quoted is not None and (answer.quoted.text, answer.quoted.by_bot) == ("I said", True)
    assert (answer.mentions.bot, answer.mentions.way) == (True, "reply")
    assert channel.read(context.events[1]) is None


async def test_what_was_not_kept_comes_again_when_the_session_is_resumed(
    discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        context.refusals = 1
        discord.say("once")
        await context.until(lambda: len(context.events) == 1)
    assert (len(discord.identified), len(discord.resumed)) == (1, 1)


async def test_a_pressed_button_comes_to_rest_once_it_is_kept(
    discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        press = discord.press("allow:5", room=ROOM)
        await discord.until(lambda one: one.pressed == [press["d"]["id"]])
    button = read(channel, context.events[0])
    assert (button.kind, button.button, button.chat, button.sender.id) == ("button", "allow:5", GROUP, PERSON)


async def test_a_part_is_shown_once_however_often_it_is_tried(
    discord: DiscordSimulator, channel: DiscordChannel
) -> None:
    part = OutboundMessage("p1", DIRECT, "hi @everyone", buttons=(Button("Yes", "y"),))
    one, two = await channel.send(part), await channel.send(part)
    assert one == two and discord.texts(room_of(PERSON)) == ["hi @everyone"]
    body = discord.shown[0].more["body"]
    assert body["allowed_mentions"]["parse"] == []
    assert body["components"][0]["components"][0]["custom_id"] == "y"


async def test_answers_quote_grow_and_go(discord: DiscordSimulator, channel: DiscordChannel) -> None:
    part = OutboundMessage("p1", GROUP, "It", reply_to="55", mention=PERSON, role="preview")
    (identity,) = (await channel.send(part)).message_ids
    assert (discord.shown[0].parent, discord.shown[0].text) == ("55", f"<@{PERSON}> It")
    await channel.edit(GROUP, identity, "It grows", final=True)
    assert discord.texts(ROOM) == ["It grows"]
    await channel.react(GROUP, identity, "👍")
    assert len(discord.reactions) == 1
    await channel.react(GROUP, identity, "")
    await channel.typing(GROUP, True, {})
    await channel.delete(GROUP, identity)
    assert (discord.reactions, discord.typings, discord.shown) == (set(), [ROOM], [])


async def test_files_go_and_come(discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext) -> None:
    async with running(channel):
        await ready(context)
        discord.say("look", picture=b"pixels")
        await context.until(lambda: len(context.events) == 1)
    media = read(channel, context.events[0]).media[0]
    assert (media.kind, media.media_type, media.size) == ("image", "image/png", 6)
    assert b"".join([chunk async for chunk in channel.fetch(media, 10)]) == b"pixels"
    file = OutboundMedia("document", b"a report", "application/pdf", "报告.pdf")
    await channel.send(OutboundMessage("p1", DIRECT, "here", media=file))
    assert [(one.text, one.data) for one in discord.shown] == [("here", b"a report")]


async def test_what_is_too_long_or_too_fast_is_told_so(discord: DiscordSimulator, channel: DiscordChannel) -> None:
    with pytest.raises(SendFailed) as long:
        await channel.send(OutboundMessage("p1", DIRECT, "x" * 2001))
    assert long.value.outcome == "too_long"
    discord.fail("/messages", 429, {"message": "slower", "retry_after": 2.5})
    with pytest.raises(SendFailed) as fast:
        await channel.send(OutboundMessage("p2", DIRECT, "hi"))
    assert (fast.value.outcome, fast.value.retry_after) == ("rate_limited", 2.5)


async def test_a_wrong_token_and_a_missing_intent_end_it(discord: DiscordSimulator, transport: HttpTransport) -> None:
    with pytest.raises(SignedOut):
        await opened(context_for(discord, transport, token="another")).run()
    discord.allowed_intents &= ~(1 << 15)
    with pytest.raises(GatewayError) as refused:
        await opened(context_for(discord, transport)).run()
    assert refused.value.kind is ErrorKind.BAD_REQUEST


async def test_an_address_to_resume_at_that_is_gone_is_not_dialed_for_ever(
    discord: DiscordSimulator, channel: DiscordChannel, context: MemoryContext
) -> None:
    context.memory.values["session"] = {"id": "old", "bot": "1", "url": "ws://127.0.0.1:1", "seq": 3}
    async with running(channel):
        await context.until(lambda: bool(context.identities))
