"""The channel to QQ against a simulator of OneBot 11."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from crawdad.adapters.channels.onebot import CHANNEL
from crawdad.adapters.channels.onebot.channel import OneBotChannel
from crawdad.adapters.channels.onebot.settings import OneBotSettings
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
from crawdad.core.plugin_http import PluginRequest
from tests.simulators.napcat_web import NapcatWebSimulator
from tests.simulators.onebot import SELF_ID, OneBotHttp, OneBotSimulator
from tests.support.channel_context import MemoryContext, running
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

FRIEND = Chat("direct", "501")
GROUP = Chat("group", "900")


@pytest.fixture
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as simulator:
        yield simulator


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests", lambda: True) as transport:
        yield transport


def context_for(transport: HttpTransport, **settings: Any) -> MemoryContext:
    return MemoryContext(OneBotSettings.model_validate(settings), transport, "qq")


def opened(context: MemoryContext) -> OneBotChannel:
    channel = CHANNEL.open(context)
    assert isinstance(channel, OneBotChannel)
    return channel


@pytest.fixture
def context(qq: OneBotSimulator, transport: HttpTransport) -> MemoryContext:
    return context_for(transport, wsUrl=qq.url, accessToken=qq.token)


@pytest.fixture
def channel(context: MemoryContext) -> OneBotChannel:
    return opened(context)


@asynccontextmanager
async def connected(channel: OneBotChannel, context: MemoryContext) -> AsyncIterator[None]:
    async with running(channel):
        await until_recognised(context)
        yield


async def until_recognised(context: MemoryContext, times: int = 1) -> None:
    await context.until(lambda: len(context.identities) >= times)


def read(channel: OneBotChannel, event: Any) -> InboundMessage:
    message = channel.read(event)
    assert message is not None
    return message


async def test_what_people_write_comes_in_order(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    async with connected(channel, context):
        for number in range(500):
            qq.say(f"m{number}", group=900)
        await context.until(lambda: len(context.events) == 500)
    messages = [read(channel, event) for event in context.events]
    assert [one.text for one in messages] == [f"m{number}" for number in range(500)]
    assert len({one.event_id for one in messages}) == 500
    assert messages[0].chat == Chat("group", "900", "The group") and messages[0].sender.id == "501"
    assert context.identities == ["Claw 10001"]


async def test_what_cannot_be_kept_is_tried_again(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    """The QQ side tells an event once only."""
    context.refusals = 5
    async with connected(channel, context):
        qq.say("one")
        qq.say("two")
        await context.until(lambda: len(context.events) == 2)
    assert [read(channel, event).text for event in context.events] == ["one", "two"]


async def test_quotations_and_forwarded_messages_are_looked_up(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    qq.account.forwards["fw1"] = [
        {"sender": {"nickname": "Li"}, "message": [{"type": "text", "data": {"text": "first"}}]},
        {"type": "node", "data": {"nickname": "Wu", "content": "second"}},
    ]
    async with connected(channel, context):
        first = qq.say("what I said", sender=502, name="Bo")
        qq.say({"type": "reply", "data": {"id": str(first["message_id"])}}, "yes")
        own = (await channel.send(OutboundMessage("p", GROUP, "my words"))).message_ids[0]
        qq.say({"type": "reply", "data": {"id": own}}, "and?", group=900)
        qq.say({"type": "reply", "data": {"id": "999999"}}, "gone")
        qq.say({"type": "forward", "data": {"id": "fw1"}})
        await context.until(lambda: len(context.events) == 5)
    _, quoting, answering, gone, forwarded = (read(channel, event) for event in context.events)
    assert quoting.quoted is not None and quoting.quoted.sender is not None
    assert (quoting.quoted.text, quoting.quoted.sender.id, quoting.quoted.by_bot) == ("what I said", "502", False)
    assert answering.quoted is not None and (answering.quoted.text, answering.quoted.by_bot) == ("my words", True)
    assert (answering.mentions.bot, answering.mentions.way) == (True, "reply")
    assert gone.quoted is not None and (gone.quoted.id, gone.quoted.text) == ("999999", "")
    assert forwarded.text == "> Li: first\n> Wu: second"


async def test_a_wrong_token_is_told_after_the_upgrade(qq: OneBotSimulator, transport: HttpTransport) -> None:
    context = context_for(transport, wsUrl=qq.url, accessToken="wrong-token-x")
    with pytest.raises(SignedOut) as caught:
        await opened(context).run()
    assert "token验证失败" in caught.value.message() and "wrong-token-x" not in caught.value.message()
    assert context.identities == []


async def test_a_wrong_token_is_told_before_the_upgrade(transport: HttpTransport) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(403, "no")

    async def never(connection: ServerConnection) -> None:
        raise AssertionError

    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SignedOut):
            await opened(context_for(transport, wsUrl=f"ws://127.0.0.1:{port}", accessToken="x")).run()


async def test_it_connects_again(qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext) -> None:
    async with connected(channel, context):
        await asyncio.to_thread(qq.restart)
        await until_recognised(context, 2)
        qq.say("after")
        await context.until(lambda: len(context.events) == 1)
    assert context.reasons and context.time.slept[0] == 1.0


async def test_nobody_listens_yet(qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext) -> None:
    await asyncio.to_thread(qq.stop_listening)
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p1", FRIEND, "x"))
    assert caught.value.outcome == "not_sent"
    async with running(channel):
        await context.until(lambda: len(context.time.slept) >= 7)
        assert context.time.slept[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
        await asyncio.to_thread(qq.restart)
        await until_recognised(context)


async def test_a_link_without_heartbeats_is_dead(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    async with connected(channel, context):
        before = context.heard_count
        qq.beat(interval=20)
        await until_recognised(context, 2)
    assert context.heard_count > before
    assert any(getattr(reason, "key", "") == "onebot.silent" for reason in context.reasons)


async def test_when_qq_itself_is_offline_nothing_is_sent(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    async with connected(channel, context):
        qq.notice("bot_offline", user_id=SELF_ID, tag="t", message="kicked")
        await context.until(lambda: len(context.events) == 1)
        assert [getattr(reason, "key", "") for reason in context.reasons] == ["onebot.qq_offline"]
        with pytest.raises(SendFailed) as caught:
            await channel.send(OutboundMessage("p1", FRIEND, "x"))
        assert caught.value.outcome == "not_sent" and qq.account.shown == []
        heard = context.heard_count
        qq.beat()
        qq.say("hi")
        await context.until(lambda: len(context.events) == 2)
        assert context.heard_count > heard
        await channel.send(OutboundMessage("p1", FRIEND, "x"))
    assert qq.texts() == ["x"]


async def test_parts_go_out(qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext) -> None:
    async with connected(channel, context):
        receipt = await channel.send(
            OutboundMessage("p1", GROUP, "你好 [CQ:at,qq=all] & co", reply_to="77", mention="501")
        )
        await channel.send(OutboundMessage("p2", FRIEND, "hi", reply_context={"group_id": "900"}))
        await channel.delete(GROUP, receipt.message_ids[0])
        await channel.react(GROUP, "77", "👍")
        await channel.typing(FRIEND, True, {})
        await channel.typing(GROUP, True, {})
        await channel.typing(FRIEND, False, {})
    (shown,) = qq.shown(900)
    assert [one["type"] for one in shown.segments] == ["reply", "at", "text"]
    assert shown.segments[-1]["data"]["text"] == " 你好 [CQ:at,qq=all] & co", "what looks like a code stays text"
    assert receipt.message_ids == (str(shown.id),)
    assert qq.account.calls[2] == (
        "send_private_msg",
        {"user_id": 501, "group_id": 900, "message": [{"type": "text", "data": {"text": "hi"}}]},
    )
    assert (qq.account.recalled, qq.account.reactions, qq.account.typing) == ([shown.id], [(77, "128077")], [501])


@pytest.mark.parametrize(
    ("media", "chat", "segment"),
    [
        (OutboundMedia("image", b"PNG", "image/png", "a.png"), GROUP, "image"),
        (OutboundMedia("audio", b"AMR", "audio/amr", "v.amr", voice=True), FRIEND, "record"),
        (OutboundMedia("audio", b"MP3", "audio/mpeg", "m.mp3"), FRIEND, ""),
        (OutboundMedia("video", b"MP4", "video/mp4", "v.mp4"), FRIEND, "video"),
        (OutboundMedia("document", b"PDF", "application/pdf", "报告.pdf"), GROUP, ""),
        (OutboundMedia("document", b"PDF", "application/pdf", "b.pdf"), FRIEND, ""),
    ],
)
async def test_files_go_out_as_bytes(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext, media: OutboundMedia, chat: Chat, segment: str
) -> None:
    async with connected(channel, context):
        await channel.send(OutboundMessage("p1", chat, media=media))
    (shown,) = qq.shown(chat.id)
    assert (shown.data, shown.name) == (media.data, media.name)
    assert [one["type"] for one in shown.segments] == ([segment] if segment else [])


@pytest.mark.parametrize(
    ("retcode", "words", "outcome"),
    [
        (1200, "发送失败: 被禁言", "refused"),
        (1200, "Error: Timeout: NTEvent ...", "ambiguous"),
        (1200, "EventChecker Failed: ...", "ambiguous"),
        (1400, "bad", "refused"),
        (1403, "token验证失败", "signed_out"),
        (1404, "不支持的Api", "unsupported"),
    ],
)
async def test_what_becomes_of_a_part_that_is_not_taken(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext, retcode: int, words: str, outcome: str
) -> None:
    async with connected(channel, context):
        qq.fail("send_private_msg", retcode, words)
        with pytest.raises(SendFailed) as caught:
            await channel.send(OutboundMessage("p1", FRIEND, "x"))
    assert (caught.value.outcome, caught.value.message()) == (outcome, words)


@pytest.mark.parametrize("cut", [True, False])
async def test_no_answer_says_nothing_of_the_message(qq: OneBotSimulator, transport: HttpTransport, cut: bool) -> None:
    context = context_for(transport, wsUrl=qq.url, accessToken=qq.token, callSeconds=10 if cut else 0.05)
    channel = opened(context)
    async with connected(channel, context):
        qq.fail("send_private_msg", taken=True, cut=cut)
        with pytest.raises(SendFailed) as caught:
            await channel.send(OutboundMessage("p1", FRIEND, "x"))
    assert caught.value.outcome == "ambiguous" and qq.texts() == ["x"]


async def test_requests_are_answered_once(qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext) -> None:
    async with connected(channel, context):
        for kind, flag in (("friend", "1"), ("add", "2"), ("invite", "3")):
            qq.ask(kind, flag)
        await context.until(lambda: len(context.events) == 3)
        requests = [read(channel, event).request for event in context.events]
        assert [(one.kind, one.flag, one.comment, one.group) for one in requests if one] == [
            ("friend", "1", "hi", ""),
            ("group_join", "2", "hi", "900"),
            ("group_invite", "3", "hi", "900"),
        ]
        for request, accept in zip(requests, (True, False, True), strict=True):
            assert request is not None
            await channel.answer_request(request, accept, "no room")
        with pytest.raises(GatewayError) as caught:
            assert requests[0] is not None
            await channel.answer_request(requests[0], True)
        assert caught.value.kind is ErrorKind.NOT_FOUND
    assert qq.account.decided == [("friend", "1", True, ""), ("add", "2", False, "no room"), ("invite", "3", True, "")]


class Files(LoopbackServer):
    """Where pictures are."""

    async def answer(self, request: Received, reply: Reply) -> None:
        if request.path == "/gone":
            await reply.whole(404, b"")
        else:
            await reply.whole(200, b"d" * 3000)


async def test_files_are_fetched(qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext) -> None:
    with Files() as files:
        qq.account.files = {
            "by-url": {"url": f"{files.url}/f"},
            "by-bytes": {"file": "/data/nobody/sees/this", "base64": base64.b64encode(b"inside").decode()},
        }
        async with connected(channel, context):
            qq.say({"type": "image", "data": {"file": "A.png", "url": f"{files.url}/a", "file_size": "3000"}})
            qq.say({"type": "file", "data": {"file": "报告.pdf", "file_id": "by-url"}}, group=900)
            qq.say({"type": "file", "data": {"file": "b.pdf", "file_id": "by-bytes"}})
            qq.say({"type": "record", "data": {"file": "nowhere.amr"}})
            qq.say({"type": "image", "data": {"file": f"{files.url}/gone"}})
            qq.say({"type": "image", "data": {"file": "base64://aGk="}})
            silk = {"type": "record", "data": {"file": "v.amr", "url": f"{files.url}/silk"}}
            qq.say(silk)
            await context.until(lambda: len(context.events) == 7)
            media = [read(channel, event).media[0] for event in context.events]
            assert [(one.kind, one.name, one.size) for one in media[:2]] == [
                ("image", "image.jpg", 3000),
                ("document", "报告.pdf", None),
            ]

            async def fetched(one: InboundMedia, limit: int = 5000) -> bytes:
                return b"".join([chunk async for chunk in channel.fetch(one, limit)])

            assert [len(await fetched(one)) for one in media[:3]] == [3000, 3000, 6]
            assert await fetched(media[5]) == b"hi"
            assert len(await fetched(media[6])) == 3000, "as it came, where the QQ side cannot change it"
            qq.account.files["v.amr:mp3"] = {"file": "/nobody/sees/this.mp3"}
            assert len(await fetched(media[6])) == 3000
            qq.account.files["v.amr:mp3"]["base64"] = base64.b64encode(b"ID3 spoken").decode()
            assert await fetched(media[6]) == b"ID3 spoken", "what models understand, where it can"
            for one, limit, kind in (
                (media[0], 2999, ErrorKind.TOO_LARGE),
                (media[2], 5, ErrorKind.TOO_LARGE),
                (media[3], 5000, ErrorKind.NOT_FOUND),
                (media[4], 5000, ErrorKind.NOT_FOUND),
            ):
                with pytest.raises(GatewayError) as caught:
                    await fetched(one, limit)
                assert caught.value.kind is kind


async def test_private_addresses_are_not_fetched_from(qq: OneBotSimulator) -> None:
    """What a message names as a picture's address is not to reach into the operator's network."""
    async with HttpTransport("crawdad-tests") as guarded:
        channel = opened(context_for(guarded, wsUrl=qq.url))
        for url in ("http://127.0.0.1:1/x", "http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd"):
            with pytest.raises(GatewayError):
                [chunk async for chunk in channel.fetch(InboundMedia("image", {"type": "image", "url": url}), 100)]


async def test_friends_groups_and_any_action(
    qq: OneBotSimulator, channel: OneBotChannel, context: MemoryContext
) -> None:
    async with connected(channel, context):
        (friend,) = await channel.directory("direct")
        (group,) = await channel.directory("group")
        assert (friend.id, friend.name) == ("501", "Ann") and (group.id, group.name, group.members) == (
            "900",
            "The group",
            3,
        )
        assert await channel.directory("channel") == []
        assert (await channel.call("get_version_info", {}))["protocol_version"] == "v11"
        assert (await channel.probe())["status"] == {"online": True, "good": True, "stat": {}}
        with pytest.raises(SendFailed) as caught:
            await channel.call("no_such_action", {})
        assert caught.value.outcome == "unsupported"


# ---- reverse WebSocket


class Door:
    """A socket as the front door would hand it to the channel."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self._connection = connection
        path, _, query = connection.request.path.partition("?")
        self.path = path
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in connection.request.headers.raw_items()
        }
        self.query: Mapping[str, str] = dict(part.split("=", 1) for part in query.split("&") if part)

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed:
            raise EOFError from None

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed:
            raise EOFError from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)


@asynccontextmanager
async def reverse(channel: OneBotChannel) -> AsyncIterator[str]:
    """The channel's address, at which it takes connections."""

    async def hold(connection: ServerConnection) -> None:
        await channel.socket(Door(connection))

    async with serve(hold, "127.0.0.1", 0) as server, running(channel):
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/channels/qq/default"


async def test_the_qq_side_may_connect_to_us(qq: OneBotSimulator, transport: HttpTransport) -> None:
    context = context_for(transport, mode="reverse", accessToken=qq.token)
    channel = opened(context)
    async with reverse(channel) as url:
        await asyncio.to_thread(qq.dial, url)
        await until_recognised(context)
        await asyncio.to_thread(qq.say, "hello")
        await context.until(lambda: len(context.events) == 1)
        await channel.send(OutboundMessage("p1", FRIEND, "hi"))
        await asyncio.to_thread(qq.hang_up)
        with pytest.raises(SendFailed):
            await channel.send(OutboundMessage("p2", FRIEND, "lost"))
    assert qq.texts() == ["hi"]


async def test_events_and_actions_may_have_sockets_of_their_own(qq: OneBotSimulator, transport: HttpTransport) -> None:
    context = context_for(transport, mode="reverse", accessToken=qq.token)
    channel = opened(context)
    async with reverse(channel) as url:
        await asyncio.to_thread(lambda: qq.dial(url, role="API"))
        await until_recognised(context)
        await asyncio.to_thread(lambda: qq.dial(url, role="Event"))
        await asyncio.to_thread(qq.say, "hello")
        await context.until(lambda: len(context.events) == 1)
        await channel.send(OutboundMessage("p1", FRIEND, "hi"))
    assert qq.texts() == ["hi"]


@pytest.mark.parametrize("token", ["", "wrong", "napcat-tokenx", "NAPCAT-TOKEN"])
async def test_strangers_do_not_connect(qq: OneBotSimulator, transport: HttpTransport, token: str) -> None:
    context = context_for(transport, mode="reverse", accessToken="napcat-token")
    channel = opened(context)
    async with reverse(channel) as url:
        await asyncio.to_thread(lambda: qq.dial(url, token))
        await qq.until(lambda one: one.connected == 0)
        await asyncio.to_thread(qq.say, "hello")
    assert (context.events, context.identities) == ([], [])


async def test_without_a_token_nobody_can_connect(transport: HttpTransport) -> None:
    with pytest.raises(GatewayError) as caught:
        await opened(context_for(transport, mode="reverse")).run()
    assert caught.value.kind is ErrorKind.BAD_REQUEST


# ---- HTTP


async def test_http_both_ways(qq: OneBotSimulator, transport: HttpTransport) -> None:
    with OneBotHttp(qq) as http:
        context = context_for(transport, httpUrl=http.url, accessToken=qq.token, secret="sign-key")
        channel = opened(context)
        async with connected(channel, context):
            event = qq.say("hello")
            body = orjson.dumps(event)
            for signature in ("", "sha1=", "sha1=" + "0" * 40):
                answer = await channel.webhook(
                    PluginRequest("POST", "", {}, {"x-signature": signature}, body, "127.0.0.1")
                )
                assert answer is not None and answer.status == 401
            assert context.events == []
            signed = PluginRequest("POST", "", {}, {"x-signature": sign(body)}, body, "127.0.0.1")
            answer = await channel.webhook(signed)
            assert answer is not None and answer.status == 204
            assert read(channel, context.events[0]).text == "hello"
            nonsense = PluginRequest("POST", "", {}, {"x-signature": sign(b"[]")}, b"[]", "127.0.0.1")
            answer = await channel.webhook(nonsense)
            assert answer is not None and answer.status == 400
            receipt = await channel.send(OutboundMessage("p1", FRIEND, "hi"))
            assert receipt.message_ids and qq.texts() == ["hi"]
            qq.fail("send_private_msg", cut=True, taken=True)
            with pytest.raises(SendFailed) as caught:
                await channel.send(OutboundMessage("p2", FRIEND, "once"))
            assert caught.value.outcome == "ambiguous" and qq.texts() == ["hi", "once"]
        wrong = context_for(transport, httpUrl=http.url, accessToken="wrong", secret="sign-key")
        with pytest.raises(SignedOut):
            await opened(wrong).run()
    with pytest.raises(SendFailed) as caught:
        await channel.send(OutboundMessage("p3", FRIEND, "x"))
    assert caught.value.outcome == "not_sent"


def sign(body: bytes) -> str:
    import hashlib
    import hmac

    return "sha1=" + hmac.new(b"sign-key", body, hashlib.sha1).hexdigest()


async def test_settings_that_cannot_work_are_told(transport: HttpTransport) -> None:
    for settings in ({}, {"httpUrl": "http://127.0.0.1:9"}):
        with pytest.raises(GatewayError) as caught:
            await opened(context_for(transport, **settings)).run()
        assert caught.value.kind is ErrorKind.BAD_REQUEST


# ---- NapCat's web page


async def test_signing_qq_in_by_qr_code(transport: HttpTransport) -> None:
    with NapcatWebSimulator() as web:
        context = context_for(
            transport, wsUrl="ws://127.0.0.1:9", ownerQQ="501", napcat={"webUrl": web.url, "webToken": "secret-tok"}
        )
        channel = opened(context)
        step = await channel.sign_in()
        assert (step.state, step.qr) == ("qr", "https://txz.qq.com/p?k=1")
        web.status = {**web.status, "qrcodeurl": "https://txz.qq.com/p?k=2"}
        web.expire()  # NapCat was started again: the credential is made anew
        step = await channel.sign_in_poll()
        assert (step.state, step.qr) == ("qr", "https://txz.qq.com/p?k=2")
        step = await channel.sign_in_poll()
        assert step.qr == "https://txz.qq.com/p?k=2" and context.time.slept == [2.0] * 15
        web.scan()
        step = await channel.sign_in_poll()
        assert (step.state, step.identity, step.owner) == ("connected", "Claw 10001", "501")
        assert (await channel.sign_in()).state == "already"
        assert web.sign_ins == 2


async def test_sign_ins_at_the_web_page_are_rationed(transport: HttpTransport) -> None:
    with NapcatWebSimulator(rate=1) as web:
        context = context_for(transport, wsUrl="x", napcat={"webUrl": web.url, "webToken": "secret-tok"})
        channel = opened(context)
        await channel.call("web:QQLogin/CheckLoginStatus", {})
        web.expire()
        for _ in range(3):
            with pytest.raises(GatewayError) as caught:
                await channel.call("web:QQLogin/CheckLoginStatus", {})
            assert caught.value.kind is ErrorKind.RATE_LIMITED and caught.value.retry_after
        assert web.sign_ins == 2, "it is not asked again while it refuses"
        web.rate = 9
        context.time.time += 21
        await channel.call("web:QQLogin/CheckLoginStatus", {})


async def test_a_credential_lasts_an_hour(transport: HttpTransport) -> None:
    clock = [0.0]
    with NapcatWebSimulator(now=lambda: clock[0]) as web:
        channel = opened(context_for(transport, wsUrl="x", napcat={"webUrl": web.url, "webToken": "secret-tok"}))
        for at, sign_ins in ((0.0, 1), (3599.0, 1), (3601.0, 2), (3700.0, 2)):
            clock[0] = at
            assert (await channel.call("web:QQLogin/CheckLoginStatus", {}))["isLogin"] is False
            assert web.sign_ins == sign_ins


async def test_what_the_web_page_refuses_is_told(transport: HttpTransport) -> None:
    with NapcatWebSimulator() as web:
        bad = opened(context_for(transport, wsUrl="x", napcat={"webUrl": web.url, "webToken": "wrong-web-token"}))
        with pytest.raises(GatewayError) as caught:
            await bad.sign_in()
        assert caught.value.kind is ErrorKind.UNAUTHENTICATED and "wrong-web-token" not in caught.value.message()
        web.needs_second_factor = True
        good = opened(context_for(transport, wsUrl="x", napcat={"webUrl": web.url, "webToken": "secret-tok"}))
        with pytest.raises(GatewayError) as caught:
            await good.sign_in()
        assert caught.value.text.key == "onebot.web_second_factor"  # type: ignore[union-attr]
    assert (await opened(context_for(transport, wsUrl="x")).sign_in()).state == "unsupported"


@pytest.mark.parametrize(("text", "same"), [("qq:123", "123"), (" OneBot:9 ", "9"), ("501", "501")])
def test_ids_of_people_are_compared(text: str, same: str) -> None:
    assert CHANNEL.identity(text) == same


async def test_a_newer_connection_takes_the_place_of_an_older_one(
    qq: OneBotSimulator, transport: HttpTransport
) -> None:
    context = context_for(transport, mode="reverse", accessToken=qq.token)
    channel = opened(context)
    async with reverse(channel) as url:
        await asyncio.to_thread(qq.dial, url)
        await until_recognised(context)
        older = next(iter(qq._sockets))
        await asyncio.to_thread(qq.dial, url)
        await context.until(lambda: len(context.identities) == 2)
        before = len(context.reasons)
        await asyncio.to_thread(qq._do, older.close())
        await asyncio.to_thread(qq.say, "hello")
        await context.until(lambda: len(context.events) == 1)
        assert context.reasons[before:] == [], "the link stands"
        await asyncio.to_thread(qq.hang_up)
        await context.until(lambda: len(context.reasons) > before)


async def test_a_side_without_heartbeats_is_asked_whether_it_is_there(
    qq: OneBotSimulator, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawdad.adapters.channels.onebot.reception.QUIET_SECONDS", 0.05)
    context = context_for(transport, wsUrl=qq.url, accessToken=qq.token, callSeconds=2)
    channel = opened(context)
    async with connected(channel, context):
        heard = context.heard_count
        await context.until(lambda: context.heard_count > heard + 2)
        assert context.reasons == [], "whoever answers lives"
        await asyncio.to_thread(qq.say, "hello")
        await context.until(lambda: len(context.events) == 1)
        qq.act = lambda action, params: None  # type: ignore[method-assign]
        await context.until(lambda: bool(context.reasons))
        del qq.act
        recognised = len(context.identities)
        await context.until(lambda: len(context.identities) > recognised)
