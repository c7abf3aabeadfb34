"""Who may speak to an agent over a channel: every reason code, and the ways around (attacks 45 and 46)."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.channel_settings import ChannelSettings, ImplicitMentions, WakeTriggerSettings
from crawdad.core.channels import Chat, ChatKind, InboundMessage, Mentions, MentionWay, Person, Quoted
from crawdad.services.channels.access import Address, Lists, Standing, decide, group_settings, tools_allowed
from crawdad.services.channels.commands import command_in, may_give
from crawdad.services.channels.waking import patterns_of, spoken_to, woken_by
from tests.support.memory_channel import Platform, memory_kind

KIND = memory_kind(Platform())
OWNER, PAIRED = Standing(owner=True), Standing(paired=True)


def said(text: str = "hi", chat: ChatKind = "direct", sender: str = "u1", **more: Any) -> InboundMessage:
    person = more.pop("person", None) or Person(sender, "Ann")
    return InboundMessage("e", Chat(chat, "g1" if chat != "direct" else sender), person, 1.0, text=text, **more)


def verdict(
    message: InboundMessage, standing: Standing | None = None, address: Address | None = None, **values: Any
) -> tuple[str, str]:
    settings = ChannelSettings.model_validate(values)
    lists = Lists(KIND, {"family": ("memory:u1", "accessGroup:family"), "none": ()})
    found = decide(message, settings, lists, standing or Standing(), address or Address())
    return found.action, found.reason


NAMED = Address("native")


@pytest.mark.parametrize(
    ("values", "standing", "expected"),
    [
        ({"dmPolicy": "disabled", "allowFrom": ["*"]}, OWNER, ("drop", "dm_disabled")),
        ({}, Standing(), ("pair", "pairing")),
        ({}, PAIRED, ("run", "dm_paired")),
        ({}, OWNER, ("run", "dm_owner")),
        ({"allowFrom": ["u1"]}, Standing(), ("run", "dm_listed")),
        ({"allowFrom": ["memory:U1"]}, Standing(), ("run", "dm_listed")),
        ({"allowFrom": ["mem:u1"]}, Standing(), ("run", "dm_listed")),
        ({"allowFrom": ["other:u1"]}, Standing(), ("pair", "pairing")),
        ({"allowFrom": ["*"]}, Standing(), ("pair", "pairing")),
        ({"dmPolicy": "allowlist"}, Standing(), ("drop", "dm_not_listed")),
        ({"dmPolicy": "allowlist"}, PAIRED, ("drop", "dm_not_listed")),
        ({"dmPolicy": "allowlist", "allowFrom": ["accessGroup:family"]}, Standing(), ("run", "dm_listed")),
        ({"dmPolicy": "allowlist", "allowFrom": ["accessGroup:none"]}, Standing(), ("drop", "dm_not_listed")),
        ({"dmPolicy": "open"}, Standing(), ("drop", "dm_not_listed")),
        ({"dmPolicy": "open", "allowFrom": ["*"]}, Standing(), ("run", "dm_open")),
    ],
)
def test_direct_chats(values: dict[str, Any], standing: Standing, expected: tuple[str, str]) -> None:
    assert verdict(said(), standing, **values) == expected


@pytest.mark.parametrize(
    ("values", "address", "expected"),
    [
        ({"groupPolicy": "disabled", "groups": {"g1": {}}}, NAMED, ("drop", "group_disabled")),
        ({}, NAMED, ("drop", "group_not_listed")),
        ({"groups": {"other": {}}, "allowFrom": ["u1"]}, NAMED, ("drop", "group_not_listed")),
        ({"groups": {"g1": {"enabled": False}}, "allowFrom": ["u1"]}, NAMED, ("drop", "group_off")),
        ({"groups": {"g1": {}}}, NAMED, ("drop", "group_sender")),
        ({"groups": {"g1": {}}, "allowFrom": ["u2"]}, NAMED, ("drop", "group_sender")),
        ({"groups": {"g1": {}}, "allowFrom": ["u1"]}, NAMED, ("run", "group_mentioned")),
        ({"groups": {"g1": {}}, "allowFrom": ["u1"], "groupAllowFrom": ["u2"]}, NAMED, ("drop", "group_sender")),
        ({"groups": {"g1": {}}, "allowFrom": ["u2"], "groupAllowFrom": ["u1"]}, NAMED, ("run", "group_mentioned")),
        ({"groups": {"*": {}}, "groupAllowFrom": ["*"]}, NAMED, ("run", "group_mentioned")),
        ({"groups": {"g1": {"allowFrom": ["u2"]}}, "allowFrom": ["u1"]}, NAMED, ("drop", "group_sender")),
        ({"groups": {"g1": {"allowFrom": []}}, "allowFrom": ["u1"]}, NAMED, ("drop", "group_sender")),
        ({"groupAllowFrom": ["u1"]}, NAMED, ("run", "group_mentioned")),
        ({"groups": {"g1": {}}, "allowFrom": ["u1"]}, Address(), ("context", "group_not_mentioned")),
        ({"groups": {"g1": {"requireMention": False}}, "allowFrom": ["u1"]}, Address(), ("run", "group_open")),
        ({"groups": {"*": {"requireMention": False}, "g1": {}}, "allowFrom": ["u1"]}, Address(), ("run", "group_open")),
        (
            {"groups": {"*": {"requireMention": False}, "g1": {"requireMention": True}}, "allowFrom": ["u1"]},
            Address(),
            ("context", "group_not_mentioned"),
        ),
        ({"groups": {"g1": {}}, "allowFrom": ["u1"]}, Address(activation="always"), ("run", "group_open")),
        (
            {"groups": {"g1": {"requireMention": False}}, "allowFrom": ["u1"]},
            Address(activation="mention"),
            ("context", "group_not_mentioned"),
        ),
        ({"groups": {"g1": {}}, "allowFrom": ["u1"]}, Address(command=True), ("run", "group_mentioned")),
        ({"groupPolicy": "open"}, NAMED, ("run", "group_mentioned")),
        ({"groupPolicy": "open"}, Address(), ("context", "group_not_mentioned")),
        ({"groupPolicy": "open", "groups": {"g1": {"allowFrom": ["u2"]}}}, NAMED, ("drop", "group_sender")),
        ({"groupPolicy": "open"}, Address("native", groups=False), ("drop", "group_unsupported")),
    ],
)
def test_groups(values: dict[str, Any], address: Address, expected: tuple[str, str]) -> None:
    assert verdict(said(chat="group"), None, address, **values) == expected


def test_who_was_paired_may_write_in_direct_chats_only() -> None:
    assert verdict(said(chat="group"), PAIRED, NAMED, groups={"g1": {}}) == ("drop", "group_sender")


def test_a_name_is_nobodys_credential() -> None:
    imposter = Person("u9", "u1", aliases=("union-9",))
    listed = ["u1", "Ann"]
    assert verdict(said(person=imposter), dmPolicy="allowlist", allowFrom=listed) == ("drop", "dm_not_listed")
    assert verdict(said(person=imposter), dmPolicy="allowlist", allowFrom=["union-9"]) == ("run", "dm_listed")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"person": Person("me", itself=True)}, "self"),
        ({"person": Person("b", bot=True)}, "bot"),
        ({"old": True}, "old"),
        ({"kind": "edit"}, "kind"),
        ({"kind": "recall"}, "kind"),
        ({"kind": "reaction"}, "kind"),
    ],
)
def test_what_is_never_answered(more: dict[str, Any], reason: str) -> None:
    assert verdict(said(**more), OWNER, NAMED, dmPolicy="open", allowFrom=["*"]) == ("drop", reason)


def test_a_groups_entry_stands_over_the_common_one() -> None:
    settings = ChannelSettings.model_validate(
        {"groups": {"*": {"allowFrom": ["a"], "systemPrompt": "be brief"}, "g": {"requireMention": False}}}
    )
    found = group_settings(settings, "g")
    assert found is not None and (found.allow_from, found.system_prompt, found.require_mention) == (
        ("a",),
        "be brief",
        False,
    )
    assert group_settings(ChannelSettings(), "g") is None


QUOTE = Quoted("m1", "@bot do it")


def _woken(
    message: InboundMessage, implicit: ImplicitMentions, patterns: list[str], *, quotes_us: bool, in_thread: bool
) -> MentionWay | None:
    way = spoken_to(message, implicit, quotes_us=quotes_us, in_thread=in_thread)
    return woken_by(message, WakeTriggerSettings(), way, patterns)


@pytest.mark.parametrize(
    ("mentions", "quoted", "quotes_us", "implicit", "expected"),
    [
        (Mentions(True, "native"), None, False, {}, "native"),
        (Mentions(True, "command"), None, False, {}, "command"),
        (Mentions(), QUOTE, False, {}, None),
        (Mentions(False, "reply"), QUOTE, False, {}, None),
        (Mentions(True, "reply"), QUOTE, False, {}, None),
        (Mentions(True, "reply"), QUOTE, True, {}, "reply"),
        (Mentions(True, "reply"), Quoted("m1", by_bot=True), False, {}, "reply"),
        (Mentions(True, "reply"), QUOTE, True, {"reply": False}, None),
        (Mentions(True, "quote"), QUOTE, True, {}, None),
        (Mentions(True, "quote"), QUOTE, True, {"quote": True}, "quote"),
        (Mentions(True, "quote"), QUOTE, False, {"quote": True}, None),
    ],
)
def test_a_quotation_is_no_way_around_the_mention(
    mentions: Mentions, quoted: Quoted | None, quotes_us: bool, implicit: dict[str, bool], expected: MentionWay | None
) -> None:
    """Attack 45: that a platform calls something an answer is not believed of messages that are not known to be ours."""
    message = said("and this?", "group", mentions=mentions, quoted=quoted)
    rules = ImplicitMentions.model_validate(implicit)
    assert _woken(message, rules, ["@bot"], quotes_us=quotes_us, in_thread=False) == expected


def test_a_quotation_does_not_let_in_who_may_not_speak() -> None:
    message = said("hi", "group", sender="u7", mentions=Mentions(True, "reply"), quoted=Quoted("m", by_bot=True))
    assert verdict(message, None, Address("reply"), groups={"g1": {}}, allowFrom=["u1"]) == ("drop", "group_sender")


def test_names_and_patterns_speak_to_the_agent() -> None:
    implicit = ImplicitMentions()
    patterns = patterns_of((), ["Claw (d)", ""])
    for text, expected in (
        ("hey Claw (d)!", "native"),
        ("@claw (d) hi", "native"),
        ("xClaw (d)", None),
        ("claws", None),
    ):
        found = _woken(said(text, "group"), implicit, patterns, quotes_us=False, in_thread=False)
        assert found == expected, text
    for bad in ("(", "a" * 400):
        assert _woken(said("a" * 500, "group"), implicit, [bad], quotes_us=False, in_thread=False) is None
    thread = InboundMessage("e", Chat("group", "g", thread="t"), Person("u"), 1.0)
    assert _woken(thread, implicit, [], quotes_us=False, in_thread=True) == "thread"
    assert _woken(thread, ImplicitMentions(thread=False), [], quotes_us=False, in_thread=True) is None


def test_the_right_to_chat_is_not_the_right_to_use_tools() -> None:
    lists = Lists(KIND, {})
    closed = ChannelSettings.model_validate({"toolsFrom": ["u1"]})
    assert tools_allowed(Person("u1"), closed, lists, owner=False) and tools_allowed(
        Person("x"), closed, lists, owner=True
    )
    assert not tools_allowed(Person("u2"), closed, lists, owner=False)
    assert tools_allowed(Person("u2"), ChannelSettings(), lists, owner=False)
    assert not tools_allowed(Person("u1"), ChannelSettings.model_validate({"toolsFrom": []}), lists, owner=False)


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        ("/new", False, ("new", "")),
        ("/new and then this", False, ("new", "and then this")),
        ("/newer", False, None),
        ("/fresh start", False, ("new", "start")),
        ("stop", False, ("stop", "")),
        ("stop", True, None),
        ("/stop", True, ("stop", "")),
        ("stop it", False, None),
        ("/status@claw_bot", True, ("status", "")),
        ("/think: high", False, ("think", "high")),
        ("/model  a/b ", False, ("model", "a/b")),
        ("/etc/passwd", False, None),
        ("/unknown", False, None),
        ("say /status", False, None),
    ],
)
def test_commands(text: str, group: bool, expected: tuple[str, str] | None) -> None:
    found = command_in(text, ("/new", "/fresh"), group=group)
    assert (None if found is None else (found.name, found.argument)) == expected


def test_who_may_give_commands() -> None:
    status, approve = command_in("/status", (), group=False), command_in("/approve x deny", (), group=False)
    assert status is not None and approve is not None
    assert may_give(status, owner=False, listed=False, direct=True)
    assert not may_give(status, owner=False, listed=False, direct=False)
    assert may_give(status, owner=False, listed=True, direct=False)
    assert not may_give(approve, owner=False, listed=True, direct=True)
    assert may_give(approve, owner=True, listed=False, direct=False)
