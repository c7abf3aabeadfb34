"""The frames of `/ws` from what channels tell: clawpanel.md §2.1, §4.4. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.api.clawpanel.frames import Frames
from crawdad.core.channel_notices import EVENT, FRAME, STATUS
from crawdad.core.channels import Chat, InboundMessage, Mentions, Person
from crawdad.core.happenings import Event
from crawdad.store.channel_rows import dump

ANN = Person("wxid_ann", "Ann")


def event(message: InboundMessage, id_: str = "e1", channel: str = "wechat") -> Event:
    data = {"channel": channel, "account": "default", "id": id_, "message": orjson.loads(dump(message))}
    return Event(EVENT, data, 12.5)


def status(channel: str, state: str, identity: str = "") -> Event:
    return Event(STATUS, {"channel": channel, "account": "default", "state": state, "identity": identity})


def test_a_wechat_message_is_told_once_with_every_key() -> None:
    frames = Frames()
    source = {"room": {}, "from": {"name": "Ann"}}
    private = InboundMessage(
        "m", Chat("direct", "wxid_ann"), ANN, 5.0, text="hi", more={"type": "text", "source": source}
    )
    expected: dict[str, Any] = {
        "type": "text",
        "content": "hi",
        "fromName": "Ann",
        "fromId": "wxid_ann",
        "roomName": "",
        "isGroup": False,
        "isMentioned": False,
        "source": source,
        "timestamp": 12_500,
    }
    assert frames.of(event(private)) == [{"type": "wechat-event", "data": expected}]
    assert frames.of(event(private)) == [], "tried again, it is the same event"
    group = InboundMessage("n", Chat("group", "r", "The room"), ANN, 5.0, text="hi", mentions=Mentions(True))
    (frame,) = frames.of(event(group, "e2", "openclaw-weixin"))
    assert (frame["data"]["roomName"], frame["data"]["isGroup"], frame["data"]["isMentioned"]) == (
        "The room",
        True,
        True,
    )
    assert frames.of(event(group, "e3", "telegram")) == []


def test_a_system_event_of_wechat() -> None:
    message = InboundMessage(
        "s", Chat("direct", "x"), ANN, 5.0, kind="notice", more={"what": "system_event_logout", "content": "{}"}
    )
    expected = {"type": "system_event_logout", "content": "{}", "source": {}}
    assert Frames().of(event(message)) == [{"type": "wechat-event", "data": expected}]


def test_states_are_told_when_they_change() -> None:
    frames = Frames()
    told = [
        frames.of(status("qq", "starting")),
        frames.of(status("qq", "connected", "Claw One 10001")),
        frames.of(status("qq", "connected", "Claw One 10001")),
        frames.of(status("qq", "degraded", "Claw One 10001")),
        frames.of(status("qq", "stopped", "Claw One 10001")),
        frames.of(status("wechat", "connected", "Ann")),
        frames.of(status("wechat", "needs_login", "Ann")),
        frames.of(status("telegram", "connected", "x")),
    ]
    assert told == [
        [],
        [{"type": "napcat-status", "data": {"connected": True, "selfId": 10001, "nickname": "Claw One"}}],
        [],
        [{"type": "napcat-status", "data": {"connected": False}}],
        [],
        [{"type": "wechat-status", "data": {"connected": True, "name": "Ann"}}],
        [{"type": "wechat-status", "data": {"connected": False}}],
        [],
    ]


def test_frames_of_qq_go_out_as_they_came() -> None:
    frame = {"post_type": "message", "anything": [1, None]}
    assert Frames().of(Event(FRAME, {"channel": "qq", "account": "a", "frame": frame})) == [
        {"type": "event", "data": frame}
    ]
    assert Frames().of(Event(FRAME, {"channel": "other", "account": "a", "frame": frame})) == []
