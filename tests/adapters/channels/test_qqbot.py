"""The channel to QQ's official bots against a simulator of the open platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest

from crawdad.adapters.channels.qqbot import CHANNEL
from crawdad.adapters.channels.qqbot.channel import QQBotChannel
from crawdad.adapters.channels.qqbot.settings import QQBotSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from crawdad.wire.qqbot.signatures import proof_of_address
from tests.simulators.qqbot import APP_ID, BOT_ID, GROUP, PERSON, SECRET, QQBotSimulator
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)


@pytest.fixture
def qq() -> Iterator[QQBotSimulator]:
    with QQBotSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(qq: QQBotSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    address = {"apiRoot": qq.url, "tokenUrl": f"{qq.url}/app/getAppAccessToken", "bindRoot": qq.url}
    values = {"appId": APP_ID, "clientSecret": SECRET, **address, **settings}
    return MemoryContext(QQBotSettings.model_validate(values), transport, "qqbot")


def opened(context: MemoryContext) -> QQBotChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, QQBotChannel)
    return channel


@pytest.fixture
def context(qq: QQBotSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(qq, transport)


@pytest.fixture
def channel(context: MemoryContext) -> QQBotChannel:
    return opened(context)


def read(channel: QQBotChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def ready(qq: QQBotSimulator) -> None:
    await qq.until(lambda one: bool(one.sockets))


def answer(text: str = "", chat: Chat = DIRECT, to: str = "", **more: Any) -> OutboundMessage:
    return OutboundMessage(more.pop("id", "part-1"), chat, text, reply_context={"message_id": to} if to else {}, **more)


async def test_people_and_groups_are_told_apart(
    qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(qq)
        qq.say(" hello ")
        qq.say(f"<@!{BOT_ID}> in the group", group=GROUP, sender="OPENID502")
        qq.say("among us", group=GROUP, named=False)
        await context.until(lambda: len(context.events) == 3)
    direct, named, unnamed = (read(channel, event) for event in context.events)
    assert (direct.text, direct.chat, direct.sender.id, direct.sender.aliases) == (
        "hello",
        DIRECT,
        PERSON,
        (f"U{PERSON}",),
    )
    assert direct.at == 1_795_953_600.0
    assert direct.reply_context == {"message_id": direct.message_id}
    assert (named.text, named.chat, named.sender.id) == ("in the group", Chat("group", GROUP), "OPENID502")
    assert (named.mentions.bot, named.mentions.way, unnamed.mentions.bot) == (True, "native", False)
    assert context.identities == ["Claw"]


async def test_what_was_not_kept_comes_again_when_the_session_is_resumed(
    qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(qq)
        qq.say("first")
        await context.until(lambda: len(context.events) == 1)
        context.refusals = 1
        qq.say("second")
        await context.until(lambda: len(context.events) == 2)
    assert [read(channel, event).text for event in context.events] == ["first", "second"]
    assert len(qq.identified) == 1
    assert [one["seq"] for one in qq.resumed] == [2]


async def test_what_was_said_while_nobody_ran_is_heard_by_the_next(
    qq: QQBotSimulator, transport: HttpTransport, context: MemoryContext
) -> None:
    async with running(opened(context)):
        await context.until(lambda: bool(context.identities))
    await qq.until(lambda one: not one.sockets)
    qq.say("in between")
    channel = opened(context)
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    assert read(channel, context.events[0]).text == "in between"


async def test_a_session_that_is_over_is_begun_anew(
    qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(qq)
        qq.end_session()
        await qq.until(lambda one: len(one.identified) == 2)
        await ready(qq)
        qq.say("again")
        await context.until(lambda: len(context.events) == 1)


async def test_a_token_that_died_is_made_anew(qq: QQBotSimulator, channel: QQBotChannel) -> None:
    async with running(channel):
        await ready(qq)
        event = qq.say("hello")
        qq.tokens.clear()
        await channel.send(answer("hi", to=event["d"]["id"]))
    assert qq.texts(PERSON) == ["hi"]
    assert qq.tokens_made == 2


async def test_a_gateway_that_no_longer_answers_is_left(qq: QQBotSimulator, channel: QQBotChannel) -> None:
    qq.heartbeat_seconds, qq.answers_heartbeats = 0.02, False
    async with running(channel):
        await ready(qq)
        await qq.until(lambda one: one.heartbeats >= 1)
        await qq.until(lambda one: one.connections_made == 2)


async def test_a_wrong_secret_is_a_sign_out(qq: QQBotSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(qq, transport, clientSecret="another"))
    with pytest.raises(SignedOut):
        await channel.run()
    with pytest.raises(SendFailed) as refused:
        await channel.send(answer("hi", to="x"))
    assert refused.value.outcome == "signed_out"


async def test_a_bot_speaks_only_when_spoken_to(qq: QQBotSimulator, channel: QQBotChannel) -> None:
    with pytest.raises(SendFailed) as refused:
        await channel.send(answer("hi"))
    assert refused.value.outcome == "needs_inbound"
    assert qq.shown == []


async def test_parts_with_one_number_are_both_sent(qq: QQBotSimulator, channel: QQBotChannel) -> None:
    async with running(channel):
        await ready(qq)
        identity = qq.say("hello")["d"]["id"]
    for text in ("one", "two"):
        receipt = await channel.send(answer(text, to=identity, id="same"))
        assert receipt.message_ids
    assert qq.texts(PERSON) == ["one", "two"]


async def test_files_go_and_come(qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext) -> None:
    async with running(channel):
        await ready(qq)
        identity = qq.say("look", picture=b"\x89PNG picture")["d"]["id"]
        await context.until(lambda: len(context.events) == 1)
    media = read(channel, context.events[0]).media[0]
    assert (media.kind, media.media_type, media.name, media.size) == ("image", "image/png", "a.png", 12)
    assert b"".join([chunk async for chunk in channel.fetch(media, 100)]) == b"\x89PNG picture"
    await channel.send(answer(to=identity, media=OutboundMedia("image", b"mine", "image/png", "b.png")))
    assert [one.data for one in qq.shown] == [b"mine"]


async def test_guilds_are_served_by_the_older_interface(
    qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext
) -> None:
    data = {
        "id": "g1",
        "guild_id": "1",
        "channel_id": "22",
        "content": f"<@!{BOT_ID}> hello <@!77>",
        "author": {"id": "88", "username": "Ann", "bot": False},
        "member": {"nick": "Annie"},
        "timestamp": "2026-11-29T20:00:00+08:00",
    }
    async with running(channel):
        await ready(qq)
        qq.happen("AT_MESSAGE_CREATE", data)
        await context.until(lambda: len(context.events) == 1)
    message = read(channel, context.events[0])
    assert (message.chat, message.sender.name) == (Chat("channel", "channel:22", guild="1"), "Annie")
    assert (message.text, message.mentions.others) == ("hello <@!77>", ("77",))
    await channel.send(answer("hi", message.chat, to="g1"))
    assert qq.texts("channel:22") == ["hi"]


async def test_a_code_is_scanned_and_the_bot_is_ours(qq: QQBotSimulator, transport: HttpTransport) -> None:
    context = context_for(qq, transport, appId="", clientSecret=None)
    channel = opened(context)
    with pytest.raises(SignedOut):
        await channel.run()
    step = await channel.sign_in()
    assert step.state == "qr"
    assert step.qr.startswith(f"{qq.url}/qqbot/openclaw/connect.html?task_id=task-1&source=crawdad")
    assert (await channel.sign_in_poll()).state == "qr"
    qq.task_status = 2
    done = await channel.sign_in_poll()
    assert (done.state, done.identity, done.owner) == ("connected", APP_ID, PERSON)
    again = opened(context)
    async with running(again):
        await ready(qq)
    assert (await again.sign_in()).state == "already"
    await again.sign_out()
    with pytest.raises(SignedOut):
        await again.run()


async def test_a_code_ends(qq: QQBotSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(qq, transport, appId="", clientSecret=None))
    assert (await channel.sign_in_poll()).state == "expired"
    await channel.sign_in()
    qq.task_status = 3
    assert (await channel.sign_in_poll()).state == "expired"


async def post(channel: QQBotChannel, body: bytes, headers: dict[str, str]) -> PluginAnswer | None:
    return await channel.webhook(PluginRequest("POST", "", {}, headers, body, "127.0.0.1"))


async def test_events_may_be_posted(qq: QQBotSimulator, transport: HttpTransport) -> None:
    context = context_for(qq, transport, connectionMode="webhook")
    channel = opened(context)
    data = {"id": "p1", "content": "posted", "author": {"user_openid": PERSON}, "timestamp": "1790000000"}
    body, headers = qq.posted({"op": 0, "t": "C2C_MESSAGE_CREATE", "s": 1, "id": "e", "d": data})
    taken = await post(channel, body, headers)
    assert taken is not None and (taken.status, orjson.loads(taken.body)) == (200, {"op": 12})
    assert read(channel, context.events[0]).text == "posted"
    for bad in ({}, {**headers, "x-signature-timestamp": "1"}, {**headers, "x-signature-ed25519": "zz"}):
        refused = await post(channel, body, bad)
        assert refused is not None and refused.status == 401
    address, signed = qq.posted({"op": 13, "d": {"plain_token": "t", "event_ts": "5"}})
    proof = await post(channel, address, signed)
    assert proof is not None and orjson.loads(proof.body) == proof_of_address(
        {"plain_token": "t", "event_ts": "5"}, SECRET
    )
    assert len(context.events) == 1


def test_the_address_is_proved_as_the_platforms_document_shows() -> None:
    """The example of the platform's own document on callbacks."""
    proof = proof_of_address({"plain_token": "Arq0D5A61EgUu4OxUvOp", "event_ts": "1725442341"}, "DG5g3B4j9X2KOErG")
    assert proof == {
        "plain_token": "Arq0D5A61EgUu4OxUvOp",
        "signature": "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d0"
        "1bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706",
    }


@pytest.mark.parametrize("code", [4006, 4007, 4900, 4913])
async def test_a_session_that_cannot_be_resumed_is_begun_anew(
    qq: QQBotSimulator, channel: QQBotChannel, context: MemoryContext, code: int
) -> None:
    qq.closes_with = code
    async with running(channel):
        await ready(qq)
        qq.end_session()
        await qq.until(lambda one: len(one.identified) == 2)


async def test_a_part_for_which_there_is_no_token_has_not_left(qq: QQBotSimulator, channel: QQBotChannel) -> None:
    qq.fail("getAppAccessToken", 500, {"message": "busy"})
    with pytest.raises(SendFailed) as failed:
        await channel.send(answer("hello", to="m1"))
    assert failed.value.outcome == "not_sent"
