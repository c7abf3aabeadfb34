"""What updates say."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.channels import Mentions, Quoted
from crawdad.wire.telegram.updates import events_of, read_event
from tests.simulators.telegram import BOT, TelegramSimulator

ME = {"id": BOT["id"], "username": BOT["username"]}
GROUP = -100200


def said(text: str = "", *, chat: int = GROUP, name: str = "message", **more: Any) -> Any:
    message = TelegramSimulator().message(text, chat=chat, sender=7, **more)
    return read_event({"bot": ME, "update": {"update_id": 1, name: message}})


@pytest.mark.parametrize(
    ("text", "words", "mentions"),
    [
        ("hello", "hello", Mentions()),
        ("@ClawBot hello", "hello", Mentions(True, "native")),
        ("@clawbot", "", Mentions(True, "native")),
        ("hello @CLAWBOT there", "hello @CLAWBOT there", Mentions(True, "native")),
        ("@ClawBotty hello", "@ClawBotty hello", Mentions(others=("@ClawBotty",))),
        ("@bob and @ClawBot", "@bob and @ClawBot", Mentions(True, "native", others=("@bob",))),
        ("😀 @ClawBot 好", "😀 @ClawBot 好", Mentions(True, "native")),
        ("/new@ClawBot now", "/new now", Mentions(True, "command")),
        ("/new@other now", "/new@other now", Mentions(others=("@other",))),
        ("/new now", "/new now", Mentions()),
    ],
)
def test_whom_a_message_names(text: str, words: str, mentions: Mentions) -> None:
    message = said(text)
    assert (message.text, message.mentions) == (words, mentions)


def test_the_bot_named_without_a_user_name() -> None:
    message = said("Claw hi", entities=[{"type": "text_mention", "offset": 0, "length": 4, "user": BOT}])
    assert (message.text, message.mentions.way) == ("hi", "native")


def test_an_answer_to_the_bot_names_it() -> None:
    answered = {**TelegramSimulator().message("what I said", chat=GROUP), "from": BOT}
    message = said("yes", reply_to_message=answered)
    assert message.mentions == Mentions(True, "reply")
    assert message.quoted == Quoted(str(answered["message_id"]), "what I said", message.quoted.sender, True)
    partly = said("yes", reply_to_message=answered, quote={"text": "what", "position": 0})
    assert partly.quoted.text == "what"
    other = said("yes", reply_to_message=TelegramSimulator().message("x", chat=GROUP, sender=8))
    assert other.mentions == Mentions() and not other.quoted.by_bot


def test_topics_are_threads_and_their_first_message_is_no_quotation() -> None:
    created = {
        **TelegramSimulator().message(chat=GROUP),
        "forum_topic_created": {"name": "T", "icon_color": 1},
        "from": BOT,
    }
    message = said("x", is_topic_message=True, message_thread_id=9, reply_to_message=created)
    assert (message.chat.thread, message.quoted, message.mentions.bot) == ("9", None, False)
    assert said("x", message_thread_id=9).chat.thread == ""


def test_who_speaks() -> None:
    assert said("x").sender.id == "7"
    hidden = said("x", sender_chat={"id": GROUP, "type": "supergroup", "title": "The group", "username": "grp"})
    assert (hidden.sender.id, hidden.sender.name, hidden.sender.aliases) == (str(GROUP), "The group", ("@grp",))
    by_bot: Any = {"from": BOT}
    own = said("x", **by_bot)
    assert own.sender.itself and own.sender.bot


@pytest.mark.parametrize(
    ("content", "kinds", "text"),
    [
        (
            {
                "photo": [{"file_id": "s", "width": 1, "height": 1}, {"file_id": "l", "width": 9, "height": 9}],
                "caption": "c",
            },
            ["image"],
            "c",
        ),
        ({"voice": {"file_id": "v", "mime_type": "audio/ogg", "file_size": 3}}, ["audio"], ""),
        ({"document": {"file_id": "d", "mime_type": "image/png"}}, ["image"], ""),
        ({"animation": {"file_id": "a"}, "document": {"file_id": "a"}}, ["video"], ""),
        ({"sticker": {"file_id": "s", "emoji": "😀", "is_animated": False, "is_video": False}}, ["image"], ""),
        ({"sticker": {"file_id": "s", "emoji": "😀", "is_animated": True, "is_video": False}}, [], "😀"),
        ({"location": {"latitude": 31.2, "longitude": 121.5}}, [], "geo:31.2,121.5"),
        (
            {"venue": {"location": {"latitude": 1, "longitude": 2}, "title": "Bar", "address": "Rd 1"}},
            [],
            "Bar Rd 1 geo:1,2",
        ),
        ({"contact": {"phone_number": "+8613", "first_name": "Li"}}, [], "Li tel:+8613"),
        ({"poll": {"question": "Q?", "options": [{"text": "a"}, {"text": "b"}]}}, [], "Q?\n- a\n- b"),
    ],
)
def test_what_is_shared(content: dict[str, Any], kinds: list[str], text: str) -> None:
    message = said(**content)
    assert ([one.kind for one in message.media], message.text) == (kinds, text)


def test_the_largest_picture_is_taken() -> None:
    photo = [{"file_id": "l", "width": 90, "height": 90}, {"file_id": "s", "width": 1, "height": 1}]
    assert said(photo=photo).media[0].handle == {"file_id": "l"}


def test_edits_posts_and_what_is_of_no_use() -> None:
    assert said("x", name="edited_message").kind == "edit"
    assert said("x", name="channel_post").kind == "message"
    assert said(pinned_message={}) is None
    assert read_event({"bot": ME, "update": {"update_id": 1, "poll": {}}}) is None
    assert said(new_chat_members=[{"id": 8, "first_name": "B"}]).more == {
        "what": "new_chat_members",
        "people": [{"id": "8", "name": "B"}],
    }
    assert said(migrate_to_chat_id=-5).more == {"what": "migrate_to_chat_id", "to": "-5"}


def test_reactions() -> None:
    reaction = {
        "chat": {"id": GROUP, "type": "supergroup", "title": "G"},
        "message_id": 5,
        "user": {"id": 7, "first_name": "A", "is_bot": False},
        "date": 3,
        "old_reaction": [],
        "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    }
    event = read_event({"bot": ME, "update": {"update_id": 1, "message_reaction": reaction}})
    assert event is not None and (event.kind, event.emoji, event.message_id) == ("reaction", "👍", "5")
    gone = read_event({"bot": ME, "update": {"update_id": 1, "message_reaction": {**reaction, "new_reaction": []}}})
    assert gone is not None and gone.emoji == ""


def test_albums_of_different_chats_stay_apart() -> None:
    updates = [
        {"update_id": number, "message": {"media_group_id": group, "message_id": number}}
        for number, group in enumerate(("a", "a", "b", "b", "", ""))
    ]
    assert [len(event.get("album", [0])) for event in events_of(updates, ME)] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    "event", [{}, {"bot": ME}, {"bot": ME, "update": {}}, {"bot": ME, "update": {"update_id": 1, "message": 5}}]
)
def test_what_is_no_update_raises(event: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        read_event(event)
