"""What wakes an agent, what keeps it quiet, which messages become one, and which get a sign: pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.channel_settings import ChannelSettings, RateLimitSettings, WakeTriggerSettings
from crawdad.core.channels import Account, Chat, ChatKind, InboundMessage, Mentions, MentionWay, Person, Quoted
from crawdad.core.message_settings import InboundSettings, MessagesSettings
from crawdad.services.channels.access import Address, Lists, Standing, decide
from crawdad.services.channels.acknowledging import wants_sign
from crawdad.services.channels.gathering import batch_of, merged
from crawdad.services.channels.waking import speaks_by_chance, too_soon, woken_by
from crawdad.store.channel_rows import StoredEvent
from tests.support.memory_channel import Platform, memory_kind

KIND = memory_kind(Platform())


def said(text: str = "hi", kind: ChatKind = "group", sender: str = "u1", **more: Any) -> InboundMessage:
    return InboundMessage("e1", Chat(kind, "g1"), Person(sender), 1.0, text=text, **more)


@pytest.mark.parametrize(
    ("triggers", "text", "way", "expected"),
    [
        ({}, "hi", "native", "native"),
        ({}, "hi", "reply", "reply"),
        ({}, "hey claw", None, "native"),
        ({}, "hi", None, None),
        ({"atBot": False}, "hi", "native", None),
        ({"mentionName": False}, "hey claw", None, None),
        ({"keywords": ["Hilfe"]}, "ich brauche HILFE!", None, "native"),
        ({"keywords": ["救命", " "]}, "啊救命啊", None, "native"),
        ({"keywords": ["x"], "atBot": False, "mentionName": False}, "hi claw", "native", None),
        ({"mode": "all"}, "hi", "native", None),
        ({"mode": "all"}, "hi claw", "native", "native"),
        ({"mode": "all", "mentionName": False}, "hi", "quote", "quote"),
        ({"mode": "all", "keywords": ["now"]}, "hi claw", "native", None),
        ({"mode": "all", "keywords": ["now", "later"]}, "claw, later", "native", "native"),
        ({"mode": "all", "atBot": False, "mentionName": False}, "hi", "native", None),
    ],
)
def test_triggers(triggers: dict[str, Any], text: str, way: MentionWay | None, expected: MentionWay | None) -> None:
    rules = WakeTriggerSettings.model_validate(triggers)
    assert woken_by(said(text), rules, way, ["claw"]) == expected


@pytest.mark.parametrize(
    ("mode", "way", "expected"), [("all", "native", "native"), ("all", None, None), ("any", None, None)]
)
def test_an_agent_without_a_name_need_not_be_named(
    mode: str, way: MentionWay | None, expected: MentionWay | None
) -> None:
    rules = WakeTriggerSettings.model_validate({"mode": mode})
    assert woken_by(said("hi"), rules, way, []) == expected


def test_chance_and_pauses() -> None:
    assert speaks_by_chance(RateLimitSettings(), 0.0) is None
    some = RateLimitSettings.model_validate({"wakeProbability": 10})
    assert [speaks_by_chance(some, drawn) for drawn in (0.0, 0.0999, 0.1, 0.9)] == [True, True, False, False]
    none, all_ = (RateLimitSettings.model_validate({"wakeProbability": much}) for much in (0, 100))
    assert speaks_by_chance(none, 0.0) is False and speaks_by_chance(all_, 0.999) is True
    slow = RateLimitSettings.model_validate({"minIntervalSec": 5})
    assert [too_soon(slow, last, 10.0) for last in (None, 4.9, 5.0, 5.1)] == [False, False, False, True]


def verdict(address: Address, settings: dict[str, Any], *, kind: ChatKind = "group", owner: bool = False) -> str:
    rules = ChannelSettings.model_validate({"allowFrom": ["u1"], "groups": {"g1": {}}, **settings})
    return decide(said(kind=kind), rules, Lists(KIND, {}), Standing(owner), address).reason


def test_what_chance_and_pauses_come_to() -> None:
    assert verdict(Address(chance=True), {}) == "group_chance"
    assert verdict(Address(chance=False), {}) == "group_not_mentioned"
    open_group = {"groups": {"g1": {"requireMention": False}}}
    assert verdict(Address(), open_group) == "group_open"
    assert verdict(Address(chance=False), open_group) == "group_not_mentioned", "the lot decides where one is drawn"
    assert verdict(Address("native", too_soon=True), {}) == "group_too_soon"
    assert verdict(Address("native", too_soon=True), {}, owner=True) == "group_mentioned"
    assert verdict(Address(command=True, too_soon=True), {}) == "group_mentioned"
    assert verdict(Address(chance=True), {"groupPolicy": "disabled"}) == "group_disabled"
    assert verdict(Address(chance=True), {"groupAllowFrom": ["u9"]}) == "group_sender", "chance lets nobody in"


def test_direct_chats_may_need_a_trigger_too() -> None:
    quiet = {"rateLimit": {"wakeTrigger": {"directMessage": False}}}
    assert verdict(Address(), {}, kind="direct") == "dm_listed"
    assert verdict(Address(), quiet, kind="direct") == "dm_not_woken"
    assert verdict(Address("native"), quiet, kind="direct") == "dm_listed"
    assert verdict(Address(command=True), quiet, kind="direct") == "dm_listed"
    assert verdict(Address(), quiet, kind="direct", owner=True) == "dm_owner"


@pytest.mark.parametrize(
    ("scope", "direct", "group", "mentioned"),
    [
        ("all", True, True, True),
        ("direct", True, False, False),
        ("group-all", False, True, True),
        ("group-mentions", False, False, True),
        ("off", False, False, False),
        ("none", False, False, False),
    ],
)
def test_which_messages_get_a_sign(scope: str, direct: bool, group: bool, mentioned: bool) -> None:
    settings = MessagesSettings.model_validate({"ackReaction": "👀", "ackReactionScope": scope})
    assert wants_sign(settings, said(kind="direct"), mentioned=False) is direct
    assert wants_sign(settings, said(), mentioned=False) is group
    assert wants_sign(settings, said(), mentioned=True) is mentioned
    assert not wants_sign(MessagesSettings(), said(), mentioned=True)


def stored(number: int, message: InboundMessage) -> StoredEvent:
    account = Account("memory")
    return StoredEvent(
        *(str(number), account, f"e{number}", number, "lane", "waiting", 0, 0.0, message, None),
        *("", "", "", float(number), float(number)),
    )


def test_messages_of_one_sender_become_one() -> None:
    events = [
        stored(1, said("look", quoted=Quoted("q1"))),
        stored(2, said("here", mentions=Mentions(True, "native", others=("u5",)))),
        stored(3, said("other", sender="u2")),
        stored(4, said("again")),
    ]
    batch = batch_of(events, lambda message: message.text != "x")
    assert [one.id for one in batch] == ["1", "2"]
    whole = merged([one.message for one in batch if one.message is not None])
    assert whole.text == "look\nhere" and whole.mentions == Mentions(True, "native", others=("u5",))
    assert whole.quoted == Quoted("q1") and whole.event_id == "e1"
    assert batch_of([replace(events[0], message=said("x")), *events[1:]], lambda message: message.text != "x") == []


def test_each_channel_may_wait_for_its_own_time() -> None:
    settings = InboundSettings.model_validate({"debounceMs": 2000, "byChannel": {"qq": 500, "webchat": -1}})
    assert [settings.seconds(name) for name in ("qq", "telegram", "webchat")] == [0.5, 2.0, 0.0]
