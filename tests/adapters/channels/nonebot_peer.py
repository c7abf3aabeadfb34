"""A bot made with NoneBot, in a process of its own (NoneBot is global): it answers, approves friends, and at "bye" prints
what it has seen. Arguments: the WebSocket's address, the access token."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import nonebot
from nonebot.adapters.onebot.v11 import Adapter, Bot, FriendRequestEvent, MessageEvent, MessageSegment

seen: list[Any] = []
nonebot.init(
    driver="~websockets",
    onebot_ws_urls=[sys.argv[1]],
    onebot_access_token=sys.argv[2],
    log_level="ERROR",
    host="127.0.0.1",
)
nonebot.get_driver().register_adapter(Adapter)
messages = nonebot.on_message()
requests = nonebot.on_request()


@messages.handle()
async def answer(bot: Bot, event: MessageEvent) -> None:
    """Say something to every message."""
    quoted = event.reply.message.extract_plain_text() if event.reply is not None else None
    seen.append([type(event).__name__, event.get_plaintext(), event.to_me, event.get_user_id(), quoted])
    await bot.send(event, MessageSegment.text("got & [it]") + MessageSegment.image(b"PNG"))
    if event.get_plaintext() == "bye":
        seen.append([await bot.get_login_info(), len(await bot.get_group_list())])
        print(json.dumps(seen), flush=True)
        os._exit(0)


@requests.handle()
async def approve(bot: Bot, event: FriendRequestEvent) -> None:
    """Be friends with everybody."""
    seen.append(["request", event.comment])
    await event.approve(bot)


nonebot.run()
