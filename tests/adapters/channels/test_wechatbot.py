"""The channel to WeChat against a simulator of wechatbot-webhook, and what its posts say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest

from crawdad.adapters.channels.wechatbot import CHANNEL
from crawdad.adapters.channels.wechatbot.channel import WechatChannel
from crawdad.adapters.channels.wechatbot.settings import WechatSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import (
    Chat,
    InboundMedia,
    InboundMessage,
    OutboundMedia,
    OutboundMessage,
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from tests.simulators.wechatbot import BOT, Contact, Fault, Post, WechatbotSimulator
from tests.support.channel_context import MemoryContext, running

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@pytest.fixture
def bridge() -> Iterator[WechatbotSimulator]:
    with WechatbotSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests", lambda: True) as made:
        yield made


def context_for(bridge: WechatbotSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    given = {"apiUrl": bridge.url, "token": bridge.token, "callSeconds": 2, **settings}
    return MemoryContext(WechatSettings.model_validate(given), transport, "wechat")


@pytest.fixture
def context(bridge: WechatbotSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(bridge, transport)


@pytest.fixture
def channel(context: MemoryContext) -> WechatChannel:
    return opened(context)


def opened(context: MemoryContext) -> WechatChannel:
    made = CHANNEL.open(context)
    assert isinstance(made, WechatChannel)
    return made


async def posted(channel: WechatChannel, post: Post, address: str = "127.0.0.1", **query: str) -> PluginAnswer:
    headers = {"content-type": post.media_type}
    answer = await channel.webhook(PluginRequest("POST", "", query, headers, post.body, address))
    assert answer is not None
    return answer


async def read(channel: WechatChannel, context: MemoryContext, post: Post) -> InboundMessage:
    answer = await posted(channel, post)
    assert answer.status == 200, answer.body
    message = channel.read(orjson.loads(orjson.dumps(context.events[-1])))  # as it is kept
    assert message is not None
    return message


async def test_a_private_message_is_no_group_although_it_has_a_room(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    message = await read(channel, context, bridge.text("hello"))
    assert message.chat == Chat("direct", "alias:r-Ann", "Ann") and message.text == "hello"
    assert (message.sender.id, message.sender.name, message.sender.aliases) == ("alias:r-Ann", "Ann", ("@ann0",))
    assert message.reply_context == {"name": "Ann", "alias": "r-Ann"} and not message.mentions.bot
    source = message.more["source"]
    assert source["room"] == {} and source["from"] == {"id": "@ann0", "name": "Ann", "alias": "r-Ann"}
    old = bridge.text(
        "hello", source=orjson.dumps({"room": "", "from": {"name": "Ann", "id": "@1"}, "to": ""}).decode()
    )
    message = await read(channel, context, old)
    assert message.chat == Chat("direct", "@1", "Ann"), "older bridges: fields outside of payload, an empty text"


async def test_a_group_is_known_by_its_topic(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await context.until(lambda: BOT in context.identities)
    message = await read(channel, context, bridge.text("just talking", room="The group"))
    assert message.chat == Chat("group", "The group", "The group") and not message.mentions.bot
    assert "memberList" not in str(context.events[-1]), "a group of five hundred is not kept with each message"
    for words in (f"@{BOT}\u2005what?", f"@{BOT} what?"):
        message = await read(channel, context, bridge.text(words, room="The group"))
        assert message.mentions.bot and message.mentions.way == "native" and message.text == "what?"
    message = await read(channel, context, bridge.text(f"ask @{BOT}\u2005 too", room="The group"))
    assert message.mentions.bot and message.text.startswith("ask")
    assert not (await read(channel, context, bridge.text(f"@{BOT}X hi", room="The group"))).mentions.bot
    assert (await read(channel, context, bridge.text("hi", room="The group", isMentioned="1"))).mentions.bot
    old = bridge.text("hi", source=orjson.dumps({"room": "Topic", "from": {"name": "Ann", "id": "@1"}}).decode())
    assert (await read(channel, context, old)).chat == Chat("group", "Topic", "Topic")


async def test_quotations_come_as_words(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await context.until(lambda: BOT in context.identities)
    words = f"「{BOT}：the old\nwords」\n- - - - - - - - - - - - - - -\nwhy?"
    message = await read(channel, context, bridge.text(words))
    assert message.text == "why?" and message.quoted is not None
    assert (message.quoted.text, message.quoted.by_bot) == ("the old\nwords", True)
    message = await read(channel, context, bridge.text("「Bob：x」\n- - - - - - - -\nhm"))
    assert message.quoted is not None and not message.quoted.by_bot and message.text == "hm"


async def test_other_things_that_come(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    ann = bridge.contact("Ann")
    link = orjson.dumps({"title": "T", "description": "D", "url": "https://x/y", "thumbnailUrl": "t"}).decode()
    assert (await read(channel, context, bridge.post("urlLink", link, sender=ann))).text == "T\nD\nhttps://x/y"
    message = await read(channel, context, bridge.post("file", PICTURE, sender=ann, name="猫.png"))
    (media,) = message.media
    assert (media.kind, media.name, media.media_type, media.size) == ("image", "猫.png", "image/png", len(PICTURE))
    assert b"".join([piece async for piece in channel.fetch(media, 1000)]) == PICTURE
    with pytest.raises(GatewayError) as caught:
        _ = [piece async for piece in channel.fetch(media, 10)]
    assert caught.value.kind is ErrorKind.TOO_LARGE
    with pytest.raises(GatewayError):
        _ = [piece async for piece in channel.fetch(InboundMedia("image", {"id": "none"}), 10)]
    assert (await read(channel, context, bridge.post("unknown", "<xml/>", sender=ann))).kind == "notice"
    await posted(channel, bridge.text("mine", isMsgFromSelf="1"))
    assert channel.read(context.events[-1]) is None
    notice = await read(channel, context, bridge.system("login", "Somebody"))
    assert (notice.kind, notice.more["what"]) == ("notice", "system_event_login")
    assert notice.more["content"]["user"]["payload"]["name"] == "Somebody" and context.identities[-1] == "Somebody"
    await posted(channel, bridge.system("logout"))
    assert context.reasons


async def test_the_same_words_are_two_messages_and_the_same_post_one(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    first, again = bridge.text("ok"), bridge.text("ok")
    ids = [(await read(channel, context, one)).event_id for one in (first, first, again)]
    assert ids[0] == ids[1] != ids[2]


async def test_a_file_that_cannot_be_kept_is_tried_while_the_bridge_waits(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    keep, refusals = context.files.keep, [1, 2]

    async def refuse(data: bytes) -> str:
        if refusals:
            refusals.pop()
            raise GatewayError(ErrorKind.UNAVAILABLE, "cannot be kept now")
        return await keep(data)

    context.files.keep = refuse  # type: ignore[method-assign]
    message = await read(channel, context, bridge.post("file", b"words", sender=bridge.contact("Ann"), name="a.txt"))
    assert [one.name for one in message.media] == ["a.txt"] and refusals == []


async def test_what_cannot_be_kept_is_tried_while_the_bridge_waits(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    context.refusals = 3
    assert (await posted(channel, bridge.text("kept"))).status == 200 and len(context.events) == 1
    context.refusals = 99
    with pytest.raises(GatewayError) as caught:
        await posted(channel, bridge.text("lost"))
    assert caught.value.kind is ErrorKind.UNAVAILABLE, "the front door says 503: it was not taken"


@pytest.mark.parametrize(
    ("settings", "address", "query", "status"),
    [
        ({}, "127.0.0.1", {}, 200),
        ({}, "::1", {}, 200),
        ({}, "10.0.0.5", {}, 401),
        ({}, "unknown", {}, 401),
        ({"callbackSecret": "s"}, "127.0.0.1", {}, 401),
        ({"callbackSecret": "s"}, "10.0.0.5", {"token": "s"}, 200),
        ({"callbackSecret": "s", "callbackFrom": ["10.0.0.0/8"]}, "10.0.0.5", {}, 200),
        ({"callbackFrom": ["10.0.0.0/8"]}, "127.0.0.1", {}, 401),
    ],
)
async def test_who_may_post(
    bridge: WechatbotSimulator,
    transport: HttpTransport,
    settings: dict[str, Any],
    address: str,
    query: dict[str, str],
    status: int,
) -> None:
    channel = opened(context_for(bridge, transport, **settings))
    assert (await posted(channel, bridge.text("hi"), address, **query)).status == status
    head = await channel.webhook(PluginRequest("HEAD", "", query, {}, b"", address))
    assert head is not None and head.status == (204 if status == 200 else 401)
    assert await channel.webhook(PluginRequest("GET", "", query, {}, b"", address)) is None


PART = OutboundMessage("p1", Chat("direct", "alias:r-Ann"), "hi")
FILE = OutboundMedia("image", PICTURE, "image/png", "猫.png")


@pytest.mark.parametrize(
    ("message", "whom", "shown"),
    [
        (PART, "alias:r-Ann", "hi"),
        (OutboundMessage("p", Chat("direct", "Nameless"), "hi"), "Nameless", "hi"),
        (OutboundMessage("p", Chat("direct", "@old"), "hi", reply_context={"name": "Nameless"}), "Nameless", "hi"),
        (OutboundMessage("p", Chat("group", "The group"), "hi"), "#The group", "hi"),
        (OutboundMessage("p", Chat("direct", "alias:r-Ann"), media=FILE), "alias:r-Ann", "<猫.png>"),
        (OutboundMessage("p", Chat("group", "The group"), media=FILE), "#The group", "<猫.png>"),
    ],
)
async def test_parts_go_out(
    bridge: WechatbotSimulator, channel: WechatChannel, message: OutboundMessage, whom: str, shown: str
) -> None:
    assert (await channel.send(message)).message_ids == ()
    assert bridge.texts(whom) == [shown]


@pytest.mark.parametrize("media", [None, FILE])
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("logged_out", "not_sent"),
        ("failed", "ambiguous"),
        ("reset", "ambiguous"),
        ("busy", "ambiguous"),
        ("rejected", "refused"),
        ("down", "ambiguous"),
        ("token", "signed_out"),
    ],
)
async def test_what_becomes_of_a_part_that_is_not_taken(
    bridge: WechatbotSimulator, channel: WechatChannel, fault: str, outcome: str, media: OutboundMedia | None
) -> None:
    if fault == "down":
        bridge.down = True
    elif fault == "token":
        bridge.token = "another"
    else:
        bridge.faults.append(Fault(fault))
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p", PART.chat, "" if media else "hi", media))
    assert caught.value.outcome == outcome and "bridge&tok" not in caught.value.message()


async def test_nobody_by_that_name(bridge: WechatbotSimulator, channel: WechatChannel) -> None:
    for chat, outcome in ((Chat("direct", "Nobody"), "refused"), (Chat("direct", "@gone"), "needs_inbound")):
        with pytest.raises(SendFailed) as caught:
            await channel.send(OutboundMessage("p", chat, "hi"))
        assert caught.value.outcome == outcome
    bridge.stop()
    with pytest.raises(SendFailed) as caught:
        await channel.send(PART)
    assert caught.value.outcome == "not_sent"


async def test_a_refused_token_is_dead_credentials(bridge: WechatbotSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(bridge, transport, token="wrong"))
    with pytest.raises(SignedOut):
        await channel.run()
    with pytest.raises(GatewayError) as caught:
        await opened(context_for(bridge, transport, apiUrl="")).run()
    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_signing_in_by_the_code_of_the_bridge(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    assert (await channel.sign_in()).state == "already"
    bridge.signed_in = False
    step = await channel.sign_in()
    assert (step.state, step.qr) == ("qr", bridge.code)
    bridge.events.extend([("qrcode", bridge.code), ("qrcode", "https://login.weixin.qq.com/l/new==")])
    step = await channel.sign_in_poll()
    assert (step.state, step.qr) == ("qr", "https://login.weixin.qq.com/l/new==")
    bridge.signed_in = True
    step = await channel.sign_in_poll()
    assert (step.state, step.identity) == ("connected", BOT)
    assert await channel.probe() == {"loggedIn": True, "name": BOT}


async def test_somebody_without_a_remark_goes_by_this_sign_ins_id(
    bridge: WechatbotSimulator, channel: WechatChannel, context: MemoryContext
) -> None:
    impostor = Contact("Ann", id="@evil")
    message = await read(channel, context, bridge.post("text", "hi", sender=impostor))
    assert message.sender.id == "@evil", "a name proves nothing"
    assert CHANNEL.identity("wechat:alias:r-Ann") == "alias:r-Ann"


async def test_without_answers_what_people_write_is_only_taken_down(
    bridge: WechatbotSimulator, transport: HttpTransport
) -> None:
    context = context_for(bridge, transport, autoReply=False)
    message = await read(opened(context), context, bridge.text("hi"))
    assert message.old
