"""Letters by channels that nobody has opened, against the platforms' simulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from crawdad.adapters.channels.dingtalk import CHANNEL as DINGTALK
from crawdad.adapters.channels.discord import CHANNEL as DISCORD
from crawdad.adapters.channels.email import CHANNEL as EMAIL
from crawdad.adapters.channels.onebot import CHANNEL as QQ
from crawdad.adapters.channels.qqbot import CHANNEL as QQBOT
from crawdad.adapters.channels.slack import CHANNEL as SLACK
from crawdad.adapters.channels.wechatbot import CHANNEL as WECHAT
from crawdad.adapters.channels.wecom import CHANNEL as WECOM
from crawdad.adapters.channels.weixin import CHANNEL as WEIXIN
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channel_settings import ChannelBlock
from crawdad.core.channels import Account, ChannelKind, Chat
from crawdad.core.notification_settings import NotificationTarget
from crawdad.core.notifications import Letter, NotDelivered
from crawdad.services.channels.running import KeptState, lease_of
from crawdad.services.notifications.doorstep import Doorstep
from crawdad.services.notifications.unopened import ChannelGround, UnopenedChannelCourier
from crawdad.store.channel_chats import ChannelChats
from crawdad.store.database import Database, open_database
from crawdad.store.inprocess import InProcessLeases
from crawdad.store.key_values import KeyValues
from tests.adapters.channels.test_onebot import Door
from tests.simulators import dingtalk, discord, mail, onebot, qqbot, slack, wechatbot, wecom, weixin
from tests.support.channel_stage import PlainBox
from tests.support.fakes import FakeClock, FakeRandomness

DOORSTEP = Doorstep()
LETTER = Letter("01-letter", "**Safe mode**", "The configuration cannot be used.", "urgent", ())


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad-tests") as transport:
        yield transport


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(f"sqlite:///{tmp_path}/crawdad.db") as opened:
        yield opened


def ground(transport: HttpTransport, database: Database, name: str, block: dict[str, Any]) -> ChannelGround:
    blocks = {name: ChannelBlock.model_validate(block)}
    memory = KeyValues(database)
    chats = ChannelChats(database)
    leases, system = InProcessLeases(FakeClock()), (FakeClock(), FakeRandomness())
    return ChannelGround(lambda: blocks, chats, memory, PlainBox(), transport, *system, leases, "runner-1", DOORSTEP)


@pytest.fixture
def courier(transport: HttpTransport, database: Database) -> Any:
    def make(kind: ChannelKind, block: dict[str, Any], **more: Any) -> UnopenedChannelCourier:
        return UnopenedChannelCourier(kind, ground(transport, database, kind.id, block), **more)

    return make


@pytest.fixture
def qq() -> Iterator[onebot.OneBotSimulator]:
    with onebot.OneBotSimulator() as simulator:
        yield simulator


def to(whom: str) -> NotificationTarget:
    return NotificationTarget(kind="some", to=whom)


def is_whole(text: str) -> bool:
    return "Safe mode" in text and "cannot be used" in text


async def test_discord_is_told_once_however_often_it_is_tried(courier: Any) -> None:
    with discord.DiscordSimulator() as simulator:
        sent = courier(DISCORD, {"token": discord.TOKEN, "apiRoot": f"{simulator.url}{discord.API}"})
        named = await sent.deliver(to(f"channel:{discord.ROOM}"), LETTER)
        assert await sent.deliver(to(f"channel:{discord.ROOM}"), LETTER) == named
        (shown,) = simulator.texts(discord.ROOM)
        assert is_whole(shown) and simulator.sockets == []
        await sent.deliver(to(discord.PERSON), LETTER)
        assert is_whole(simulator.texts(discord.room_of(discord.PERSON))[0])
        with pytest.raises(NotDelivered) as refused:
            await courier(DISCORD, {"token": "no", "apiRoot": f"{simulator.url}{discord.API}"}).deliver(
                to(f"channel:{discord.ROOM}"), LETTER
            )
        assert not refused.value.again


async def test_slack_is_told_without_a_socket(courier: Any) -> None:
    with slack.SlackSimulator() as simulator:
        root = f"{simulator.url}/api"
        block = {"botToken": slack.BOT_TOKEN, "appToken": slack.APP_TOKEN, "apiRoot": root, "filesRoot": root}
        assert await courier(SLACK, block).deliver(to(slack.PERSON), LETTER)
        assert is_whole(simulator.texts(slack.room_of(slack.PERSON))[0]) and simulator.sockets == []


async def test_dingtalk_is_told_without_a_stream(courier: Any) -> None:
    with dingtalk.DingTalkSimulator() as simulator:
        app = {"clientId": dingtalk.CLIENT_ID, "clientSecret": dingtalk.SECRET}
        block = {**app, "apiRoot": simulator.url, "oapiRoot": simulator.url}
        await courier(DINGTALK, block).deliver(to(f"group:{dingtalk.GROUP}"), LETTER)
        await courier(DINGTALK, block).deliver(to(dingtalk.PERSON), LETTER)
        assert is_whole(simulator.texts(dingtalk.GROUP)[0]) and is_whole(simulator.texts(dingtalk.PERSON)[0])
        assert simulator.sockets == []
        with pytest.raises(NotDelivered) as refused:
            await courier(DINGTALK, {**block, "clientSecret": "wrong"}).deliver(to(dingtalk.PERSON), LETTER)
        assert not refused.value.again


async def test_a_qq_bot_answers_the_newest_message_of_the_chat(courier: Any, database: Database) -> None:
    with qqbot.QQBotSimulator() as simulator:
        address = {"apiRoot": simulator.url, "tokenUrl": f"{simulator.url}/app/getAppAccessToken"}
        sent = courier(QQBOT, {"appId": qqbot.APP_ID, "clientSecret": qqbot.SECRET, **address})
        with pytest.raises(NotDelivered) as early:
            await sent.deliver(to(qqbot.PERSON), LETTER)
        assert early.value.again
        simulator.said["M1"] = qqbot.PERSON
        account = Account("qqbot", "default")
        await ChannelChats(database).heard(account, Chat("direct", qqbot.PERSON), {"message_id": "M1"}, 1.0)
        await sent.deliver(to(qqbot.PERSON), LETTER)
        assert is_whole(simulator.shown[0].text) and simulator.sockets == []


async def test_the_bridge_to_wechat_is_told(courier: Any) -> None:
    with wechatbot.WechatbotSimulator() as simulator:
        await courier(WECHAT, {"apiUrl": simulator.url, "token": simulator.token}).deliver(to("alias:r-Ann"), LETTER)
        assert is_whole(simulator.texts("alias:r-Ann")[0])


async def test_a_letter_goes_out_though_no_mailbox_is_looked_into(courier: Any) -> None:
    with mail.MailSimulator() as simulator:
        block = {
            **{"imapHost": "127.0.0.1", "imapPort": simulator.imap_port, "imapSecurity": "none"},
            **{"smtpHost": "127.0.0.1", "smtpPort": simulator.smtp_port, "smtpSecurity": "none"},
            **{"imapUsername": mail.USER, "imapPassword": mail.PASSWORD},
        }
        await courier(EMAIL, block).deliver(to("ops@people.example"), LETTER)
        (delivered,) = simulator.delivered
        body = delivered.get_body(("plain",))
        assert body is not None and is_whole(body.get_content())


async def test_qq_is_told_by_a_link_that_is_held_for_as_long_as_it_takes(
    courier: Any, qq: onebot.OneBotSimulator
) -> None:
    sent = courier(QQ, {"wsUrl": qq.url, "accessToken": qq.token}, linked=True)
    await sent.deliver(to("501"), LETTER)
    assert is_whole(qq.texts(501)[0])
    await qq.until(lambda simulator: simulator.connected == 0)
    with pytest.raises(NotDelivered) as refused:
        await courier(QQ, {"wsUrl": qq.url, "accessToken": "wrong"}, linked=True).deliver(to("501"), LETTER)
    assert not refused.value.again


async def test_qq_is_told_by_a_connection_of_its_own_that_is_let_in_meanwhile(
    courier: Any, qq: onebot.OneBotSimulator
) -> None:
    async def hold(connection: ServerConnection) -> None:
        await DOORSTEP.socket("onebot", "default", Door(connection))

    sent = courier(QQ, {"mode": "reverse", "accessToken": qq.token}, linked=True, comes=lambda _: True)
    async with serve(hold, "127.0.0.1", 0) as server, asyncio.TaskGroup() as tasks:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.to_thread(qq.dial, url)
        await qq.until(lambda simulator: simulator.connected == 0)  # nobody has anything to say
        letters = [tasks.create_task(sent.deliver(to(whom), LETTER)) for whom in ("501", "group:900")]
        for told in (1, 2):
            while sum(letter.done() for letter in letters) < told:
                await asyncio.to_thread(qq.dial, url)
                await qq.until(lambda simulator: simulator.connected == 0)
    assert is_whole(qq.texts(501)[0]) and is_whole(qq.texts(900)[0])


async def test_qq_is_told_over_http(courier: Any, qq: onebot.OneBotSimulator) -> None:
    with onebot.OneBotHttp(qq) as http:
        block = {"httpUrl": http.url, "accessToken": qq.token, "secret": "sign-key"}
        await courier(QQ, block, linked=True).deliver(to("group:900"), LETTER)
    assert is_whole(qq.texts(900)[0])


async def test_wechat_is_told_as_an_answer_to_what_was_written_last(courier: Any, database: Database) -> None:
    with weixin.WeixinSimulator() as simulator:
        sent = courier(WEIXIN, {"baseUrl": simulator.url})
        account, user = Account(WEIXIN.id, "default"), "u1@im.wechat"
        with pytest.raises(NotDelivered) as signed_out:
            await sent.deliver(to(user), LETTER)
        assert signed_out.value.again, "nobody has written yet either"
        state = KeptState(KeyValues(database), PlainBox(), account)
        for name, value in {"token": weixin.TOKEN, "bot": weixin.BOT, "base_url": simulator.url}.items():
            await state.put(name, value)
        with pytest.raises(NotDelivered) as early:
            await sent.deliver(to(user), LETTER)
        assert early.value.again
        simulator.say("hello", user=user)
        context = {"context_token": simulator.context_of(user)}
        await ChannelChats(database).heard(account, Chat("direct", user), context, 1.0)
        await sent.deliver(to(user), LETTER)
        assert is_whole(simulator.texts(user)[0])


async def test_wecom_is_told_by_its_one_connection_where_nobody_else_holds_it(
    transport: HttpTransport, database: Database
) -> None:
    with wecom.WeComSimulator() as simulator:
        block = {"botId": wecom.BOT_ID, "secret": wecom.SECRET, "wsUrl": simulator.socket_url, "callSeconds": 2.0}
        base = ground(transport, database, WECOM.id, block)
        sent = UnopenedChannelCourier(WECOM, base, linked=True, alone=True)
        lease = lease_of(Account(WECOM.id, "default"))
        assert await base.leases.claim(lease, "runner-1", 15.0), (
            "the very process that tells it has just opened the account"
        )
        with pytest.raises(NotDelivered) as held:
            await sent.deliver(to(wecom.PERSON), LETTER)
        assert held.value.again and simulator.connections_made == 0
        await base.leases.release(lease, "runner-1")
        await sent.deliver(to(wecom.PERSON), LETTER)
        assert is_whole(simulator.texts(wecom.PERSON)[0])
        await simulator.until(lambda one: one.sockets == [])
        assert await base.leases.claim(lease, "runner-1", 15.0), "the account is free again"


async def test_what_is_switched_off_or_not_there_waits(courier: Any) -> None:
    for block in ({"token": "t", "enabled": False}, {}):
        with pytest.raises(NotDelivered) as waiting:
            await courier(DISCORD, block).deliver(to("channel:1"), LETTER)
        assert waiting.value.again
