"""The simulators of real platforms, as the conformance suite wants them. Each account has a simulator of its own."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

from crawdad.adapters.channels import feishu, onebot, telegram, weixin
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import Accounts, opened
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.feishu import APP_ID, SECRET, FeishuSimulator
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.simulators.weixin import BOT, TOKEN, WeixinSimulator


class TelegramPlatform(Accounts[TelegramSimulator]):
    """Telegram. A failed call may always have been taken, and what was confirmed never comes again."""

    kind = telegram.CHANNEL
    abilities = ABILITIES - {"not_sent", "needs_inbound", "repeat"}
    people: Sequence[str] = ("501", "502", "503", "504", "505")
    group = "-100900"

    def __init__(self, accounts: dict[str, TelegramSimulator]) -> None:
        super().__init__(accounts)
        self.secret = accounts["default"].token.partition(":")[2]

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        return {"botToken": one.token, "apiRoot": one.url, "pollSeconds": 30}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = int(said.sender or self.people[0])
        words = f"@ClawBot {said.text}" if said.mention else said.text
        more: JsonObject = {"from": {"id": sender, "is_bot": False, "first_name": f"P{sender}"}}
        if said.picture is not None:
            more |= {"photo": [{"file_id": one.upload(said.picture), "width": 1, "height": 1}], "caption": words}
            words = ""
        message = one.message(words, chat=int(said.chat or sender), sender=sender, **more)
        return str(one.update(message=message)["update_id"])

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return self._accounts[account].confirmed >= int(event_id)

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return [one.text or f"<{one.media}>" for one in self._accounts[account].shown(int(chat))]

    def fail_once(self, one: TelegramSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("sendMessage", 0, taken=taken)
            case "rate_limited":
                one.fail("sendMessage", 429, "Too Many Requests", retry_after=seconds)
            case _:
                one.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].go_down()

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        one = self._accounts[account]
        one.token = "1:revoked"
        one.update(poll={})


class QQPlatform(Accounts[OneBotSimulator]):
    """QQ. It tells an event once, to whoever is connected, and wants nothing acknowledged."""

    kind = onebot.CHANNEL
    abilities = ABILITIES - {"not_sent", "needs_inbound", "rate_limited", "acknowledge", "cut"}
    people: Sequence[str] = ("501", "502", "503", "504", "505")
    group = "900"

    def __init__(self, accounts: dict[str, OneBotSimulator]) -> None:
        super().__init__(accounts)
        self.secret = accounts["default"].token

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        return {"wsUrl": one.url, "accessToken": one.token, "callSeconds": 2}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        segments: list[JsonObject | str] = [said.text]
        if said.mention:
            segments.insert(0, {"type": "at", "data": {"qq": str(SELF_ID)}})
        if said.picture is not None:
            file = f"base64://{base64.b64encode(said.picture).decode()}"
            segments.append({"type": "image", "data": {"file": file}})
        sender = int(said.sender or self.people[0])
        await one.until(lambda it: it.connected > 0)

        def speak() -> JsonObject:
            return one.say(*segments, sender=sender, group=int(said.chat or 0), name=f"P{sender}")

        event = await asyncio.to_thread(speak)
        name = f"message:{event['message_id']}:{event['time']}"
        self._events[name] = event
        return name

    async def repeat(self, event_id: str, account: str = "default") -> None:
        await asyncio.to_thread(self._accounts[account].happen, self._events[event_id])

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return [one.text or f"<{one.name}>" for one in self._accounts[account].shown(chat)]

    def fail_once(self, one: OneBotSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        if outcome == "ambiguous":
            one.fail("send_private_msg", taken=taken)
        else:
            one.fail("send_private_msg", 1200, "发送失败")

    async def expire(self, account: str = "default") -> None:
        one = self._accounts[account]
        one.token = "another"
        await asyncio.to_thread(one.hang_up)


class WeixinPlatform(Accounts[WeixinSimulator]):
    """WeChat: people alone, one thing a message. The bot is signed in by what stands in the account's memory."""

    kind = weixin.CHANNEL
    abilities = ABILITIES - {"not_sent", "rate_limited", "groups", "mention"}
    people: Sequence[str] = tuple(f"u{number}@im.wechat" for number in range(1, 6))
    group = ""
    secret = TOKEN

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        return {"baseUrl": one.url, "cdnBaseUrl": f"{one.url}/c2c"}

    def signed_in(self, account: str) -> JsonObject:
        return {"token": TOKEN, "bot": BOT, "base_url": self._accounts[account].url}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        items: list[JsonObject | str] = [said.text]
        if said.picture is not None:
            items.append(one.put_file(said.picture))
        message = one.say(*items, user=said.sender or self.people[0])
        self._events[str(message["message_id"])] = (message, one.count)
        return str(message["message_id"])

    async def repeat(self, event_id: str, account: str = "default") -> None:
        self._accounts[account].repeat(self._events[event_id][0])

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return bool(self._accounts[account].confirmed >= self._events[event_id][1])

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(chat)

    def fail_once(self, one: WeixinSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("sendmessage", 0, taken=taken)
            case "needs_inbound":
                one.fail("sendmessage", 200, {"ret": -2})
            case _:
                one.fail("sendmessage", 200, {"ret": -1, "errmsg": "no"})

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].go_down()

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        self._accounts[account].tokens.clear()


class FeishuPlatform(Accounts[FeishuSimulator]):
    """Feishu. It knows doubles, so that a part whose answer was lost is sent again."""

    kind = feishu.CHANNEL
    abilities = ABILITIES - {"not_sent", "needs_inbound"}
    people: Sequence[str] = tuple(f"ou_{number}" for number in range(1, 6))
    group = "oc_group"
    secret = SECRET

    def settings(self, account: str) -> JsonObject:
        return {"appId": APP_ID, "appSecret": SECRET, "domain": self._accounts[account].url, "renderMode": "raw"}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = said.sender or self.people[0]
        more: JsonObject = {}
        content: JsonObject | str = said.text
        kind = "text"
        if said.mention:
            content = f"@_user_1 {said.text}"
            more["mentions"] = [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Claw"}]
        if said.picture is not None:
            one.resources["img_said"] = said.picture
            kind = "post"
            content = {"content": [[{"tag": "text", "text": said.text}, {"tag": "img", "image_key": "img_said"}]]}
        event = one.say(content, kind=kind, sender=sender, chat=said.chat, **more)
        name = f"message:{event['event']['message']['message_id']}"
        self._events[name] = event
        return name

    async def repeat(self, event_id: str, account: str = "default") -> None:
        self._accounts[account].deliver(self._events[event_id])

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return (self._events[event_id]["header"]["event_id"], 200) in self._accounts[account].acknowledged

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(chat)

    def fail_once(self, one: FeishuSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("im/v1/messages", 0, taken=taken)
            case "rate_limited":
                one.fail("im/v1/messages", 429, 99991400, "slower", x_ogw_ratelimit_reset=str(int(seconds)))
            case _:
                one.fail("im/v1/messages", 400, 230002, "The bot can not be outside the group.")

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].down = True
        self._accounts[account].hang_up()

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        one = self._accounts[account]
        one.secret = "made anew"
        one.tokens.clear()
        one.hang_up()


telegram_platform = opened(TelegramPlatform, TelegramSimulator)
qq_platform = opened(QQPlatform, OneBotSimulator)
weixin_platform = opened(WeixinPlatform, WeixinSimulator)
feishu_platform = opened(FeishuPlatform, FeishuSimulator)
