"""Events as they are kept: whatever a platform sends, it can be kept, and what was kept can be read again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.core.channels import Account, Channel, Chat, InboundMessage, Person
from crawdad.services.channels.arrivals import arrival_of
from crawdad.store.channel_rows import dump, message_of
from crawdad.wire.dingtalk.events import read_event as dingtalk
from crawdad.wire.discord.events import event_of as discord_event
from crawdad.wire.discord.events import read_event as discord
from crawdad.wire.email.letters import read_event as email
from crawdad.wire.feishu.events import message_ids
from crawdad.wire.feishu.events import read_event as feishu
from crawdad.wire.onebot.events import forward_id, quoted_id
from crawdad.wire.onebot.events import read_event as qq
from crawdad.wire.qqbot.events import event_of as qqbot_event
from crawdad.wire.qqbot.events import read_event as qqbot
from crawdad.wire.slack.events import read_event as slack
from crawdad.wire.slack.events import sender_of
from crawdad.wire.telegram.updates import events_of, has_album
from crawdad.wire.telegram.updates import read_event as telegram
from crawdad.wire.wechatbot.callback import read_event as wechat
from crawdad.wire.wecom.frames import read_event as wecom
from crawdad.wire.weixin.messages import read_event as weixin

ACCOUNT = Account("any")
READERS = {
    "qq": qq,
    "telegram": telegram,
    "weixin": weixin,
    "feishu": feishu,
    "wechat": wechat,
    "slack": slack,
    "discord": discord,
    "dingtalk": dingtalk,
    "wecom": wecom,
    "qqbot": qqbot,
    "email": email,
}
_QQ_AT = {"type": "at", "data": {"qq": "1"}}
_QQ_FILE = {"type": "file", "data": {"file": "a", "file_size": "3"}}
_QQ = {"time": 1, "self_id": 1, "user_id": 5, "group_id": 9}
_ANN = {"id": 501, "is_bot": False, "first_name": "Ann"}
_TELEGRAM_CHAT = {"id": -1, "type": "supergroup", "title": "The group"}
_LETTER = {"validity": 7, "uid": 1, "from": "ann@a.example", "name": "Ann", "verified": True, "automatic": False}
EVENTS: list[tuple[str, Any]] = [
    (
        "qq",
        {
            **_QQ,
            "post_type": "message",
            "message_type": "group",
            "message_id": 7,
            "message": [
                {"type": "reply", "data": {"id": 3}},
                _QQ_AT,
                {"type": "text", "data": {"text": "hm"}},
                _QQ_FILE,
            ],
            "sender": {"user_id": 5, "nickname": "Ann", "role": "member"},
            "crawdad": {"quoted": {"message": [_QQ_FILE], "sender": {"user_id": 1}}, "forwarded": {"messages": [{}]}},
        },
    ),
    ("qq", {**_QQ, "post_type": "notice", "notice_type": "group_ban", "sub_type": "ban", "duration": 3, "file": {}}),
    ("qq", {**_QQ, "post_type": "request", "request_type": "group", "flag": "f", "comment": "me"}),
    (
        "telegram",
        {
            "bot": {"id": 2, "username": "ClawBot"},
            "update": {
                "update_id": 1,
                "message": {
                    "message_id": 1,
                    "date": 1,
                    "chat": _TELEGRAM_CHAT,
                    "from": _ANN,
                    "text": "@ClawBot hi",
                    "entities": [{"type": "mention", "offset": 0, "length": 8}],
                    "reply_to_message": {"message_id": 0, "chat": _TELEGRAM_CHAT, "from": _ANN, "text": "x"},
                    "document": {"file_id": "f", "file_size": 3},
                },
            },
        },
    ),
    (
        "weixin",
        {
            "bot": "b@im.bot",
            "message": {
                "message_id": 1,
                "from_user_id": "u@im.wechat",
                "create_time_ms": 1,
                "message_type": 1,
                "context_token": "C",
                "item_list": [
                    {"type": 1, "text_item": {"text": "hi"}},
                    {"type": 4, "file_item": {"media": {}, "len": 3}},
                ],
            },
        },
    ),
    (
        "feishu",
        {
            "bot": "ou_bot",
            "payload": {
                "schema": "2.0",
                "header": {"event_id": "e", "event_type": "im.message.receive_v1", "create_time": "1"},
                "event": {
                    "sender": {"sender_id": {"open_id": "ou_ann"}, "sender_type": "user"},
                    "message": {
                        "message_id": "om_2",
                        "chat_id": "oc_1",
                        "chat_type": "group",
                        "message_type": "text",
                        "create_time": "1",
                        "content": '{"text":"@_user_1 ask"}',
                        "mentions": [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Claw"}],
                    },
                },
            },
        },
    ),
    (
        "wechat",
        {
            "type": "text",
            "content": "hi",
            "source": {"from": {"id": "@1", "name": "Ann", "alias": "r"}, "to": {}, "room": {"topic": "T"}},
            "bot": "Claw",
            "at": 1.0,
            "digest": "d",
        },
    ),
    (
        "slack",
        {
            "bot": "U0BOT",
            "bot_id": "B0",
            "type": "events_api",
            "payload": {
                "team_id": "T1",
                "event_id": "Ev",
                "event": {
                    "type": "message",
                    "user": "U5",
                    "text": "<@U0BOT> hm",
                    "ts": "1.002",
                    "channel": "C9",
                    "files": [{"id": "F", "size": 3}],
                },
            },
        },
    ),
    (
        "discord",
        {
            "bot": "9",
            "t": "MESSAGE_CREATE",
            "d": {
                "id": "1300000000000000002",
                "type": 0,
                "channel_id": "900",
                "guild_id": "800",
                "author": {"id": "5", "username": "ann"},
                "member": {"roles": ["7"]},
                "content": "<@9> you",
                "timestamp": "2026-11-29T12:00:00+00:00",
                "mentions": [{"id": "9", "username": "Claw"}],
                "attachments": [{"id": "1", "url": "https://a.example/x", "filename": "x", "size": 3}],
            },
        },
    ),
    (
        "dingtalk",
        {
            "conversationId": "c",
            "conversationType": "2",
            "msgId": "m",
            "senderStaffId": "s",
            "createAt": 1,
            "msgtype": "text",
            "atUsers": [{"dingtalkId": "b"}],
            "text": {"content": "you"},
        },
    ),
    (
        "wecom",
        {
            "at": 1.0,
            "req": "r",
            "body": {
                "msgid": "m",
                "chattype": "group",
                "chatid": "g",
                "from": {"userid": "W"},
                "msgtype": "text",
                "text": {"content": "@Claw you"},
                "quote": {"msgtype": "text", "text": {"content": "earlier"}},
            },
        },
    ),
    (
        "qqbot",
        {
            "bot": "9",
            "t": "C2C_MESSAGE_CREATE",
            "id": "e",
            "d": {
                "id": "m",
                "content": "hi",
                "timestamp": "2026-11-29T20:00:00+08:00",
                "author": {"user_openid": "O"},
                "attachments": [{"url": "https://a.example/x", "content_type": "image/png", "size": 3}],
            },
        },
    ),
    (
        "email",
        {
            **_LETTER,
            "message_id": "<1@a.example>",
            "in_reply_to": "<0@a.example>",
            "references": ["<0@a.example>"],
            "subject": "Re: x",
            "at": 1.0,
            "text": "words\n> quoted",
            "files": [{"kind": "image", "part": 1, "type": "image/png", "name": "x.png", "size": 3}],
        },
    ),
]
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    2**63,
    "",
    "nan",
    "inf",
    "\0",
    "x\0",
    "\\\0",
    "²",
    "1" * 400,
    [],
    [None],
    {},
    [{}],
    {"a": 0},
)
anything = st.sampled_from(_ODD) | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False)


@dataclass
class Read:
    """A channel that reads like this."""

    read: Any


def arrived(reader: Any, event: Any) -> Any:
    return arrival_of(ACCOUNT, cast(Channel, Read(reader)), event, "row")


def places(value: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        yield (*above, name)
        yield from places(one, *above, name)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """An event in which something stands that should not, or is missing."""
    channel, event = draw(st.sampled_from(EVENTS))
    event = copy.deepcopy(event)
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(places(event)) or [("x",)]))
        inside = event
        for name in above:
            inside = inside[name]
        if isinstance(inside, dict) and draw(st.booleans()) and last in inside:
            del inside[last]
        else:
            inside[last] = draw(anything)
    return channel, event


@pytest.mark.parametrize(("channel", "event"), EVENTS)
def test_each_of_them_says_something(channel: str, event: Any) -> None:
    arrival = arrived(READERS[channel], event)
    assert arrival.message is not None and arrival.lane


@settings(max_examples=300, deadline=None)
@given(spoilt())
def test_whatever_comes_can_be_kept_and_read_again(found: tuple[str, Any]) -> None:
    channel, event = found
    arrival = arrived(READERS[channel], event)
    if arrival is None:
        return
    assert "\0" not in arrival.event_id + arrival.lane + arrival.reason
    if arrival.message is None:
        assert arrival.reason and orjson.loads(dump(arrival.raw)) is not None
    else:
        assert message_of(dump(arrival.message)) == arrival.message


@settings(max_examples=100, deadline=None)
@given(spoilt())
def test_what_is_looked_at_before_it_is_kept_may_be_anything(found: tuple[str, Any]) -> None:
    """A channel that broke on one event would be sent it again for ever."""
    event = found[1]
    frame = event.get("payload", event.get("update", event))
    if not isinstance(frame, dict):
        return
    message_ids(frame)
    sender_of(event)
    discord_event(event, "9")
    qqbot_event(event, "9")
    quoted_id(event)
    forward_id(event)
    has_album([frame])
    events_of([frame], {})


@pytest.mark.parametrize("at", [float("inf"), float("nan"), None, "then"])
def test_what_could_not_be_read_again_is_put_aside(at: Any) -> None:
    def read(event: Any) -> InboundMessage:
        return InboundMessage("e1", Chat("direct", "u1"), Person("u1"), at, text="hi")

    arrival = arrived(read, {"x": 1})
    assert arrival.message is None and arrival.raw == {"x": 1} and "ValidationError" in arrival.reason


def test_a_character_that_a_database_may_not_keep_is_replaced_wherever_it_stands() -> None:
    def read(event: Any) -> InboundMessage:
        return InboundMessage(
            "e\0", Chat("direct", "\0u"), Person("\0u"), 1.0, text="a\0\\\0\\u0000", more={"\0": "\0"}
        )

    message = arrived(read, {}).message
    assert message.event_id == "e\ufffd" and message.chat.id == message.sender.id == "\ufffdu"
    assert message.text == "a\ufffd\\\ufffd\\u0000" and message.more == {"\ufffd": "\ufffd"}
