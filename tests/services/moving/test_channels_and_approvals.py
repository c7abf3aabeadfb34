"""OpenClaw's lists of what may run, sign-ins of channels and people, read."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.services.moving.approvals import fresh, read_approvals
from crawdad.services.moving.channels import PeopleFile, people_file, read_people, weixin_ids, weixin_state

LIST = {"allowlist": [{"pattern": "/usr/bin/git"}, {"pattern": "/usr/bin/git"}, {"pattern": "rg", "argPattern": "^x"}]}


@pytest.mark.parametrize(
    ("agents", "programs", "left"),
    [
        (["main"], ["/usr/bin/git"], {"rg"}),
        (["main", "beta"], [], {"Main"}),
        (["beta"], [], {"Main"}),
    ],
)
def test_the_list_of_an_agent_counts_for_all_only_where_it_is_the_only_one(
    agents: list[str], programs: list[str], left: set[str]
) -> None:
    found, told = read_approvals({"version": 1, "agents": {"Main": LIST}}, agents)
    assert [each["program"] for each in found.get("allowlist", ())] == programs
    assert {name for name, _ in told} == left


@pytest.mark.parametrize(
    "document", [None, [], {"agents": []}, {"defaults": 1, "agents": {"*": {"allowlist": [3, {}]}}}]
)
def test_what_is_no_list_brings_nothing(document: Any) -> None:
    assert read_approvals(document, ["main"])[0] == {}


def test_what_is_said_here_stays() -> None:
    wanted = {"security": "full", "ask": "off", "allowlist": [{"program": "a"}, {"program": "b"}]}
    ours = {"security": "deny", "allowlist": [{"program": "a", "arguments": []}]}
    assert fresh(wanted, ours) == {"ask": "off", "allowlist": [{"program": "b"}]}
    assert fresh(wanted, None) == wanted and fresh({"ask": "off"}, {"ask": "always"}) == {}


def test_files_of_people() -> None:
    channels = ("telegram", "openclaw-weixin")
    assert people_file("telegram-allowFrom.json", channels) == PeopleFile("telegram-allowFrom.json", "telegram", "")
    named = people_file("openclaw-weixin-b0-im-bot-allowFrom.json", channels)
    assert named is not None and (named.channel, named.account) == ("openclaw-weixin", "b0-im-bot")
    assert people_file("telegram-pairing.json", channels) is None and people_file("x-allowFrom.json", channels) is None
    assert read_people({"allowFrom": ["42", 42, " 43 ", "*", "", None]}) == ["42", "43"] == read_people(["42", "43"])
    assert read_people("nonsense") == []


def test_sign_ins_of_wechat() -> None:
    assert weixin_ids(["a-im-bot", "../up", "b/c", "", 3]) == ["a-im-bot"] and weixin_ids({"a": 1}) == []
    document = {"token": " t ", "baseUrl": "https://wx.example.com", "userId": "o@im.wechat"}
    state = weixin_state("a-im-bot", document, {"get_updates_buf": "c"})
    owner = {"base_url": "https://wx.example.com", "owner": "o@im.wechat"}
    assert state == {"bot": "a@im.bot", "token": "t", "cursor": "c", **owner}
    assert weixin_state("plain", {"token": "t"}, None) == {"bot": "plain", "token": "t"}
    assert weixin_state("a", {"token": ""}, None) is None and weixin_state("a", None, None) is None
