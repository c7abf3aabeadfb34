"""What an OpenClaw's files say, read, whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.sessions import Route
from crawdad.services.configuration.edits import value_of
from crawdad.services.moving.configuration import joined, news, without_places, without_value
from crawdad.services.moving.credentials import read_profiles
from crawdad.services.moving.devices import read_paired
from crawdad.services.moving.sessions import old_key, read_index, whole_lines
from tests.support.control import Device
from tests.support.openclaw_home import PHONE, paired_device

ODDITIES: tuple[Any, ...] = (None, 1, "text", [], [1, None], {"a": 1}, {"a": {"b": [None]}})


def test_places_go_and_all_else_stays() -> None:
    text = """{
  // mine
  agents: { defaults: { workspace: "~/w", model: "a/b" }, list: [{ id: "x", workspace: "/w", agentDir: "/d" /* old */ }] },
  session: { store: "~/s", scope: "global" },  // kept
  tools: { workspace: "not a place" },
}
"""
    left = without_places(text)
    assert value_of(left) == {
        "agents": {"defaults": {"model": "a/b"}, "list": [{"id": "x"}]},
        "session": {"scope": "global"},
        "tools": {"workspace": "not a place"},
    }
    assert "// mine" in left and "// kept" in left and without_places(left) == left
    mounted = '{ defaults: { workspace: "~/w" }, list: [] }'
    assert value_of(without_places(mounted, ("agents",))) == {"defaults": {}, "list": []}


def test_only_what_is_new_is_joined() -> None:
    ours = {"gateway": {"port": 1}, "agents": {"list": [{"id": "main", "default": True}]}, "cron": {"enabled": False}}
    theirs = {
        "gateway": {"port": 2, "bind": "lan"},
        "agents": {"list": [{"id": "Main", "name": "M"}, {"id": "beta", "default": True}]},
        "cron": {"enabled": True},
        "hooks": {"enabled": True},
        "$include": "x.json5",
    }
    patch = news(theirs, ours)
    assert patch == {
        "gateway": {"bind": "lan"},
        "agents": {"list": [{"id": "beta", "default": False}]},
        "hooks": {"enabled": True},
    }
    text = '{ /* ours */ gateway: { port: 1 }, agents: { list: [{ id: "main", default: true }] }, cron: { enabled: false } }'
    after = joined(text, patch)
    assert "/* ours */" in after and news(theirs, value_of(after)) == {}
    assert [agent["id"] for agent in value_of(after)["agents"]["list"]] == ["main", "beta"]


def test_what_is_refused_can_be_left_out() -> None:
    text = "{ models: { providers: { a: { apiKey: 1 } } }, cron: {} }"
    shorter = without_value(text, ("models", "providers", "a", "apiKey"))
    assert shorter is not None and value_of(shorter) == {"models": {"providers": {"a": {}}}, "cron": {}}
    around = without_value(text, ("cron", "missing", "deeper"))
    assert around is not None and value_of(around) == {"models": {"providers": {"a": {"apiKey": 1}}}}
    assert without_value(text, ("nothing", "like", "it")) is None and without_value(text, ()) is None


def test_transcripts_find_their_sessions() -> None:
    index = {
        "agent:main:main": {
            "sessionId": "s1",
            "updatedAt": 5000,
            "deliveryContext": {"channel": "telegram", "to": "42"},
        },
        "main": {"sessionId": "s1b"},
        "Group:X": {"sessionId": "s2", "sessionFile": "/elsewhere/s2-topic-7.jsonl", "chatType": "group"},
        "agent:main:gone": {"sessionId": "s3"},
        "agent:main": {"sessionId": "s4"},
        "agent:main:odd": "no entry",
    }
    files = ["s1.jsonl", "s1b.jsonl", "s2-topic-7.jsonl", "s9.jsonl", "sessions.json", "s9.jsonl.reset.1"]
    found, lost = read_index(index, files, "main", "per-sender")
    assert [(one.file, one.key) for one in found] == [
        ("s1.jsonl", "agent:main:main"),
        ("s1b.jsonl", "agent:main:main"),
        ("s2-topic-7.jsonl", "agent:main:group:x"),
        ("s9.jsonl", ""),
    ]
    assert lost == ["agent:main:gone", "agent:main"]
    assert found[0].values["route"] == Route("telegram", "42") and found[0].values["updated_at"] == 5.0
    assert found[2].values["kind"] == "group"
    assert old_key("main", "S9") == "agent:main:openclaw:s9"


@pytest.mark.parametrize("oddity", ODDITIES)
def test_oddities_are_no_sessions_credentials_or_devices(oddity: Any) -> None:
    assert read_index(oddity, ["a.jsonl"], "main", "per-sender")[0][0].key == ""
    assert [one for one in read_profiles(oddity) if one.entry] == []
    assert [one for one in read_profiles({"profiles": oddity}) if one.entry] == []
    assert read_paired(oddity, "token", 1.0)[0] == []


def test_only_a_line_that_was_cut_off_goes() -> None:
    assert whole_lines(b'{"a":1}\n{"b":2}\n') == b'{"a":1}\n{"b":2}\n'
    assert whole_lines(b'{"a":1}\n{"b":2}') == b'{"a":1}\n{"b":2}'
    assert whole_lines(b'{"a":1}\n{"b":') == b'{"a":1}\n'


def test_credentials_that_can_be_had_and_others() -> None:
    profiles = {
        "openai:a": {"type": "api_key", "provider": "openai", "key": " sk-1 "},
        "anthropic:b": {"type": "token", "provider": "anthropic", "token": "sk-ant-oat01-x"},
        "groq:c": {"type": "api_key", "key": "${GROQ_API_KEY}"},
        "x:d": {"type": "api_key", "provider": "x"},
        "google:e": {"type": "oauth", "provider": "google", "refresh": "r"},
    }
    found = {one.name: one for one in read_profiles({"profiles": profiles})}
    assert found["openai:a"].entry == {"provider": "openai", "label": "openai:a", "secret": "sk-1"}
    assert found["anthropic:b"].entry is not None and "sk-ant" not in repr(found["anthropic:b"])
    reasons = {name: one.reason.key for name, one in found.items() if one.reason is not None}
    assert reasons == {"groq:c": "moving.by_variable", "x:d": "moving.no_secret", "google:e": "moving.sign_in"}
    older = {"openai": {"type": "api_key", "key": "sk-2"}}
    assert [one.entry for one in read_profiles(older)] == [{"provider": "openai", "label": "openai", "secret": "sk-2"}]


def test_a_device_comes_without_its_token_and_only_with_its_own_key() -> None:
    (device,), unreadable = read_paired({PHONE.id: paired_device()}, "token", 2e9)
    assert device.id == PHONE.id and device.parent_id == "token" and device.roles == ("operator",)
    assert device.approved_at == 1_770_000_000 and unreadable == []
    stranger = {**paired_device(), "publicKey": Device(bytes(32)).public_key}
    roleless = {**paired_device(), "roles": ["emperor"], "role": "emperor"}
    greedy = {**paired_device(), "scopes": ["operator.read", "operator.everything"]}
    assert read_paired([stranger, roleless], "token", 1.0) == ([], [PHONE.id, PHONE.id])
    assert read_paired([greedy], "token", 1.0)[0][0].scopes == ("operator.read",)
