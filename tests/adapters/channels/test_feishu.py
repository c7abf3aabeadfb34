"""The channel to Feishu against a simulator of the open platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest

from crawdad.adapters.channels.feishu import CHANNEL
from crawdad.adapters.channels.feishu.channel import FeishuChannel
from crawdad.adapters.channels.feishu.settings import FeishuSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Button, Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginAnswer, PluginRequest
from tests.simulators.feishu import APP_ID, SECRET, USER, FeishuSimulator, encrypted, signature
from tests.support.channel_context import MemoryContext, running

DIRECT = Chat("direct", USER)
GROUP = Chat("group", "oc_1")


@pytest.fixture
def feishu() -> Iterator[FeishuSimulator]:
    with FeishuSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(feishu: FeishuSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    values = {"appId": APP_ID, "appSecret": SECRET, "domain": feishu.url, **settings}
    return MemoryContext(FeishuSettings.model_validate(values), transport, "feishu")


def opened(context: MemoryContext) -> FeishuChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, FeishuChannel)
    return channel


@pytest.fixture
def context(feishu: FeishuSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(feishu, transport)


@pytest.fixture
def channel(context: MemoryContext) -> FeishuChannel:
    return opened(context)


def read(channel: FeishuChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def test_what_people_write_is_kept_before_it_is_acknowledged(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    context.refusals = 1
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        event = feishu.say("hello")["header"]["event_id"]
        await feishu.until(lambda one: one.acknowledged == [(event, 500)])
        assert context.events == []
        feishu.redeliver()
        await context.until(lambda: len(context.events) == 1)
        await feishu.until(lambda one: one.acknowledged[-1] == (event, 200))
    message = read(channel, context.events[0])
    assert (message.text, message.chat, message.sender.id, message.sender.name) == ("hello", DIRECT, USER, "Ann")
    assert message.sender.aliases == (f"on_{USER}",)
    assert context.identities == ["Claw"]


async def test_a_message_that_is_delivered_twice_has_one_name(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        event = feishu.say("hello")
        again = {**event, "header": {**event["header"], "event_id": "another"}}
        feishu.deliver(again)
        await context.until(lambda: len(context.events) == 2)
    assert len({read(channel, one).event_id for one in context.events}) == 1


async def test_large_events_come_in_fragments(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        words = "字" * 5000
        event = feishu.event(
            "im.message.receive_v1",
            {
                "sender": {"sender_id": {"open_id": USER}, "sender_type": "user"},
                "message": {
                    "message_id": "om_x",
                    "chat_id": "c",
                    "chat_type": "p2p",
                    "message_type": "text",
                    "content": orjson.dumps({"text": words}).decode(),
                },
            },
        )
        feishu.deliver(event, pieces=7)
        await context.until(lambda: len(context.events) == 1)
        await feishu.until(lambda one: one.acknowledged == [(event["header"]["event_id"], 200)])
    assert read(channel, context.events[0]).text == words


async def test_mentions_topics_and_quotations(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    bot = {"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Claw"}
    bo = {"key": "@_user_2", "id": {"open_id": "ou_bo"}, "name": "Bo"}
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        own = (await channel.send(OutboundMessage("p1", GROUP, "my words"))).message_ids[0]
        feishu.say("@_user_1 ask @_user_2", chat="oc_1", mentions=[bot, bo], thread_id="omt_1")
        feishu.say("what do you mean", chat="oc_1", parent_id=own)
        feishu.say("@_all listen", chat="oc_1")
        post = {
            "title": "T",
            "content": [
                [
                    {"tag": "at", "user_id": "@_user_1"},
                    {"tag": "text", "text": " see "},
                    {"tag": "a", "text": "this", "href": "https://x.example"},
                ],
                [{"tag": "img", "image_key": "img_1"}],
            ],
        }
        feishu.say(post, kind="post", chat="oc_1", mentions=[bot])
        await context.until(lambda: len(context.events) == 4)
    first, second, third, fourth = (read(channel, one) for one in context.events)
    assert (first.text, first.mentions.bot, first.mentions.others, first.chat.thread) == (
        "ask @Bo",
        True,
        ("ou_bo",),
        "omt_1",
    )
    assert second.quoted is not None and (second.quoted.text, second.quoted.by_bot, second.mentions.way) == (
        "my words",
        True,
        "reply",
    )
    assert (third.text, third.mentions.everyone, third.mentions.bot) == ("listen", True, False)
    assert fourth.text == "T\n@Claw see this (https://x.example)" and len(fourth.media) == 1


async def test_files_are_fetched(feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext) -> None:
    feishu.resources = {"file_1": b"d" * 3000}
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        feishu.say({"file_key": "file_1", "file_name": "报告.pdf"}, kind="file")
        feishu.say({"image_key": "img_gone"}, kind="image")
        await context.until(lambda: len(context.events) == 2)
    (file,), (gone,) = (read(channel, one).media for one in context.events)
    assert (file.kind, file.name) == ("document", "报告.pdf")
    assert len(b"".join([chunk async for chunk in channel.fetch(file, 3000)])) == 3000
    for one, limit, kind in ((file, 2999, ErrorKind.TOO_LARGE), (gone, 10, ErrorKind.NOT_FOUND)):
        with pytest.raises(GatewayError) as caught:
            [chunk async for chunk in channel.fetch(one, limit)]
        assert caught.value.kind is kind


async def test_words_go_as_they_are_shown_best(
    feishu: FeishuSimulator, channel: FeishuChannel, transport: HttpTransport
) -> None:
    for number, text in enumerate(("**bold** words", "```py\nx\n```", "| a |\n|---|\n| b |")):
        await channel.send(OutboundMessage(f"p{number}", DIRECT, text))
    raw = opened(context_for(feishu, transport, renderMode="raw"))
    await raw.send(OutboundMessage("p9", GROUP, "**raw**"))
    assert [(one.kind, one.text) for one in feishu.shown] == [
        ("post", "**bold** words"),
        ("interactive", "```py\nx\n```"),
        ("interactive", "| a |\n|---|\n| b |"),
        ("text", "**raw**"),
    ]


async def test_answers_quote_and_stay_in_their_topic(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    event = feishu.say("ask", chat="oc_1")["event"]["message"]["message_id"]
    await channel.send(OutboundMessage("p1", GROUP, "a", reply_to=event))
    topic = Chat("group", "oc_1", thread="omt_1")
    await channel.send(OutboundMessage("p2", topic, "b", reply_context={"message_id": event}))
    feishu.history[event]["recalled"] = True
    await channel.send(OutboundMessage("p3", GROUP, "c", reply_to=event))
    assert [(one.text, one.parent, one.in_thread) for one in feishu.shown] == [
        ("a", event, False),
        ("b", event, True),
        ("c", "", False),
    ]


async def test_an_answer_grows_in_a_card(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    receipt = await channel.send(OutboundMessage("p1", DIRECT, "On", role="preview"))
    (shown,) = feishu.shown
    assert shown.growing
    await channel.edit(DIRECT, receipt.message_ids[0], "On the", final=False)
    await channel.edit(DIRECT, receipt.message_ids[0], "On the way", final=True)
    assert (shown.text, shown.edits, shown.growing) == ("On the way", 2, False)
    await opened(context).edit(DIRECT, receipt.message_ids[0], "after a restart", final=True)
    assert shown.text == "after a restart"
    await channel.delete(DIRECT, receipt.message_ids[0])
    assert feishu.shown == []


async def test_buttons_come_back(feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext) -> None:
    receipt = await channel.send(
        OutboundMessage("p1", DIRECT, "May I?", buttons=(Button("Yes", "approve:1"), Button("No", "deny:1")))
    )
    values = [one["behaviors"][0]["value"] for one in feishu.shown[0].buttons]
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        place = {"open_message_id": receipt.message_ids[0], "open_chat_id": "oc_x"}
        pressed = feishu.event(
            "card.action.trigger",
            {"operator": {"open_id": USER}, "action": {"value": values[0], "tag": "button"}, "context": place},
        )
        feishu.deliver(pressed, kind="card")
        await context.until(lambda: len(context.events) == 1)
    event = read(channel, context.events[0])
    assert (event.kind, event.button, event.chat, event.message_id) == (
        "button",
        "approve:1",
        DIRECT,
        receipt.message_ids[0],
    )


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        (OutboundMedia("image", b"PNG", "image/png", "a.png"), "image"),
        (OutboundMedia("audio", b"Ogg", "audio/ogg", "a.ogg", voice=True), "audio"),
        (OutboundMedia("audio", b"ID3", "audio/mpeg", "a.mp3"), "file"),
        (OutboundMedia("video", b"mp4", "video/mp4", "a.mp4"), "media"),
        (OutboundMedia("document", b"PDF", "application/pdf", "报告.pdf"), "file"),
    ],
)
async def test_files_go_as_what_they_are(
    feishu: FeishuSimulator, channel: FeishuChannel, media: OutboundMedia, kind: str
) -> None:
    await channel.send(OutboundMessage("p1", DIRECT, media=media))
    assert [(one.kind, one.data) for one in feishu.shown] == [(kind, media.data)]


async def test_a_part_that_is_sent_again_is_no_second_message(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    await channel.probe()
    feishu.fail("im/v1/messages", 0, taken=True)
    part = OutboundMessage("p1", DIRECT, "once")
    with pytest.raises(SendFailed) as caught:
        await channel.send(part)
    assert caught.value.outcome == "ambiguous" and CHANNEL.capabilities.repeats_safely
    receipt = await channel.send(part)
    assert feishu.texts() == ["once"] and receipt.message_ids == (feishu.shown[0].id,)


@pytest.mark.parametrize(
    ("status", "code", "outcome", "after"),
    [
        (400, 99991400, "rate_limited", 9.0),
        (429, 1, "rate_limited", 9.0),
        (400, 230002, "refused", None),
        (400, 230025, "too_long", None),
        (400, 10014, "signed_out", None),
        (502, 0, "ambiguous", None),
    ],
)
async def test_what_becomes_of_a_part_that_is_not_taken(
    feishu: FeishuSimulator, channel: FeishuChannel, status: int, code: int, outcome: str, after: float | None
) -> None:
    more: Any = {"x_ogw_ratelimit_reset": "9"} if after else {}
    feishu.fail("im/v1/messages", status, code, "no", **more)
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p1", DIRECT, "x"))
    assert (caught.value.outcome, caught.value.retry_after) == (outcome, after)
    assert SECRET not in caught.value.message()


async def test_a_card_that_is_refused_goes_as_text(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    feishu.fail("im/v1/messages", 400, 230099, "Failed to create card content")
    await channel.send(OutboundMessage("p1", DIRECT, "```\nx\n```"))
    assert [(one.kind, one.text) for one in feishu.shown] == [("text", "```\nx\n```")]


async def test_what_nobody_has_seen_was_not_sent(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    feishu.fail("im/v1/images", 500)
    feishu.fail("cardkit/v1/cards", 500)
    for part in (
        OutboundMessage("p1", DIRECT, media=OutboundMedia("image", b"PNG", "image/png", "a.png")),
        OutboundMessage("p2", DIRECT, "x", role="preview"),
    ):
        with pytest.raises(SendFailed) as caught:
            await channel.send(part)
        assert caught.value.outcome == "not_sent"


async def test_a_token_that_died_is_made_anew(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    await channel.send(OutboundMessage("p1", DIRECT, "a"))
    feishu.tokens.clear()
    await channel.send(OutboundMessage("p2", DIRECT, "b"))
    assert (feishu.texts(), feishu.tokens_made) == (["a", "b"], 2)
    context.time.time += 7200 - 299
    await channel.send(OutboundMessage("p3", DIRECT, "c"))
    assert feishu.tokens_made == 3


async def test_a_wrong_secret_ends_it(feishu: FeishuSimulator, transport: HttpTransport) -> None:
    for values in ({"appSecret": "wrong-secret-x"}, {"appId": ""}):
        channel = opened(context_for(feishu, transport, **values))
        with pytest.raises(SignedOut) as caught:
            await channel.run()
        assert "wrong-secret-x" not in caught.value.message()
        with pytest.raises(SendFailed) as failed:
            await channel.send(OutboundMessage("p", DIRECT, "x"))
        assert failed.value.outcome == "signed_out"


async def test_it_connects_again_and_misses_nothing(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    async with running(channel):
        await feishu.until(lambda one: one.pings >= 1)
        feishu.hang_up()
        await feishu.until(lambda one: one.connections_made == 2)
        feishu.say("meanwhile")
        await context.until(lambda: len(context.events) == 1)
        feishu.fail("/callback/ws/endpoint", 500)
        feishu.hang_up()
        await feishu.until(lambda one: one.connections_made == 3)
    assert context.reasons


async def test_a_connection_that_answers_no_pings_is_dead(
    feishu: FeishuSimulator, channel: FeishuChannel, context: MemoryContext
) -> None:
    feishu.ping_seconds = 0.02
    feishu.answers_pings = False
    async with running(channel):
        await feishu.until(lambda one: one.connections_made >= 2)


async def test_typing_is_a_reaction(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    await channel.typing(DIRECT, True, {"message_id": "om_5"})
    await channel.typing(DIRECT, True, {"message_id": "om_5"})
    assert list(feishu.reactions.values()) == [("om_5", "Typing")]
    await channel.typing(DIRECT, False, {"message_id": "om_5"})
    assert feishu.reactions == {}
    await channel.react(DIRECT, "om_5", "👍")
    assert list(feishu.reactions.values()) == [("om_5", "THUMBSUP")]
    with pytest.raises(SendFailed):
        await channel.react(DIRECT, "om_5", "🦀")


async def test_any_call_can_be_made(feishu: FeishuSimulator, channel: FeishuChannel) -> None:
    assert (await channel.call("GET im/v1/chats", {}))["items"][0]["name"] == "The group"
    for action in ("im/v1/chats", "GET ../callback", "TRACE x"):
        with pytest.raises(SendFailed) as caught:
            await channel.call(action, {})
        assert caught.value.outcome == "unsupported"


# ---- posted events


def posted(body: bytes, **headers: str) -> PluginRequest:
    return PluginRequest(
        "POST", "", {}, {name.replace("_", "-"): value for name, value in headers.items()}, body, "127.0.0.1"
    )


async def status_of(channel: FeishuChannel, request: PluginRequest) -> int:
    answer = await channel.webhook(request)
    assert isinstance(answer, PluginAnswer)
    return answer.status


async def test_posted_events_want_their_signature(feishu: FeishuSimulator, transport: HttpTransport) -> None:
    context = context_for(
        feishu, transport, connectionMode="webhook", encryptKey="enc-key", verificationToken="verify-me"
    )
    channel = opened(context)
    event = feishu.event(
        "im.message.receive_v1",
        {
            "sender": {"sender_id": {"open_id": USER}, "sender_type": "user"},
            "message": {
                "message_id": "om_x",
                "chat_id": "c",
                "chat_type": "p2p",
                "message_type": "text",
                "content": '{"text":"hi"}',
            },
        },
    )
    body = encrypted(event, "enc-key")
    now = str(int(context.time.now()))

    def signed(data: bytes, stamp: str = now, key: str = "enc-key") -> PluginRequest:
        return posted(
            data,
            x_lark_request_timestamp=stamp,
            x_lark_request_nonce="n",
            x_lark_signature=signature(data, stamp, "n", key),
        )

    assert await status_of(channel, posted(body)) == 401
    assert await status_of(channel, signed(body, key="other")) == 401
    assert await status_of(channel, signed(body, str(int(now) - 3601))) == 401, "too old"
    forged = orjson.dumps({**event, "header": {**event["header"], "token": "guess"}})
    assert await status_of(channel, signed(forged)) == 401
    for nonsense in (b"", b"[]", b'{"encrypt": "AAAA"}', encrypted(event, "another key"), b'{"encrypt": 5}'):
        assert await status_of(channel, signed(nonsense)) in (400, 401)
    assert context.events == []
    assert await status_of(channel, signed(body)) == 200
    assert read(channel, context.events[0]).text == "hi"
    challenge = encrypted({"type": "url_verification", "token": "verify-me", "challenge": "c1"}, "enc-key")
    answer = await channel.webhook(posted(challenge))
    assert answer is not None and answer.body == b'{"challenge":"c1"}'
    wrong = encrypted({"type": "url_verification", "token": "guess", "challenge": "c1"}, "enc-key")
    assert await status_of(channel, posted(wrong)) == 401


async def test_without_a_secret_nothing_is_posted(feishu: FeishuSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(feishu, transport, connectionMode="webhook"))
    assert await channel.webhook(posted(b"{}")) is None
    with pytest.raises(GatewayError) as caught:
        await channel.run()
    assert caught.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize(("text", "same"), [("feishu:ou_1", "ou_1"), (" user:ou_1", "ou_1"), ("chat:oc_1", "oc_1")])
def test_ids_of_people_are_compared(text: str, same: str) -> None:
    assert CHANNEL.identity(text) == same
