"""The channel to DingTalk against a simulator of its stream and its interfaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from crawdad.adapters.channels.dingtalk import CHANNEL
from crawdad.adapters.channels.dingtalk.channel import DingTalkChannel
from crawdad.adapters.channels.dingtalk.settings import DingTalkSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from tests.simulators.dingtalk import CLIENT_ID, GROUP, PERSON, SECRET, DingTalkSimulator
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", PERSON)


@pytest.fixture
def ding() -> Iterator[DingTalkSimulator]:
    with DingTalkSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(ding: DingTalkSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    values = {"clientId": CLIENT_ID, "clientSecret": SECRET, "apiRoot": ding.url, "oapiRoot": ding.url, **settings}
    return MemoryContext(DingTalkSettings.model_validate(values), transport, "dingtalk")


def opened(context: MemoryContext) -> DingTalkChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, DingTalkChannel)
    return channel


@pytest.fixture
def context(ding: DingTalkSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(ding, transport)


@pytest.fixture
def channel(context: MemoryContext) -> DingTalkChannel:
    return opened(context)


def read(channel: DingTalkChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def ready(ding: DingTalkSimulator) -> None:
    await ding.until(lambda one: bool(one.sockets))


async def test_people_and_groups_are_told_apart(
    ding: DingTalkSimulator, channel: DingTalkChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(ding)
        ding.say("hello")
        ding.say("you", group=GROUP)
        ding.say("them", group=GROUP, named=False)
        await context.until(lambda: len(context.events) == 3)
        await ding.until(lambda one: len(one.acknowledged) == 3)
    direct, named, unnamed = (read(channel, event) for event in context.events)
    assert (direct.text, direct.chat, direct.sender.name) == ("hello", DIRECT, f"N-{PERSON}")
    assert direct.sender.aliases == (f"$:LWCP_v1:${PERSON}",)
    assert (named.text, named.chat) == ("you", Chat("group", GROUP, "The group"))
    assert (named.mentions.bot, unnamed.mentions.bot) == (True, False)
    assert [code for _, code in ding.acknowledged] == [200, 200, 200]


async def test_what_is_not_kept_is_not_acknowledged(
    ding: DingTalkSimulator, channel: DingTalkChannel, context: MemoryContext
) -> None:
    ding.redelivers = False
    context.refusals = 1
    async with running(channel):
        await ready(ding)
        ding.say("hello")
        await ding.until(lambda one: [code for _, code in one.acknowledged] == [500])
        assert context.events == []
        ding.redeliver()
        await context.until(lambda: len(context.events) == 1)


async def test_pings_are_answered_and_a_wish_to_connect_anew_is_followed(
    ding: DingTalkSimulator, channel: DingTalkChannel
) -> None:
    async with running(channel):
        await ready(ding)
        ding.ping("riddle")
        await ding.until(lambda one: one.pongs == ["riddle"])
        ding.disconnect()
        await ding.until(lambda one: one.connections_made == 2)


async def test_an_answer_goes_by_the_conversations_webhook_while_it_holds(
    ding: DingTalkSimulator, channel: DingTalkChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await ready(ding)
        ding.say("hello")
        await context.until(lambda: len(context.events) == 1)
    told = read(channel, context.events[0]).reply_context
    receipt = await channel.send(OutboundMessage("1", DIRECT, "# by webhook", reply_context=told))
    assert receipt.message_ids == ()
    ding.webhooks.clear()
    receipt = await channel.send(OutboundMessage("2", DIRECT, "openly", reply_context=told))
    assert receipt.message_ids
    over = {**told, "until": context.clock.now()}
    await channel.send(OutboundMessage("3", DIRECT, "openly too", reply_context=over))
    assert [(one.chat, one.text, one.mark) for one in ding.shown] == [
        (PERSON, "# by webhook", "webhook"),
        (PERSON, "openly", "sampleMarkdown"),
        (PERSON, "openly too", "sampleMarkdown"),
    ]


async def test_a_webhook_elsewhere_is_held_back_by_the_guard(ding: DingTalkSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(ding, transport, oapiRoot="http://oapi.example"))
    told = {"webhook": f"{ding.url}/robot/sendBySession?session=x", "until": 4e9}
    with pytest.raises(SendFailed):
        await channel.send(OutboundMessage("1", DIRECT, "out", reply_context=told))
    assert not [one for one in ding.journal if one.path == "/robot/sendBySession"]


async def test_groups_are_written_to_unasked(ding: DingTalkSimulator, channel: DingTalkChannel) -> None:
    await channel.send(OutboundMessage("1", Chat("group", GROUP), "news"))
    assert ding.texts(GROUP) == ["news"]


async def test_a_token_that_died_is_made_anew(ding: DingTalkSimulator, channel: DingTalkChannel) -> None:
    await channel.send(OutboundMessage("1", DIRECT, "one"))
    ding.tokens.clear()
    await channel.send(OutboundMessage("2", DIRECT, "two"))
    assert (ding.texts(PERSON), ding.tokens_made) == (["one", "two"], 2)


async def test_files_go_and_come(ding: DingTalkSimulator, channel: DingTalkChannel, context: MemoryContext) -> None:
    async with running(channel):
        await ready(ding)
        code = ding.put_file(b"a report")
        ding.say(kind="file", content={"downloadCode": code, "fileName": "报告.pdf"})
        ding.say(kind="audio", content={"downloadCode": code, "recognition": "你好", "duration": 900})
        await context.until(lambda: len(context.events) == 2)
    file, voice = (read(channel, event).media[0] for event in context.events)
    assert (file.kind, file.name, voice.kind, voice.transcript) == ("document", "报告.pdf", "audio", "你好")
    assert b"".join([chunk async for chunk in channel.fetch(file, 100)]) == b"a report"
    for kind, name in (("image", "a.png"), ("document", "b.pdf")):
        media = OutboundMedia(kind, name.encode(), "", name)  # type: ignore[arg-type]
        await channel.send(OutboundMessage(name, DIRECT, media=media))
    assert [(one.text, one.data) for one in ding.shown] == [("<image>", b"a.png"), ("<b.pdf>", b"b.pdf")]


async def test_a_wrong_secret_is_a_sign_out(ding: DingTalkSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(ding, transport, clientSecret="another"))
    with pytest.raises(SignedOut):
        await channel.run()
    with pytest.raises(SendFailed) as refused:
        await channel.send(OutboundMessage("1", DIRECT, "hi"))
    assert refused.value.outcome == "signed_out"


async def test_a_socket_that_is_closed_at_once_is_dialed_ever_more_slowly(
    ding: DingTalkSimulator, channel: DingTalkChannel, context: MemoryContext
) -> None:
    async def hang_up(socket: ServerConnection) -> None:
        await socket.close()

    async def stay() -> None:
        await asyncio.Event().wait()

    ding.talk = hang_up  # type: ignore[method-assign]
    channel._show_life = stay  # type: ignore[method-assign]
    async with running(channel):
        await context.until(lambda: len(context.time.slept) > 4)
    assert context.time.slept[:5] == [1, 2, 4, 8, 16]
