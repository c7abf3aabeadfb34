"""What Tencent's own client was recorded to send, against the simulator and beside what we send."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from crawdad.adapters.channels.weixin import CHANNEL
from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.adapters.http.transport import HttpTransport
from crawdad.core.channels import Chat, OutboundMedia, OutboundMessage
from tests.adapters.channels.test_weixin import Chance
from tests.simulators.weixin import BOT, TOKEN, USER, WeixinSimulator
from tests.support.channel_context import MemoryContext, running
from tests.support.goldens import SHARED
from tests.support.waiting import PATIENCE

RECORDED = SHARED / "contracts" / "traces" / "weixin-ilink.json"
pytestmark = pytest.mark.skipif(not RECORDED.is_file(), reason=f"{RECORDED} is not there")
Json = dict[str, Any]


def recorded() -> list[Json]:
    requests: list[Json] = orjson.loads(RECORDED.read_bytes())
    return requests


def test_the_simulator_accepts_what_tencents_client_sends() -> None:
    with WeixinSimulator() as wechat, httpx.Client(base_url=wechat.url, timeout=PATIENCE) as client:
        wechat.names = ("UP/PARAM+1=", "DL/PARAM+1=")
        wechat.tickets = {USER: "dGljaw=="}
        wechat.hold_seconds = 0.01
        for one in recorded():
            wechat.answered_by("CTX1")
            body = bytes.fromhex(one["cipher_hex"]) if "cipher_hex" in one else orjson.dumps(one["body"])
            if one["body"] and one["body"].get("get_updates_buf"):  # its cursor was given out by another simulator
                body = orjson.dumps({**one["body"], "get_updates_buf": ""})
            headers = {
                name: value for name, value in one["headers"].items() if name.lower() not in ("host", "content-length")
            }
            answer = client.request(
                one["method"], one["path"], headers=headers, content=b"" if one["body"] is None else body
            )
            assert answer.status_code == 200, (one["path"], answer.text)
            if not one["path"].startswith("/c2c/"):
                assert not answer.json().get("ret") and not answer.json().get("errcode"), (one["path"], answer.text)
        assert wechat.texts() == ["hi there", "caption", "<image:>", "<file:a.pdf>", "<video:>"]
        assert wechat.notices == ["start", "stop"] and wechat.typing == [(USER, 1)]


def shape(value: Any) -> Any:
    """What kind of value it is, and of what kinds its fields are."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def signature(method: str, path: str, headers: Json, body: Any) -> Json:
    """A request without what differs from one to the next."""
    names = {name.lower() for name in headers} - {
        "host",
        "content-length",
        "user-agent",
        "accept-encoding",
        "accept",
        "connection",
    }
    target = urlsplit(path)
    return {
        "method": method,
        "path": target.path,
        "query": sorted(pair.partition("=")[0] for pair in target.query.split("&")) if target.query else [],
        "headers": sorted(names),
        "body": shape(body),
    }


async def test_we_send_what_tencents_client_sends() -> None:
    with WeixinSimulator() as wechat:
        async with HttpTransport("crawdad-tests", lambda: True) as transport:
            context = MemoryContext(
                WeixinSettings(base_url=wechat.url, cdn_base_url=f"{wechat.url}/c2c"), transport, "openclaw-weixin"
            )
            context.randomness = Chance()
            channel = CHANNEL.open(context)
            await channel.sign_in()
            confirmed = {
                "status": "confirmed",
                "bot_token": TOKEN,
                "ilink_bot_id": BOT,
                "baseurl": wechat.url,
                "ilink_user_id": USER,
            }
            wechat.sign_in.extend([{"status": "wait"}, {"status": "scaned"}, confirmed])
            assert (await channel.sign_in_poll()).state == "scanned"
            assert (await channel.sign_in_poll()).state == "connected"
            wechat.say("hi", wechat.put_file(b"x" * 32))
            async with running(channel):
                await context.until(lambda: len(context.events) == 1)
                event = channel.read(context.events[0])
                assert event is not None
                chat = Chat("direct", USER)
                await channel.typing(chat, True, event.reply_context)
                files = (
                    OutboundMedia("image", b"x" * 32, "image/png", "a.png"),
                    OutboundMedia("document", b"x" * 32, "application/pdf", "a.pdf"),
                    OutboundMedia("video", b"x" * 32, "video/mp4", "a.mp4"),
                )
                await channel.send(OutboundMessage("p0", chat, "hi there", reply_context=event.reply_context))
                for number, media in enumerate(files):
                    await channel.send(
                        OutboundMessage(f"m{number}", chat, media=media, reply_context=event.reply_context)
                    )
                [chunk async for chunk in channel.fetch(event.media[0], 100)]
        ours = []
        for one in wechat.journal:
            path = one.path + (
                "?" + "&".join(f"{name}={value}" for name, value in one.query.items()) if one.query else ""
            )
            body = (
                one.json
                if one.headers.get("content-type") == "application/json"
                else ({"_bytes": 0} if one.body else None)
            )
            ours.append(signature(one.method, path, one.headers, body))
        for theirs_sent in recorded():
            body = theirs_sent["body"]
            message = (body or {}).get("msg") or {}
            message.pop("run_id", None)  # optional, and only some of its messages have one
            theirs = signature(
                theirs_sent["method"], theirs_sent["path"].replace("%2F", "/"), theirs_sent["headers"], body
            )
            assert theirs in ours, theirs
