"""The channel to WeChat against a simulator of iLink."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from crawdad.adapters.channels.weixin import CHANNEL
from crawdad.adapters.channels.weixin.channel import WeixinChannel
from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, InboundMessage, OutboundMedia, OutboundMessage, SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from tests.simulators.weixin import BOT, TOKEN, USER, WeixinSimulator
from tests.support.channel_context import MemoryContext, running

CHAT = Chat("direct", USER)


@pytest.fixture
def wechat() -> Iterator[WeixinSimulator]:
    with WeixinSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests", lambda: True) as transport:
        yield transport


class Chance:
    """Numbers that are new each time."""

    def __init__(self) -> None:
        self._count = 0

    def uniform(self) -> float:
        self._count += 1
        return (self._count * 0.618) % 1

    def new_id(self) -> str:
        self._count += 1
        return f"id{self._count}"

    def new_token(self) -> str:
        self._count += 1
        return f"token-{self._count}"


def context_for(wechat: WeixinSimulator, transport: HttpTransport, *, signed_in: bool = True) -> MemoryContext:
    settings = WeixinSettings(base_url=wechat.url, cdn_base_url=f"{wechat.url}/c2c")
    context = MemoryContext(settings, transport, "openclaw-weixin")
    context.randomness = Chance()
    if signed_in:
        context.memory.values |= {"token": TOKEN, "bot": BOT, "base_url": wechat.url}
    return context


@pytest.fixture
def context(wechat: WeixinSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(wechat, transport)


def opened(context: MemoryContext) -> WeixinChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, WeixinChannel)
    return channel


@pytest.fixture
def channel(context: MemoryContext) -> WeixinChannel:
    return opened(context)


def read(channel: WeixinChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


def part(wechat: WeixinSimulator, text: str = "", identity: str = "p1", **more: Any) -> OutboundMessage:
    """A part that answers the newest message."""
    return OutboundMessage(identity, CHAT, text, reply_context={"context_token": wechat.context_of()}, **more)


async def test_what_people_write_is_kept_before_the_cursor_moves(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    context.refusals = 1
    first = wechat.say("hello")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
        wechat.say("again")
        await context.until(lambda: len(context.events) == 2)
        await wechat.until(lambda one: one.polls[-1] == "Mg==")
    messages = [read(channel, event) for event in context.events]
    assert [one.text for one in messages] == ["hello", "again"]
    assert messages[0].event_id == str(first["message_id"]) and int(messages[0].event_id) > 2**53
    assert (messages[0].chat, messages[0].sender.id) == (CHAT, USER)
    assert messages[0].reply_context == {"context_token": first["context_token"]}
    assert wechat.polls[:2] == ["", ""], "what was not kept is asked for again"
    assert wechat.notices == ["start", "stop"]
    async with running(opened(context)):
        wechat.say("after a restart")
        await context.until(lambda: len(context.events) == 3)


async def test_all_items_of_a_message_are_taken(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.say(
        "look",
        wechat.put_file(b"p" * 33),
        wechat.put_file(b"v", kind=3, key_as="raw", encode_type=6, text="what was said", playtime=1000),
        wechat.put_file(b"f" * 16, kind=4, key_as="hex64", file_name="报告.pdf", len="16"),
        wechat.put_file(b"m", kind=5, key_as="hex64"),
        "and this",
    )
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    message = read(channel, context.events[0])
    assert message.text == "look\nand this"
    assert [(one.kind, one.media_type, one.name, one.size, one.transcript) for one in message.media] == [
        ("image", "image/jpeg", "image.jpg", None, ""),
        ("audio", "audio/silk", "voice.silk", None, "what was said"),
        ("document", "application/octet-stream", "报告.pdf", 16, ""),
        ("video", "video/mp4", "video.mp4", None, ""),
    ]
    assert [b"".join([chunk async for chunk in channel.fetch(one, 100)]) for one in message.media] == [
        b"p" * 33,
        b"v",
        b"f" * 16,
        b"m",
    ]
    with pytest.raises(GatewayError) as caught:
        [chunk async for chunk in channel.fetch(message.media[0], 32)]
    assert caught.value.kind is ErrorKind.TOO_LARGE


async def test_pictures_without_a_key_and_addresses_that_are_gone(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.say(
        wechat.put_file(b"plain", key_as="none"),
        wechat.put_file(b"moved", with_url=True),
        wechat.put_file(b"", kind=4, key_as="none"),
    )
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    plain, moved, keyless = read(channel, context.events[0]).media
    for one, data in ((plain, b"plain"), (moved, b"moved")):
        assert b"".join([chunk async for chunk in channel.fetch(one, 100)]) == data
    with pytest.raises(GatewayError) as caught:
        [chunk async for chunk in channel.fetch(keyless, 100)]
    assert caught.value.kind is ErrorKind.UPSTREAM_BROKEN


async def test_quotations(wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext) -> None:
    by_id = {"type": 1, "text_item": {"text": "a"}, "ref_msg": {"svr_id": 2**60}}
    whole = {
        "type": 1,
        "text_item": {"text": "b"},
        "ref_msg": {"message_item": {"type": 1, "text_item": {"text": "said before"}, "msg_id": "7"}},
    }
    wechat.say(by_id)
    wechat.say(whole)
    wechat.say("from the bot", message_type=2)
    async with running(channel):
        await context.until(lambda: len(context.events) == 3)
    first, second = (read(channel, event).quoted for event in context.events[:2])
    assert first is not None and second is not None
    assert (first.id, second.id, second.text) == (str(2**60), "7", "said before")
    assert channel.read(context.events[2]) is None


async def test_words_go_out_one_item_a_message(wechat: WeixinSimulator, channel: WeixinChannel) -> None:
    wechat.say("hi")
    receipt = await channel.send(part(wechat, "a < b `a<b` **c**", "p9"))
    (shown,) = wechat.shown
    assert (shown.text, shown.client_id) == ("a ＜ b `a<b` **c**", "crawdad:p9")
    assert int(receipt.message_ids[0]) > 2**53
    wechat.empty_success = True
    assert (await channel.send(part(wechat, "x"))).message_ids == ()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("media", "seen"),
    [
        (OutboundMedia("image", b"i" * 32, "image/png", "a.png"), "<image:>"),
        (OutboundMedia("video", b"v" * 31, "video/mp4", "a.mp4"), "<video:>"),
        (OutboundMedia("document", b"d" * 1, "application/pdf", "报告.pdf"), "<file:报告.pdf>"),
        (OutboundMedia("audio", b"a" * 5, "audio/mpeg", "a.mp3", voice=True), "<file:a.mp3>"),
    ],
)
async def test_files_go_by_the_cdn(
    wechat: WeixinSimulator, channel: WeixinChannel, media: OutboundMedia, seen: str, full: bool
) -> None:
    wechat.full_urls = full
    wechat.say("hi")
    await channel.send(part(wechat, media=media))
    assert wechat.texts() == [seen] and wechat.shown[0].data == media.data


async def test_uploads_are_tried_again_unless_refused(wechat: WeixinSimulator, channel: WeixinChannel) -> None:
    wechat.say("hi")
    picture = OutboundMedia("image", b"i", "image/png", "a.png")
    wechat.fail("upload", 500)
    wechat.fail("upload", 200)  # without the header that names the file
    await channel.send(part(wechat, media=picture))
    assert wechat.texts() == ["<image:>"]
    wechat.fail("upload", 403, b"", x_error_message="quota")
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, media=picture))
    assert (caught.value.outcome, caught.value.message()) == ("refused", "quota")
    for _ in range(3):
        wechat.fail("upload", 500)
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, media=picture))
    assert caught.value.outcome == "not_sent"
    wechat.fail("getuploadurl", 500)
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, media=picture))
    assert caught.value.outcome == "not_sent" and len(wechat.shown) == 1


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"ret": -2}, "needs_inbound"),
        (200, {"errcode": -2, "errmsg": "prepare failed"}, "needs_inbound"),
        (200, {"ret": 0, "errcode": -14, "errmsg": "session timeout"}, "signed_out"),
        (200, {"ret": -1, "errmsg": "what"}, "refused"),
        (400, b"", "refused"),
        (429, b"", "rate_limited"),
        (500, b"oops", "ambiguous"),
        (200, b"<html>", "ambiguous"),
        (0, b"", "ambiguous"),
    ],
)
async def test_what_becomes_of_a_part_that_is_not_taken(
    wechat: WeixinSimulator, channel: WeixinChannel, status: int, body: Any, outcome: str
) -> None:
    await channel.probe()
    wechat.say("hi")
    wechat.fail("sendmessage", status, body, taken=status == 0)
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, "x"))
    assert caught.value.outcome == outcome and TOKEN not in caught.value.message()
    assert wechat.texts() == (["x"] if status == 0 else [])


async def test_the_service_lets_a_bot_say_ten_things(wechat: WeixinSimulator, channel: WeixinChannel) -> None:
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p", CHAT, "nobody has written yet"))
    assert caught.value.outcome == "needs_inbound"
    wechat.say("hi")
    for number in range(10):
        await channel.send(part(wechat, str(number)))
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, "11"))
    assert caught.value.outcome == "needs_inbound"
    wechat.say("go on")
    await channel.send(part(wechat, "11"))
    assert wechat.texts()[-1] == "11" and CHANNEL.capabilities.quota.messages == 10


async def test_nobody_listens(wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext) -> None:
    context.memory.values["base_url"] = "http://127.0.0.1:9"
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p", CHAT, "x", reply_context={"context_token": "c"}))
    assert caught.value.outcome == "not_sent"


async def test_typing_takes_a_ticket_that_lasts_a_day(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.say("hi")
    await channel.typing(CHAT, True, {"context_token": "c"})
    await channel.typing(CHAT, False, {"context_token": "c"})
    assert wechat.typing == [(USER, 1), (USER, 2)]
    asked = [one.path for one in wechat.journal].count("/ilink/bot/getconfig")
    context.time.time += 24 * 3600
    await channel.typing(CHAT, True, {"context_token": "c"})
    assert (asked, [one.path for one in wechat.journal].count("/ilink/bot/getconfig")) == (1, 2)


async def test_faults_are_waited_out(wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext) -> None:
    wechat.fail("getupdates", 500)
    wechat.fail("getupdates", 200, b"{broken")
    wechat.fail("getupdates", 200, {"ret": -1, "errmsg": "busy"})
    wechat.say("at last")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    assert len(context.reasons) == 3 and context.time.slept == [2.0, 4.0, 8.0]


async def test_a_session_may_come_back_once(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.fail("getupdates", 200, {"errcode": -14, "errmsg": "session timeout"})
    wechat.say("hi")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    assert wechat.notices == ["start", "start", "stop"]


async def test_a_dead_session_ends_it(
    wechat: WeixinSimulator, context: MemoryContext, transport: HttpTransport
) -> None:
    wechat.tokens = {"another"}
    with pytest.raises(SignedOut):
        await opened(context).run()
    polls = len([one for one in wechat.journal if one.path.endswith("/getupdates")])
    assert polls == 2 and context.heard_count == 0
    with pytest.raises(SignedOut):
        await opened(context_for(wechat, transport, signed_in=False)).run()


# ---- signing in


async def test_signing_in_by_qr_code(wechat: WeixinSimulator, transport: HttpTransport) -> None:
    context = context_for(wechat, transport, signed_in=False)
    channel = opened(context)
    step = await channel.sign_in()
    assert (step.state, step.qr) == ("qr", "https://liteapp.weixin.qq.com/q/1")
    wechat.sign_in.extend([{"status": "wait"}, {"status": "scaned"}])
    assert (await channel.sign_in_poll()).state == "scanned"
    wechat.sign_in.append({"status": "need_verifycode"})
    assert (await channel.sign_in_poll()).state == "need_code"
    wechat.sign_in.append({"status": "need_verifycode"})
    assert (await channel.sign_in_poll("11 ")).state == "need_code"
    wechat.sign_in.append({"status": "expired"})
    step = await channel.sign_in_poll("22")
    assert (step.state, step.qr, wechat.verified) == ("qr", "https://liteapp.weixin.qq.com/q/2", ["11", "22"])
    confirmed = {
        "status": "confirmed",
        "bot_token": "new-token",
        "ilink_bot_id": "bot2@im.bot",
        "baseurl": wechat.url,
        "ilink_user_id": USER,
    }
    wechat.sign_in.append(confirmed)
    step = await channel.sign_in_poll()
    assert (step.state, step.identity, step.owner) == ("connected", "bot2@im.bot", USER)
    assert context.memory.values == {"token": "new-token", "bot": "bot2@im.bot", "base_url": wechat.url, "owner": USER}
    assert set(wechat.asked_codes) == {"QR 1", "QR 2"}
    wechat.say("hi")
    async with running(channel):
        await context.until(lambda: len(context.events) == 1)
    assert (await channel.sign_in()).state == "already"
    await channel.sign_out()
    assert "token" not in context.memory.values and wechat.notices[-1] == "stop"
    with pytest.raises(SendFailed) as caught:
        await channel.send(part(wechat, "x"))
    assert caught.value.outcome == "signed_out"


async def test_a_sign_out_right_after_a_start_has_the_last_word(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.start_seconds = 0.3
    with pytest.raises(SignedOut):
        async with running(channel) as task:
            await wechat.until(lambda it: it.starting == 1)
            await channel.sign_out()
            await task
    assert wechat.notices == ["start", "stop"], "the service does not go on believing that somebody listens"
    assert context.memory.values == {}


async def test_a_start_that_is_cancelled_is_taken_back(wechat: WeixinSimulator, channel: WeixinChannel) -> None:
    wechat.start_seconds = 0.3
    async with running(channel):
        await wechat.until(lambda it: it.starting == 1)
    await wechat.until(lambda it: it.notices[-1:] == ["stop"])


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([{"status": "binded_redirect"}], "already"),
        ([{"status": "denied"}], "denied"),
        ([{"status": "confirmed", "bot_token": "t"}], "failed"),
    ],
)
async def test_other_ends_of_a_sign_in(
    wechat: WeixinSimulator, transport: HttpTransport, answers: list[Any], state: str
) -> None:
    context = context_for(wechat, transport, signed_in=False)
    channel = opened(context)
    await channel.sign_in()
    wechat.sign_in.extend(answers)
    assert (await channel.sign_in_poll()).state == state
    assert "token" not in context.memory.values
    assert (await channel.sign_in_poll()).state == "expired", "it is over"


async def test_there_are_three_codes_at_most(wechat: WeixinSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(wechat, transport, signed_in=False))
    await channel.sign_in()
    wechat.sign_in.extend([{"status": "verify_code_blocked"}, {"status": "expired"}, {"status": "expired"}])
    assert [(await channel.sign_in_poll()).state for _ in range(3)] == ["qr", "qr", "expired"]
    assert wechat.codes == 3


async def test_a_redirect_holds_for_its_code(wechat: WeixinSimulator, transport: HttpTransport) -> None:
    with WeixinSimulator() as elsewhere:
        channel = opened(context_for(wechat, transport, signed_in=False))
        await channel.sign_in()
        wechat.sign_in.append({"status": "scaned_but_redirect", "redirect_host": elsewhere.url.removeprefix("http://")})
        elsewhere.sign_in.append({"status": "expired"})
        assert (await channel.sign_in_poll()).state == "qr"
        assert elsewhere.asked_codes == ["QR 1"] and (wechat.codes, elsewhere.codes) == (2, 0)


async def test_errors_while_polling_are_waits(wechat: WeixinSimulator, transport: HttpTransport) -> None:
    channel = opened(context_for(wechat, transport, signed_in=False))
    await channel.sign_in()
    wechat.fail("get_qrcode_status", 502, b"<html>")
    wechat.fail("get_qrcode_status", 0)
    wechat.sign_in.append({"status": "scaned"})
    assert (await channel.sign_in_poll()).state == "scanned"


async def test_tokens_that_are_long_dead_are_left_out(wechat: WeixinSimulator, context: MemoryContext) -> None:
    wechat.stale_tokens_refused = True
    step = await opened(context).sign_in(force=True)
    assert step.state == "qr"
    asked = [one.json["local_token_list"] for one in wechat.journal if "get_bot_qrcode" in one.path]
    assert asked == [[TOKEN], []]


async def test_secrets_are_in_no_address(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    wechat.say("hi")
    await channel.send(part(wechat, "x"))
    await channel.sign_in(force=True)
    assert all(TOKEN not in f"{one.path} {one.query}" for one in wechat.journal)


@pytest.mark.parametrize(
    ("text", "same"),
    [("weixin:u@im.wechat", "u@im.wechat"), (" openclaw-weixin:x", "x"), ("u@im.wechat", "u@im.wechat")],
)
def test_ids_of_people_are_compared(text: str, same: str) -> None:
    assert CHANNEL.identity(text) == same


async def test_a_part_whose_account_cannot_be_looked_up_has_not_left(
    wechat: WeixinSimulator, channel: WeixinChannel, context: MemoryContext
) -> None:
    async def broken(name: str) -> Any:
        raise GatewayError(ErrorKind.UNAVAILABLE, "no database", {"code": "database"})

    context.memory.get = broken  # type: ignore[method-assign]
    with pytest.raises(SendFailed) as failed:
        await channel.send(OutboundMessage("p", CHAT, "x", reply_context={"context_token": "c"}))
    assert failed.value.outcome == "not_sent"
