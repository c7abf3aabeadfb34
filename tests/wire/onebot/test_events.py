"""What events of OneBot say."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.channels import Chat, InboundMessage, Mentions
from crawdad.wire.onebot.events import is_event, read_event
from tests.simulators.onebot import SELF_ID, cq

ME = str(SELF_ID)


def said(*message: Any, group: int = 900, as_text: bool = False, **more: Any) -> InboundMessage | None:
    segments = [{"type": "text", "data": {"text": one}} if isinstance(one, str) else one for one in message]
    frame: dict[str, Any] = {
        "time": 5,
        "self_id": SELF_ID,
        "post_type": "message",
        "message_type": "group" if group else "private",
        "sub_type": "normal" if group else "friend",
        "message_id": 7,
        "user_id": 501,
        "message": cq(segments) if as_text else segments,
        "sender": {"nickname": "Ann", "card": "Ann in the group", "role": "admin"},
        **({"group_id": group} if group else {}),
    }
    return read_event({**frame, **more})


def at(whom: Any, **more: Any) -> dict[str, Any]:
    return {"type": "at", "data": {"qq": whom, **more}}


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(
    ("message", "words", "mentions"),
    [
        (["hello"], "hello", Mentions()),
        ([at(ME), " hello"], "hello", Mentions(True, "native")),
        ([at(SELF_ID), " hello"], "hello", Mentions(True, "native")),
        ([at(ME)], "", Mentions(True, "native")),
        (["ask ", at(ME, name="@Claw"), " now"], "ask @Claw now", Mentions(True, "native")),
        ([at("all"), " hello"], "hello", Mentions(everyone=True)),
        ([at("502", name="Bo"), " hello"], "@Bo hello", Mentions(others=("502",))),
        ([at("502"), at(ME), "x"], "@502@10001x", Mentions(True, "native", others=("502",))),
        (["[CQ:at,qq=10001] & so on"], "[CQ:at,qq=10001] & so on", Mentions()),
    ],
)
def test_whom_a_message_names(message: list[Any], words: str, mentions: Mentions, as_text: bool) -> None:
    found = said(*message, as_text=as_text)
    assert found is not None and (found.text, found.mentions) == (words, mentions)


def test_who_and_where() -> None:
    group, direct = said("x"), said("x", group=0)
    assert group is not None and direct is not None
    assert (group.chat, direct.chat) == (Chat("group", "900"), Chat("direct", "501", "Ann"))
    assert (group.sender.id, group.sender.name, group.sender.roles) == ("501", "Ann in the group", ("admin",))
    temporary = said("x", group=0, sub_type="group", sender={"nickname": "Ann", "group_id": 900})
    assert temporary is not None and temporary.reply_context == {"group_id": "900"}
    hidden = said("x", sub_type="anonymous", anonymous={"id": 8, "name": "Masked", "flag": "f"})
    assert hidden is not None and hidden.sender.id == "anonymous:8"
    own = said("x", user_id=SELF_ID)
    assert own is not None and own.sender.itself


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ({"type": "mface", "data": {"summary": "[大笑]"}}, "[大笑]"),
        (
            {
                "type": "json",
                "data": {"data": '{"prompt":"[分享]","meta":{"news":{"title":"T","jumpUrl":"https://x.example"}}}'},
            },
            "[分享]\nT\nhttps://x.example",
        ),
        ({"type": "json", "data": {"data": "{broken"}}, None),
        ({"type": "location", "data": {"lat": "1", "lon": "2", "title": "Here"}}, "Here geo:1,2"),
        ({"type": "face", "data": {"id": "14"}}, None),
    ],
)
def test_what_is_shared(segment: dict[str, Any], words: str | None) -> None:
    message = said(segment)
    assert (message.text if message else None) == words


def test_files_know_where_they_came_from() -> None:
    message = said({"type": "file", "data": {"file": "报告.pdf", "file_id": "f1", "file_size": "12"}}, "see")
    assert message is not None
    (media,) = message.media
    assert (media.kind, media.name, media.size) == ("document", "报告.pdf", 12)
    assert media.handle == {"type": "file", "file": "报告.pdf", "file_id": "f1", "group_id": "900", "user_id": "501"}


@pytest.mark.parametrize(
    ("notice", "kind", "more"),
    [
        (
            {"notice_type": "group_recall", "group_id": 900, "user_id": 501, "operator_id": 502, "message_id": 9},
            "recall",
            {"what": "group_recall", "operator_id": "502"},
        ),
        ({"notice_type": "friend_recall", "user_id": 501, "message_id": 9}, "recall", {"what": "friend_recall"}),
        (
            {"notice_type": "group_increase", "sub_type": "invite", "group_id": 900, "user_id": 501},
            "member",
            {"what": "group_increase", "sub_type": "invite", "people": [{"id": "501", "name": ""}]},
        ),
        (
            {"notice_type": "notify", "sub_type": "poke", "group_id": 900, "user_id": 501, "target_id": SELF_ID},
            "notice",
            {"what": "notify.poke", "target_id": ME},
        ),
        (
            {"notice_type": "bot_offline", "user_id": SELF_ID, "tag": "t", "message": "m"},
            "notice",
            {"what": "bot_offline", "tag": "t", "message": "m"},
        ),
        (
            {"notice_type": "group_upload", "group_id": 900, "user_id": 501, "file": {"id": "f"}},
            "notice",
            {"what": "group_upload", "file": {"id": "f"}},
        ),
    ],
)
def test_what_happened(notice: dict[str, Any], kind: str, more: dict[str, Any]) -> None:
    frame = {"time": 5, "self_id": SELF_ID, "post_type": "notice", **notice}
    found = read_event(frame)
    assert found is not None and (found.kind, found.more) == (kind, more)
    again = read_event(dict(reversed(list(frame.items()))))
    assert again is not None and again.event_id == found.event_id
    later = read_event({**frame, "time": 6})
    assert later is not None and later.event_id != found.event_id


def test_reactions() -> None:
    frame = {
        "time": 5,
        "self_id": SELF_ID,
        "post_type": "notice",
        "notice_type": "group_msg_emoji_like",
        "group_id": 900,
        "user_id": 501,
        "message_id": 9,
        "likes": [{"emoji_id": "76", "count": 1}],
    }
    found = read_event(frame)
    assert found is not None and (found.kind, found.emoji, found.message_id) == ("reaction", "76", "9")


def test_a_request_has_one_name_however_often_it_comes() -> None:
    frame = {
        "time": 5,
        "self_id": SELF_ID,
        "post_type": "request",
        "request_type": "group",
        "sub_type": "add",
        "group_id": 900,
        "user_id": 3,
        "flag": "f",
    }
    first, second = read_event(frame), read_event({**frame, "time": 99})
    assert first is not None and second is not None and first.event_id == second.event_id == "request:group_join:f"


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"post_type": "message"},
        {"post_type": "request", "request_type": "x"},
        {"post_type": "message", "self_id": 1},
    ],
)
def test_what_is_no_event_raises(frame: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read_event(frame)


def test_answers_are_no_events() -> None:
    assert not is_event({"status": "ok", "retcode": 0, "echo": "c1"})
    assert is_event({"post_type": "meta_event"})
    for ignored in ({"post_type": "meta_event"}, {"post_type": "message_sent"}):
        assert read_event(ignored) is None
    assert (
        read_event(
            {
                "time": 5,
                "self_id": 1,
                "post_type": "notice",
                "notice_type": "notify",
                "sub_type": "input_status",
                "user_id": 5,
            }
        )
        is None
    )
