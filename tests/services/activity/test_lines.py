"""What happens in channels, as lines of the log: clawpanel.md §1.3. Pure."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.channels import Chat, InboundMedia, InboundMessage, Mentions, Person
from crawdad.services.activity.channels import event_draft, sent_draft
from crawdad.services.activity.onebot import frame_draft, text_of
from crawdad.store.channel_rows import dump

SELF = 10001


def frame(kind: str, **more: Any) -> dict[str, Any]:
    return {"time": 1_790_000_000, "self_id": SELF, "post_type": kind, **more}


def line(kind: str, language: Any = "zh", **more: Any) -> str:
    draft = frame_draft("default", frame(kind, **more), language)
    assert draft is not None
    return draft.summary


def segments(*wanted: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": kind, "data": data} for kind, data in wanted]


def test_what_is_no_text_has_a_word() -> None:
    message = segments(
        ("text", {"text": "a"}),
        ("image", {}),
        ("record", {}),
        ("video", {}),
        ("at", {"qq": "42"}),
        ("face", {"id": "1"}),
        ("file", {"name": "b.pdf"}),
        ("mface", {"summary": "[动画表情]"}),
        ("music", {}),
    )
    assert text_of(message) == "a[图片][语音][视频]@42[表情][文件:b.pdf][动画表情][music]"
    assert text_of("x[CQ:image,file=1]") == "x[图片]"
    assert text_of(None) == ""


def test_messages_in_and_out() -> None:
    sender = {"user_id": 501, "nickname": "Ann", "card": "Annie"}
    group: dict[str, Any] = {"message_type": "group", "group_id": 9, "user_id": 501, "message_id": 5, "sender": sender}
    assert line("message", raw_message="hi", message=[], **group) == "[QQ收信] Annie(501) @ 群9: hi"
    shown = segments(("image", {"file": "x"}), ("text", {"text": "look"}))
    draft = frame_draft("default", frame("message", raw_message="[CQ:image,file=x]look", message=shown, **group), "zh")
    assert draft is not None
    assert draft.summary == "[QQ收信] Annie(501) @ 群9: [图片]look", "what panels filter by"
    assert (draft.detail, draft.at) == ("[CQ:image,file=x]look", 1_790_000_000)
    assert len(line("message", raw_message="x" * 500, message=[], **group)) == len("[QQ收信] Annie(501) @ 群9: ") + 200
    own = {
        "message_type": "private",
        "user_id": SELF,
        "target_id": 7,
        "message_id": 6,
        "raw_message": "yes",
        "message": [],
    }
    for kind in ("message", "message_sent"):
        assert line(kind, **own) == "[Bot回复] → 私聊7: yes"


def test_a_message_has_one_mark_whoever_tells_of_it() -> None:
    own = {
        "message_type": "group",
        "group_id": 9,
        "user_id": SELF,
        "message_id": 6,
        "raw_message": "yes",
        "message": [],
    }
    told = frame_draft("default", frame("message_sent", **own), "zh")
    sent = sent_draft(
        {"channel": "qq", "account": "default", "chat": "group:9", "text": "yes", "ids": ["6"], "role": "final"}
    )
    assert told is not None and sent is not None
    assert told.mark == sent.mark
    assert told.summary == sent.summary == "[Bot回复] → 群9: yes"


@pytest.mark.parametrize(
    ("more", "chinese"),
    [
        ({"notice_type": "group_increase", "sub_type": "invite", "group_id": 9, "user_id": 5}, "5 加入 群9（invite）"),
        ({"notice_type": "group_decrease", "sub_type": "kick", "group_id": 9, "user_id": 5}, "5 离开 群9（kick）"),
        ({"notice_type": "group_recall", "group_id": 9, "user_id": 5, "operator_id": 6}, "6 在 群9 撤回了 5 的消息"),
        ({"notice_type": "friend_recall", "user_id": 5}, "5 撤回了一条私聊消息"),
        (
            {
                "notice_type": "group_ban",
                "sub_type": "ban",
                "group_id": 9,
                "user_id": 5,
                "operator_id": 6,
                "duration": 60,
            },
            "5 在 群9 被 6 禁言 60 秒",
        ),
        ({"notice_type": "group_upload", "group_id": 9, "user_id": 5, "file": {"name": "a"}}, "5 向 群9 上传了文件 a"),
        ({"notice_type": "bot_offline", "user_id": SELF, "message": "kicked"}, "QQ 已下线：kicked"),
        ({"notice_type": "odd", "user_id": 5}, "odd in private"),
    ],
)
def test_notices_have_a_sentence(more: dict[str, Any], chinese: str) -> None:
    assert line("notice", **more) == f"[QQ通知] {chinese}"
    draft = frame_draft("default", frame("notice", **more), "en")
    assert draft is not None and draft.type == f"notice.{more['notice_type']}"
    assert draft.summary.isascii() or "[QQ通知]" in draft.summary


@pytest.mark.parametrize(
    "strange",
    [
        frame("meta_event", meta_event_type="lifecycle"),
        frame("notice", notice_type="notify", sub_type="input_status", user_id=5),
        {},
        {"post_type": None},
    ],
)
def test_signs_of_life_have_none(strange: dict[str, Any]) -> None:
    assert frame_draft("default", strange, "zh") is None


def test_requests_and_what_nobody_knows() -> None:
    assert line("request", request_type="friend", user_id=5, flag="f") == "[QQ请求] 好友申请 from 5"
    assert line("request", request_type="group", sub_type="add", user_id=5, flag="f") == "[QQ请求] 入群申请 from 5"
    assert line("news", x="y" * 500).startswith('[QQ] news: {"time":1790000000')
    assert len(line("news", x="y" * 500)) == len("[QQ] news: ") + 150


def told(channel: str, message: InboundMessage) -> Any:
    data = {"channel": channel, "account": "default", "id": "e1", "message": orjson.loads(dump(message))}
    return event_draft(data, "zh")


def test_wechat_and_other_channels() -> None:
    ann = Person("wxid", "Ann")
    private = InboundMessage("m1", Chat("direct", "wxid", "Ann"), ann, 5.0, text="hi", more={"type": "text"})
    draft = told("wechat", private)
    assert (draft.source, draft.type, draft.summary) == ("wechat", "wechat.text", "[微信收信] Ann @ 私聊: hi")
    file = InboundMedia("image", {"id": 1}, name="a.png")
    group = InboundMessage(
        "m2", Chat("group", "r", "The room"), Person("x"), 5.0, media=(file,), mentions=Mentions(True)
    )
    assert told("openclaw-weixin", group).summary == "[微信收信] ? @ 群The room: [图片]a.png"
    system = InboundMessage("m3", Chat("direct", "x"), ann, 5.0, kind="notice", more={"what": "system_event_login"})
    draft = told("wechat", system)
    assert (draft.source, draft.type, draft.summary) == ("system", "system", "[系统] 微信系统事件: system_event_login")
    draft = told("telegram", InboundMessage("m4", Chat("group", "-9", "G"), ann, 5.0, text="hi"))
    assert (draft.source, draft.type, draft.summary) == ("telegram", "message.group", "[telegram] Ann @ 群G: hi")
    assert told("qq", private) is None, "its frame has the line"
    sent = {
        "channel": "telegram",
        "account": "a",
        "chat": "direct:5",
        "text": "",
        "media": "a.png",
        "ids": [],
        "role": "final",
    }
    draft = sent_draft(sent)
    assert draft is not None and draft.summary == "[Bot回复] telegram → 私聊5: [文件:a.png]"
    assert sent_draft({**sent, "role": "preview"}) is None
