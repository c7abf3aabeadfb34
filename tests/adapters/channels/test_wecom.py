"""The channel to WeCom against a simulator of its long connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from crawdad.adapters.channels.wecom import CHANNEL
from crawdad.adapters.channels.wecom.channel import WeComChannel
from crawdad.adapters.channels.wecom.settings import WeComSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from tests.simulators.wecom import BOT_ID, GROUP, PERSON, SECRET, WeComSimulator
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)


@pytest.fixture
def wecom() -> Iterator[WeComSimulator]:
    with WeComSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


@pytest.fixture
def context(wecom: WeComSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(wecom, transport)


@pytest.fixture
def channel(context: MemoryContext) -> WeComChannel:
    return opened(context)


def context_for(wecom: WeComSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    address = {"wsUrl": wecom.socket_url, "mediaRoot": wecom.url, "callSeconds": 2}
    values = {"botId": BOT_ID, "secret": SECRET, **address, **settings}
    return MemoryContext(WeComSettings.model_validate(values), transport, "wecom")


def opened(context: MemoryContext) -> WeComChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, WeComChannel)
    return channel


def read(channel: WeComChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def ready(context: MemoryContext) -> None:
    await context.until(lambda: bool(context.identities))


async def test_people_and_groups_are_told_apart(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        wecom.say("hello", quote={"msgtype": "text", "text": {"content": "earlier"}})
        wecom.say("you there", group=GROUP)
        wecom.say(kind="voice", voice={"content": "spoken words"})
        await context.until(lambda: len(context.events) == 3)
    direct, group, voice = (read(channel, event) for event in context.events)
    assert (direct.text, direct.chat, direct.sender.id) == ("hello", DIRECT, PERSON)
    assert direct.quoted is not None and direct.quoted.text == "earlier"
    assert (group.text, group.chat, group.mentions.bot) == ("you there", Chat("group", GROUP), True)
    assert voice.text == "spoken words"


async def test_what_cannot_be_kept_now_is_kept_later(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    context.refusals = 3
    async with running(channel):
        await ready(context)
        wecom.say("first")
        wecom.say("second")
        await context.until(lambda: len(context.events) == 2)
    assert [read(channel, event).text for event in context.events] == ["first", "second"]


async def test_an_answer_grows(wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext) -> None:
    async with running(channel):
        await ready(context)
        wecom.say("hello")
        await context.until(lambda: len(context.events) == 1)
        told = read(channel, context.events[0]).reply_context
        first = OutboundMessage("1", DIRECT, "It", role="preview", reply_context=told)
        (identity,) = (await channel.send(first)).message_ids
        await channel.edit(DIRECT, identity, "It grows", final=False)
        await channel.edit(DIRECT, identity, "It grows.", final=True)
        with pytest.raises(SendFailed) as refused:
            await channel.edit(DIRECT, identity, "more", final=False)
    assert refused.value.outcome == "refused"
    assert [(one.chat, one.text, one.more) for one in wecom.shown] == [
        (PERSON, "It grows.", {"over": True, "edits": 2})
    ]


async def test_files_go_in_pieces_and_come_encrypted(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    large = bytes(range(256)) * 5000
    async with running(channel):
        await ready(context)
        wecom.say(kind="file", file={**wecom.put_file(b"a report"), "name": "报告.pdf"})
        await context.until(lambda: len(context.events) == 1)
        media = read(channel, context.events[0]).media[0]
        assert (media.kind, media.name) == ("document", "报告.pdf")
        assert b"".join([chunk async for chunk in channel.fetch(media, 8)]) == b"a report"
        with pytest.raises(GatewayError) as large_one:
            assert [chunk async for chunk in channel.fetch(media, 7)]
        assert large_one.value.kind is ErrorKind.TOO_LARGE
        file = OutboundMedia("document", large, "application/pdf", "b.pdf")
        await channel.send(OutboundMessage("1", Chat("group", GROUP), media=file))
    assert [(one.chat, one.text, one.data == large) for one in wecom.shown] == [(GROUP, "<file>", True)]


async def test_a_call_without_an_answer_may_have_been_done(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(context)
        wecom.fail_next("aibot_send_msg", None)
        with pytest.raises(SendFailed) as lost:
            await channel.send(OutboundMessage("1", DIRECT, "hi"))
        assert lost.value.outcome == "ambiguous"
        wecom.fail_next("aibot_upload_media_init", None)
        with pytest.raises(SendFailed) as unseen:
            await channel.send(OutboundMessage("2", DIRECT, media=OutboundMedia("image", b"x", "image/png", "a.png")))
        assert unseen.value.outcome == "not_sent"
    with pytest.raises(SendFailed) as down:
        await channel.send(OutboundMessage("3", DIRECT, "hi"))
    assert down.value.outcome == "not_sent"


async def test_two_pings_without_an_answer_end_the_connection(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    wecom.answers_pings = False
    async with running(channel):
        await wecom.until(lambda one: one.pings >= 2)
        await wecom.until(lambda one: one.connections_made == 2)


async def test_a_bot_that_another_program_took_is_left_to_it(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    with pytest.raises(GatewayError) as taken:
        async with running(channel) as task:
            await ready(context)
            wecom.take_bot_away()
            await task
    assert taken.value.kind is ErrorKind.BAD_REQUEST
    assert wecom.connections_made == 1


async def test_a_wrong_secret_is_a_sign_out(wecom: WeComSimulator, transport: HttpTransport) -> None:
    with pytest.raises(SignedOut) as refused:
        await opened(context_for(wecom, transport, secret="another")).run()
    assert "another" not in refused.value.message()


async def test_a_socket_that_is_closed_at_once_is_dialed_ever_more_slowly(
    wecom: WeComSimulator, channel: WeComChannel, context: MemoryContext
) -> None:
    async def hang_up(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.close()

    wecom.talk = hang_up  # type: ignore[method-assign]
    async with running(channel):
        await context.until(lambda: len(context.time.slept) > 4)
    assert context.time.slept[:5] == [1, 2, 4, 8, 16]
