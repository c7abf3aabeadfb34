"""Which tools a turn has."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.identity import Principal
from crawdad.core.settings import Settings
from crawdad.core.tools import Sender, ToolDefinition, ToolScope
from crawdad.services.tools.policy import HTTP_DENY, effective
from tests.support.tools import scope

GROUPS = {
    "fs": ("read", "write", "edit", "apply_patch", "ls", "find", "grep"),
    "runtime": ("exec", "process"),
    "web": ("web_fetch", "web_search"),
    "memory": ("memory_get", "memory_search"),
    "sessions": ("session_status", "sessions_history", "sessions_list", "sessions_send", "sessions_spawn"),
    "automation": ("cron", "gateway"),
    "messaging": ("message",),
    "media": ("image",),
    "plugins": ("files__look",),
}
ALL = [ToolDefinition(name, "", {}, group) for group, names in GROUPS.items() for name in names]
OWNER_ONLY = ToolDefinition("whatsapp_pair", "", {}, "messaging", owner_only=True)
EVERY = {definition.name for definition in ALL}


def names(tools: dict[str, Any], turn: ToolScope | None = None, sandboxed: bool = False, **more: Any) -> set[str]:
    settings = Settings.model_validate({"tools": tools, **more})
    found = [each.name for each in effective(ALL, turn or scope(), settings, sandboxed=sandboxed)]
    assert found == sorted(found)
    return set(found)


def group(*groups: str) -> set[str]:
    return {name for each in groups for name in GROUPS[each]}


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ({}, EVERY),
        ({"profile": "full"}, EVERY),
        ({"profile": "minimal"}, {"session_status"}),
        ({"profile": "coding"}, group("fs", "runtime", "sessions", "memory") | {"image"}),
        (
            {"profile": "messaging"},
            {"message", "sessions_list", "sessions_history", "sessions_send", "session_status"},
        ),
        ({"profile": "minimal", "alsoAllow": ["web_*"]}, {"session_status", "web_fetch", "web_search"}),
        ({"profile": "minimal", "alsoAllow": ["group:web"], "deny": ["web_fetch"]}, {"session_status", "web_search"}),
        ({"allow": ["group:fs"]}, group("fs")),
        ({"allow": ["Group:FS"], "deny": ["WRITE"]}, group("fs") - {"write"}),
        ({"allow": ["read"], "alsoAllow": ["ls"]}, {"read", "ls"}),
        ({"alsoAllow": ["ls"]}, EVERY),
        ({"allow": ["*"], "deny": ["*"]}, set()),
        ({"deny": ["bash"]}, EVERY - {"exec"}),
        ({"deny": ["apply-patch"]}, EVERY - {"apply_patch"}),
        ({"deny": ["group:openclaw"]}, group("plugins")),
        ({"deny": ["group:plugins"]}, EVERY - group("plugins")),
        ({"deny": ["sess*"]}, EVERY - group("sessions")),
        ({"deny": ["group:nothing", "", " "]}, EVERY),
        ({"profile": "minimal", "allow": ["exec"]}, set()),
        ({"byProvider": {"openai": {"deny": ["exec"]}}}, EVERY - {"exec"}),
        ({"byProvider": {"anthropic": {"deny": ["exec"]}}}, EVERY),
        ({"byProvider": {"openai/gpt-9": {"profile": "minimal"}}}, {"session_status"}),
        ({"byProvider": {"openai": {"allow": ["read"]}, "openai/gpt-9": {"alsoAllow": ["exec"]}}}, {"read"}),
    ],
)
def test_steps(tools: dict[str, Any], expected: set[str]) -> None:
    assert names(tools, scope(provider="openai", model="gpt-9")) == expected


def test_an_agent_gets_never_more_than_all_agents() -> None:
    agents = {
        "list": [{"id": "Helper", "tools": {"allow": ["exec", "read"], "deny": ["exec"], "alsoAllow": ["write"]}}]
    }
    turn = scope(agent_id="helper", session_key="agent:helper:main")
    assert names({}, turn, agents=agents) == {"read", "write"}
    assert names({"deny": ["read"]}, turn, agents=agents) == {"write"}
    assert names({}, scope(), agents=agents) == EVERY
    by_provider = {"list": [{"id": "helper", "tools": {"byProvider": {"openai": {"profile": "minimal"}}}}]}
    assert names({}, scope(agent_id="helper", provider="openai"), agents=by_provider) == {"session_status"}
    assert names({}, scope(agent_id="helper", provider="other"), agents=by_provider) == EVERY


def test_senders_and_groups() -> None:
    tools = {"bySender": {"qq:eve": {"deny": ["exec"]}, "mallory": {"allow": ["message"]}}}
    assert names(tools, scope(channel="qq", sender=Sender("Eve"))) == EVERY - {"exec"}
    assert names(tools, scope(channel="telegram", sender=Sender("eve"))) == EVERY
    assert names(tools, scope(channel="telegram", sender=Sender("mallory"))) == {"message"}
    groups = {"byGroup": {"qq:group:*": {"deny": ["group:runtime", "group:automation"]}}}
    inside = scope(session_key="agent:main:qq:group:42")
    assert names(groups, inside) == EVERY - group("runtime", "automation")
    assert names(groups, scope(session_key="agent:main:qq:direct:42")) == EVERY


def test_sub_agents_have_less() -> None:
    below = {"cron", "gateway", "session_status", "sessions_send"}
    assert names({}, scope(depth=1)) == EVERY - below
    assert names({}, scope(session_key="agent:main:subagent:x")) == EVERY - below
    tools = {"subagents": {"tools": {"alsoAllow": ["cron"], "deny": ["exec"]}}}
    assert names(tools, scope(depth=2)) == EVERY - (below - {"cron"}) - {"exec"}


def test_over_http_there_are_no_hands() -> None:
    http = scope(surface="http")
    left = names({}, http)
    assert not left & {
        *group("runtime"),
        "write",
        "edit",
        "apply_patch",
        "cron",
        "gateway",
        "sessions_spawn",
        "sessions_send",
    }
    assert {"read", "sessions_list", "session_status", "memory_search"} <= left
    allowed = {"tools": {"allow": ["cron", "exec"]}}
    assert names({}, http, gateway=allowed) == left | {"cron", "exec"}
    both = {"tools": {"allow": ["cron"], "deny": ["cron", "read"]}}
    assert names({}, http, gateway=both) == left - {"read"}
    assert names({"deny": ["cron"]}, http, gateway=allowed) == left | {"exec"}
    assert "exec" in HTTP_DENY


def test_what_is_the_owners_alone() -> None:
    settings = Settings()

    def has(turn: ToolScope) -> bool:
        return bool(effective([OWNER_ONLY], turn, settings))

    assert has(scope())
    assert has(scope(principal=Principal("key", "api_key"), sender=Sender("me", owner=True)))
    assert not has(scope(principal=Principal("key", "api_key")))
    assert not has(scope(sender=Sender("stranger"), channel="qq"))


def test_in_a_sandbox() -> None:
    tools = {"sandbox": {"tools": {"deny": ["cron"]}}}
    assert names(tools, sandboxed=True) == EVERY - {"cron"}
    assert names(tools) == EVERY
