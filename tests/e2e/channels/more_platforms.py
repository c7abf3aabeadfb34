"""The platforms that came later: QQ's official bots, DingTalk, WeCom, Discord, Slack, e-mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tests.e2e.channels.platform import Platform, nothing
from tests.simulators import dingtalk, discord, mail, qqbot, slack, wecom
from tests.simulators.sockets import SocketSimulator
from tests.support.waiting import PATIENCE


def waits(one: SocketSimulator) -> Callable[[Callable[[], bool]], None]:
    return lambda condition: one.journal.wait(lambda _: condition(), PATIENCE)


def connected(one: SocketSimulator) -> None:
    """A platform that says a thing once needs somebody who hears it."""
    one.journal.wait(lambda _: bool(one.sockets), PATIENCE)


@contextmanager
def qqbot_platform() -> Iterator[Platform]:
    with qqbot.QQBotSimulator() as one:

        def ask(text: str) -> object:
            connected(one)
            return one.say(text)

        def ask_group(text: str, named: bool) -> object:
            connected(one)
            return one.say(text, group=qqbot.GROUP, named=named)

        address = {"apiRoot": one.url, "tokenUrl": f"{one.url}/app/getAppAccessToken"}
        block = {"appId": qqbot.APP_ID, "clientSecret": qqbot.SECRET, **address}
        here, group = (lambda: one.texts(qqbot.PERSON)), (lambda: one.texts(qqbot.GROUP))
        yield Platform("qqbot", block, qqbot.SECRET, ask, here, waits(one), nothing, ask_group, group, qqbot.GROUP)


@contextmanager
def dingtalk_platform() -> Iterator[Platform]:
    with dingtalk.DingTalkSimulator() as one:

        def ask_group(text: str, named: bool) -> object:
            return one.say(text, group=dingtalk.GROUP, named=named)

        app = {"clientId": dingtalk.CLIENT_ID, "clientSecret": dingtalk.SECRET}
        block = {**app, "apiRoot": one.url, "oapiRoot": one.url}
        here, group = (lambda: one.texts(dingtalk.PERSON)), (lambda: one.texts(dingtalk.GROUP))
        secret, room = dingtalk.SECRET, dingtalk.GROUP
        yield Platform("dingtalk", block, secret, one.say, here, waits(one), nothing, ask_group, group, room)


@contextmanager
def wecom_platform() -> Iterator[Platform]:
    with wecom.WeComSimulator() as one:

        def ask(text: str) -> object:
            connected(one)
            return one.say(text)

        block = {"botId": wecom.BOT_ID, "secret": wecom.SECRET, "wsUrl": one.socket_url, "streaming": "off"}
        yield Platform("wecom", block, wecom.SECRET, ask, lambda: one.texts(wecom.PERSON), waits(one))


@contextmanager
def discord_platform() -> Iterator[Platform]:
    with discord.DiscordSimulator() as one:

        def ask(text: str) -> object:
            connected(one)
            return one.say(text)

        def ask_group(text: str, named: bool) -> object:
            connected(one)
            return one.say(f"<@{discord.BOT_ID}> {text}" if named else text, room=discord.ROOM)

        block = {"token": discord.TOKEN, "apiRoot": f"{one.url}{discord.API}", "streaming": "off"}
        here, group = (lambda: one.texts(discord.room_of(discord.PERSON))), (lambda: one.texts(discord.ROOM))
        secret, room = discord.TOKEN, discord.ROOM
        yield Platform("discord", block, secret, ask, here, waits(one), nothing, ask_group, group, room)


@contextmanager
def slack_platform() -> Iterator[Platform]:
    with slack.SlackSimulator() as one:

        def ask_group(text: str, named: bool) -> object:
            return one.say(f"<@{slack.BOT}> {text}" if named else text, room=slack.ROOM)

        root = f"{one.url}/api"
        tokens = {"botToken": slack.BOT_TOKEN, "appToken": slack.APP_TOKEN}
        block = {**tokens, "apiRoot": root, "filesRoot": root, "streaming": "off"}
        here = partial(one.texts, slack.room_of(slack.PERSON))

        def group() -> list[str]:
            """Slack quotes nothing: who asked is named."""
            return [text.removeprefix(f"<@{slack.PERSON}> ") for text in one.texts(slack.ROOM)]

        secret, room = slack.BOT_TOKEN, slack.ROOM
        yield Platform("slack", block, secret, one.say, here, waits(one), nothing, ask_group, group, room)


@contextmanager
def email_platform() -> Iterator[Platform]:
    with mail.MailSimulator() as one:
        servers: dict[str, Any] = {"imapHost": "127.0.0.1", "imapPort": one.imap_port, "imapSecurity": "none"}
        servers |= {"smtpHost": "127.0.0.1", "smtpPort": one.smtp_port, "smtpSecurity": "none"}
        login = {"imapUsername": mail.USER, "imapPassword": mail.PASSWORD, "authservId": mail.SERVER}

        def ask(text: str) -> object:
            one.wait(lambda: one.looks > 0, PATIENCE)  # what stands there before the first look is old
            return one.post(text)

        yield Platform(
            "email",
            {**servers, **login, "pollIntervalSeconds": 1},
            mail.PASSWORD,
            ask,
            lambda: one.texts(mail.PERSON),
            lambda condition: one.wait(condition, PATIENCE),
        )


MORE = {
    "qqbot": qqbot_platform,
    "dingtalk": dingtalk_platform,
    "wecom": wecom_platform,
    "discord": discord_platform,
    "slack": slack_platform,
    "email": email_platform,
}
