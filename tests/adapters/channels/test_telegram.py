"""The channel to Telegram against a simulator of the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crawdad.adapters.channels.telegram import CHANNEL
from crawdad.adapters.channels.telegram.channel import TelegramChannel
from crawdad.adapters.channels.telegram.settings import TelegramSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import (
    Button,
    Chat,
    InboundMessage,
    OutboundMedia,
    OutboundMessage,
    PlatformRequest,
    SendFailed,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_http import PluginRequest
from tests.simulators.telegram import TOKEN, TelegramSimulator
from tests.support.channel_context import MemoryContext, running

CHAT = Chat("direct", "501")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


def context_for(telegram: TelegramSimulator, transport: HttpTransport, **settings: Any) -> MemoryContext:
    values = {"botToken": telegram.token, "apiRoot": telegram.url, "pollSeconds": 1, **settings}
    return MemoryContext(TelegramSettings.model_validate(values), transport, "telegram")


@pytest.fixture
def context(telegram: TelegramSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(telegram, transport)


@pytest.fixture
def channel(context: MemoryContext) -> TelegramChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, TelegramChannel)
    return channel


def read(channel: TelegramChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def test_what_people_write_is_kept_before_it_is_confirmed(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    context.refusals = 1
    first = telegram.say("hello")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
        telegram.say("again")
        await context.until(lambda: len(context.events) == 2)
        await telegram.until(lambda one: one.confirmed == 700000002)
    messages = [read(channel, event) for event in context.events]
    assert [(one.text, one.chat, one.sender.id, one.sender.aliases) for one in messages] == [
        ("hello", Chat("direct", "501", "Ann"), "501", ("@ann",)),
        ("again", Chat("direct", "501", "Ann"), "501", ("@ann",)),
    ]
    assert messages[0].message_id == str(first["message_id"]) and messages[0].event_id == "700000001"
    assert context.identities == ["@ClawBot", "@ClawBot"]  # once more after what could not be kept
    assert [str(reason) for reason in context.reasons] == ["cannot be kept now"]
    offsets = [params["offset"] for method, params in telegram.calls if method == "getUpdates"]
    assert offsets[:2] == [0, 0], "what was not kept is asked for again"


async def test_after_a_restart_it_goes_on_where_it_was(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    telegram.say("one")
    async with running(channel):
        await telegram.until(lambda one: one.confirmed == 700000001)
    telegram.say("two")
    async with running(CHANNEL.open(context)):
        await context.until(lambda: len(context.events) == 2)
    assert [read(channel, event).text for event in context.events] == ["one", "two"]


async def test_the_pictures_of_an_album_are_one_message(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    for number in range(3):
        photo = [{"file_id": telegram.upload(b"x" * number), "width": 10, "height": 10, "file_size": number}]
        caption: Any = {"caption": "look"} if number == 1 else {}
        telegram.say(photo=photo, media_group_id="g1", **caption)
    telegram.say("after")
    async with running(channel):
        await context.until(lambda: len(context.events) == 2)
    album, after = (read(channel, event) for event in context.events)
    assert (album.text, len(album.media), after.text) == ("look", 3, "after")


async def test_an_album_is_cut_at_the_same_place_after_a_crash(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    """The process ended between keeping and confirming; meanwhile more pictures came."""
    picture: Any = {"photo": [{"file_id": "f", "width": 1, "height": 1}], "media_group_id": "g1"}
    for _ in range(2):
        telegram.say(**picture)
    context.memory.values["reached"] = 700000002
    telegram.say(**picture)
    async with running(channel):
        await context.until(lambda: len(context.events) == 2)
    assert [len(read(channel, event).media) for event in context.events] == [2, 1]
    assert [read(channel, event).event_id for event in context.events] == ["700000001", "700000003"]


async def test_a_dead_token_ends_it(telegram: TelegramSimulator, transport: HttpTransport) -> None:
    for token in ("1:wrong", "nonsense"):
        channel = CHANNEL.open(context_for(telegram, transport, botToken=token))
        with pytest.raises(SignedOut) as caught:
            await channel.run()
        assert token not in caught.value.message("en") and "BotFather" in caught.value.message("en")
        with pytest.raises(SendFailed) as failed:
            await channel.send(OutboundMessage("p1", CHAT, "x"))
        assert failed.value.outcome == "signed_out"


async def test_a_second_receiver_and_a_flood_are_waited_out(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    telegram.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    telegram.fail("getUpdates", 429, "Too Many Requests: retry after 7", retry_after=7)
    telegram.fail("getUpdates", 502, "Bad Gateway")
    telegram.fail("getUpdates", 0)
    telegram.say("at last")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    # A connection that breaks while it is kept is opened anew without a word: news may be asked for twice.
    assert len(context.reasons) == 3
    assert 7.0 in context.time.slept


async def test_words_buttons_threads_and_quotations(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    telegram.say("hi")
    receipt = await channel.send(
        OutboundMessage(
            "p1",
            Chat("group", "-1001", thread="7"),
            "**Sure** <ok> & `a<b`",
            reply_to="101",
            buttons=(Button("Yes", "approve:1"), Button("No", "deny:1")),
            silent=True,
        )
    )
    (shown,) = telegram.shown(-1001)
    assert receipt.message_ids == (str(shown.id),)
    assert (shown.text, shown.markup) == ("Sure <ok> & a<b", "<b>Sure</b> &lt;ok&gt; &amp; <code>a&lt;b</code>")
    assert (shown.thread, shown.reply_to, shown.buttons, shown.silent) == (7, 101, ["approve:1", "deny:1"], True)
    telegram.press(shown.id, "approve:1", chat=-1001)
    async with running(channel):
        await context.until(lambda: len(context.events) == 2)
        await telegram.until(lambda one: one.answered_buttons == [f"q{shown.id}"])
    pressed = read(channel, context.events[1])
    assert (pressed.kind, pressed.button, pressed.message_id) == ("button", "approve:1", str(shown.id))


async def test_what_cannot_be_parsed_goes_as_plain_text(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    telegram.fail("sendMessage", 400, "Bad Request: can't parse entities: Unsupported start tag")
    await channel.send(OutboundMessage("p1", CHAT, "**x**"))
    assert telegram.texts() == ["**x**"]
    shown = telegram.shown()[0]
    telegram.fail("editMessageText", 400, "Bad Request: can't parse entities: Unsupported start tag")
    await channel.edit(CHAT, str(shown.id), "**y**", final=True)
    assert telegram.texts() == ["**y**"]


async def test_a_message_grows_by_edits(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    receipt = await channel.send(OutboundMessage("p1", CHAT, "On"))
    for text in ("On the", "On the", "On the way"):
        await channel.edit(CHAT, receipt.message_ids[0], text, final=text.endswith("way"))
    (shown,) = telegram.shown()
    assert (shown.text, shown.edits) == ("On the way", 2)
    await channel.react(CHAT, receipt.message_ids[0], "👍")
    await channel.react(CHAT, receipt.message_ids[0], "")
    await channel.typing(CHAT, True, {})
    await channel.typing(CHAT, False, {})
    assert telegram.reactions == [("501", shown.id, "👍"), ("501", shown.id, "")]
    assert telegram.actions == [("501", "typing")]
    await channel.delete(CHAT, receipt.message_ids[0])
    assert telegram.shown() == []
    with pytest.raises(SendFailed) as caught:
        await channel.edit(CHAT, receipt.message_ids[0], "late", final=True)
    assert caught.value.outcome == "refused"


@pytest.mark.parametrize(
    ("media", "caption", "seen"),
    [
        (OutboundMedia("image", PNG, "image/png", "a.png"), "A *picture*", "photo:a.png"),
        (OutboundMedia("image", b"GIF89a", "image/gif", "a.gif"), "", "animation:a.gif"),
        (OutboundMedia("image", b"<svg/>", "image/svg+xml", "a.svg"), "", "document:a.svg"),
        (OutboundMedia("image", b"not a picture", "image/png", "bad.png"), "", "document:bad.png"),
        (OutboundMedia("audio", b"OggS", "audio/ogg", "v.ogg", voice=True), "", "voice:v.ogg"),
        (OutboundMedia("audio", b"ID3", "audio/mpeg", "m.mp3"), "", "audio:m.mp3"),
        (OutboundMedia("video", b"ftyp", "video/mp4", "v.mp4"), "", "video:v.mp4"),
        (OutboundMedia("document", b"%PDF", "application/pdf", '报告"\r\n.pdf'), "", "document:报告%22%0D%0A.pdf"),
    ],
)
async def test_files_go_as_what_they_are(
    telegram: TelegramSimulator, channel: TelegramChannel, media: OutboundMedia, caption: str, seen: str
) -> None:
    await channel.send(OutboundMessage("p1", CHAT, caption, media=media))
    (shown,) = telegram.shown()
    assert (shown.media, shown.data, shown.text) == (seen, media.data, caption.replace("*", ""))


@pytest.mark.parametrize(
    ("status", "words", "more", "outcome"),
    [
        (429, "Too Many Requests: retry after 11", {"retry_after": 11}, "rate_limited"),
        (403, "Forbidden: bot was blocked by the user", {}, "refused"),
        (400, "Bad Request: chat not found", {}, "refused"),
        (400, "Bad Request: message is too long", {}, "too_long"),
        (401, "Unauthorized", {}, "signed_out"),
        (502, "Bad Gateway", {}, "ambiguous"),
        (0, "", {}, "ambiguous"),
    ],
)
async def test_what_becomes_of_a_part_that_is_not_taken(
    telegram: TelegramSimulator, channel: TelegramChannel, status: int, words: str, more: dict[str, Any], outcome: str
) -> None:
    await channel.probe()  # there is a kept connection now: a part must not be sent again because it breaks
    telegram.fail("sendMessage", status, words, taken=status == 0, **more)
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p1", CHAT, "x"))
    assert caught.value.outcome == outcome
    assert caught.value.retry_after == more.get("retry_after")
    assert caught.value.limit == (4096 if outcome == "too_long" else None)
    assert telegram.token not in caught.value.message()
    assert telegram.texts() == (["x"] if status == 0 else [])


async def test_where_nobody_listens_nothing_was_sent(telegram: TelegramSimulator, transport: HttpTransport) -> None:
    channel = CHANNEL.open(context_for(telegram, transport, apiRoot="http://127.0.0.1:9"))
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p1", CHAT, "x"))
    assert caught.value.outcome == "not_sent"
    bad = CHANNEL.open(context_for(telegram, transport, apiRoot="not an address"))
    with pytest.raises(SendFailed) as caught:
        await bad.send(OutboundMessage("p1", CHAT, "x"))
    assert TOKEN not in str(caught.value) and TOKEN.partition(":")[2] not in caught.value.message()


async def test_a_group_that_moved_is_followed_for_good(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    telegram.move_group(-77, -10077)
    await channel.send(OutboundMessage("p1", Chat("group", "-77"), "x"))
    await CHANNEL.open(context).send(OutboundMessage("p2", Chat("group", "-77"), "y"))
    assert telegram.texts(-10077) == ["x", "y"]
    assert [params["chat_id"] for method, params in telegram.calls if method == "sendMessage"] == [
        "-77",
        "-10077",
        "-10077",
    ]


async def test_files_are_fetched_within_limits(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    telegram.say(
        document={
            "file_id": telegram.upload(b"d" * 5000),
            "file_name": "d.bin",
            "mime_type": "text/plain",
            "file_size": 5000,
        }
    )
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    (media,) = read(channel, context.events[0]).media
    assert (media.kind, media.name, media.media_type, media.size) == ("document", "d.bin", "text/plain", 5000)
    assert b"".join([chunk async for chunk in channel.fetch(media, 5000)]) == b"d" * 5000
    with pytest.raises(GatewayError) as caught:
        [chunk async for chunk in channel.fetch(media, 4999)]
    assert caught.value.kind is ErrorKind.TOO_LARGE
    telegram.files.clear()
    with pytest.raises(GatewayError) as caught:
        [chunk async for chunk in channel.fetch(media, 5000)]
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_requests_to_join_are_answered_once(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    chat = {"id": -5, "type": "supergroup", "title": "G"}
    telegram.update(
        chat_join_request={
            "chat": chat,
            "from": {"id": 9, "is_bot": False, "first_name": "Bo"},
            "date": 1,
            "user_chat_id": 9,
            "bio": "hi",
        }
    )
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    request = read(channel, context.events[0]).request
    assert request == PlatformRequest("group_join", "-5:9", "hi", "-5")
    await channel.answer_request(request, True)
    assert telegram.decided == [("-5", 9, True)]
    with pytest.raises(GatewayError) as caught:
        await channel.answer_request(request, False)
    assert caught.value.kind is ErrorKind.NOT_FOUND


def call(body: bytes, secret: str | None, method: str = "POST") -> PluginRequest:
    headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
    return PluginRequest(method, "", {}, headers, body, "127.0.0.1")


async def test_a_webhook_wants_its_secret(telegram: TelegramSimulator, transport: HttpTransport) -> None:
    context = context_for(
        telegram, transport, webhookUrl="https://claw.example/channels/telegram/default", webhookSecret="s3cret"
    )
    channel = CHANNEL.open(context)
    body = b'{"update_id": 5, "message": {"message_id": 1, "date": 2, "chat": {"id": 3, "type": "private"}, "from": {"id": 3, "is_bot": false, "first_name": "A"}, "text": "x"}}'
    for secret in (None, "", "S3cret", "s3cret ", "ſ3cret"):
        answer = await channel.webhook(call(body, secret))
        assert answer is not None and answer.status == 401
    assert context.events == []
    for nonsense in (b"", b"[]", b"{", b'{"update_id": "5"}'):
        answer = await channel.webhook(call(nonsense, "s3cret"))
        assert answer is not None and answer.status == 400
    answer = await channel.webhook(call(body, "s3cret"))
    assert answer is not None and answer.status == 200
    message = channel.read(context.events[0])
    assert message is not None and message.text == "x"
    assert await channel.webhook(call(body, "s3cret", "GET")) is None
    async with running(channel):
        await telegram.until(lambda one: one.webhook["secret_token"] == "s3cret")
    without = CHANNEL.open(context_for(telegram, transport))
    assert await without.webhook(call(body, "")) is None
    unsafe = CHANNEL.open(context_for(telegram, transport, webhookUrl="https://claw.example/x"))
    assert await unsafe.webhook(call(body, "")) is None, "no secret, no webhook"
    with pytest.raises(GatewayError) as caught:
        await unsafe.run()
    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_the_token_may_stand_in_a_file(
    telegram: TelegramSimulator, transport: HttpTransport, tmp_path: Any
) -> None:
    place = tmp_path / "token"
    place.write_text(f"{telegram.token}\n")
    channel = CHANNEL.open(context_for(telegram, transport, botToken=None, tokenFile=str(place)))
    assert (await channel.probe())["username"] == "ClawBot"
    missing = CHANNEL.open(context_for(telegram, transport, botToken=None, tokenFile=str(tmp_path / "none")))
    with pytest.raises(GatewayError) as caught:
        await missing.run()
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    with pytest.raises(SendFailed) as failed:
        await missing.send(OutboundMessage("p1", CHAT, "x"))
    assert failed.value.outcome == "not_sent"


async def test_any_method_can_be_called(telegram: TelegramSimulator, channel: TelegramChannel) -> None:
    assert (await channel.call("getMe", {}))["id"] == 110201543
    for name in ("../getMe", "", "get Me"):
        with pytest.raises(SendFailed):
            await channel.call(name, {})


@pytest.mark.parametrize(
    ("text", "same"), [("telegram:123", "123"), (" TG:@Ann ", "@ann"), ("@Ann", "@ann"), ("-100", "-100")]
)
def test_ids_of_people_are_compared(text: str, same: str) -> None:
    assert CHANNEL.identity(text) == same


async def test_a_part_whose_chat_cannot_be_looked_up_has_not_left(
    telegram: TelegramSimulator, channel: TelegramChannel, context: MemoryContext
) -> None:
    async def broken(name: str) -> Any:
        raise GatewayError(ErrorKind.UNAVAILABLE, "no database", {"code": "database"})

    context.memory.get = broken  # type: ignore[method-assign]
    with pytest.raises(SendFailed) as failed:
        await channel.send(OutboundMessage("p1", CHAT, "x"))
    assert failed.value.outcome == "not_sent"
