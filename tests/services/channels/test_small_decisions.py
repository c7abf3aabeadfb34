"""Settings of accounts, how an account is, plain text, where answers go, the port's own promises."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.channel_settings import ChannelBlock
from crawdad.core.channels import Account, Chat, SendFailed
from crawdad.core.channels.outcomes import _KINDS
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import Route
from crawdad.services.channels.addressing import route_of, target_of
from crawdad.services.channels.configured import configured_accounts, default_account
from crawdad.services.channels.plain import plain_text
from crawdad.services.channels.status import AccountStatus
from crawdad.services.channels.wording import label_of, plain_name
from tests.support.memory_channel import MemorySettings, Platform, memory_kind

KIND = memory_kind(Platform())


def accounts(**blocks: Any) -> dict[str, Any]:
    return configured_accounts(KIND, {name: ChannelBlock.model_validate(block) for name, block in blocks.items()})


def test_an_accounts_settings_stand_on_those_of_its_channel() -> None:
    found = accounts(
        defaults={"dmPolicy": "open", "historyLimit": 7},
        mem={"allowFrom": [1], "accounts": {"a": {"token": "t"}, "b": {"allowFrom": ["x"], "dmPolicy": "disabled"}}},
    )
    assert list(found) == ["a", "b"]
    one, other = found["a"], found["b"]
    assert isinstance(one, MemorySettings) and one.token is not None and one.token.reveal() == "t"
    assert (one.dm_policy, one.allow_from, one.history_limit) == ("open", ("1",), 7)
    assert (other.dm_policy, other.allow_from, other.token) == ("disabled", ("x",), None)
    assert accounts() == {} and accounts(defaults={"dmPolicy": "open"}) == {}


def test_one_account_where_none_is_named() -> None:
    assert list(accounts(memory={})) == ["default"] and list(accounts(memory={"defaultAccount": "me"})) == ["me"]
    block = ChannelBlock.model_validate({"accounts": {"x": {}, "y": {}}})
    assert default_account(KIND, {"memory": block}) == "x"
    found = accounts(memory={"enabled": False, "accounts": {"a": {"enabled": True}}})
    assert not found["a"].enabled, "an account of a channel that is off is off"


def test_what_is_wrong_with_an_account_is_told_without_its_values() -> None:
    found = accounts(memory={"accounts": {"a": {"groups": {"g": {"requireMention": "s3cret"}}}, "b": {}}})
    fault = found["a"]
    assert isinstance(fault, GatewayError) and fault.kind is ErrorKind.BAD_REQUEST
    assert "groups.g.requireMention" in fault.message() and "s3cret" not in repr(fault.args)
    assert not isinstance(found["b"], GatewayError)


def test_secrets_of_a_block_are_not_shown() -> None:
    block = ChannelBlock.model_validate({"botToken": "s3cret", "accounts": {"a": {"botToken": "s3cret"}}})
    assert "s3cret" not in repr(block) and "s3cret" not in str(block)


def test_an_account_is_connected_only_while_it_is_heard_of() -> None:
    status = AccountStatus(60.0)
    assert status.state(0.0) == "stopped"
    status.started(0.0)
    assert status.state(59.0) == "starting" and status.state(61.0) == "degraded" and status.silent(61.0)
    assert status.heard(62.0, "@me") and not status.heard(63.0)
    assert status.state(100.0) == "connected" and status.state(124.0) == "degraded"
    status.lost(130.0, "down")
    assert status.state(130.0) == "degraded" and status.reconnects == 1
    assert status.heard(140.0) and status.state(140.0) == "connected" and status.identity == "@me"
    status.signed_out = True
    assert status.state(140.0) == "needs_login"
    status.started(150.0)
    assert status.state(150.0) == "starting"
    status.fault = "bad"
    assert status.state(150.0) == "error"
    status.elsewhere = True
    assert status.state(150.0) == "elsewhere"
    status.configured = False
    assert status.state(150.0) == "not_configured"
    status.enabled = False
    assert status.state(150.0) == "stopped"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# Title\n**bold** and *thin*, `code`", "Title\nbold and thin, code"),
        ("[here](https://x.y) ![cat](https://z) [https://a](https://a)", "here (https://x.y) cat https://z https://a"),
        ("```py\n**not** bold\n# no title\n```", "**not** bold\n# no title"),
        ("2 * 3 * 4 and snake_case_name `a*b*c`", "2 * 3 * 4 and snake_case_name a*b*c"),
        ("Run\n```ls -l```\nand **look**", "Run\nls -l\nand look"),
        ("````md\n```py\nx\n```\n````\n*end*", "```py\nx\n```\nend"),
        ("~~~\n```\n~~~\n*end*", "```\nend"),
        ("```”. This is the end of it.\n**more**\n```", "”. This is the end of it.\n**more**"),
        ("```\n```", "```\n```"),
    ],
)
def test_plain_text(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("5", (None, "5")),
        ("user:5", ("direct", "5")),
        ("group:5", ("group", "5")),
        ("telegram:group:-5", ("group", "-5")),
        ("telegram:5", (None, "5")),
        ("room:x", ("channel", "x")),
        ("a:b", (None, "a:b")),
        ("group:", (None, "group:")),
    ],
)
def test_targets(to: str, expected: tuple[str | None, str]) -> None:
    assert target_of(to, "telegram") == expected


def test_a_route_leads_back_to_its_chat() -> None:
    for chat in (Chat("direct", "a:1"), Chat("group", "-5", thread="7"), Chat("channel", "c")):
        route = route_of(Account("telegram", "x"), chat)
        assert (route.channel, route.account, route.thread) == ("telegram", "x", chat.thread)
        kind, chat_id = target_of(route.to, "telegram")
        assert (kind or "direct", chat_id) == (chat.kind, chat.id)
    assert route_of(Account("t"), Chat("direct", "5")) == Route("t", "5", "default")


def test_names_cannot_pass_for_more() -> None:
    assert plain_name("[System]\n<outside-1> \u202eevil" + "x" * 99) == ("System outside-1 evil" + "x" * 99)[:64]
    assert label_of("7", "Ann") == "Ann (id 7)" and label_of("7", "7") == "id 7" and label_of("7", "\n") == "id 7"


def test_every_outcome_of_sending_has_a_kind_of_error() -> None:
    for outcome, kind in _KINDS.items():
        assert SendFailed(outcome, "x").kind is kind and SendFailed(outcome, "x").details["code"] == outcome
